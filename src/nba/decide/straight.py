"""Straight-line code: an `if` for each treatment, as somebody would write it by hand.

For few treatments nothing is faster. The tests that fail most for what they cost come first, so
that most treatments take one comparison. A test that several have is asked once for all of them,
where that is worth its while. Fields that are likely to be asked for often are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nba.book.model import Condition
from nba.decide.domains import Domains
from nba.decide.functions import Functions, Slots
from nba.decide.likelihood import Likelihood, Range
from nba.decide.predicates import is_indexable
from nba.decide.targets import mask_of
from nba.lang.normal import AllOf, AnyOf, Constant, Normal, Test, normal

__all__ = ["straight"]

#: Reading a field again is cheaper than keeping it, up to so many times.
_OFTEN: Final = 1.5
#: Nanoseconds that a block has to save.
_WORTH: Final = 0.5
#: Python nests code no deeper than a hundred levels.
_DEEPEST: Final = 12
_FROM_BELOW: Final = (">", ">=")
_FROM_ABOVE: Final = ("<", "<=")


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Something that is asked: a form, how likely it holds, and what it costs.

    What can only be asked by a *function* has its name.
    """

    form: Normal | Range
    share: float
    cost: float
    function: str

    @property
    def rank(self) -> float:
        """What it costs to get one treatment out of the way: the least comes first."""
        return self.cost / (1.0 - self.share) if self.share < 1.0 else float("inf")


class _Line(NamedTuple):
    """Treatments and the parts that must all hold for them."""

    parts: tuple[_Part, ...]
    numbers: Sequence[int]

    def without(self, part: _Part) -> _Line:
        """Return what is left where a part holds."""
        return _Line(tuple(own for own in self.parts if own is not part), self.numbers)


class _Block(NamedTuple):
    """A part, and what is asked where it holds."""

    part: _Part
    inside: Sequence[_Line | _Block]


def straight(
    required: Mapping[Condition, Sequence[int]],
    functions: Functions,
    everything: int,
    domains: Domains,
) -> Callable[[Slots, int], int]:
    """Generate the function that narrows a set of treatments by their conditions."""
    parts = _Parts(functions, Likelihood(domains.ranges))
    own: dict[int, list[_Part]] = {}
    for condition, numbers in required.items():
        found = parts.of(condition)
        for number in numbers:
            own.setdefault(number, []).extend(found)
    alike: dict[tuple[_Part, ...], list[int]] = {}
    for number, some in own.items():
        ordered = sorted(dict.fromkeys(some), key=lambda part: part.rank)
        alike.setdefault(tuple(ordered), []).append(number)
    blocks = _blocks([_Line(*each) for each in alike.items()])
    often: dict[str, float] = {}
    for path, times in _reads(blocks):
        often[path] = often.get(path, 0.0) + times
    source = _Source(functions, frozenset(p for p, times in often.items() if times > _OFTEN))
    others = everything & ~mask_of(list(own))
    lines = ["def narrow(c, m):", *source.reads(), f" x = {others}", *source.lines(blocks, 1)]
    names: dict[str, Any] = dict(parts.functions)
    text = "\n".join([*lines, " return m & x"])
    exec(compile(text, "<generated from a rule book>", "exec"), names)  # noqa: S102
    narrow: Callable[[Slots, int], int] = names.pop("narrow")  # else it would hold itself
    return narrow


# --- what is asked


class _Parts:
    """Takes conditions apart; the same form is the same part."""

    def __init__(self, functions: Functions, likelihood: Likelihood) -> None:
        self.functions: dict[str, Any] = {}
        self._compiled = functions
        self._likelihood = likelihood
        self._known: dict[Normal | Range, _Part] = {}

    def of(self, condition: Condition) -> list[_Part]:
        """Return the parts of a condition, which all must hold."""
        form = normal(condition.tree)
        if _is_inline(form):
            return [self._part(one) for one in _taken_apart(form)]
        function = f"f{len(self.functions)}"
        self.functions[function] = self._compiled.holds(condition)
        share, cost = self._likelihood.share(form), self._likelihood.cost(form)
        return [_Part(form, share, cost, function)]

    def _part(self, form: Normal | Range) -> _Part:
        if form not in self._known:
            share, cost = self._likelihood.share(form), self._likelihood.cost(form)
            self._known[form] = _Part(form, share, cost, "")
        return self._known[form]


def _is_inline(form: Normal) -> bool:
    if isinstance(form, AllOf | AnyOf):
        return all(map(_is_inline, form.parts))
    return isinstance(form, Constant) or (isinstance(form, Test) and is_indexable(form))


def _taken_apart(form: Normal) -> Iterator[Normal | Range]:
    """Yield what must all hold; a number that is bounded from both sides is one range."""
    parts = form.parts if isinstance(form, AllOf) else (form,)
    below: dict[str, Test] = {}
    above: dict[str, Test] = {}
    for part in parts:
        path = part.path if isinstance(part, Test) else ""
        if isinstance(part, Test) and part.operator in _FROM_BELOW and path not in below:
            below[path] = part
        elif isinstance(part, Test) and part.operator in _FROM_ABOVE and path not in above:
            above[path] = part
        else:
            yield part
    for path, low in below.items():
        high = above.pop(path, None)
        yield low if high is None else Range(low, high)
    yield from above.values()


# --- in which order


def _blocks(lines: list[_Line], depth: int = 1) -> list[_Line | _Block]:
    """Return the lines, where it saves something as blocks of those that share a part."""
    found: list[_Line | _Block] = []
    while depth < _DEEPEST and (part := _best_shared(lines)):
        inside = [line.without(part) for line in lines if part in line.parts]
        lines = [line for line in lines if part not in line.parts]
        found.append(_Block(part, _blocks(inside, depth + 1)))
    return found + lines


def _best_shared(lines: Sequence[_Line]) -> _Part | None:
    """Return the part that saves most where it is asked once for all lines that have it."""
    saved: dict[_Part, float] = {}
    for line in lines:
        before, reached = 0.0, 1.0
        for part in line.parts:
            # its own turn, and what stands before it, where it does not hold
            own = reached * part.cost + before * (1.0 - part.share)
            saved[part] = saved.get(part, -part.cost) + own
            before += reached * part.cost
            reached *= part.share
    best = max(saved, key=lambda part: saved[part], default=None)
    return best if best is not None and saved[best] > _WORTH else None


def _reads(lines: Iterable[_Line | _Block], reached: float = 1.0) -> Iterator[tuple[str, float]]:
    """Yield the paths of fields with how often each is likely to be read."""
    for line in lines:
        likely = reached
        for part in (line.part,) if isinstance(line, _Block) else line.parts:
            if not part.function:
                for path in _paths(part.form):
                    yield path, likely
            likely *= part.share
        if isinstance(line, _Block):
            yield from _reads(line.inside, likely)


def _paths(form: Normal | Range) -> list[str]:
    if isinstance(form, AllOf | AnyOf):
        return [path for part in form.parts for path in _paths(part)]
    if isinstance(form, Range):
        return [form.low.path]
    return [form.path] if isinstance(form, Test) else []


# --- as Python


class _Source:
    """Writes conditions as Python over the slots `c`; the fields that are *kept* have variables."""

    def __init__(self, functions: Functions, kept: frozenset[str]) -> None:
        self.slots = functions.slots
        self.kept = kept

    def reads(self) -> list[str]:
        """Return the lines that read what is kept."""
        slots = sorted(self.slots[path] for path in self.kept)
        return [f" v{slot} = c[{slot}]" for slot in slots]

    def lines(self, lines: Iterable[_Line | _Block], depth: int) -> Iterator[str]:
        """Yield the lines that add to `x` those whose parts all hold."""
        indent = " " * depth
        for line in lines:
            if isinstance(line, _Block):
                yield f"{indent}if {self.part(line.part)}:"
                yield from self.lines(line.inside, depth + 1)
            else:
                test = f"if {' and '.join(map(self.part, line.parts))}: " if line.parts else ""
                yield f"{indent}{test}x |= {mask_of(line.numbers)}"

    def part(self, part: _Part) -> str:
        """Return the test of a part."""
        return f"{part.function}(c)" if part.function else self.form(part.form)

    def form(self, form: Normal | Range) -> str:
        """Return the test of a form."""
        match form:
            case AllOf():
                return f"({' and '.join(map(self.form, form.parts))})"
            case AnyOf():
                return f"({' or '.join(map(self.form, form.parts))})"
            case Constant():
                return str(form.holds)
            case Range(low, high):
                known, value = self.known(low.path)
                least = f"{_written(low.value)} {'<' if low.operator == '>' else '<='}"
                return f"({known} and {least} {value} {high.operator} {_written(high.value)})"
            case Test():
                return self.test(form)
        raise TypeError(form)

    def known(self, path: str) -> tuple[str, str]:
        """Return the test whether a field is known, and its value after that."""
        slot = self.slots[path]
        if path in self.kept:
            return f"v{slot} is not None", f"v{slot}"
        return f"(t := c[{slot}]) is not None", "t"

    def test(self, test: Test) -> str:
        """Return a test of one field."""
        slot = self.slots[test.path]
        value = f"v{slot}" if test.path in self.kept else f"c[{slot}]"
        if test.operator in ("has", "not has"):
            return f"{value} is {'not ' if test.operator == 'has' else ''}None"
        if test.type.name == "bool" and test.operator in ("==", "!="):
            return f"{value} is {(test.operator == '==') is test.value}"
        constant = _written(test.value)
        if test.operator in ("==", "in"):
            return f"{value} {test.operator} {constant}"
        known, value = self.known(test.path)
        return f"({known} and {value} {test.operator} {constant})"


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"{{{', '.join(map(_written, value))},}}"  # a set is faster from two on
    return repr(value) if isinstance(value, str | float | bool) else repr(int(value))  # type: ignore[call-overload]
