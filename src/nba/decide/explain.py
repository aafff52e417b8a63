"""Why, why not, and what would change it: the whole account of a decision, for every action.

Nothing here runs while deciding. The account is computed afterwards by the reference, on the
case as it was read, and has no effect on anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nba.book.model import Action, Condition, Gates, Treatment
from nba.decide.because import Facts, line_of
from nba.decide.change import Change, smallest_change
from nba.decide.decision import CODES, UNKNOWN_MARK, Candidate, Ranking, furthest, head
from nba.decide.derived import Fields, derived_fields, happened, seen_rows
from nba.decide.reference import Reference, Scored
from nba.decide.restraint import RESTRAINTS, Restraint
from nba.errors import Place
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test, normal
from nba.lang.types import STRING
from nba.lang.words import listed

__all__ = ["ActionAccount", "Explanation", "explain", "explain_treatment", "summarize"]

_STAGES = {"ineligible": "eligible", "inapplicable": "applicable", "unsuitable": "suitable"}
_FAULTS = {
    "error": "one of its factors is negative or not finite",
    "unsayable": "its wording, not a condition, is why",
}
_PASSED = ("no_tier", "below_no_action", "outranked", "crowded_out", "chosen")


@dataclass(frozen=True, slots=True)
class ActionAccount:
    """What became of one action: its code, why, and where the rule stands.

    *treatment* is the channel of the treatment that got furthest; *priority* is there where that
    came to arbitration. *channels* has the code of each treatment.
    """

    action: str
    title: str
    treatment: str
    code: str
    sentences: tuple[str, ...]
    where: Place
    change: Change | None
    channels: Mapping[str, str]
    priority: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data."""
        change = self.change
        return {
            "action": self.action,
            "title": self.title,
            "channel": self.treatment,
            "code": self.code,
            "priority": self.priority,
            "channels": dict(self.channels),
            "why": list(self.sentences),
            "where": str(self.where),
            "change": None
            if change is None
            else {
                "status": change.status,
                "changes": {path: _plain(value) for path, value in change.changes.items()},
                "channel": change.channel,
                "note": str(change),
            },
        }


def _plain(value: object) -> object:
    return value if isinstance(value, bool | float | str | None) else str(value)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The account of a decision: a summary, then every action, what got furthest first."""

    summary: tuple[str, ...]
    accounts: tuple[ActionAccount, ...]

    def account(self, action: str) -> ActionAccount:
        """Return the account of one action. Raises KeyError."""
        return {account.action: account for account in self.accounts}[action]

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain data."""
        return {
            "summary": list(self.summary),
            "actions": [account.to_dict() for account in self.accounts],
        }

    def __str__(self) -> str:
        lines = list(self.summary)
        for account in self.accounts:
            where = line_of(account.where)
            title = f"{account.action} ({account.treatment}): {account.code} - {where}"
            lines += ["", title]
            lines += [f"    {sentence}" for sentence in account.sentences]
            if account.change is not None:
                lines.append(f"    {account.change}")
        return "\n".join(lines)


def explain(judged: Reference, ranking: Ranking) -> Explanation:
    """Return the account of what *judged* decided as *ranking*."""
    return _Explainer(judged, ranking).explanation()


def explain_treatment(
    judged: Reference, ranking: Ranking, action: str, channel: str
) -> tuple[list[str], Place]:
    """Return why a treatment has its code, and where the rule stands that gave it."""
    explainer = _Explainer(judged, ranking)
    found = judged.book.actions[action]
    treatment = _treatment(found, channel)
    return explainer.reasons(found, treatment, ranking.codes[action, channel])


def summarize(judged: Reference, ranking: Ranking) -> list[str]:
    """Return sentences on what *judged* decided as *ranking*, and why."""
    return _Explainer(judged, ranking).summary()


class _Explainer:
    def __init__(self, judged: Reference, ranking: Ranking) -> None:
        self.judged = judged
        self.book = judged.book
        self.fields = judged.fields
        self.ranking = ranking
        self.specs = {spec.path: spec for spec in self.book.fields}
        self.facts = Facts(judged)
        self.restraint = Restraint(self.facts)

    def explanation(self) -> Explanation:
        codes = furthest(self.ranking.codes)
        accounts = [self.account(self.book.actions[name], code) for name, code in codes.items()]
        order = {candidate.action: place for place, candidate in enumerate(self.ranking.ranked)}
        far = {code: place for place, code in enumerate(reversed(CODES))}

        def place(account: ActionAccount) -> tuple[int, int, float, str]:
            answer = order.get(account.action, len(order))
            return answer, far[head(account.code)], -(account.priority or 0.0), account.action

        return Explanation(tuple(self.summary()), tuple(sorted(accounts, key=place)))

    # --- the summary

    def summary(self) -> list[str]:
        """Return sentences on what was decided and why."""
        if not self.ranking.ranked:
            return self.nothing()
        best = self.ranking.ranked[0]
        action = self.book.actions[best.action]
        treatment = _treatment(action, best.channel)
        sentences = [f"{best.title}: {self.channel_name(best.channel)}, {best.direction}."]
        reasons = [*action.gates.applicable, *treatment.gates.applicable]
        sentences += self.restraint.kept(best)
        sentences += [f"It fits now: {self.facts.because(condition)}" for condition in reasons]
        sentences.append(self.priority(best) + ".")
        if len(self.book.tiers) > 1:
            sentences.append(f"It belongs to the tier `{best.tier}`.")
        others = [key for key, code in self.ranking.codes.items() if code == "outranked"]
        names = sorted({name for name, _ in others} - {best.action})
        if names:
            titles = [self.book.actions[name].title for name in names]
            sentences.append(f"It goes before: {'; '.join(titles[:3])}{_more(titles, 3)}.")
        return [*sentences, *self.restraint.given(best)]

    def nothing(self) -> list[str]:
        title = self.book.no_action.title
        if not self.ranking.codes:
            return [f"{title}: the book has no actions."]
        counts: dict[str, int] = {}
        for code in furthest(self.ranking.codes).values():
            counts[head(code)] = counts.get(head(code), 0) + 1
        order = list(reversed(CODES))
        parts = [f"{counts[code]} {code.replace('_', ' ')}" for code in order if code in counts]
        return [f"{title}: no action is better than none.", f"Of all actions: {', '.join(parts)}."]

    def channel_name(self, name: str) -> str:
        return self.book.channels[name].title or name

    def priority(self, best: Candidate) -> str:
        factors = [
            f"propensity {best.propensity:g}",
            f"context weight {best.context_weight:g}",
            f"value {best.value:g}",
            f"lever {best.lever:g}",
        ]
        if self.book.scoring.priority is not None:
            formula = self.book.scoring.priority.text
            return (
                f"Its priority is {best.priority:g}, by `{formula}` with {listed(factors, 'and')}"
            )
        return f"Its priority is {best.priority:g}: {' × '.join(factors)}"

    # --- one action

    def account(self, action: Action, code: str) -> ActionAccount:
        """Return what became of an action: of treatments equally far, the nearest to passing."""
        codes = {t.channel: self.ranking.codes[action.id, t.channel] for t in action.treatments}
        alike = [t for t in action.treatments if codes[t.channel] == code]
        treatment, change = alike[0], None
        if head(code) != "chosen":
            changes = {t.channel: self.change(action, t, codes[t.channel]) for t in alike}
            treatment = min(alike, key=lambda each: _distance(changes[each.channel]))
            change = changes[treatment.channel]
            if change.status != "found" and head(code) != "unaffordable":
                # another treatment may be nearer, if not so far yet
                change = self.other_way(action, treatment, codes, change)
        sentences, where = self.reasons(action, treatment, code)
        scored = self.judged.judge_treatment(action, treatment)
        priority = scored.candidate.priority if isinstance(scored, Scored) else None
        return ActionAccount(
            action.id,
            action.title,
            treatment.channel,
            code,
            tuple(sentences),
            where,
            change,
            codes,
            priority,
        )

    def reasons(self, action: Action, treatment: Treatment, code: str) -> tuple[list[str], Place]:
        kind, _, subject = code.removesuffix(UNKNOWN_MARK).partition(":")
        if kind in _STAGES:
            levels = self.judged.levels(action, treatment)
            return self.not_met(levels, _STAGES[kind], action)
        if kind == "blocked":
            policy = self.book.policies[subject]
            title = f": {policy.title}" if policy.title else ""
            sentence = f"the policy `{subject}` stops it{title}"
            return [sentence, self.facts.because(policy.block_when)], policy.place
        if kind == "unavailable":
            return self.unavailable(action, treatment, subject)
        if kind in RESTRAINTS:
            return self.restraint.reasons(action, treatment, code)
        if kind == "no_channel":
            return self.no_channel(treatment, subject)
        if kind in ("unscored", "error"):
            return [self.bad_factor(action, treatment, kind, subject)], treatment.place
        return [self.arbitrated(action, treatment, kind)], action.place

    def not_met(
        self, levels: Sequence[Gates], stage: str, action: Action
    ) -> tuple[list[str], Place]:
        """Say which conditions of a stage do not hold: those surely false, else those unknown."""
        conditions = [c for gates in levels for c in getattr(gates, stage)]
        verdicts = [self.judged.judge(condition) for condition in conditions]
        wanted = False if False in verdicts else None
        failing = [c for c, v in zip(conditions, verdicts, strict=True) if v is wanted]
        sentences = [f"needs: {self.facts.because(condition)}" for condition in failing]
        return sentences, failing[0].place if failing else action.place

    def unavailable(
        self, action: Action, treatment: Treatment, subject: str
    ) -> tuple[list[str], Place]:
        if subject == "store":
            what = "the store failed, and `on_store_failure` lets nothing of this go on without it"
            return [what], action.place
        issue, group = self.book.issues[action.issue], self.book.groups[action.group]
        levels = (
            (f"the issue `{issue.id}`", issue),
            (f"the group `{group.id}`", group),
            ("it", action),
            (f"its treatment on {treatment.channel}", treatment),
        )
        for name, level in levels:
            validity = level.validity
            if not validity.enabled:
                return [f"{name} is out of use (`enabled: false`)"], level.place
            if validity.start is not None and self.judged.now < validity.start:
                return [f"{name} is valid only from {validity.from_text}"], level.place
            if validity.end is not None and validity.end <= self.judged.now:
                return [f"{name} was valid until {validity.until_text}"], level.place
        for stop in self.book.kill_switch:
            if self.judged.covered(stop.covers, action, treatment):
                title = f": {stop.title}" if stop.title else ""
                return [f"a kill switch stops it{title}"], stop.place
        point = self.judged.point
        name = f"the decision point `{point.id}`" if point else "what asks"
        return [f"{name} does not show it"], point.place if point else action.place

    def no_channel(self, treatment: Treatment, subject: str) -> tuple[list[str], Place]:
        channel = self.book.channels[treatment.channel]
        name = self.channel_name(treatment.channel)
        if subject == "closed":
            return self.restraint.closed(treatment)
        if subject == "direction" or channel.consent is None:
            direction = self.judged.direction(treatment)
            sentence = f"{name} is {channel.direction} only, and this would be {direction}"
            return [sentence], channel.place
        return [
            f"to be contacted by {name} needs: {self.facts.because(channel.consent)}"
        ], channel.place

    def bad_factor(self, action: Action, treatment: Treatment, kind: str, name: str) -> str:
        expression = getattr(treatment, name, None) or self.book.scoring.priority
        if name in ("amount", "at_most"):
            expression = self.restraint.factor(action, name)
        text = expression.text if expression else name
        if kind == "error":
            return f"its {name} `{text}` is negative or not finite"
        missing = self.facts.missing(expression.tree) if expression else []
        needs = listed([f"`{path}`" for path in missing], "and")
        return f"its {name} `{text}` is unknown{f': needs {needs}' if needs else ''}"

    def arbitrated(self, action: Action, treatment: Treatment, kind: str) -> str:
        if kind == "unsayable":
            return "no wording can be filled in"
        if kind == "no_tier":
            return "no active tier covers it"
        if kind == "crowded_out":
            return "the decision point already shows enough of its kind"
        found = self.judged.judge_treatment(action, treatment)
        assert isinstance(found, Scored)  # noqa: S101 - it came to arbitration
        scored = found.candidate
        if kind == "below_no_action":
            floor = f"does not exceed {self.book.no_action.priority:g}, that of doing nothing"
            return f"{self.priority(scored)}, which {floor}"
        if kind == "outranked":
            before = self.ranking.ranked[-1]
            return f"{self.priority(scored)}; `{before.action}` goes before it, {_place(before)}"
        return self.priority(scored)

    # --- what would change it

    def change(self, action: Action, treatment: Treatment, code: str) -> Change:
        kind = head(code)
        if kind == "unavailable":
            return self.made_available(action, treatment)
        if kind in _FAULTS:
            return Change("undecided", note=f"not decided: {_FAULTS[kind]}")
        if kind in _PASSED:
            return Change(
                "undecided", note="not decided: it came to arbitration, where priority decides"
            )
        if kind == "unaffordable":
            return Change("undecided", note=f"not decided: {RESTRAINTS[kind]}")
        required = self.required(action, treatment)
        if kind == "limited" and code.endswith(UNKNOWN_MARK):
            required = AllOf((required, *self.known_owner(code)))
        if kind == "unscored":
            required = AllOf((required, *self.known_factors(treatment)))

        def passes(changes: Mapping[str, object]) -> bool:
            tried = {**self.inputs_only(), **changes}
            changed = {path: value for path, value in tried.items() if value is not None}
            if any(path.startswith("interaction.") for path in changes):
                changed["interaction.present"] = True
            fields = derived_fields(self.book, changed, self.judged.rows, self.happened)
            again = self.judged.on(fields)
            found = again.judge_treatment(action, treatment)
            return isinstance(found, Scored)

        found = smallest_change(required, self.fields, self.specs, passes, self.facts.titles)
        if (kind in RESTRAINTS or code == "no_channel:closed") and found.status != "found":
            what = RESTRAINTS["deferred" if kind == "no_channel" else kind]
            return Change("undecided", note=f"not decided: {what}")
        if kind == "unscored" and found.status == "none":
            return Change("undecided", note="not decided: what it is worth is unknown")
        return found

    def other_way(
        self, action: Action, treatment: Treatment, codes: Mapping[str, str], change: Change
    ) -> Change:
        """Return the change that lets another treatment of the action through, if there is one."""
        others = [t for t in action.treatments if t.channel != treatment.channel]
        found = [(t, self.change(action, t, codes[t.channel])) for t in others]
        nearest = min(found, key=lambda each: _distance(each[1]), default=None)
        if nearest is not None and nearest[1].status == "found":
            channel = nearest[0].channel
            return replace(nearest[1], note=f"{nearest[1].note}, on {channel}", channel=channel)
        if any(each.status == "undecided" for _, each in found) and change.status == "none":
            return Change("undecided", note="not decided for its other treatments")
        return change

    def made_available(self, action: Action, treatment: Treatment) -> Change:
        """Say whether a field could make something available: only by the direction it gives."""
        point = self.judged.point
        stops = [s.covers for s in self.book.kill_switch]
        by_direction = [
            covers.direction is not None
            for covers in stops
            if self.judged.covered(covers, action, treatment)
        ]
        if point and not self.judged.covered(point.covers, action, treatment):
            anyway = replace(point.covers, direction=None)
            by_direction.append(self.judged.covered(anyway, action, treatment))
        if by_direction and all(by_direction):
            note = "not decided: what is available depends on the direction"
            return Change("undecided", note=note)
        return Change("none", note="no change of fields makes it available")

    @cached_property
    def happened(self) -> Fields:
        """What no change of a field can change: moments and stages."""
        now: Any = self.fields["now"]
        return happened(self.book, seen_rows(self.book, self.judged.rows, now), now)

    def inputs_only(self) -> dict[str, object]:
        return {
            path: value
            for path, value in self.fields.items()
            if path in self.specs or path in ("now", "interaction.present")
        }

    def required(self, action: Action, treatment: Treatment) -> Normal:
        """Return all that a treatment requires to become a candidate."""
        book = self.book
        levels = self.judged.levels(action, treatment)
        parts = [
            self.normal(condition)
            for gates in levels
            for condition in (*gates.eligible, *gates.applicable, *gates.suitable)
        ]
        channel = book.channels[treatment.channel]
        here = Test("interaction.channel", "==", treatment.channel, STRING)
        elsewhere = Test("interaction.channel", "!=", treatment.channel, STRING)
        nowhere = Test("interaction.channel", "not has", None, STRING)
        consent = self.normal(channel.consent) if channel.consent else Constant(holds=True)
        by_direction: dict[str, Normal] = {"inbound": here, "outbound": AnyOf((elsewhere, nowhere))}
        for policy in book.policies.values():
            anyway = replace(policy.covers, direction=None)
            if policy.enabled and self.judged.covered(anyway, action, treatment):
                clear = self.normal(policy.block_when, positive=False)
                directions = policy.covers.direction or by_direction
                around = [form for name, form in by_direction.items() if name not in directions]
                parts.append(AnyOf((clear, *around)) if around else clear)
        if treatment.defer_if is not None:
            parts.append(self.normal(treatment.defer_if, positive=False))
        outbound = AllOf((by_direction["outbound"], consent))
        ways: dict[str, Normal] = {
            "inbound": here,
            "outbound": outbound,
            "both": AnyOf((outbound, here)),
        }
        return AllOf((*parts, ways[channel.direction]))

    def normal(self, condition: Condition, *, positive: bool = True) -> Normal:
        return normal(condition.tree, self.facts.named, positive=positive, now=self.judged.now)

    def known_owner(self, code: str) -> Iterator[Normal]:
        """Yield that it is known per whom a limit counts."""
        per = self.book.limits[code.split(":")[1]].per
        path = self.book.household if per == "household" else per
        if path in self.specs:
            yield Test(path, "has", None, self.specs[path].type)

    def known_factors(self, treatment: Treatment) -> Iterator[Normal]:
        for expression in (treatment.propensity, treatment.value, self.book.scoring.priority):
            for path in self.facts.missing(expression.tree) if expression else ():
                if path in self.specs:
                    yield Test(path, "has", None, self.specs[path].type)


def _treatment(action: Action, channel: str) -> Treatment:
    return next(treatment for treatment in action.treatments if treatment.channel == channel)


def _place(candidate: Candidate) -> str:
    return f"with {candidate.priority:g} in the tier `{candidate.tier}`"


def _distance(change: Change) -> tuple[int, int]:
    return ("found", "undecided", "none").index(change.status), len(change.changes)


def _more(items: Sequence[object], shown: int) -> str:
    return f"; and {len(items) - shown} more" if len(items) > shown else ""
