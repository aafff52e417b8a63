"""The index of a stage: from the values of a case to the treatments whose conditions hold.

Each condition is taken apart into predicates of single fields (`predicates`). An index looks every
field up once, and a row (`rows`) says whom its value lets through; what is left is in all rows.
Of a condition such as `relationship > 40.0 || customer.tier == 'platinum'` one row of either field
has to let a treatment through; where several such conditions ask for a field, it is looked up for
all of them, whatever else they ask for. What no table can say is asked afterwards: a condition that
many share is a *plane*, asked once for all of them while any of them is left; where there are more
than `MOST_PLANES`, the rare ones are the *rest*, asked of each treatment that is left, or once each
where many are left.

A lookup of every field is a fixed cost. Up to `MOST_STRAIGHT` treatments straight-line code
(`straight`) is faster: an `if` for each, which the first test that fails ends. Both were measured
(`python -m benchmarks.actions`): they cross between 60 and 200 treatments. That is so where there
are some 60 fields; up to twice as many treatments, a book with more to look up has lines too. None
has lines where treatments have more than `_MOST_TESTS` conditions each, such as many policies.
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
from nba.decide.predicates import Clause, constants_of, needs_of
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
#: Who has more conditions fits only where most of them hold: no line would end early.
_MOST_TESTS: Final = 16
#: So many lines cost as much as to look up a field for all.
_LINES: Final = 3
MOST_PLANES: Final = 64
#: All fields together have about so many whole rows.
ROOM: Final = 64 * 1024
#: Fields of few values are looked up together, where that makes no more rows than so many.
MOST_TOGETHER: Final = 32
#: What is common to several treatments and names more values than this is looked up by itself.
_MANY_VALUES: Final = 16
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
    lines = few <= 2 * MOST_STRAIGHT and sum(map(len, required.values())) <= _MOST_TESTS * few
    if lines and few > MOST_STRAIGHT:
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


#: Predicates of one field by treatment: all that it needs.
_Level = dict[int, list[Normal]]
#: A field, and what its value lets through.
_Lookup = tuple[str, Rows]
#: A condition that is asked, and who requires it.
_Asked = tuple[Condition, Sequence[int]]


class _Either(NamedTuple):
    """Treatments of which one of several rows, by field, has to let each through."""

    mask: int
    rows: Mapping[str, Rows]


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
        asked: dict[str, dict[tuple[int, ...], list[Normal]]] = {}
        inexact: list[_Asked] = []
        clauses: list[_Taken] = []
        for condition, numbers in required.items():
            needs = needs_of(as_tests(forms[condition], self.compared))
            whose = tuple(numbers)
            for path, form in needs.predicates.items():
                asked.setdefault(path, {}).setdefault(whose, []).append(form)
            if not needs.exact:
                inexact.append((condition, whose))
            elif needs.clauses:
                clauses.append((condition, whose, needs.clauses))
        levels = [(path, level) for path, own in asked.items() for level in _levels(own)]
        levels.sort(key=lambda each: -len(each[1]))
        eithers, alone = _in_levels(clauses)
        lookups = len(levels) + sum(len(each.fields) for each in eithers)
        self.most = max(1, ROOM // max(1, lookups))
        self.rows = [(path, self.rows_by(each, path, everything)) for path, each in levels]
        self.either = [self.rows_of_either(each.own) for each in eithers]
        inexact += alone
        inexact.sort(key=lambda each: -len(each[1]))
        self.planes = inexact[:MOST_PLANES]
        self.rest = inexact[MOST_PLANES:]

    def rows_by(self, own: _Level, path: str, everything: int) -> Rows:
        return rows_of(_grouped(own), everything, self.values.get(path, ()), self.most)

    def rows_of_either(self, own: Mapping[int, Clause]) -> _Either:
        by_path: dict[str, _Level] = {}
        for number, clause in own.items():
            for path, form in clause.items():
                by_path.setdefault(path, {})[number] = [form]
        rows = {
            path: self.rows_by(some, path, mask_of(list(some))) for path, some in by_path.items()
        }
        return _Either(mask_of(list(own)), rows)

    def narrowing(self) -> Narrowing:
        """Generate the functions: a line for each field and each plane."""
        lasting = [(path, rows) for path, rows in self.rows if self.lasts(path)]
        others = [(path, rows) for path, rows in self.rows if not self.lasts(path)]
        slots = sorted({self.functions.slots[path] for path, _ in lasting})
        parts = None
        if len(slots) > 1:  # else there is nothing to be gained
            parts = Parts(
                itemgetter(*slots),
                self.function(lasting, asking=False),
                self.function(others, asking=True),
            )
        return Narrowing(self.function(self.rows, asking=True), parts)

    def function(self, fields: Sequence[_Lookup], *, asking: bool) -> Narrow:
        """Generate what looks up fields, and where it is *asking*, asks for the rest."""
        eithers, planes = (self.either, self.planes) if asking else ((), ())
        asked = {path for path, _ in fields} | {path for each in eithers for path in each.rows}
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
        for mask, either in eithers:
            some = [row.of(rows, variables[path]) for path, rows in either.items()]
            if untouched := self.everything & ~mask:
                some.append(name(untouched))
            lines.append(f"if m & {name(mask)}: m &= {' | '.join(some)}")
        for condition, numbers in planes:
            mask, holds = mask_of(numbers), program.true(condition.tree)
            others = name(self.everything & ~mask)
            lines.append(f"if m & {name(mask)} and not {holds}: m &= {others}")
        if self.rest and asking:
            rest = _Rest(self.rest, self.functions)
            lines.append(f"if m & {name(rest.mask)}: m = {name(rest)}(c, m, m & {name(rest.mask)})")
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


# --- what is looked up at once


def _levels(own: Mapping[tuple[int, ...], Sequence[Normal]]) -> list[_Level]:
    """Return the predicates of a field, given whose they are, by treatment.

    What names many values and is common to several is looked up apart from what these need besides:
    else each of them would have all these values.
    """
    levels: list[_Level] = [{}]
    common: list[tuple[tuple[int, ...], Normal]] = []
    for numbers, forms in own.items():
        form = forms[0] if len(forms) == 1 else AllOf(tuple(forms))
        if len(numbers) > 1 and len(list(constants_of(form))) > _MANY_VALUES:
            common.append((numbers, form))
            continue
        for number in numbers:
            levels[0].setdefault(number, []).append(form)
    for numbers, form in common:
        level = next((one for one in levels if one.keys().isdisjoint(numbers)), None)
        if level is None and len(levels) < _MOST_LEVELS:
            levels.append(level := {})
        elif level is None:
            level = levels[0]
        for number in numbers:
            level.setdefault(number, []).append(form)
    return levels


def _grouped(own: _Level) -> list[tuple[Normal, Sequence[int]]]:
    """Return predicates with the treatments that need them, those of the same conditions once."""
    found: dict[tuple[int, ...], tuple[Normal, list[int]]] = {}
    for number, forms in own.items():
        key = tuple(map(id, forms))
        if key not in found:
            found[key] = (forms[0] if len(forms) == 1 else AllOf(tuple(forms)), [])
        found[key][1].append(number)
    return list(found.values())


def _together(fields: Sequence[_Lookup]) -> list[list[_Lookup]]:
    """Return fields by how they are looked up: those of few values several at once."""
    found: list[list[_Lookup]] = []
    small: list[tuple[str, Table]] = []
    for path, rows in fields:
        if isinstance(rows, Table) and rows.closed:
            small.append((path, rows))
        else:
            found.append([(path, rows)])
    groups: list[list[_Lookup]] = []
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


# --- clauses

#: A condition that needs clauses and nothing else that no table can say, and who requires it.
_Taken = tuple[Condition, Sequence[int], Sequence[Clause]]
#: A field is looked up for so many clauses, and else they are asked.
_ALIKE: Final = 3
#: So many predicates of one field, or clauses, of a treatment are looked up one after the other.
_MOST_LEVELS: Final = 4


class _Alternatives:
    """Clauses of treatments, one for each, over some *fields*."""

    def __init__(self) -> None:
        self.own: dict[int, Clause] = {}
        self.fields: set[str] = set()
        self.conditions: list[_Asked] = []
        self._tests = 0

    def add(self, condition: Condition, numbers: Sequence[int], clause: Clause) -> None:
        self.own.update(dict.fromkeys(numbers, clause))
        self.fields |= clause.keys()
        self.conditions.append((condition, numbers))
        self._tests += len(clause)

    @property
    def pays(self) -> bool:
        """Whether looking all fields up costs less than to ask."""
        return self._tests >= _ALIKE * len(self.fields)


def _in_levels(conditions: Sequence[_Taken]) -> tuple[list[_Alternatives], list[_Asked]]:
    """Return clauses, each where most of its fields are looked up already; and what is asked."""
    alike = Counter(path for _, _, clauses in conditions for clause in clauses for path in clause)
    levels: list[_Alternatives] = []
    alone: list[_Asked] = []
    for condition, numbers, clauses in conditions:
        if any(alike[path] < _ALIKE for clause in clauses for path in clause):
            alone.append((condition, numbers))
            continue
        for clause in clauses:
            free = [level for level in levels if level.own.keys().isdisjoint(numbers)]
            if not free and len(levels) == _MOST_LEVELS:
                alone.append((condition, numbers))
                break
            if not free:
                levels.append(_Alternatives())
                free = levels[-1:]
            best = min(free, key=lambda level: len(clause.keys() - level.fields))
            best.add(condition, numbers, clause)
    alone += [one for level in levels if not level.pays for one in level.conditions]
    return [level for level in levels if level.pays], list(dict.fromkeys(alone))


class _Rest:
    """Asks for what stands in no table: for each treatment that is left, or all where many are.

    Conditions are compiled when they are asked for.
    """

    def __init__(self, conditions: Sequence[_Asked], functions: Functions) -> None:
        self.functions = functions
        self.conditions = [condition for condition, _ in conditions]
        self.numbers = [numbers for _, numbers in conditions]
        self.ready: list[Function | None] = [None] * len(conditions)
        self.every: list[tuple[Function, Sequence[int]]] = []
        #: by treatment: the places of its conditions
        self.places: dict[int, list[int]] = {}
        for place, (_, numbers) in enumerate(conditions):
            for number in numbers:
                self.places.setdefault(number, []).append(place)
        self.mask = mask_of(list(self.places))

    def __call__(self, slots: Slots, left: int, asked: int) -> int:
        ready = self.ready
        failed: list[int] = []
        if 2 * asked.bit_count() > len(ready):
            for holds, numbers in self.every or self.all_compiled():
                if not holds(slots):
                    failed += numbers
        else:
            places = self.places
            for number in bits(asked):
                for place in places[number]:
                    if not (ready[place] or self.compiled(place))(slots):
                        failed.append(number)
                        break
        return left & ~mask_of(failed)

    def all_compiled(self) -> list[tuple[Function, Sequence[int]]]:
        holds = [found or self.compiled(place) for place, found in enumerate(self.ready)]
        self.every = list(zip(holds, self.numbers, strict=True))
        return self.every

    def compiled(self, place: int) -> Function:
        found = self.ready[place] = self.functions.holds(self.conditions[place])
        return found
