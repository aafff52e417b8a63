"""The index of a stage: from the values of a case to the treatments whose conditions hold.

Each condition is taken apart into predicates of single fields (`predicates`). An index looks every
field up once, and a row (`rows`) says whom its value lets through; what is left is in all rows.
Of a condition such as `relationship > 40.0 || customer.tier == 'platinum'` one row of either field
has to let a treatment through; where several conditions are over the same fields, these are looked
up for all of them. What no table can say is asked afterwards: a condition that many share is a
*plane*, asked once for all of them while any of them is left; where there are many more than
`MOST_PLANES`, the rare ones are the *rest*, asked of each treatment that is left.

A lookup of every field is a fixed cost. Up to `MOST_STRAIGHT` treatments straight-line code
(`straight`) is faster: an `if` for each, which the first test that fails ends. Both were measured
(`python -m benchmarks.actions`): they cross between 60 and 200 treatments. That is so where there
are some 60 fields; up to twice as many treatments, a book with more to look up has lines too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from nba.book.model import Condition
from nba.decide.compared import as_tests, compared
from nba.decide.domains import Domains
from nba.decide.functions import Function, Functions, Slots
from nba.decide.predicates import Clause, needs_of
from nba.decide.rows import Bands, Rows, Table, joined, rows_of
from nba.decide.straight import straight
from nba.decide.targets import bits, mask_of
from nba.lang.normal import AllOf, Normal, normal
from nba.lang.python import Program

__all__ = [
    "Indexing",
    "Narrow",
    "Narrowing",
    "Parts",
    "Required",
    "by_size",
    "index",
    "line_by_line",
    "one_by_one",
    "tables",
]

#: From the values of a case and a set of treatments: those of the set whose conditions hold.
Narrow = Callable[[Slots, int], int]
#: Conditions, each with the treatments that require it.
Required = Mapping[Condition, Sequence[int]]


class Parts(NamedTuple):
    """What narrows in two steps: by the fields that last, which are *read* to see if they do.

    Only what stands in tables is *lasting*: equal values of a field have the same row.
    """

    read: Callable[[Slots], object]
    lasting: Narrow
    others: Narrow


class Narrowing(NamedTuple):
    """What narrows a set, at once, and where there are tables, in two steps."""

    narrow: Narrow
    parts: Parts | None = None


#: Makes one of the other, for sets of treatments that are all *everything*.
Indexing = Callable[[Required, Functions, int, Domains], Narrowing]

MOST_STRAIGHT: Final = 128
#: So many lines cost as much as to look up a field for all.
_LINES: Final = 3
MOST_PLANES: Final = 64
#: Fields of few values are looked up together, where that makes no more rows than so many.
MOST_TOGETHER: Final = 32
#: After so many lookups it is looked whether anything is left.
_LOOK_EVERY: Final = 12


def index(
    required: Required,
    functions: Functions,
    everything: int,
    domains: Domains,
) -> Narrowing:
    """Return what narrows a set of treatments by the conditions of a stage."""
    few = len({number for numbers in required.values() for number in numbers})
    lines = few <= MOST_STRAIGHT
    if not lines and few <= 2 * MOST_STRAIGHT:
        lines = few <= _LINES * _lookups(required)
    return (line_by_line if lines else tables)(required, functions, everything, domains)


def _lookups(required: Required) -> int:
    """Return how many fields there are to look up, and conditions to ask for besides."""
    needs = [(condition, needs_of(normal(condition.tree))) for condition in required]
    fields = {path for _, needed in needs for path in needed.predicates}
    return len(fields) + sum(not needed.exact for _, needed in needs)


def line_by_line(
    required: Required,
    functions: Functions,
    everything: int,
    domains: Domains,
) -> Narrowing:
    """Return straight-line code."""
    return Narrowing(straight(required, functions, everything, domains))


def tables(
    required: Required,
    functions: Functions,
    everything: int,
    domains: Domains,
) -> Narrowing:
    """Return what looks up every field, and asks for what stands in no table."""
    return _Index(required, functions, everything, domains).narrowing()


def by_size(small: Narrow, large: Narrow, most: int) -> Narrow:
    """Return what narrows sets that are all in *most*, the first treatments, by the *small*."""

    def narrow(slots: Slots, left: int) -> int:
        return small(slots, left) if left <= most else large(slots, left)

    return narrow


def one_by_one(
    required: Required, functions: Functions, everything: int, _domains: Domains
) -> Narrowing:
    """Return what asks every condition, one after the other: to compare with."""
    gates = [
        (mask := mask_of(numbers), everything & ~mask, functions.holds(condition))
        for condition, numbers in required.items()
    ]

    def narrow(slots: Slots, left: int) -> int:
        for mask, others, holds in gates:
            if left & mask and not holds(slots):
                left &= others
        return left

    return Narrowing(narrow)


class _Index:
    def __init__(
        self,
        required: Required,
        functions: Functions,
        everything: int,
        domains: Domains,
    ) -> None:
        self.functions = functions
        self.everything = everything
        self.values = domains.values
        forms = {condition: normal(condition.tree) for condition in required}
        self.compared = compared(forms.values())
        #: the variables that generated code has for fields, and for expressions
        self.variables = {path: f"v{slot}" for path, slot in functions.slots.items()}
        self.variables |= {text: f"e{place}" for place, text in enumerate(self.compared)}
        asked: dict[str, dict[int, Normal]] = {}
        inexact: list[tuple[Condition, Sequence[int]]] = []
        clauses: list[_Taken] = []
        for condition, numbers in required.items():
            needs = needs_of(as_tests(forms[condition], self.compared))
            for path, form in needs.predicates.items():
                own = asked.setdefault(path, {})
                for number in numbers:
                    own[number] = AllOf((own[number], form)) if number in own else form
            if not needs.exact:
                inexact.append((condition, numbers))
            elif needs.clauses:
                clauses.append((condition, numbers, needs.clauses))
        ordered = sorted(asked.items(), key=lambda each: -len(each[1]))
        self.rows = {path: self.rows_by(own, path) for path, own in ordered}
        groups, alone = _by_fields(clauses)
        inexact += alone
        #: of each of these sets of rows, one has to let a treatment through
        self.either = [
            {
                path: self.rows_by({number: clause[path] for number, clause in own.items()}, path)
                for path in next(iter(own.values()))
            }
            for own in groups
        ]
        inexact.sort(key=lambda each: -len(each[1]))
        self.planes = inexact[:MOST_PLANES]
        self.rest: dict[int, list[Condition]] = {}
        for condition, numbers in inexact[MOST_PLANES:]:
            for number in numbers:
                self.rest.setdefault(number, []).append(condition)

    def rows_by(self, own: Mapping[int, Normal], path: str) -> Rows:
        return rows_of(_grouped(own), self.everything, self.values.get(path, ()))

    def narrowing(self) -> Narrowing:
        """Generate the functions: a line for each field and each plane."""
        lasting = {path: rows for path, rows in self.rows.items() if self.lasts(path)}
        others = {path: rows for path, rows in self.rows.items() if path not in lasting}
        slots = sorted(self.functions.slots[path] for path in lasting)
        parts = None
        if len(slots) > 1:  # else there is nothing to be gained
            parts = Parts(
                itemgetter(*slots),
                self.function(lasting, asking=False),
                self.function(others, asking=True),
            )
        return Narrowing(self.function(self.rows, asking=True), parts)

    def function(self, fields: Mapping[str, Rows], *, asking: bool) -> Narrow:
        """Generate what looks up fields, and where it is *asking*, asks for the rest."""
        eithers, planes = (self.either, self.planes) if asking else ((), ())
        asked = {*fields, *(path for either in eithers for path in either)}
        variables = {path: self.variables[path] for path in asked}
        program = self.functions.program(variables)
        name, row = program.constant, _Rows(program)
        lines = list(self.reading(asked, program))
        for place, together in enumerate(_together(fields)):
            if place and place % _LOOK_EVERY == 0:
                lines.append("if not m: return 0")
            if len(together) == 1:
                path, rows = together[0]
                lines.append(f"m &= {row.of(rows, variables[path])}")
            else:
                tables = joined([rows for _, rows in together if isinstance(rows, Table)])
                values = "".join(f"[{variables[path]}]" for path, _ in together)
                lines.append(f"m &= {name(tables)}{values}")
        for either in eithers:
            some = [row.of(rows, variables[path]) for path, rows in either.items()]
            lines.append(f"m &= {' | '.join(some)}")
        for condition, numbers in planes:
            mask, holds = mask_of(numbers), program.true(condition.tree)
            others = name(self.everything & ~mask)
            lines.append(f"if m & {name(mask)} and not {holds}: m &= {others}")
        if self.rest and asking:
            rest, rest_of = name(mask_of(self.rest)), name(_Rest(self.rest, self.functions))
            lines.append(f"if m & {rest}: m = {rest_of}(c, m, m & {rest})")
        function = program.function([*lines, "return m"], "m")
        return program.build()[function]

    def reading(self, paths: set[str], program: Program) -> Iterator[str]:
        """Yield the lines that read fields and expressions into their variables."""
        read = sorted(self.functions.slots[path] for path in paths if path not in self.compared)
        if len(read) > 1:
            variables = ", ".join(f"v{slot}" for slot in read)
            yield f"{variables} = {program.constant(itemgetter(*read))}(c)"
        else:
            yield from (f"v{slot} = c[{slot}]" for slot in read)
        for text, node in self.compared.items():
            if text in paths:
                yield f"{self.variables[text]} = {program.plain(node)}"

    def lasts(self, path: str) -> bool:
        """Return whether a field most likely stays as it is for a conversation."""
        passing = path.startswith("interaction.") or path == "now"
        return not passing and path not in self.compared


def _grouped(own: Mapping[int, Normal]) -> list[tuple[Normal, Sequence[int]]]:
    """Return predicates with the treatments that need them, those of one condition once."""
    found: dict[int, tuple[Normal, list[int]]] = {}
    for number, form in own.items():
        found.setdefault(id(form), (form, []))[1].append(number)
    return list(found.values())


def _together(fields: Mapping[str, Rows]) -> list[list[tuple[str, Rows]]]:
    """Return fields by how they are looked up: those of few values several at once."""
    found: list[list[tuple[str, Rows]]] = []
    small: list[tuple[str, Table]] = []
    for path, rows in fields.items():
        if isinstance(rows, Table) and rows.closed:
            small.append((path, rows))
        else:
            found.append([(path, rows)])
    groups: list[list[tuple[str, Rows]]] = []
    room = 0
    for path, table in sorted(small, key=lambda each: len(each[1].rows)):
        if len(table.rows) > room:
            groups.append([])
            room = MOST_TOGETHER
        groups[-1].append((path, table))
        room //= len(table.rows)
    return groups + found


class _Rows:
    """Writes Python for the row of a value."""

    def __init__(self, program: Program) -> None:
        self.name = program.constant
        self.bisect = program.constant(bisect_right)

    def of(self, rows: Rows, value: str) -> str:
        if isinstance(rows, Table):
            if rows.closed:
                return f"{self.name(rows.rows)}[{value}]"
            return f"{self.name(rows.rows.get)}({value}, {self.name(rows.other)})"
        if isinstance(rows, Bands):
            found = f"{self.name(rows.rows)}[{self.bisect}({self.name(rows.edges)}, {value})]"
            return f"({found} if {value} is not None else {self.name(rows.unknown)})"
        return f"{self.name(rows.row)}({value})"


#: A condition that needs clauses and nothing else that no table can say, and who requires it.
_Taken = tuple[Condition, Sequence[int], Sequence[Clause]]
#: So many conditions over the same fields are looked up and not asked.
_ALIKE: Final = 3
#: A treatment has so many clauses over the same fields looked up.
_MOST_LEVELS: Final = 4


def _by_fields(
    conditions: Sequence[_Taken],
) -> tuple[list[dict[int, Clause]], list[tuple[Condition, Sequence[int]]]]:
    """Return clauses over the same fields by treatment, one for each; and who is left alone."""
    alike = Counter(
        fields for _, _, clauses in conditions for fields in set(map(frozenset, clauses))
    )
    groups: dict[frozenset[str], list[dict[int, Clause]]] = {}
    alone = []
    for condition, numbers, clauses in conditions:
        if any(alike[frozenset(clause)] < _ALIKE for clause in clauses):
            alone.append((condition, numbers))
            continue
        for clause in clauses:
            levels = groups.setdefault(frozenset(clause), [])
            free = (level for level in levels if level.keys().isdisjoint(numbers))
            level = next(free, None)
            if level is None:
                if len(levels) == _MOST_LEVELS:
                    alone.append((condition, numbers))
                    break
                levels.append(level := {})
            level.update(dict.fromkeys(numbers, clause))
    return [level for levels in groups.values() for level in levels], alone


class _Rest:
    """Asks each treatment that is left for the conditions that stand in no table."""

    def __init__(self, conditions: Mapping[int, Sequence[Condition]], functions: Functions) -> None:
        self.conditions = conditions
        self.functions = functions
        self.ready: dict[int, tuple[Function, ...]] = {}

    def __call__(self, slots: Slots, left: int, asked: int) -> int:
        failed = [number for number in bits(asked) if not self.holds(slots, number)]
        return left & ~mask_of(failed)

    def holds(self, slots: Slots, number: int) -> bool:
        functions = self.ready.get(number)
        if functions is None:
            functions = tuple(map(self.functions.holds, self.conditions[number]))
            self.ready[number] = functions
        return all(function(slots) for function in functions)
