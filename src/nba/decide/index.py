"""The index of a stage: from the values of a case to the treatments whose conditions hold.

Each condition is taken apart into predicates of single fields (`predicates`). An index looks every
field up once, and a row (`rows`) says whom its value lets through; what is left is in all rows.
What no table can say is asked afterwards: a condition that many share is a *plane*, asked once for
all of them while any of them is left; where there are many more than `MOST_PLANES`, the rare ones
are the *rest*, asked of each treatment that is left.

A lookup of every field is a fixed cost. Up to `MOST_STRAIGHT` treatments straight-line code
(`straight`) is faster: an `if` for each, which the first test that fails ends. Both were measured
(`python -m benchmarks.actions`): they cross between 60 and 200 treatments, whatever the book.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from nba.book.model import Condition
from nba.decide.domains import Domains
from nba.decide.functions import Function, Functions, Slots
from nba.decide.predicates import needs_of
from nba.decide.rows import Bands, Rows, Table, joined, rows_of
from nba.decide.straight import straight
from nba.decide.targets import bits, mask_of
from nba.lang.normal import AllOf, Normal, normal

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
    concerned = {number for numbers in required.values() for number in numbers}
    way = line_by_line if len(concerned) <= MOST_STRAIGHT else tables
    return way(required, functions, everything, domains)


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
        asked: dict[str, dict[int, Normal]] = {}
        inexact: list[tuple[Condition, Sequence[int]]] = []
        for condition, numbers in required.items():
            needs = needs_of(normal(condition.tree))
            for path, form in needs.predicates.items():
                own = asked.setdefault(path, {})
                for number in numbers:
                    own[number] = AllOf((own[number], form)) if number in own else form
            if not needs.exact:
                inexact.append((condition, numbers))
        self.rows = {
            path: rows_of(_grouped(own), everything, domains.values.get(path, ()))
            for path, own in sorted(asked.items(), key=lambda each: -len(each[1]))
        }
        inexact.sort(key=lambda each: -len(each[1]))
        self.planes = inexact[:MOST_PLANES]
        self.rest: dict[int, list[Condition]] = {}
        for condition, numbers in inexact[MOST_PLANES:]:
            for number in numbers:
                self.rest.setdefault(number, []).append(condition)

    def narrowing(self) -> Narrowing:
        """Generate the functions: a line for each field and each plane."""
        lasting = {path: rows for path, rows in self.rows.items() if _lasts(path)}
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
        names: dict[str, Any] = {"bisect": bisect_right}
        lines = ["def narrow(c, m):"]
        for place, together in enumerate(_together(fields)):
            if place and place % _LOOK_EVERY == 0:
                lines.append("    if not m: return 0")
            slots = [f"c[{self.functions.slots[path]}]" for path, _ in together]
            if len(together) == 1:
                found = _lookup(together[0][1], slots[0], place, names)
                lines += [f"    {line}" for line in found]
            else:
                names[f"t{place}"] = joined(
                    [rows for _, rows in together if isinstance(rows, Table)]
                )
                lines.append(f"    m &= t{place}{''.join(f'[{slot}]' for slot in slots)}")
        for place, (condition, numbers) in enumerate(self.planes if asking else ()):
            mask = mask_of(numbers)
            names[f"p{place}"], names[f"q{place}"] = mask, self.everything & ~mask
            names[f"f{place}"] = self.functions.holds(condition)
            lines.append(f"    if m & p{place} and not f{place}(c): m &= q{place}")
        if self.rest and asking:
            names["rest"], names["rest_of"] = mask_of(self.rest), _Rest(self.rest, self.functions)
            lines.append("    if m & rest: m = rest_of(c, m, m & rest)")
        lines.append("    return m")
        exec(compile("\n".join(lines), "<generated from a rule book>", "exec"), names)  # noqa: S102
        narrow: Narrow = names["narrow"]
        return narrow


def _lasts(path: str) -> bool:
    """Return whether a field most likely stays as it is for a conversation."""
    return not path.startswith("interaction.") and path != "now"


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


def _lookup(rows: Rows, slot: str, place: int, names: dict[str, Any]) -> list[str]:
    """Return the lines that leave in `m` what the row of a value has."""
    names[f"u{place}"] = rows.unknown
    if isinstance(rows, Table):
        names[f"t{place}"] = rows.rows
        if rows.closed:
            return [f"m &= t{place}[{slot}]"]
        names[f"t{place}"], names[f"o{place}"] = rows.rows.get, rows.other
        return [f"m &= t{place}({slot}, o{place})"]
    if isinstance(rows, Bands):
        names[f"e{place}"], names[f"r{place}"] = rows.edges, rows.rows
        found = f"r{place}[bisect(e{place}, v)]"
        return [f"v = {slot}", f"m &= u{place} if v is None else {found}"]
    names[f"w{place}"] = rows.row
    return [f"m &= w{place}({slot})"]


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
