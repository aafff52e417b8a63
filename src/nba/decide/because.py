"""Conditions in words, with the values they read, the part that decides them, and their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nba.book.model import Condition, Scorecard
from nba.book.phrases import Phrases
from nba.decide.derived import number_of, points_of, rows_hit
from nba.decide.reference import Reference
from nba.errors import Place
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.normal import reads
from nba.lang.reference import judge
from nba.lang.tree import And, Field, Node, Not, Or
from nba.lang.words import moment_in_words, name_in_words, noun, value_in_words, words

__all__ = ["Facts", "line_of"]

_MOST_ROWS: Final = 5  # that are named


class Facts(Phrases):
    """What is known about one case, put into words."""

    def __init__(self, judged: Reference) -> None:
        super().__init__(judged.book)
        self.judged = judged
        self.fields = judged.fields

    def because(self, condition: Condition) -> str:
        """Return what decides a condition, in words, with the values read and its place."""
        parts = self.deciding(condition.tree, self.judged.judge(condition))
        text = " and ".join(words(self.spelled_out(part), self.titles) for part in parts)
        # whether a moment is open that is a part of its own is said by what is decided
        read = [path for path in self.inputs(parts) if path not in _moments(parts)]
        facts = [self.fact(path) for path in read]
        if facts == [text]:  # saying it once is enough
            values = ""
        elif len(read) == 1 == len(self.inputs(parts)) and not read[0].startswith("moment."):
            empty = _is_empty(self.fields.get(read[0]))
            values = " (there is none)" if empty else f" (it is {self.shown(read[0])})"
        else:
            values = f" ({', '.join(facts)})" if facts else ""
        return f"{text}{values} - {line_of(condition.place)}"

    def deciding(self, node: Node, verdict: bool | None) -> list[Node]:
        """Return the parts of a condition that alone make its verdict what it is."""
        named = self.named(getattr(node, "path", ""))
        if named is not None:
            return self.deciding(named, verdict)
        if not isinstance(node, And | Or) or verdict is isinstance(node, And):
            return [node]
        alike = [item for item in node.items if self.judge(item) is verdict]
        if verdict is True:
            alike = alike[:1]  # one is enough
        return [part for item in alike for part in self.deciding(item, verdict)]

    def judge(self, node: Node) -> bool | None:
        """Return whether a part of a condition holds: True, False, or None for unknown."""
        return judge(node, self.fields, BOOK_FUNCTIONS)

    def inputs(self, nodes: Sequence[Node]) -> list[str]:
        """Return the declared fields that conditions read, through named conditions too."""
        found: dict[str, None] = {}
        pending = [path for node in nodes for path in sorted(reads(node))]
        while pending:
            path = pending.pop(0)
            named = self.named(path)
            if named is not None:
                pending += sorted(reads(named))
            elif path != "now":
                found[path] = None
        return list(found)

    def fact(self, path: str) -> str:
        """Return what a field is, in words."""
        value = self.fields.get(path)
        kind, _, name = path.partition(".")
        if kind == "moment" and isinstance(value, bool):
            called = self.titles.get(path) or name.replace("_", " ")
            return moment_in_words(called, is_open=value)
        if _is_empty(value):
            return f"{name_in_words(path, self.titles)} is empty"
        return f"{name_in_words(path, self.titles)} is {self.shown(path)}"

    def shown(self, path: str) -> str:
        """Return the value of a field in words, with what it came from: parts, or rows."""
        kind, _, name = path.partition(".")
        if kind == "table":
            return f"{value_in_words(self.fields.get(path))}, {self.rows(name.partition('.')[0])}"
        if path not in self.fields:
            return "unknown"
        value = value_in_words(self.fields[path])
        card = self.book.scorecards.get(name) if kind == "scorecard" else None
        card = self.book.relationship if kind == "relationship" else card
        return f"{value}: {self.breakdown(card)}" if card else value

    def rows(self, name: str) -> str:
        """Say which rows of a table are hit, and where they stand."""
        table = self.book.tables[name]
        found = rows_hit(table, self.fields)
        if not found:
            return f"as no row of `{name}` holds"
        place = table.rows[found[0] - 1].place
        if len(found) == 1:
            return f"by row {found[0]} of `{name}`, {line_of(place)}"
        numbers = [str(number) for number in found[:_MOST_ROWS]]
        more = f" and {len(found) - _MOST_ROWS} more" if len(found) > _MOST_ROWS else ""
        return f"by rows {', '.join(numbers)}{more} of `{name}`, {line_of(place)}"

    def breakdown(self, card: Scorecard) -> str:
        """Say where the points of a scorecard came from."""
        parts = [f"{points:+g} as {why}" for points, why in self.parts(card)]
        return ", ".join([f"{card.start:g} to start with", *parts, *self.stopped(card)])

    def stopped(self, card: Scorecard) -> Iterator[str]:
        """Say that the points went beyond what a scorecard can be, if they did."""
        total = card.start + sum(points for _, points in points_of(card, self.fields))
        if card.minimum is not None and total < card.minimum:
            yield f"and never below {card.minimum:g}"
        if card.maximum is not None and total > card.maximum:
            yield f"and never above {card.maximum:g}"

    def parts(self, card: Scorecard) -> Iterator[tuple[float, str]]:
        """Yield the points of each line of a scorecard that counts, and why it does."""
        for point, points in points_of(card, self.fields):
            if points == 0:  # as if it had not counted
                continue
            source = point.when or point.band
            text = words(self.spelled_out(source.tree), self.titles) if source else ""
            if point.band is not None:
                number = value_in_words(number_of(point.band, self.fields))
                text = f"{noun(point.band.tree, self.titles)} is {number}"
            yield points, text

    def missing(self, node: Node) -> list[str]:
        """Return the fields that an expression reads and that are unknown."""
        return [path for path in self.inputs([node]) if path not in self.fields]


def _moments(parts: Sequence[Node]) -> set[str]:
    """Return the moments that are parts of their own, or their opposites."""
    alone = [part.operand if isinstance(part, Not) else part for part in parts]
    paths = (part.path for part in alone if isinstance(part, Field))
    return {path for path in paths if path.startswith("moment.")}


def _is_empty(value: object) -> bool:
    return isinstance(value, list | tuple | Mapping) and not value


def line_of(place: Place) -> str:
    """Return a place as file and line."""
    return f"{place.file}:{place.line}"
