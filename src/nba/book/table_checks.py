"""What is doubtful in a decision table: rows nobody reaches, overlaps, inputs without a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nba.book.corridors import corridor_fields
from nba.book.findings import Findings
from nba.book.grid import Domain, Grid, TooMuchError, column, lowest
from nba.book.model import Condition, Corridor, Moment, Scorecard, Signal, Table
from nba.book.rules import Expression
from nba.book.spelling import length_text
from nba.errors import EvaluationError
from nba.lang import reference, tree
from nba.lang.context import FieldSpec
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.tree import Node
from nba.lang.values import NEVER, Duration, Timestamp, show_double

__all__ = ["Domains", "check_table"]

_MOST: Final = 3  # rows that are named as those that hide another
_ALWAYS: Final = ("now", "interaction.present", "relationship")
_COUNTS: Final = ("count", "size", ".size")
_ZERO: Final[Mapping[str, object]] = {
    "count": 0,
    "distinct": 0,
    "sum": 0.0,
    "rate": 0.0,
    "exists": False,
}


class Domains:
    """Tells what inputs can be. *blank* is what is known of somebody of whom nothing is told.

    What is unknown there can be unknown; what depends on scorecards or tables is not told.
    """

    def __init__(
        self,
        fields: Iterable[FieldSpec],
        signals: Mapping[str, Signal],
        moments: Mapping[str, Moment],
        corridors: Mapping[str, Corridor],
        cards: Mapping[str, Scorecard],
    ) -> None:
        self.specs = {spec.path: spec for spec in fields}
        self.signals = signals
        self.cards = cards
        self.blank: dict[str, object] = {
            path: spec.default for path, spec in self.specs.items() if spec.default is not None
        }
        self.blank |= {"interaction.present": False, "now": Timestamp(0)}
        self.blank |= {f"moment.{name}": False for name in moments} | {"moments": []}
        for spec in corridor_fields(corridors):
            known = {"string": "none", "bool": False}.get(spec.type.name)
            self.blank |= {} if known is None else {spec.path: known}
        for name, signal in signals.items():
            known = self._without_events(signal)
            self.blank |= {} if known is None else {f"signal.{name}": known}
        self.untold: set[str] = set()

    def _without_events(self, signal: Signal) -> object:
        """Return what a signal is over no events; None for unknown."""
        parts = [part for part in (signal.expression, signal.where, signal.by) if part]
        paths = {
            node.path
            for part in parts
            for node in tree.walk(part.tree)
            if isinstance(node, tree.Field) and not node.path.startswith("event.")
        }
        if paths - self.blank.keys():
            return None
        if signal.kind in ("first", "last") and signal.type.name == "timestamp":
            return NEVER
        if signal.by is not None:
            return {}
        found = _ZERO.get(signal.kind)
        return int(found) if signal.type.name == "int" and isinstance(found, float) else found

    def name(self, path: str, condition: Condition) -> None:
        """Note what a named condition is of somebody of whom nothing is told."""
        if self._untold(condition.tree):
            self.untold.add(path)
            return
        verdict = reference.judge(condition.tree, self.blank, BOOK_FUNCTIONS)
        if verdict is not None:
            self.blank[path] = verdict

    def domain(self, expression: Expression) -> Domain:
        """Return what an input can be."""
        node = expression.tree
        path = node.path if isinstance(node, tree.Field) else ""
        kind, _, name = path.partition(".")
        low = high = None
        if path in self.specs:
            low, high = self.specs[path].minimum, self.specs[path].maximum
        elif kind == "scorecard" and name in self.cards:
            low, high = self.cards[name].minimum, self.cards[name].maximum
        elif path == "relationship":
            low, high = 0.0, 100.0
        elif self._counts(node):
            low = 0.0
        never = path in _ALWAYS or kind == "scorecard"
        never = never or isinstance(node, tree.Present | tree.Literal)
        if never:
            return Domain(node.type, low, high, "never")
        return Domain(node.type, low, high, "often" if self._often(node) else "seldom")

    def _counts(self, node: Node) -> bool:
        """Tell whether a number cannot be below 0."""
        if isinstance(node, tree.Call):
            return node.function in _COUNTS
        path = node.path if isinstance(node, tree.Field) else ""
        signal = self.signals.get(path.removeprefix("signal."))
        return signal is not None and signal.kind in ("count", "distinct", "rate")

    def _often(self, node: Node) -> bool:
        if self._untold(node):
            return False
        try:
            reference.evaluate(node, self.blank, BOOK_FUNCTIONS)
        except EvaluationError:
            return True
        return False

    def _untold(self, node: Node) -> bool:
        paths = (part.path for part in tree.walk(node) if isinstance(part, tree.Field))
        return any(
            path in self.untold or path.partition(".")[0] in ("scorecard", "relationship", "table")
            for path in paths
        )


def check_table(table: Table, domains: Domains, findings: Findings) -> None:
    """Report what is doubtful in a table; of what takes too long, that it is not decided."""
    if table.rows and table.inputs:
        _Checked(table, domains, findings).check()


class _Checked:
    def __init__(self, table: Table, domains: Domains, findings: Findings) -> None:
        self.table = table
        self.findings = findings
        # a column in which every row takes anything makes no difference
        asked = [n for n in range(len(table.inputs)) if any(row.cells[n] for row in table.rows)]
        self.inputs = [table.inputs[n] for n in asked]
        self.domains = [domains.domain(column.expression) for column in self.inputs]
        columns = [
            column(domain, [row.cells[n] for row in table.rows])
            for n, domain in zip(asked, self.domains, strict=True)
        ]
        self.grid = Grid(columns, len(table.rows))
        self.all = (1 << len(table.rows)) - 1

    def check(self) -> None:
        try:
            for row in range(len(self.table.rows)):
                self.row(row)
            if self.table.no_row != "allowed":
                self.coverage()
        except TooMuchError:
            message = f"it is not decided whether every row of `{self.table.id}` can be hit"
            if self.table.no_row != "allowed":
                message += ", and a row holds for all inputs"
            help_ = "the table is too entangled to tell: make several tables of it"
            self.report("not-decided", message, help_, None, warning=True)

    def row(self, row: int) -> None:
        """Report a row that cannot be hit, or that overlaps with another where none may."""
        own = self.grid.rows[row]
        if not all(own):
            empty = next(place for place, taken in enumerate(own) if not taken)
            message = f"row {row + 1} is never hit: `{self.inputs[empty].name}` "
            message += _bounds(self.domains[empty]) or "is never so"
            self.report("unreachable-row", message, "correct the cell", row, warning=True)
            return
        earlier = self.grid.meeting(own, (1 << row) - 1)
        if self.table.hit == "unique" and earlier:
            other = _numbers(earlier)[0] - 1
            shared = [one & two for one, two in zip(own, self.grid.rows[other], strict=True)]
            example = self.example([lowest(mask) for mask in shared])
            message = f"rows {self.named(other)} and {self.named(row)} both hold for {example}"
            help_ = "make them exclude each other, or say `hit: first`"
            self.report("overlapping-rows", message, help_, row)
        if self.table.hit == "first" and earlier and self.grid.uncovered(own, earlier) is None:
            hiding = _numbers(self.grid.needed(own, earlier))
            names = [self.named(number - 1) for number in hiding[:_MOST]]
            more = f" and {len(hiding) - _MOST} more" if len(hiding) > _MOST else ""
            verb = "holds" if len(hiding) == 1 else "hold"
            rows = f"row{'' if len(hiding) == 1 else 's'} {_listed(names)}{more}"
            message = f"row {row + 1} is never hit: {rows} {verb} wherever it does"
            self.report("unreachable-row", message, "move it up, or remove it", row, warning=True)

    def coverage(self) -> None:
        """Report inputs that no row holds for."""
        found = self.grid.uncovered([one.often for one in self.grid.columns], self.all)
        if found is None:
            return
        message = f"no row of `{self.table.id}` holds for {self.example(found)}"
        help_ = "add a row for it, a last row with `-` everywhere, or `no_row: allowed`"
        if self.table.no_row == "error":
            help_ = "add a row for it, or a last row with `-` everywhere"
        warning = self.table.no_row != "error"
        self.report("uncovered-inputs", message, help_, None, warning=warning)

    # --- words

    def example(self, found: Sequence[int]) -> str:
        """Return an example of inputs in words."""
        pairs = zip(self.inputs, self.grid.examples(found), strict=True)
        return ", ".join(f"{column.name} `{_shown(value)}`" for column, value in pairs)

    def named(self, row: int) -> str:
        """Return the number of a row, and its line."""
        return f"{row + 1} (line {self.table.rows[row].place.line})"

    def report(
        self, code: str, message: str, help_: str, row: int | None, *, warning: bool = False
    ) -> None:
        place = self.table.place if row is None else self.table.rows[row].place
        self.findings.report(code, message, help_, place, warning=warning)


def _numbers(rows: int) -> list[int]:
    """Return the numbers of rows in a set, from 1."""
    return [place + 1 for place in range(rows.bit_length()) if rows >> place & 1]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _bounds(domain: Domain) -> str:
    ends = [end if end is None else show_double(float(end)) for end in (domain.low, domain.high)]
    if None not in ends:
        return f"goes from {ends[0]} to {ends[1]}"
    if ends[0] is not None:
        return f"is at least {ends[0]}"
    return f"is at most {ends[1]}" if ends[1] is not None else ""


def _shown(value: object) -> str:
    """Return a value of an input as a cell would have it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Duration):
        return (value >= 0 and value % 10**9 == 0 and length_text(int(value))) or str(value)
    return show_double(value) if isinstance(value, float) else str(value)
