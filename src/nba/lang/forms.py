"""Expressions of one form are checked once: the same tokens, with other fields and literals.

What the parser and the checker make of `customer.age > 18` follows from its form, `<int> > 0` with
any int field and any int literal in it. A book of ten thousand rules has few forms. So most of
its expressions are the tree of a form that is known, filled in.

That holds for what is right only. What is wrong or doubtful is said of each text by the parser
and the checker themselves, and never becomes a form. Nor does an expression in which more counts
than the type of a field or a literal, or which declares variables.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

from nba.lang import tree
from nba.lang.environment import Environment
from nba.lang.literals import tried_out, words_of
from nba.lang.syntax import MAX_LENGTH
from nba.lang.text import spelled, write
from nba.lang.tree import Node
from nba.lang.types import DOUBLE, ObjectType, Type
from nba.lang.values import TypeValue

__all__ = ["Forms", "Written"]

#: A name, a number or a string that another can stand in for, so that all around it is read
#: alike: no calls, no prefixes or escapes, and no number that might not fit. A literal that is
#: all that a function is given stays: `days(3)`, `duration('36h')`.
_STRINGS: Final = r"""'[^'\\\r\n]*+'(?!') | "[^"\\\r\n]*+"(?!")"""
_PIECE: Final = re.compile(
    rf"""(
      (?<=\w)\( (?:[0-9]++|{_STRINGS}) \)
    | (?<![\w.])(?:
          [_a-zA-Z]\w*+(?:\.[_a-zA-Z]\w*+)*+ (?!\s*[.(])
        | [0-9]{{1,15}}(?:\.[0-9]{{1,15}})?(?:e[+-]?[0-9]{{1,2}})? (?![\w.])
        | {_STRINGS}
      )
    )""",
    re.VERBOSE | re.ASCII,
)
#: What may have pieces inside that are none: other strings, quoted names, comments.
_HIDING: Final = re.compile(r"""['"`]|//""")
#: Nodes in which a name is a field for sure.
_PLAIN: Final = frozenset(
    {tree.Literal, tree.Field, tree.Call, tree.And, tree.Or, tree.Not}
    | {tree.Choice, tree.Default, tree.ListOf, tree.Present}
)
_STRING: Final = "''"
_INT: Final = "0"
_DOUBLE: Final = "0.0"

#: Makes a node, of the values of the pieces and of where each part of the text begins.
_Make = Callable[[Sequence[Any], Sequence[int]], Node]
#: Fields and strings that were made, by where they stand in their text.
_Leaves = Mapping[type[Node], dict[tuple[int, int, Any], Node]]


class _Piece(NamedTuple):
    """What stands at one place: its sort, its value and its canonical spelling.

    What no other can stand in for, such as `in` or `(3)`, is a sort of its own.
    """

    sort: str
    value: Any = None
    spelling: str = ""

    @property
    def open(self) -> bool:
        """Whether others of its sort can stand there."""
        return bool(self.spelling)


class Written(NamedTuple):
    """A text as it is written: its form, its pieces, and where these and what is between begin."""

    form: tuple[str, ...]
    pieces: list[_Piece]
    begins: list[int]


class _Filling(NamedTuple):
    """How a form is filled in: what makes the tree, and the spelling around and between pieces.

    *order* is that of the pieces in the spelling, *doubles* are the ints among them that are read
    as doubles. *words* are the strings that fit, where not every one does.
    """

    make: _Make
    around: list[str]
    order: list[int]
    doubles: list[int]
    words: frozenset[str] | None


class Forms:
    """The forms of the expressions of a book of which one type is expected."""

    def __init__(self, environment: Environment) -> None:
        self._pieces = _Pieces(environment.names)
        self._seen: set[tuple[str, ...]] = set()
        self._fillings: dict[tuple[str, ...], _Filling | None] = {}
        self._leaves: _Leaves = {tree.Field: {}, tree.Literal: {}}

    def read(self, text: str) -> Written | None:
        """Return the form of a text, or None where it has none."""
        if len(text) > MAX_LENGTH:
            return None
        parts = _PIECE.split(text)
        around = parts[::2]
        if _HIDING.search(" ".join(around)):
            return None
        pieces = [self._pieces[part] for part in parts[1::2]]
        form = (*around, *[piece.sort for piece in pieces])
        return Written(form, pieces, [0, *accumulate(map(len, parts))])

    def fill(self, written: Written) -> tuple[Node, str] | None:
        """Return the checked tree and the canonical spelling, or None for a form not known."""
        filling = self._fillings.get(written.form)
        if filling is None:
            return None
        pieces = written.pieces
        if filling.words is not None:
            strings = [piece.value for piece in pieces if piece.sort == _STRING]
            if not filling.words.issuperset(strings):
                return None
        values = [piece.value for piece in pieces]
        spellings = [piece.spelling for piece in pieces]
        for place in filling.doubles:
            values[place] = float(values[place])
            spellings[place] = spelled(values[place])
        text = filling.around.copy()
        text[1::2] = [spellings[place] for place in filling.order]
        return filling.make(values, written.begins), "".join(text)

    def learn(self, written: Written, node: Node) -> None:
        """Keep the form of what was checked and has nothing wrong or doubtful.

        It is worth the while for a form that comes a second time.
        """
        form = written.form
        if form not in self._seen:
            self._seen.add(form)
        elif form not in self._fillings:
            self._fillings[form] = _filling(written, node, self._leaves)


class _Pieces(dict[str, _Piece]):
    """Pieces by their text, as they are met; *names* are declared."""

    def __init__(self, names: Mapping[str, Type]) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, text: str) -> _Piece:
        if text[0] in "'\"":
            found = _Piece(_STRING, text[1:-1], spelled(text[1:-1]))
        elif text.isdigit():
            found = _Piece(_INT, int(text), spelled(int(text)))
        elif text[0].isdigit():
            found = _Piece(_DOUBLE, float(text), spelled(float(text)))
        elif type(kind := self.declared(text.split("."))) is Type and not kind.args:
            dot = "." if "." in text else ""  # `has` asks for one
            found = _Piece(f"<{dot}{kind}>", text, text)
        else:  # no field, or one whose type has more to it than its name
            found = _Piece(text)
        self[text] = found
        return found

    def declared(self, path: Sequence[str]) -> Type | None:
        """Return the type of a field: below the longest name that its path begins with."""
        for length in range(len(path), 0, -1):
            kind = self.names.get(".".join(path[:length]))
            if kind is not None:
                for name in path[length:]:
                    kind = kind.fields.get(name) if isinstance(kind, ObjectType) else None
                return kind
        return None


def _filling(written: Written, node: Node, leaves: _Leaves) -> _Filling | None:
    """Return how a form is filled in, from a tree that has it; None where that is not sure."""
    parts = list(tree.walk(node))
    if any(type(part) not in _PLAIN for part in parts):
        return None
    holes = _holes(written, parts)
    if len(holes) != sum(piece.open for piece in written.pieces):
        return None
    calls = [part for part in parts if isinstance(part, tree.Call)]
    if any(arg in holes for call in calls for arg in tried_out(call)):
        return None
    make = _Makers(written.begins, holes, leaves).maker(node)
    marks: list[Any] = [None] * len(written.pieces)
    for hole, place in holes.items():
        mark = f"\0{place}\0"
        marks[place] = mark if isinstance(hole, tree.Field) else TypeValue(mark)  # spelled as it is
    around = write(make(marks, written.begins)).split("\0")
    return _Filling(
        make,
        around,
        [int(place) for place in around[1::2]],
        [p for hole, p in holes.items() if written.pieces[p].sort == _INT and hole.type == DOUBLE],
        words_of(part.type for part in parts),
    )


def _holes(written: Written, parts: Sequence[Node]) -> dict[Node, int]:
    """Return which nodes the open pieces became; those of which it is not sure are left out."""
    begins, ends = written.begins[1:-1:2], written.begins[2::2]
    found: dict[int, list[Node]] = {}
    for part in parts:
        if isinstance(part, tree.Field | tree.Literal):
            value = part.path if isinstance(part, tree.Field) else part.value
            place = bisect_left(begins, part.start)  # it may be in parentheses
            if place < len(begins) and ends[place] <= part.end:
                piece, before = written.pieces[place], written.form[place]
                signed = value == 0 and before.rstrip().endswith("-")  # `-0`, for all one can see
                if piece.open and piece.value == value and not signed:
                    found.setdefault(place, []).append(part)
    return {nodes[0]: place for place, nodes in found.items() if len(nodes) == 1}


class _Makers:
    """Turns the nodes of a tree into what makes such nodes, with values for the *holes*."""

    def __init__(self, begins: Sequence[int], holes: Mapping[Node, int], leaves: _Leaves) -> None:
        self.begins = begins
        self.holes = holes
        self.leaves = leaves

    def maker(self, node: Node) -> _Make:
        """Return what makes a node like this one, and all below it."""
        if node not in self.holes:
            return self.whole(node)
        value = node.value if isinstance(node, tree.Literal) else ""
        return self.leaf(node) if isinstance(value, str) else self.number(node)

    def leaf(self, node: Node) -> _Make:
        """Return what makes a field or a string: the same node where it stands at the same place.

        There are few of them, even in a large book, and they are most of its nodes.
        """
        kind: Callable[..., Node] = type(node)
        found, place = node.type, self.holes[node]
        (first, before), (last, behind) = self.anchor(node.start), self.anchor(node.end)
        leaves = self.leaves[type(node)]

        def make(values: Sequence[Any], begins: Sequence[int]) -> Node:
            key = begins[first] + before, begins[last] + behind, values[place]
            made = leaves.get(key)
            if made is None:
                made = leaves[key] = kind(*key)
                made.type = found
            return made

        return make

    def number(self, node: Node) -> _Make:
        """Return what makes a number."""
        kind, found, place = tree.Literal, node.type, self.holes[node]
        (first, before), (last, behind) = self.anchor(node.start), self.anchor(node.end)

        def make(values: Sequence[Any], begins: Sequence[int]) -> Node:
            made = kind(begins[first] + before, begins[last] + behind, values[place])
            made.type = found
            return made

        return make

    def whole(self, node: Node) -> _Make:
        """Return what makes a node that is the same in all texts of the form, or has parts."""
        kind: Callable[..., Node] = type(node)
        found, parts = node.type, self.parts(node)
        (first, before), (last, behind) = self.anchor(node.start), self.anchor(node.end)
        overload = node.overload if isinstance(node, tree.Call) else None

        def make(values: Sequence[Any], begins: Sequence[int]) -> Node:
            made = kind(begins[first] + before, begins[last] + behind, *parts(values, begins))
            made.type = found
            if overload is not None:
                made.overload = overload  # type: ignore[attr-defined]
            return made

        return make

    def parts(self, node: Node) -> Callable[[Sequence[Any], Sequence[int]], Sequence[Any]]:
        """Return what makes all that a node has besides its place and its type."""
        inner = [self.maker(child) for child in tree.children(node)]
        match node:
            case tree.Field():
                return lambda *_: (node.path,)
            case tree.Literal():
                return lambda *_: (node.value,)
            case tree.Call():
                name = node.function
                return lambda values, begins: (name, [make(values, begins) for make in inner])
            case tree.And() | tree.Or() | tree.ListOf():
                return lambda values, begins: ([make(values, begins) for make in inner],)
        return lambda values, begins: [make(values, begins) for make in inner]

    def anchor(self, offset: int) -> tuple[int, int]:
        """Return the part of the text that an offset is counted from, and how far it is."""
        part = bisect_right(self.begins, offset) - 1
        return part, offset - self.begins[part]
