"""The descriptions of what is no action: policies, moments, signals, limits and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nba.author.action_description import action_description
from nba.author.description import Description, Line, Section
from nba.author.kinds import KINDS, SUBJECTS
from nba.author.rule_words import RuleWords, length_in_words, named, percent_in_words
from nba.author.uses import uses
from nba.book import model
from nba.book.contact import WEEKDAYS
from nba.book.model import GATES, Book, Covers, Gates
from nba.book.rules import NOWHERE
from nba.lang.context import FieldSpec
from nba.lang.types import EnumType
from nba.lang.words import listed

__all__ = ["descriptions", "ids"]


def ids(book: Book) -> dict[str, list[tuple[str, Any]]]:
    """Return what can be described, by its id: the kind and the thing, several of a shared id."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for section, kind in KINDS.items():
        for name, part in getattr(book, section).items():
            found.setdefault(name, []).append((kind, part))
    for tier in book.tiers:
        found.setdefault(tier.name, []).append(("tier", tier))
    for spec in book.fields:
        found.setdefault(spec.path, []).append(("field", spec))
    return found


def descriptions(book: Book, name: str) -> list[Description]:
    """Return what describes things called so: an id, one as conditions write it, or a code."""
    known = ids(book)
    kind, _, id_ = name.partition(".")
    if name not in known and ":" in name:
        code, _, id_ = name.partition(":")
        kind = KINDS.get(SUBJECTS.get(code, ""), "")
    found = known[name] if name in known else [one for one in known.get(id_, ()) if one[0] == kind]
    return [_description(book, kind, name if kind == "field" else "", part) for kind, part in found]


def _description(book: Book, kind: str, path: str, part: Any) -> Description:
    if isinstance(part, model.Action):
        return action_description(book, part)
    parts = _PartDescriptions(book)
    tellers: dict[str, Callable[[Any], Mapping[str, Iterable[Line]]]] = {
        "issue": parts.issue,
        "group": parts.group,
        "moment": parts.moment,
        "signal": parts.signal,
        "corridor": parts.corridor,
        "event type": parts.event,
        "scorecard": parts.scorecard,
        "table": parts.table,
        "policy": parts.policy,
        "limit": parts.limit,
        "suppression": parts.suppression,
        "budget": parts.budget,
        "channel": parts.channel,
        "calendar": parts.calendar,
        "decision point": parts.decision_point,
        "outcome": parts.outcome,
        "tier": parts.tier,
        "field": parts.field,
    }
    id_ = path or getattr(part, "id", "") or getattr(part, "name", "")
    if kind == "condition":  # the model knows it by its key alone
        id_ = next(name for name, each in book.conditions.items() if each is part)
    told = parts.condition(id_, part) if kind == "condition" else tellers[kind](part)
    listed_ = ((heading, tuple(lines)) for heading, lines in told.items())
    sections = tuple(Section(heading, lines) for heading, lines in listed_ if lines)
    title = getattr(part, "title", "")
    return Description(kind, id_, title, getattr(part, "place", NOWHERE), sections)


class _PartDescriptions:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.words = RuleWords(book)

    # --- the catalogue

    def issue(self, issue: model.Issue) -> dict[str, Iterable[Line]]:
        groups = [group for group in self.book.groups.values() if _issue_of(group.id) == issue.id]
        listed_ = (Line(named(group), group.place) for group in groups)
        return self.level(issue) | {"groups": listed_}

    def group(self, group: model.Group) -> dict[str, Iterable[Line]]:
        return self.level(group) | {"actions": self.actions(Covers(group=(group.id,)))}

    def level(self, level: model.Issue) -> dict[str, Iterable[Line]]:
        about = [Line(f"tags {', '.join(level.tags)}", level.place)] if level.tags else []
        about += [Line(said, level.place) for said in self.words.validity(level.validity)]
        if level.lever:
            about.append(Line(f"lever {percent_in_words(level.lever)}", level.place))
        return {"what holds for all of it": about, **self.gates(level.gates)}

    def gates(self, gates: Gates) -> dict[str, Iterable[Line]]:
        return {
            gate: [Line(self.words.says(one), one.place) for one in getattr(gates, gate)]
            for gate in GATES
        }

    def actions(self, covers: Covers, *, on: str | None = None) -> Iterator[Line]:
        """Yield the actions that a selector covers; only those with a treatment *on* a channel."""
        for action in self.words.covered(covers):
            if on is not None and on not in {each.channel for each in action.treatments}:
                continue
            reach = self.words.reach(covers, action)
            yield Line(named(action) + (f" ({reach})" if reach else ""), action.place)

    # --- the journey

    def event(self, event: model.EventType) -> dict[str, Iterable[Line]]:
        fields = [Line(f"{spec.path}: {_type(spec)}", event.place) for spec in event.fields]
        return {"fields": fields, "used by": self.lookers(event.id)}

    def lookers(self, event: str) -> Iterator[Line]:
        for signal in self.book.signals.values():
            if event in signal.events:
                yield Line(f"signal `{signal.id}`", signal.place)
        for moment in self.book.moments.values():
            if event in _looked_for(moment):
                yield Line(f"moment `{moment.id}`", moment.place)
        for corridor in self.book.corridors.values():
            if event in _passed_by(corridor):
                yield Line(f"corridor `{corridor.id}`", corridor.place)

    def signal(self, signal: model.Signal) -> dict[str, Iterable[Line]]:
        said = [Line(self.words.signal(signal), signal.place)]
        return {"computed as": said, "used by": self.used(f"signal.{signal.id}")}

    def moment(self, moment: model.Moment) -> dict[str, Iterable[Line]]:
        about = [f"severity {moment.severity}"]
        if not moment.briefing:
            about.append("briefings do not tell of it")
        patterns: dict[str, Iterable[Line]] = {}
        for number, pattern in enumerate(moment.patterns, 1):
            heading = "open" if len(moment.patterns) == 1 else f"open, way {number}"
            patterns[heading] = [Line(said, moment.place) for said in self.words.pattern(pattern)]
        return {
            "about": [Line(said, moment.place) for said in about],
            **patterns,
            "used by": self.used(f"moment.{moment.id}", f"evidence.{moment.id}"),
        }

    def corridor(self, corridor: model.Corridor) -> dict[str, Iterable[Line]]:
        stages = []
        for stage in corridor.stages:
            text = f"`{stage.id}`: {self.words.step(stage.enter)}"
            if stage.expect is not None:
                text += f"; expects {self.words.step(stage.expect)}"
            if stage.within is not None:
                text += f" within {length_in_words(stage.within)}"
            if stage.by is not None:
                text += f" by {self.words.noun(stage.by)}"
            stages.append(Line(text, corridor.place))
        ends = [Line(self.words.step(step), corridor.place) for step in corridor.until]
        return {"stages": stages, "until": ends, "used by": self.used(f"corridor.{corridor.id}")}

    # --- conditions and numbers

    def condition(self, name: str, condition: model.Condition) -> dict[str, Iterable[Line]]:
        said = [Line(self.words.says(condition), condition.place)]
        return {"holds while": said, "used by": self.used(f"condition.{name}")}

    def scorecard(self, card: model.Scorecard) -> dict[str, Iterable[Line]]:
        points = [Line(f"{card.start:g} to start with", card.place)]
        for point in card.points:
            if point.band is not None:
                bands = ", ".join(f"{band.text}: {points:+g}" for band, points in point.bands)
                points.append(Line(f"by {self.words.noun(point.band)}: {bands}", point.place))
            elif point.when is not None:
                said = self.words.says(point.when)
                points.append(Line(f"{point.add:+g} if {said}", point.place))
        bounds = (("never below", card.minimum), ("never above", card.maximum))
        points += [
            Line(f"{what} {bound:g}", card.place) for what, bound in bounds if bound is not None
        ]
        return {"points": points, "used by": self.used(f"scorecard.{card.id}")}

    def table(self, table: model.Table) -> dict[str, Iterable[Line]]:
        asks = [
            Line(f"{one.name}: {self.words.noun(one.expression)}", one.expression.place)
            for one in table.inputs
        ]
        rows = [Line(self.words.row(table, row), row.place) for row in table.rows]
        hits = {"first": "the first row that holds", "unique": "the only row that holds"}
        hit = Line(hits.get(table.hit, "all rows that hold"), table.place)
        return {
            "what is hit": [hit],
            "asks for": asks,
            "rows": rows,
            "used by": self.used(f"table.{table.id}"),
        }

    def field(self, spec: FieldSpec) -> dict[str, Iterable[Line]]:
        return {"declared as": [Line(_type(spec))], "used by": self.used(spec.path)}

    def used(self, *paths: str) -> list[Line]:
        return [Line(use.by, use.where) for use in uses(self.book, *paths)]

    # --- rules over many actions

    def policy(self, policy: model.Policy) -> dict[str, Iterable[Line]]:
        when = [Line(self.words.says(policy.block_when), policy.block_when.place)]
        off = [] if policy.enabled else [Line("it is out of use (`enabled: false`)", policy.place)]
        return {
            "about": off,
            "stops while (also where that is not known)": when,
            **self.covering(policy.covers),
        }

    def limit(self, limit: model.Limit) -> dict[str, Iterable[Line]]:
        said = [Line(self.words.limit(limit), limit.place)]
        return {"allows": said, **self.covering(limit.covers)}

    def suppression(self, rule: model.Suppression) -> dict[str, Iterable[Line]]:
        said = [Line(self.words.suppression(rule), rule.place)]
        return {"leaves in peace": said, **self.covering(rule.covers)}

    def tier(self, tier: model.Tier) -> dict[str, Iterable[Line]]:
        when = [Line(self.words.says(tier.when), tier.when.place)] if tier.when else []
        return {"active while": when, **self.covering(tier.covers)}

    def decision_point(self, point: model.DecisionPoint) -> dict[str, Iterable[Line]]:
        about = [Line(f"shows {point.show} at the most", point.place)]
        if point.channel is not None:
            about.append(Line(f"on {point.channel} alone", point.place))
        per = [f"{count} per {key}" for key, count in point.at_most_per.items()]
        about += [Line(f"at most {listed(per, 'and')}", point.place)] if per else []
        shown = self.actions(point.covers, on=point.channel)
        return {"about": about, "covers": self.selector(point.covers), "actions": shown}

    def covering(self, covers: Covers) -> dict[str, Iterable[Line]]:
        return {"covers": self.selector(covers), "actions": self.actions(covers)}

    def selector(self, covers: Covers) -> list[Line]:
        return [Line(self.words.covers(covers))]

    # --- contacts

    def budget(self, budget: model.Budget) -> dict[str, Iterable[Line]]:
        said = [Line(self.words.budget(budget), budget.place)]
        takers = [
            Line(named(action), action.place)
            for action in self.book.actions.values()
            if budget.id in (*action.takes, *(action.gesture.budgets if action.gesture else ()))
        ]
        return {"allows": said, "paid from by": takers}

    def channel(self, channel: model.Channel) -> dict[str, Iterable[Line]]:
        ways = {"both": "inbound and outbound"}.get(channel.direction, f"{channel.direction} only")
        about = [Line(f"{ways}, {channel.cost:g} {self.book.currency} a contact", channel.place)]
        about += [Line(said, channel.place) for said in self.words.channel(channel)]
        return {"about": about, "actions": self.actions(Covers(channel=(channel.id,)))}

    def calendar(self, calendar: model.Calendar) -> dict[str, Iterable[Line]]:
        hours = []
        for day, spans in zip(WEEKDAYS, calendar.hours.week, strict=True):
            text = ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans)
            hours.append(Line(f"{day}: {text or 'closed'}", calendar.place))
        closed = [Line(str(day), calendar.place) for day in sorted(calendar.hours.closed)]
        channels = self.book.channels.values()
        keepers = [Line(named(one), one.place) for one in channels if one.open == calendar.id]
        clocks = [Line(f"by the clocks of `{calendar.zone}`", calendar.place)]
        return {"about": clocks, "open": hours, "closed": closed, "channels": keepers}

    def outcome(self, outcome: model.Outcome) -> dict[str, Iterable[Line]]:
        return {"about": [Line(f"it means {outcome.means}")] if outcome.means else []}


def _issue_of(group: str) -> str:
    return group.partition("/")[0]


def _type(spec: FieldSpec) -> str:
    kind = listed(list(spec.type.values), "or") if isinstance(spec.type, EnumType) else spec.type
    bounds = [f"from {spec.minimum:g}"] if spec.minimum is not None else []
    bounds += [f"up to {spec.maximum:g}"] if spec.maximum is not None else []
    default = [f"by default {spec.default}"] if spec.default is not None else []
    private = ["left out of logs"] if spec.private else []
    return ", ".join([str(kind), *bounds, *default, *private])


def _looked_for(moment: model.Moment) -> set[str]:
    """Return the types of the events that a moment looks for."""
    steps = [
        step
        for pattern in moment.patterns
        for step in (*pattern.steps, pattern.expect, *pattern.unless, *pattern.until)
    ]
    return {step.event for step in steps if step}


def _passed_by(corridor: model.Corridor) -> set[str]:
    """Return the types of the events that lead through a corridor, and out of it."""
    steps = [step for stage in corridor.stages for step in (stage.enter, stage.expect)]
    return {step.event for step in (*steps, *corridor.until) if step}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
