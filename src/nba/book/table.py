"""Decision tables as the book has them: inputs, rows of cells, and what a row gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from nba.book.rules import NOWHERE, Band, Expression
from nba.errors import Place
from nba.lang.context import FieldSpec
from nba.lang.types import Type, list_of

__all__ = ["NO_ACTION", "Cell", "Given", "Hit", "Input", "Output", "Row", "Table", "output_fields"]

Hit = Literal["first", "collect", "unique"]
#: What a row gives in one column.
Given = str | float | bool
#: What a table chooses where no row that is hit names an action.
NO_ACTION: Final = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a row asks of an input: one of *values*, or to be in one of *bands*; or not so.

    *text* is its canonical spelling. Times and lengths are in nanoseconds.
    """

    text: str
    values: tuple[str | bool, ...] = ()
    bands: tuple[Band, ...] = ()
    negated: bool = False

    def __contains__(self, value: object) -> bool:
        fits = value in self.values or any(value in band for band in self.bands)  # type: ignore[operator]
        return fits is not self.negated


@dataclass(frozen=True, slots=True)
class Input:
    """A column that rows ask about."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Output:
    """A column of what rows give; *values* are those of an enum."""

    name: str
    kind: Literal["action", "number", "string", "bool", "enum"]
    values: tuple[str, ...]
    type: Type = field(compare=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell for each input, None for anything; and what it gives in each output.

    It gives None where it says nothing.
    """

    cells: tuple[Cell | None, ...]
    gives: tuple[Given | None, ...]
    place: Place = field(compare=False, repr=False, default=NOWHERE)

    def holds(self, values: Sequence[object]) -> bool:
        """Return whether the row holds for the values of the inputs, None where one is unknown.

        An unknown input is only in a cell that takes anything; so is what is not a number.
        """
        return all(
            cell is None or (value is not None and value == value and value in cell)  # noqa: PLR0124 - NaN
            for cell, value in zip(self.cells, values, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. Rows are counted from 1, as people do.

    With *hit* `first` the first row that holds is hit, with `unique` the only one, with `collect`
    all of them. *no_row* says how inputs that no row holds for are taken when the book is loaded.
    """

    id: str
    title: str
    hit: Hit
    no_row: Literal["warning", "error", "allowed"]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    place: Place = field(compare=False, repr=False, default=NOWHERE)

    @property
    def chooses(self) -> Output | None:
        """The column that names actions, if there is one."""
        return next((output for output in self.outputs if output.kind == "action"), None)

    def path(self, output: Output) -> str:
        """Return the path under which expressions read an output."""
        return f"table.{self.id}.{output.name}"

    def fields(self) -> Iterator[FieldSpec]:
        """Yield what expressions can read of it."""
        return output_fields(self.id, self.title, self.hit, self.outputs)

    def hits(self, values: Sequence[object]) -> tuple[int, ...]:
        """Return the numbers of the rows that are hit by the values of the inputs."""
        found = [n for n, row in enumerate(self.rows, 1) if row.holds(values)]
        return tuple(found if self.hit == "collect" else found[:1])

    def given(self, hit: Sequence[int], place: int) -> Given | list[Given] | None:
        """Return what the rows *hit* give in the output at a place; None where that is unknown."""
        found = [self.rows[number - 1].gives[place] for number in hit]
        known = [value for value in found if value is not None]
        if self.hit == "collect":
            return known
        nothing = NO_ACTION if self.outputs[place].kind == "action" else None
        return known[0] if known else nothing


def output_fields(
    table: str, title: str, hit: Hit, outputs: Iterable[Output]
) -> Iterator[FieldSpec]:
    """Yield what expressions can read of a table with these outputs: lists where it collects."""
    for output in outputs:
        kind = list_of(output.type) if hit == "collect" else output.type
        called = f"{output.name} of the table '{title or table}'"
        yield FieldSpec(f"table.{table}.{output.name}", kind, title=called)
