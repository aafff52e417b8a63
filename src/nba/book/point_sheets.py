"""Scorecards in CSV files: a line for each band of an input, with its points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import pairwise
from typing import Any, Final

from nba.book import cells
from nba.book.expressions import Expressions
from nba.book.findings import At, short
from nba.book.model import Point
from nba.book.rules import Band, Expression
from nba.book.selectors import band, between, in_order, overlap
from nba.book.sheet import Sheet
from nba.book.table import Cell
from nba.book.tables import Written, written_lines
from nba.errors import Place, did_you_mean
from nba.lang import tree
from nba.lang.text import write
from nba.lang.types import BOOL, DOUBLE, DYN, INT, STRING, EnumType, Type

__all__ = ["PointSheets"]

INPUT, BAND, POINTS = _COLUMNS = "Input", "Band", "Points"
_TYPES: Final = (DOUBLE, INT, STRING, BOOL, DYN)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a sheet: which values of an input give how many points."""

    cell: Cell
    points: float
    place: Place


class PointSheets:
    """Builds the lines of scorecards from CSV files."""

    def __init__(self, sheets: Mapping[str, Sheet], expressions: Expressions) -> None:
        self.sheets = sheets
        self.expressions = expressions
        self.findings = expressions.findings
        self.errors = 0  # that there were before the scorecard

    def points(self, file: str, inputs: Mapping[str, Any], at: At) -> list[Point]:
        """Return the lines that the file of a scorecard holds."""
        here = at / "inputs"
        if not inputs and not here.faulty:
            message = "a scorecard with a `file` needs `inputs`"
            help_ = "add `inputs: {Tier: customer.tier}`, one for each name in the column Input"
            self.findings.report("missing-key", message, help_, at.key_place)
        known = {
            name: self.expressions.expression(value, here / name, _TYPES)
            for name, value in sorted(inputs.items())
        }
        self.errors = self.findings.errors
        lines: dict[str, list[_Line]] = {name: [] for name in known}
        for written in written_lines(
            self.sheets, file, at / "file", _COLUMNS, self.findings, what="scorecard"
        ):
            name, line = self.line(written, known)
            if line is not None:
                lines[name].append(line)
        found: list[Point] = []
        for name, expression in known.items():
            if expression is None or expression.tree.type == DYN:
                continue
            if not lines[name]:
                message = f"no line of `{short(file)}` gives points for `{name}`"
                help_ = "add one, or remove the input"
                self.doubt(message, help_, (here / name).key_place)
            elif expression.tree.type in (DOUBLE, INT):
                found.append(self.banded(name, expression, lines[name]))
            else:
                found += self.worded(name, expression, lines[name])
        return found

    def line(
        self, written: Written, known: Mapping[str, Expression | None]
    ) -> tuple[str, _Line | None]:
        """Return the input of a line, and what it says; None where that is wrong."""
        texts = written.cells
        if any(name not in texts for name in _COLUMNS):  # the header was reported
            return "", None
        name, place = texts[INPUT]
        if name not in known:
            message = f"there is no input `{short(name)}`" if name else "the line has no input"
            self.findings.report("unknown-id", message, did_you_mean(name, known), place)
            return name, None
        expression = known[name]
        column = BAND
        try:
            cell = None if expression is None else _cell(texts[BAND][0], expression.tree.type)
            column = POINTS
            points = cells.number(texts[POINTS][0])
        except cells.CellError as error:
            message = f"{error.message} - in the column `{column}`"
            self.findings.report(error.code, message, error.help, texts[column][1])
            return name, None
        return name, None if cell is None else _Line(cell, points, written.place)

    def banded(self, name: str, expression: Expression, lines: list[_Line]) -> Point:
        """Return the line of a number: its bands do not overlap, so their order is irrelevant."""
        bands: list[tuple[Band, float]] = []
        places: dict[Band, Place] = {}
        for line in lines:
            for one in line.cell.bands:
                found = band(one.text)
                if found in places:
                    self.overlapping(name, found.text, places[found], found.text, line.place)
                    continue
                places[found] = line.place
                bands.append((found, line.points))
        ordered = in_order(bands)
        for (one, _), (other, _) in pairwise(ordered):
            first, last = sorted((one, other), key=lambda band: places[band].line)
            if overlap(one, other):
                self.overlapping(name, first.text, places[first], last.text, places[last])
            elif hole := between(one, other, whole=expression.tree.type == INT):
                message = f"no band of `{name}` holds {hole}, so it gives no points"
                help_ = "widen a band; `[0..2)` and `[2..4)` leave no number between them"
                self.doubt(message, help_, places[other])
        return Point(None, 0.0, expression, ordered, lines[0].place)

    def worded(self, name: str, expression: Expression, lines: list[_Line]) -> list[Point]:
        """Return a line with a condition for each line of words, or of true and false."""
        kind = expression.tree.type
        choices: tuple[object, ...] = (True, False) if kind == BOOL else ()
        choices = kind.values if isinstance(kind, EnumType) else choices
        places: dict[object, Place] = {}
        found: list[Point] = []
        for line in lines:
            words = [value for value in choices if value in line.cell]
            words = words or list(line.cell.values)
            for word in words:
                if word in places:
                    self.overlapping(name, _text(word), places[word], _text(word), line.place)
                places.setdefault(word, line.place)
            found.append(self.when(expression, words, line))
        missing = [value for value in choices if value not in places]
        if missing and kind != BOOL:
            listed = ", ".join(f"`{value}`" for value in missing[:5])
            message = f"no band of `{name}` holds {listed}, which gives no points"
            help_ = "add a line for it, with 0 points if it is to give none"
            self.doubt(message, help_, lines[0].place)
        return found

    def when(self, expression: Expression, words: Any, line: _Line) -> Point:
        """Return the points of an input that is one of some words."""
        literals = [write(tree.Literal(0, 0, value=word)) for word in words]
        right = literals[0] if len(literals) == 1 else f"[{', '.join(literals)}]"
        text = f"({expression.text}) {'==' if len(literals) == 1 else 'in'} {right}"
        condition = self.expressions.made(text, line.place)
        return Point(condition, line.points, None, (), line.place)

    def doubt(self, message: str, help_: str, place: Place) -> None:
        """Warn of what is missing, unless it may stand in a line that could not be read."""
        if self.findings.errors == self.errors:
            self.findings.report("wrong-value", message, help_, place, warning=True)

    def overlapping(self, name: str, one: str, first: Place, other: str, place: Place) -> None:
        """Report bands of an input that overlap."""
        message = f"the bands `{one}` (line {first.line}) and `{other}` of `{name}` overlap"
        help_ = "write `[0..10)` for a band that does not include its end"
        if one == other:
            message, help_ = f"`{one}` of `{name}` is on line {first.line} too", "keep one of them"
        self.findings.report("wrong-value", message, help_, place)


def _cell(text: str, kind: Type) -> Cell | None:
    """Return the band that a line is for; None where the type of its input is not known."""
    if kind == DYN:
        return None
    found = cells.cell(text, kind, UTC)
    if found is None:
        raise cells.CellError("a band says which values it is for", "write one, such as `>= 3`")
    if found.negated and not isinstance(kind, EnumType):
        raise cells.CellError("`not` is for words that are listed in the context", "write the rest")
    if isinstance(kind, EnumType) and not any(value in found for value in kind.values):
        raise cells.CellError("nothing is left for this band", "remove the line")
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
