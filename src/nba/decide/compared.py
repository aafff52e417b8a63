"""Expressions that several conditions compare with constants: an index looks them up like fields.

`since(signal.last_contact) > hours(2)` is a test of how long ago that is. Where others ask for
more or fewer hours, it is worked out once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nba.lang.normal import AllOf, AnyOf, Normal, Opaque, Test, comparison, opposite
from nba.lang.text import write
from nba.lang.tree import Node

__all__ = ["as_tests", "compared"]

#: From so many comparisons on it costs less to work an expression out than to ask for each.
_SEVERAL: Final = 3
#: Types without NaN, which is neither less than a constant nor not less.
_ORDERED: Final = frozenset({"int", "timestamp", "duration"})


def compared(forms: Iterable[Normal]) -> dict[str, Node]:
    """Return the expressions that several forms compare with constants, by their text."""
    found: dict[str, list[Node]] = {}
    for form in forms:
        for part in _opaque(form):
            if (own := _compared(part)) is not None:
                found.setdefault(write(own), []).append(own)
    return {text: nodes[0] for text, nodes in found.items() if len(nodes) >= _SEVERAL}


def as_tests(form: Normal, expressions: Mapping[str, Node]) -> Normal:
    """Return a form whose comparisons of *expressions* are tests: the path is the text of one."""
    match form:
        case AllOf() | AnyOf():
            return type(form)(tuple(as_tests(part, expressions) for part in form.parts))
        case Opaque() if (compared := comparison(form.node)) is not None:
            left, operator, value = compared
            if (text := write(left)) in expressions:
                test = Test(text, operator, value, left.type)
                return test if form.positive else opposite(test)
    return form


def _opaque(form: Normal) -> Iterator[Opaque]:
    if isinstance(form, Opaque):
        yield form
    elif isinstance(form, AllOf | AnyOf):
        for part in form.parts:
            yield from _opaque(part)


def _compared(form: Opaque) -> Node | None:
    """Return what a form compares with a constant, if it has an order."""
    found = comparison(form.node)
    return found[0] if found is not None and found[0].type.name in _ORDERED else None
