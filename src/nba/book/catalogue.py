"""The catalogue: channels, policies, issues, groups, actions with their treatments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from nba.book import documents
from nba.book.expressions import Expressions
from nba.book.findings import At
from nba.book.gestures import Gestures, literal
from nba.book.model import (
    GATES,
    UNGATED,
    Action,
    Channel,
    Condition,
    Expression,
    Gates,
    Group,
    Issue,
    Policy,
    Slot,
    Table,
    Treatment,
)
from nba.book.selectors import Catalogued, covers, percent, union, validity
from nba.book.wordings import wording
from nba.lang import tree
from nba.lang.types import BOOL, INT, STRING, TIMESTAMP

__all__ = ["Catalogue"]

_KEYS = (STRING, INT, TIMESTAMP)


class Catalogue:
    """Builds the catalogue's parts from their documents; *sound* tables have no mistake."""

    def __init__(
        self,
        expressions: Expressions,
        known: Catalogued,
        zone: tzinfo,
        gestures: Gestures,
        tables: Mapping[str, Table],
        *,
        sound: frozenset[str],
    ) -> None:
        self.expressions = expressions
        self.known = known
        self.zone = zone
        self.gestures = gestures
        self.tables = tables
        self.sound = sound
        self.contact = gestures.contact
        self.findings = gestures.findings

    def gates(self, document: documents.Gated | documents.File, at: At) -> Gates:
        """Return the conditions of one level."""
        given = [getattr(document, name) for name in GATES]
        if not any(given):
            return UNGATED
        found = Gates(
            *(
                self.expressions.conditions(values, at / name)
                for name, values in zip(GATES, given, strict=True)
            )
        )
        self.gestures.check_not_yet(found.conditions)
        return found

    def channel(self, name: str, document: documents.Channel, at: At) -> Channel:
        """Return a channel."""
        consent = self.expressions.condition(document.consent, at / "consent")
        if document.open is not None and document.open not in self.known.calendar:
            self.findings.unknown("calendar", document.open, self.known.calendar, at / "open")
        elif document.open is not None and document.direction == "inbound":
            message = f"`open` is for contacts that go out, and `{name}` is inbound"
            help_ = "remove it, or change the `direction`"
            place = (at / "open").key_place
            self.findings.report("wrong-value", message, help_, place, warning=True)
        self.gestures.check_not_yet([consent])
        return Channel(
            name,
            document.title,
            document.direction,
            document.cost,
            consent,
            document.open,
            document.when_closed,
            at.key_place,
        )

    def policy(self, name: str, document: documents.Policy, at: At) -> Policy:
        """Return a policy. A condition that is wrong is reported, and blocks until it is mended."""
        condition = self.expressions.condition(document.block_when, at / "block_when") or _always()
        self.gestures.check_not_yet([condition])
        selector = covers(document.covers, at / "covers", self.known, self.findings)
        return Policy(name, document.title, selector, condition, document.enabled, at.key_place)

    def issue(self, name: str, document: documents.Issue, at: At) -> Issue:
        """Return an issue."""
        return Issue(
            name,
            document.title,
            percent(document.lever),
            union([document.tags]),
            self.gates(document, at),
            validity(document, at, self.zone, self.findings),
            at.key_place,
        )

    def group(self, name: str, document: documents.Group, at: At) -> Group:
        """Return a group; its issue must exist."""
        owner = name.partition("/")[0]
        if owner not in self.known.issue:
            self.findings.unknown("issue", owner, self.known.issue, at, key=True)
        built = self.issue(name, document, at)
        return Group(*(getattr(built, field) for field in Issue.__dataclass_fields__))

    def action(
        self,
        name: str,
        document: documents.Action,
        at: At,
        issues: Mapping[str, Issue],
        groups: Mapping[str, Group],
    ) -> Action:
        """Return an action with its treatments; its group must exist."""
        issue = document.group.partition("/")[0]
        if document.group not in self.known.group and not (at / "group").faulty:
            self.findings.unknown("group", document.group, self.known.group, at / "group")
        if not document.channels and not (at / "channels").faulty:
            message, help_ = f"the action `{name}` has no channel", "name one, such as `[email]`"
            self.findings.report("missing-key", message, help_, (at / "channels").place)
        inherited = [
            level.tags for level in (issues.get(issue), groups.get(document.group)) if level
        ]
        own = self.treatment("", document, at)
        treatments = tuple(
            self.on_channel(name, channel, inner, at, own=own, kind=document.kind)
            for channel, inner in sorted(document.channels.items())
        )
        for key in ("answers", "takes"):
            self.contact.check_not_empty(document, key, at)
        self.gestures.check_budgets(document.takes, at / "takes", of_money=False)
        once_per = self.expressions.expression(document.once_per, at / "once_per", _KEYS)
        gesture = self.gestures.gesture(document.gesture, at / "gesture")
        early = [once_per, *(one.defer_if for one in (own, *treatments))]
        if gesture:
            early += [gesture.at_most, *(rung.when for rung in gesture.ladder)]
            early += [rung.amount for rung in gesture.ladder]
        self.gestures.check_not_yet(early)
        if gesture is None and not (at / "gesture").faulty:
            for one in (own, *treatments):
                self.gestures.check_given(name, _later(one))
        lengths = self.contact.lengths
        return Action(
            name,
            document.title,
            issue,
            document.group,
            document.kind,
            percent(document.lever),
            union([document.tags, *inherited]),
            self.chosen(name, document, at, self.answering(document, at, self.gates(document, at))),
            own.validity,
            treatments,
            once_per,
            tuple(sorted(set(document.takes))),
            lengths.length(document.do_within, at / "do_within"),
            lengths.length(document.keep_for, at / "keep_for", remembered="`keep_for`"),
            gesture,
            own.place,
        )

    def answering(self, document: documents.Action, at: At, gates: Gates) -> Gates:
        """Return the gates with the condition that `answers` stands for: one moment is open."""
        names = [name for name in document.answers if name in self.known.moment]
        for name in document.answers:
            if name not in self.known.moment:
                self.findings.unknown(
                    "moment", name, self.known.moment, (at / "answers").named(name)
                )
        text = " || ".join(f"moment.{name}" for name in names)
        condition = self.expressions.condition(text, at / "answers") if text else None
        applicable = (condition, *gates.applicable) if condition else gates.applicable
        return Gates(gates.eligible, applicable, gates.suitable)

    def chosen(self, name: str, document: documents.Action, at: At, gates: Gates) -> Gates:
        """Return the gates with the condition that `chosen_by` stands for: a row hit names it."""
        if document.chosen_by is None:
            return gates
        here = at / "chosen_by"
        table = self.tables.get(document.chosen_by)
        if table is None:
            if document.chosen_by not in self.known.table:
                self.findings.unknown("table", document.chosen_by, self.known.table, here)
            return gates
        output = table.chooses
        if output is None:
            message = f"the table `{table.id}` chooses no action"
            help_ = f"give it an output: `Action: action` in the `outputs` of `{table.id}`"
            self.findings.report("wrong-value", message, help_, here.place)
            return gates
        column = table.outputs.index(output)
        named = any(row.gives[column] == name for row in table.rows)
        if table.id in self.sound and not named:  # else it may be in a row that cannot be read
            message = f"no row of `{table.id}` names `{name}`, so it never fits"
            help_ = "add a row for it, or remove `chosen_by`"
            self.findings.report("wrong-value", message, help_, here.place, warning=True)
        path = table.path(output)
        text = f"'{name}' in {path}" if table.hit == "collect" else f"{path} == '{name}'"
        condition = self.expressions.condition(text, here)
        applicable = (condition, *gates.applicable) if condition else gates.applicable
        return Gates(gates.eligible, applicable, gates.suitable)

    def treatment(self, channel: str, document: documents.Treatment, at: At) -> Treatment:
        """Return what one level says about a treatment."""
        expressions = self.expressions
        if not document.model_fields_set:  # most channels are only named
            return Treatment(channel, place=at.key_place)
        if document.suggests and document.suggests not in self.known.channel:
            self.findings.unknown("channel", document.suggests, self.known.channel, at / "suggests")
        return Treatment(
            channel,
            UNGATED if isinstance(document, documents.Action) else self.gates(document, at),
            validity(document, at, self.zone, self.findings),
            self.amount(document.value, at / "value"),
            self.probability(document.propensity, at / "propensity"),
            document.suggests,
            wording(document.say, at / "say", expressions),
            expressions.condition(document.defer_if, at / "defer_if"),
            at.key_place,
        )

    def amount(self, value: float | str | None, at: At) -> Expression | None:
        """Return what an action is worth: nothing or more, as far as it is a literal."""
        found = self.expressions.number(value, at)
        number = literal(found)
        if number is not None and number < 0:
            message = f"`value` must be at least 0, not `{number:g}`"
            help_ = "write what an answer is worth; a `lever` below 0 % holds an action back"
            self.findings.report("wrong-value", message, help_, at.place)
        return found

    def probability(self, value: float | str | None, at: At) -> Expression | None:
        """Return a propensity: from 0 to 1, as far as it is a literal."""
        found = self.expressions.number(value, at)
        number = literal(found)
        if number is not None and not 0 <= number <= 1:
            message = f"`propensity` must be from 0 to 1, not `{number:g}`"
            percent_ = 1 < number <= 100
            help_ = f"write `{number / 100:.10g}` for {number:g} %" if percent_ else ""
            self.findings.report("wrong-value", message, help_, at.place)
        return found

    def on_channel(
        self,
        action: str,
        channel: str,
        document: documents.Treatment,
        at: At,
        *,
        own: Treatment,
        kind: str,
    ) -> Treatment:
        """Return the treatment on a channel: what it does not say, the action says."""
        here = (at / "channels").named(channel)
        if channel not in self.known.channel:
            self.findings.unknown("channel", channel, self.known.channel, here, key=True)
        found = self.treatment(channel, document, here)
        suggests = found.suggests or own.suggests
        suggesting = kind == "channel_suggestion"
        if suggesting != (suggests is not None) and not (at / "kind").faulty:
            self.bad_suggestion(action, at, here, suggesting=suggesting)
        return Treatment(
            channel,
            found.gates,
            found.validity,
            found.value or own.value,
            found.propensity or own.propensity,
            suggests,
            found.say if found.say is not None else own.say,
            found.defer_if or own.defer_if,
            found.place,
        )

    def bad_suggestion(self, action: str, at: At, here: At, *, suggesting: bool) -> None:
        """Report a channel suggestion without a channel, or a channel without a suggestion."""
        if not suggesting:
            place = here / "suggests" if (here / "suggests").value else at / "suggests"
            message = f"`{action}` is no channel suggestion, so it suggests no channel"
            help_ = "make its kind `channel_suggestion`, or remove `suggests`"
            self.findings.report("wrong-value", message, help_, place.key_place)
        elif not (at / "suggests").faulty and not (here / "suggests").faulty:
            message = f"the channel suggestion `{action}` needs `suggests`"
            help_ = "add `suggests:` with the channel that it points to"
            self.findings.report("missing-key", message, help_, at.key_place)


def _later(treatment: Treatment) -> Iterator[Condition | Expression | None]:
    """Yield what a treatment works out when its gesture is known."""
    yield from (treatment.value, treatment.propensity)
    for text in treatment.say or ():
        yield text.when
        yield from (part.expression for part in text.parts if isinstance(part, Slot))


def _always() -> Condition:
    node = tree.Literal(0, 0, value=True)
    node.type = BOOL
    return Condition("is", node, "true")
