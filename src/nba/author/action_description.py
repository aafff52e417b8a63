"""The description of an action: its own rules, and those of others that bear on it, in words."""

from __future__ import annotations

from collections.abc import Iterator

from nba.author.description import Description, Line, Section
from nba.author.rule_words import RuleWords, length_in_words, named, percent_in_words, titled
from nba.book.model import Action, Book, Expression, Gesture, Treatment

__all__ = ["action_description"]

_GATES = {
    "eligible": "may we? (eligible)",
    "applicable": "does it fit now? (applicable)",
    "suitable": "is it in the customer's interest? (suitable)",
}


def action_description(book: Book, action: Action) -> Description:
    """Return what a book says of an action, and what of the rest of it bears on the action."""
    return _ActionDescription(book, action).description()


class _ActionDescription:
    def __init__(self, book: Book, action: Action) -> None:
        self.book = book
        self.action = action
        self.words = RuleWords(book)

    def description(self) -> Description:
        sections = {
            "where it belongs": self.belongs(),
            "when it may be used": self.valid(),
            **{heading: self.gates(gate) for gate, heading in _GATES.items()},
            "rows of tables that name it": self.rows(),
            "stopped by (also where that is not known)": self.stops(),
            "channels": self.channels(),
            "limited by": self.limits(),
            "left in peace by": self.suppressions(),
            "how often, and by when": self.times(),
            "what it gives and takes": self.gives(),
            "priority": self.priority(),
            "chosen in": self.chosen(),
            "shown at": self.points(),
            "says": self.wording(),
            "tests that name it": self.tests(),
        }
        listed = {heading: tuple(lines) for heading, lines in sections.items()}
        return Description(
            "action",
            self.action.id,
            self.action.title,
            self.action.place,
            tuple(Section(heading, lines) for heading, lines in listed.items() if lines),
        )

    def belongs(self) -> Iterator[Line]:
        action, book = self.action, self.book
        issue, group = book.issues[action.issue], book.groups[action.group]
        yield Line(f"kind {action.kind}{_tagged(action.tags)}", action.place)
        yield Line(f"group {named(group)}", group.place)
        yield Line(f"issue {named(issue)}", issue.place)

    def levels(self) -> Iterator[tuple[str, Action | Treatment]]:
        yield "", self.action
        for treatment in self.action.treatments:
            yield f"on {treatment.channel}", treatment

    def valid(self) -> Iterator[Line]:
        action, book = self.action, self.book
        issue, group = book.issues[action.issue], book.groups[action.group]
        shared = ((f"the issue `{issue.id}`", issue), (f"the group `{group.id}`", group))
        for name, level in (*shared, *self.levels()):
            for said in self.words.validity(level.validity):
                yield Line(f"{name}: {said}" if name else said, level.place)

    def gates(self, gate: str) -> Iterator[Line]:
        action, book = self.action, self.book
        issue, group = book.issues[action.issue], book.groups[action.group]
        inherited = (
            ("as for every action", book.gates),
            (f"as for the issue `{issue.id}`", issue.gates),
            (f"as for the group `{group.id}`", group.gates),
        )
        own = ((name, level.gates) for name, level in self.levels())
        for name, gates in (*inherited, *own):
            for condition in getattr(gates, gate):
                said = self.words.says(condition)
                yield Line(f"{said} ({name})" if name else said, condition.place)

    def rows(self) -> Iterator[Line]:
        for table in self.book.tables.values():
            if (column := table.chooses) is not None:
                place = table.outputs.index(column)
                for number, row in enumerate(table.rows, 1):
                    if row.gives[place] == self.action.id:
                        said = self.words.row(table, row)
                        yield Line(f"`{table.id}`, row {number}: {said}", row.place)

    def stops(self) -> Iterator[Line]:
        for stop in self.book.kill_switch:
            if (reach := self.words.reach(stop.covers, self.action)) is not None:
                title = f": {stop.title}" if stop.title else ""
                yield Line(f"a kill switch{_on(reach)}{title}", stop.place)
        for policy in self.book.policies.values():
            reach = self.words.reach(policy.covers, self.action) if policy.enabled else None
            if reach is not None:
                title = f": {policy.title}" if policy.title else ""
                when = self.words.says(policy.block_when)
                yield Line(f"`{policy.id}`{_on(reach)}{title}, {_when(when)}", policy.place)

    def channels(self) -> Iterator[Line]:
        for treatment in self.action.treatments:
            channel = self.book.channels[treatment.channel]
            yield Line(f"{named(channel)}, {_direction(channel.direction)}", treatment.place)
            for said in self.words.channel(channel):
                yield Line(f"{channel.id}: {said}", channel.place)
            if treatment.defer_if is not None:
                said = self.words.says(treatment.defer_if)
                yield Line(f"{channel.id}: waits {_when(said)}", treatment.defer_if.place)
            if treatment.suggests is not None:
                yield Line(f"{channel.id}: suggests `{treatment.suggests}`", treatment.place)

    def limits(self) -> Iterator[Line]:
        for limit in self.book.limits.values():
            exempt = limit.exempt and self.words.reach(limit.exempt, self.action)
            reach = self.words.reach(limit.covers, self.action)
            if reach is not None and exempt != "":
                yield Line(
                    f"`{limit.id}`{_on(reach)}: {titled(limit.title, self.words.limit(limit))}",
                    limit.place,
                )

    def suppressions(self) -> Iterator[Line]:
        for rule in self.book.suppressions.values():
            if (reach := self.words.reach(rule.covers, self.action)) is not None:
                yield Line(
                    f"`{rule.id}`{_on(reach)}: {titled(rule.title, self.words.suppression(rule))}",
                    rule.place,
                )

    def times(self) -> Iterator[Line]:
        action = self.action
        if action.once_per is not None:
            yield Line(f"once for each {self.words.noun(action.once_per)}", action.once_per.place)
        if action.do_within is not None:
            within = length_in_words(action.do_within)
            yield Line(f"to be done within {within} that the channel is open", action.place)
        if action.keep_for is not None:
            yield Line(f"it stays the answer for {length_in_words(action.keep_for)}", action.place)

    def gives(self) -> Iterator[Line]:
        for name in self.action.takes:
            budget = self.book.budgets[name]
            yield Line(
                f"takes one of `{name}`: {titled(budget.title, self.words.budget(budget))}",
                budget.place,
            )
        if (gesture := self.action.gesture) is not None:
            yield from self.gesture(gesture)

    def gesture(self, gesture: Gesture) -> Iterator[Line]:
        for rung in gesture.ladder:
            when = f" if {self.words.says(rung.when)}" if rung.when is not None else ""
            yield Line(f"gives {self.words.noun(rung.amount)}{when}", rung.place)
        if gesture.at_most is not None:
            yield Line(f"at most {self.words.noun(gesture.at_most)}", gesture.at_most.place)
        for name in gesture.budgets:
            budget = self.book.budgets[name]
            yield Line(
                f"paid from `{name}`: {titled(budget.title, self.words.budget(budget))}",
                budget.place,
            )
        if gesture.budgets and gesture.if_unaffordable == "drop":
            yield Line("dropped where a budget has not enough left", self.action.place)
        for role, most in gesture.authority:
            yield Line(f"`{role}` may give {self.words.money(most)} alone", self.action.place)
        if (again := gesture.not_again_within) is not None:
            yield Line(f"not again within {length_in_words(again)}", self.action.place)

    def priority(self) -> Iterator[Line]:
        action, book = self.action, self.book
        for name in ("propensity", "value"):
            given = {t.channel: getattr(t, name) for t in action.treatments}
            yield from self.factor(name, given)
        issue, group = book.issues[action.issue], book.groups[action.group]
        levers = (
            (f"the issue `{issue.id}`", issue),
            (f"the group `{group.id}`", group),
            ("the action", action),
        )
        for said, level in levers:
            if level.lever:
                yield Line(f"lever {percent_in_words(level.lever)} of {said}", level.place)
        for weight in book.scoring.weights:
            if (reach := self.words.reach(weight.covers, action)) is not None:
                when = f" if {self.words.says(weight.when)}" if weight.when is not None else ""
                yield Line(f"{percent_in_words(weight.add)}{_on(reach)}{when}", weight.place)
        if book.scoring.priority is not None:
            formula = book.scoring.priority
            yield Line(f"the formula: `{formula.text}`", formula.place)
        floor = book.no_action
        yield Line(f"it must exceed {floor.priority:g}, that of doing nothing: {floor.title}")

    def factor(self, name: str, given: dict[str, Expression | None]) -> Iterator[Line]:
        """Say a factor, once where it is the same on every channel."""
        alike = len(set(given.values())) == 1
        for channel, expression in list(given.items())[: 1 if alike else None]:
            if expression is not None:
                said = self.words.noun(expression)
                on = "" if alike else f" on {channel}"
                yield Line(f"{name}{on}: {said}", expression.place)

    def chosen(self) -> Iterator[Line]:
        for tier in self.book.tiers:
            if (reach := self.words.reach(tier.covers, self.action)) is not None:
                when = f", while {self.words.says(tier.when)}" if tier.when is not None else ""
                yield Line(f"the tier `{tier.name}`{_on(reach)}{when}", tier.place)

    def points(self) -> Iterator[Line]:
        for point in self.book.decision_points.values():
            ways = self.words.ways(self.action)
            if point.channel is not None and point.channel not in {channel for channel, _ in ways}:
                continue
            if (reach := self.words.reach(point.covers, self.action)) is not None:
                by = f"by {point.channel} alone" if point.channel else ""
                where = _on(", ".join(filter(None, (by, reach))))
                title = f": {point.title}" if point.title else ""
                yield Line(f"`{point.id}`{where}{title}", point.place)

    def wording(self) -> Iterator[Line]:
        given = {t.channel: t.say for t in self.action.treatments if t.say}
        alike = len(set(given.values())) == 1 and len(given) == len(self.action.treatments)
        for channel, say in list(given.items())[: 1 if alike else None]:
            for said, text in self.words.texts(say):
                on = "" if alike else f"on {channel}, "
                yield Line(f"{on}{said}", text.place)

    def tests(self) -> Iterator[Line]:
        for test in self.book.tests:
            expected = test.expect
            named = {expected.get("action"), *(expected.get("ranked") or ())}
            if self.action.id in named | set(expected.get("dropped") or ()):
                yield Line(test.name, test.place)


def _tagged(tags: tuple[str, ...]) -> str:
    return f", tags {', '.join(tags)}" if tags else ""


def _on(reach: str) -> str:
    return f" ({reach})" if reach else ""


def _when(said: str) -> str:
    return said if said in ("always", "never") else f"while {said}"


def _direction(direction: str) -> str:
    return "inbound and outbound" if direction == "both" else f"{direction} only"
