"""Straight-line code: an `if` for each treatment, as somebody would write it by hand.

For few treatments nothing is faster. The tests that most likely fail come first, so that most
treatments cost one comparison; fields that are likely to be asked for often are read once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from nba.book.model import Condition
from nba.decide.functions import Functions, Slots
from nba.decide.predicates import is_indexable
from nba.decide.targets import mask_of
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test, normal
from nba.lang.types import EnumType

__all__ = ["straight"]

#: Reading a field again is cheaper than keeping it, up to so many times.
_OFTEN: Final = 1.5
#: How likely a test is taken to hold where nothing is known of its field.
_EVEN: Final = 0.5
_RARE: Final = 0.1


class _Part(NamedTuple):
    """A condition of a treatment: its form, how likely it holds, and what asks for all of it."""

    form: Normal
    share: float
    function: str


def straight(
    required: Mapping[Condition, Sequence[int]],
    functions: Functions,
    everything: int,
) -> Callable[[Slots, int], int]:
    """Generate the function that narrows a set of treatments by their conditions."""
    names: dict[str, Any] = {}
    parts: dict[int, list[_Part]] = {}
    for place, (condition, numbers) in enumerate(required.items()):
        form, function = normal(condition.tree), ""
        if not _is_inline(form):
            function = f"f{place}"
            names[function] = functions.holds(condition)
        part = _Part(form, _EVEN if function else _share(form), function)
        for number in numbers:
            parts.setdefault(number, []).append(part)
    alike: dict[tuple[int, ...], tuple[list[_Part], list[int]]] = {}
    for number, own in parts.items():
        own.sort(key=lambda part: (part.function != "", part.share))
        alike.setdefault(tuple(map(id, own)), (own, []))[1].append(number)
    groups = list(alike.values())
    source = _Source(functions, _kept(own for own, _ in groups))
    body = [
        f"    if {' and '.join(map(source.part, own))}: x |= {mask_of(numbers)}"
        for own, numbers in groups
    ]
    others = everything & ~mask_of(list(parts))
    lines = ["def narrow(c, m):", *source.reads(), f"    x = {others}", *body, "    return m & x"]
    exec(compile("\n".join(lines), "<generated from a rule book>", "exec"), names)  # noqa: S102
    found: Callable[[Slots, int], int] = names["narrow"]
    return found


def _is_inline(form: Normal) -> bool:
    if isinstance(form, AllOf | AnyOf):
        return all(map(_is_inline, form.parts))
    return isinstance(form, Constant) or (isinstance(form, Test) and is_indexable(form))


def _share(form: Normal) -> float:
    """Return how likely a condition is taken to hold."""
    match form:
        case Constant():
            return float(form.holds)
        case AllOf():
            product = 1.0
            for part in form.parts:
                product *= _share(part)
            return product
        case AnyOf():
            rest = 1.0
            for part in form.parts:
                rest *= 1.0 - _share(part)
            return 1.0 - rest
        case Test(operator="==" | "!=" | "in" | "not in") if form.type.name == "string":
            values = len(form.type.values) if isinstance(form.type, EnumType) else 0
            many = len(form.value) if isinstance(form.value, tuple) else 1
            share = min(1.0, many / values) if values else _RARE
            return share if form.operator in ("==", "in") else 1.0 - share
    return _EVEN


def _kept(groups: Any) -> frozenset[str]:
    """Return the fields that are likely to be asked for often."""
    often: Counter[str] = Counter()
    for own in groups:
        reached = 1.0
        for part in own:
            if not part.function:
                for path in _paths(part.form):
                    often[path] += reached  # type: ignore[assignment]
            reached *= part.share
    return frozenset(path for path, times in often.items() if times > _OFTEN)


def _paths(form: Normal) -> list[str]:
    if isinstance(form, AllOf | AnyOf):
        return [path for part in form.parts for path in _paths(part)]
    return [form.path] if isinstance(form, Test) else []


class _Source:
    """Writes conditions as Python over the slots `c`; the fields that are *kept* have variables."""

    def __init__(self, functions: Functions, kept: frozenset[str]) -> None:
        self.slots = functions.slots
        self.kept = kept

    def reads(self) -> list[str]:
        """Return the lines that read what is kept."""
        slots = sorted(self.slots[path] for path in self.kept)
        return [f"    v{slot} = c[{slot}]" for slot in slots]

    def part(self, part: _Part) -> str:
        return f"{part.function}(c)" if part.function else self.form(part.form)

    def form(self, form: Normal) -> str:
        match form:
            case AllOf():
                return f"({' and '.join(map(self.form, form.parts))})"
            case AnyOf():
                return f"({' or '.join(map(self.form, form.parts))})"
            case Constant():
                return str(form.holds)
            case Test():
                return self.test(form)
        raise TypeError(form)

    def test(self, test: Test) -> str:
        slot = self.slots[test.path]
        kept = test.path in self.kept
        value = f"v{slot}" if kept else f"c[{slot}]"
        if test.operator in ("has", "not has"):
            return f"{value} is {'not ' if test.operator == 'has' else ''}None"
        if test.type.name == "bool" and test.operator in ("==", "!="):
            return f"{value} is {(test.operator == '==') is test.value}"
        constant = _written(test.value)
        if test.operator in ("==", "in"):
            return f"{value} {test.operator} {constant}"
        known = value if kept else f"(t := {value})"
        return f"({known} is not None and {value if kept else 't'} {test.operator} {constant})"


def _written(value: object) -> str:
    if isinstance(value, tuple):
        opening, closing = "{}" if len(value) > 3 else "()"
        return f"{opening}{', '.join(map(_written, value))},{closing}"
    return repr(value) if isinstance(value, str | float | bool) else repr(int(value))  # type: ignore[call-overload]
