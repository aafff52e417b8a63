"""Random expressions that type.

They are written with a `random.Random`: Hypothesis hands one over that it can shrink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from tests.lang.contexts import (
    EVENT,
    KINDS,
    LENGTHS,
    LISTS,
    MAPS,
    NUMERIC,
    OPTIONALS,
    ORDERED,
    SCALARS,
    SHAPE,
    TEXTS,
    TIMES,
    context,
    fields_of,
)

from nba.lang.values import INT_MAX, INT_MIN

__all__ = ["KINDS", "SHAPE", "Writer", "context", "fields_of"]

_LITERALS: Final[dict[str, tuple[str, ...]]] = {
    "bool": ("true", "false"),
    "int": ("0", "1", "2", "-1", "3", "7", str(INT_MAX), str(INT_MIN)),
    "uint": ("0u", "1u", "2u", "18446744073709551615u"),
    "double": ("0.0", "1.0", "-1.5", "0.5", "2.0", "1e308", "-0.0", "9223372036854775808.0"),
    "string": tuple(f"'{text}'" for text in TEXTS),
    "bytes": ("b''", "b'a'", r"b'\xff'"),
    "timestamp": tuple(f"timestamp('{text}')" for text in TIMES),
    "duration": (*(f"duration('{text}')" for text in LENGTHS), "days(3)", "hours(2)"),
}
_PATTERNS: Final = ("'a'", "'^g.*d$'", r"'\\d+'", "''", "'(a|b)+'", "'[é-ü]'")
_ZONES: Final = ("'UTC'", "'Europe/Dublin'", "'-08:30'", "'nowhere'", "customer.zone")
_TIME_PARTS: Final = (
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
)
_LENGTH_PARTS: Final = ("getHours", "getMinutes", "getSeconds", "getMilliseconds")


class Writer:
    """Writes one random expression of a kind, such as `bool` or `list(int)`.

    *fields* are names by the kind of their values. *book* keeps to what rule books allow. *shared*
    keeps to the functions that the specification has. *dynamic* says how often, in a hundred, a
    value is wrapped in `dyn` (and one such time in four is of another kind than it should be);
    *wrong* how often it is of another kind without being wrapped.
    """

    def __init__(
        self,
        random: Random,
        fields: Mapping[str, Sequence[str]],
        *,
        book: bool = True,
        shared: bool = False,
        dynamic: int = 4,
        wrong: int = 0,
    ) -> None:
        self.random = random
        self.fields = fields
        self.book = book
        self.shared = shared
        self.kinds = (*SCALARS, *LISTS) if shared else KINDS  # a map's order is not shared
        self.dynamic = dynamic
        self.wrong = wrong
        self.nesting = 0
        self.variables: list[tuple[str, str]] = []  # name, kind

    def write(self, kind: str, depth: int) -> str:
        """Return an expression of *kind*, at most about *depth* deep."""
        if self.wrong and self.random.randrange(100) < self.wrong:
            kind = self.random.choice(self.kinds)
        if depth > 1 and self.dynamic and self.random.randrange(100) < self.dynamic:
            other = self.random.choice(self.kinds) if self.random.randrange(4) == 0 else kind
            return f"dyn({self.write(other, depth - 1)})"
        if depth <= 0 or self.random.randrange(6) == 0:
            return self._leaf(kind)
        ways: list[Callable[[str, int], str]] = [self._choice, self._leaf_or_index]
        if not self.shared:
            ways.append(self._default)
        if not kind.startswith("optional"):
            ways += [self._bound, self._held]
        if kind.startswith("optional"):
            ways += [self._some_optional] * 6
        elif kind in ("list(event)", "list(list(int))"):
            ways += [self._filtered]
        elif kind.startswith("list"):
            ways += [self._list_of, self._mapped, self._filtered, self._joined]
            if kind == "list(string)":
                ways += [self._cut, self._cut]
        elif kind.startswith("map"):
            ways += [self._map_of, self._transformed]
        else:
            ways += [getattr(self, f"_some_{kind}")] * 6
        return self.random.choice(ways)(kind, depth - 1)

    def condition(self, depth: int) -> str:
        """Return an expression that is true or false."""
        return self.write("bool", depth)

    def deep(self, levels: int) -> str:
        """Return a condition that is *levels* deep and narrow."""
        text, kind = self.write("bool", 1), "bool"
        for _ in range(levels):
            text, kind = self._wrapped(text, kind)
        return text if kind == "bool" else f"({text} == {self._leaf(kind)})"

    # --- what is at hand

    def _leaf(self, kind: str, _depth: int = 0) -> str:
        """Return a literal, a field or a variable of *kind*."""
        near = [name for name, found in self.variables if found == kind]
        for name, found in self.variables:
            if found == "event":
                near += [f"{name}.{part}" for part, t in EVENT.fields.items() if str(t) == kind]
        declared = list(self.fields.get(kind, ()))
        if near and self.random.randrange(2):
            return self.random.choice(near)
        if declared and self.random.randrange(3):
            return self.random.choice(declared)
        if kind in _LITERALS:
            literals = _LITERALS[kind]
            if self.shared:
                literals = tuple(x for x in literals if not x.startswith(("days", "hours")))
            return self.random.choice(literals)
        if declared:
            return self.random.choice(declared)
        if kind.startswith("optional"):
            return self._optional_leaf(kind[14:-1])
        if kind.startswith("list"):
            inner = kind[5:-1]
            return f"[{', '.join(self._leaf(inner) for _ in range(self.random.randrange(1, 4)))}]"
        return f"{{'a': {self._leaf(kind[12:-1])}}}"

    def _optional_leaf(self, inner: str) -> str:
        pick = self.random.randrange(4)
        if pick == 0:
            return "optional.none()"
        paths = [path for path in self.fields.get(inner, ()) if "." in path]
        for name, found in self.variables:
            if found == "event":
                paths += [f"{name}.{part}" for part, t in EVENT.fields.items() if str(t) == inner]
        if paths and pick < 3:
            owner, _, name = self.random.choice(paths).rpartition(".")
            return f"{owner}.?{name}"
        return f"optional.of({self._leaf(inner)})"

    def _leaf_or_index(self, kind: str, depth: int) -> str:
        if kind not in SCALARS or kind in ("uint", "bytes"):
            return self._leaf(kind)
        if kind in ("string", "int") and self.random.randrange(2):
            owner = self.write(f"map(string, {kind})", depth)
            return owner + self.random.choice((".a", "['b']", ".zz"))
        index = self.write("int", depth) if self.random.randrange(2) else self.random.choice("012")
        items = f"list({kind})"
        found = self.write(items, depth) if self.random.randrange(3) else self._joined(items, depth)
        return f"{found}[{index}]"

    # --- of any kind

    def _choice(self, kind: str, depth: int) -> str:
        parts = self.write("bool", depth), self.write(kind, depth), self.write(kind, depth)
        return "({} ? {} : {})".format(*parts)

    def _default(self, kind: str, depth: int) -> str:
        return f"default({self.write(kind, depth)}, {self.write(kind, depth)})"

    def _wrapped(self, text: str, kind: str) -> tuple[str, str]:
        """Return *text* one level deeper, and its kind."""
        other = self._leaf(kind)
        ways = [f"({self._leaf('bool')} ? {text} : {other})"]
        if not self.shared:
            ways.append(f"default({text}, {other})")
        if kind == "bool":
            ways += [f"!({text})", f"({text} && {other})", f"({text} || {other})"]
            ways += [f"({text} == {other})", f"({other} != {text})"]
            return self.random.choice(
                [*((way, kind) for way in ways), (f"({text} ? 1 : 2)", "int")]
            )
        ways += [f"(-({text}))", f"({text} + {other})", f"(1 * {text})"]
        return self.random.choice([*((way, kind) for way in ways), (f"({text} < {other})", "bool")])

    # --- lists and maps

    def _list_of(self, kind: str, depth: int) -> str:
        inner = kind[5:-1]
        items = [self.write(inner, depth) for _ in range(self.random.randrange(1, 4))]
        if self.random.randrange(4) == 0:
            items[0] = f"?{self.write(f'optional_type({inner})', depth)}"
        return f"[{', '.join(items)}]"

    def _map_of(self, kind: str, depth: int) -> str:
        inner = kind[12:-1]
        keys = self.random.sample(["'a'", "'b'", "'c'"], 2)
        if self.random.randrange(4) == 0:
            keys.append(self.write("string", depth))
        pairs = [f"{key}: {self.write(inner, depth)}" for key in keys]
        if self.random.randrange(4) == 0:
            pairs[0] = f"?{keys[0]}: {self.write(f'optional_type({inner})', depth)}"
        return f"{{{', '.join(pairs)}}}"

    def _joined(self, kind: str, depth: int) -> str:
        one = self.write(kind, depth)
        if self.dynamic and self.random.randrange(4) == 0:  # whose items could be anything
            one = f"dyn({self.write(self.random.choice(LISTS), depth)})"
        return f"({one} + {self.write(kind, depth)})"

    def _source(self, depth: int) -> tuple[str, str]:
        """Return something to go over, and the kind of its items."""
        maps = () if self.shared else MAPS  # a map has no order that everybody agrees on
        kinds = [k for k in (*LISTS, *maps, "list(event)", "list(event)") if self._has(k)]
        kind = self.random.choice(kinds)
        return self.write(kind, depth), "string" if kind.startswith("map") else kind[5:-1]

    def _has(self, kind: str) -> bool:
        return kind not in ("list(event)", "list(list(int))") or bool(self.fields.get(kind))

    def _inside(self, write: Callable[[], str], *kinds: str) -> tuple[str, str]:
        """Return variables of some kinds, and what *write* writes with them in scope."""
        names = self.random.sample(("x", "y", "e"), len(kinds))
        kept = self.variables
        near = [pair for pair in kept if pair[0] not in names]
        self.variables = [*near, *zip(names, kinds, strict=True)]
        self.nesting += 1
        body = write()
        self.nesting -= 1
        self.variables = kept
        return ", ".join(names), body

    def _over(self, depth: int, *, both: bool) -> tuple[str, tuple[str, ...]]:
        """Return something to go over, and the kinds of the variables for it."""
        if not both:
            source, item = self._source(depth)
            return source, (item,)
        kinds = [kind for kind in (*LISTS, *MAPS, "list(event)") if self._has(kind)]
        kind = self.random.choice(kinds)
        inner = ("string", kind[12:-1]) if kind.startswith("map") else ("int", kind[5:-1])
        return self.write(kind, depth), inner

    def _mapped(self, kind: str, depth: int) -> str:
        if self.nesting >= 3:
            return self._leaf(kind)
        both = not self.shared and self.random.randrange(3) == 0
        source, items = self._over(depth, both=both)
        inner = kind[5:-1]

        def write() -> str:
            guard = f"{self.write('bool', depth)}, " if self.random.randrange(3) == 0 else ""
            return guard + self.write(inner, depth)

        names, body = self._inside(write, *items)
        return f"{source}.{'transformList' if both else 'map'}({names}, {body})"

    def _transformed(self, kind: str, depth: int) -> str:
        """Return a map made of a list or a map."""
        inner = kind[12:-1]
        if self.nesting >= 3 or self.shared:
            return self._leaf(kind)
        if self.random.randrange(2):
            source, items = self._over(depth, both=True)
            names, body = self._inside(
                lambda: f"{{{self.write('string', depth)}: {self.write(inner, depth)}}}", *items
            )
            return f"{source}.transformMapEntry({names}, {body})"
        of = self.random.choice(MAPS)
        source = self.write(of, depth)
        guard = "true, " if self.random.randrange(3) == 0 else ""
        names, body = self._inside(lambda: self.write(inner, depth), "string", of[12:-1])
        return f"{source}.transformMap({names}, {guard}{body})"

    def _filtered(self, kind: str, depth: int) -> str:
        if self.nesting >= 3:
            return self._leaf(kind)
        source = self.write(kind, depth)
        name, body = self._inside(lambda: self.write("bool", depth), kind[5:-1])
        return f"{source}.filter({name}, {body})"

    # --- optionals and names for values

    def _bound(self, kind: str, depth: int) -> str:
        if self.nesting >= 3:
            return self._leaf(kind)
        of = self.random.choice((*self.kinds, *OPTIONALS))
        self.nesting += 1
        value = self.write(of, depth)
        self.nesting -= 1
        name, body = self._inside(lambda: self.write(kind, depth), of)
        return f"cel.bind({name}, {value}, {body})"

    def _held(self, kind: str, depth: int) -> str:
        optional = self.write(f"optional_type({kind})", depth)
        if self.random.randrange(4) == 0:
            return f"{optional}.value()"
        return f"{optional}.orValue({self.write(kind, depth)})"

    def _some_optional(self, kind: str, depth: int) -> str:
        inner = kind[14:-1]
        pick = self.random.randrange(8)
        if pick < 2:
            name = self.random.choice(("of", "ofNonZeroValue"))
            return f"optional.{name}({self.write(inner, depth)})"
        if pick == 2 and f"map(string, {inner})" in MAPS:
            owner = self.write(f"map(string, {inner})", depth)
            owner, part = self.random.choice(
                (
                    (owner, ".?a"),
                    (owner, "[?'b']"),
                    (f"optional.of({owner})", ".a"),
                    (f"optional.of({owner})", "[?'zz']"),
                    (f"optional.of({owner})", ".?zz"),
                )
            )
            return owner + part
        if pick == 3 and f"list({inner})" in LISTS:
            owner, index = self.write(f"list({inner})", depth), self.write("int", depth)
            if self.random.randrange(3) == 0:
                return f"optional.of({owner})[{index}]"
            return f"{owner}[?{index}]"
        if pick == 4 and self.nesting < 3:
            of = self.random.choice(self.kinds)
            source = self.write(f"optional_type({of})", depth)
            if self.random.randrange(2):
                name, body = self._inside(lambda: self.write(inner, depth), of)
                return f"{source}.optMap({name}, {body})"
            name, body = self._inside(lambda: self.write(kind, depth), of)
            return f"{source}.optFlatMap({name}, {body})"
        if pick == 5:
            return f"{self.write(kind, depth)}.or({self.write(kind, depth)})"
        if pick == 6:
            return f"({self.write('bool', depth)} ? {self.write(kind, depth)} : optional.none())"
        return self._leaf(kind)

    # --- conditions

    def _some_bool(self, _kind: str, depth: int) -> str:
        ways: list[Callable[[int], str]] = [
            self._compared,
            self._compared,
            self._ordered,
            self._ordered,
            self._member,
            self._logic,
            self._logic,
            self._logic,
            self._quantified,
            self._quantified,
            self._present,
            self._about_text,
            self._about_numbers,
            lambda depth: f"{self.write(self.random.choice(OPTIONALS), depth)}.hasValue()",
        ]
        if not self.shared:
            ways += [self._about_time, self._intersecting]
        return self.random.choice(ways)(depth)

    def _compared(self, depth: int) -> str:
        sign = self.random.choice(("==", "!="))
        kind = self.random.choice((*KINDS, "bool", "string", *OPTIONALS[:3]))
        one, other = self.write(kind, depth), self.write(kind, depth)
        if self.random.randrange(12) == 0:
            one, other = f"type({one})", f"type({other})"
        elif self.random.randrange(12) == 0:
            other = f"dyn({self.write(self.random.choice(KINDS), depth)})"
        return f"({one} {sign} {other})"

    def _ordered(self, depth: int) -> str:
        sign = self.random.choice(("<", "<=", ">", ">="))
        kind = self.random.choice(ORDERED)
        one, other = self.write(kind, depth), self.write(kind, depth)
        if kind == "double" and self.random.randrange(3) == 0:
            other = self.random.choice(("0", "1", "-3"))  # an int literal is read as a double
        elif kind in ("int", "uint", "double") and self.random.randrange(8) == 0:
            other = f"dyn({self.write(self.random.choice(('int', 'uint', 'double')), depth)})"
        return f"({one} {sign} {other})"

    def _member(self, depth: int) -> str:
        if self.random.randrange(4) == 0:
            return (
                f"({self.write('string', depth)} in {self.write(self.random.choice(MAPS), depth)})"
            )
        kind = self.random.choice((*(k[5:-1] for k in LISTS), "string", "uint"))
        items = f"[{', '.join(self._leaf(kind) for _ in range(self.random.randrange(1, 6)))}]"
        if kind != "uint" and self.random.randrange(2):
            items = self.write(f"list({kind})", depth)
        return f"({self.write(kind, depth)} in {items})"

    def _logic(self, depth: int) -> str:
        if self.random.randrange(4) == 0:
            return f"!{self.write('bool', depth)}"
        sign = self.random.choice((" && ", " || "))
        items = [self.write("bool", depth) for _ in range(self.random.randrange(2, 5))]
        return f"({sign.join(items)})"

    def _quantified(self, depth: int) -> str:
        if self.nesting >= 3:
            return self._leaf("bool")
        macro = self.random.choice(("exists", "exists", "all", "all", "existsOne"))
        both = not self.shared and self.random.randrange(3) == 0
        source, items = self._over(depth, both=both)
        names, body = self._inside(lambda: self.write("bool", depth), *items)
        macro = "exists_one" if macro == "existsOne" and not both else macro
        return f"{source}.{macro}({names}, {body})"

    def _present(self, depth: int) -> str:
        events = [name for name, kind in self.variables if kind == "event"]
        if events and self.random.randrange(2):
            return f"has({self.random.choice(events)}.{self.random.choice(list(EVENT.fields))})"
        dotted = [path for paths in self.fields.values() for path in paths if "." in path]
        if dotted and self.random.randrange(2):
            return f"has({self.random.choice(dotted)})"
        return f"has({self.write(self.random.choice(MAPS), depth)}.{self.random.choice('ab')})"

    def _about_text(self, depth: int) -> str:
        text = self.write("string", depth)
        if self.random.randrange(4) == 0:
            pattern = self.random.choice(_PATTERNS)
            return self.random.choice((f"{text}.matches({pattern})", f"matches({text}, {pattern})"))
        if self.random.randrange(6) == 0:
            return f"bool({text})"
        name = self.random.choice(("startsWith", "endsWith", "contains"))
        return f"{text}.{name}({self.write('string', depth)})"

    def _about_numbers(self, depth: int) -> str:
        name = self.random.choice(("isNaN", "isInf", "isFinite"))
        return f"math.{name}({self.write('double', depth)})"

    def _about_time(self, depth: int) -> str:
        if self.random.randrange(2):
            return f"within({self.write('timestamp', depth)}, {self.write('duration', depth)})"
        return f"(since({self.write('timestamp', depth)}) > {self.write('duration', depth)})"

    def _intersecting(self, depth: int) -> str:
        kind = self.random.choice(LISTS)
        return f"sets.intersects({self.write(kind, depth)}, {self.write(kind, depth)})"

    # --- values

    def _some_int(self, _kind: str, depth: int) -> str:
        pick = self.random.randrange(12)
        if pick > 8:
            return self._place(depth) if pick == 9 else self._math("int", depth)
        if pick < 4:
            sign = self.random.choice("++--**/%")
            return f"({self.write('int', depth)} {sign} {self.write('int', depth)})"
        if pick == 4:
            return f"(-{self.write('int', depth)})"
        if pick == 5:
            kind = self.random.choice((*LISTS, *MAPS, "string", "bytes"))
            inner = self.write(kind, depth)
            return self.random.choice((f"size({inner})", f"{inner}.size()"))
        if pick == 6:
            return self._calendar(depth)
        if pick == 7 and not self.shared:
            name = self.random.choice(("sum", "min", "max", "count"))
            return f"{name}({self.write('list(int)', depth)})"
        kind = self.random.choice(("int", "uint", "double", "string", "timestamp"))
        return f"int({self.write(kind, depth)})"

    def _place(self, depth: int) -> str:
        name = self.random.choice(("indexOf", "lastIndexOf"))
        text, part = self.write("string", depth), self.write("string", depth)
        start = f", {self.random.randrange(-1, 4)}" if self.random.randrange(2) else ""
        return f"{text}.{name}({part}{start})"

    def _math(self, kind: str, depth: int) -> str:
        """Return a call of the library `math`."""
        one, other = self.write(kind, depth), self.write(kind, depth)
        if self.random.randrange(3) == 0:
            name, third = self.random.choice(("greatest", "least")), self.write(kind, depth)
            some = self.random.choice((one, f"{one}, {other}", f"{one}, {other}, {third}"))
            items = f"[{some}]" if self.random.randrange(4) == 0 else some
            return f"math.{name}({items})"
        if self.random.randrange(3) == 0:
            return f"math.{self.random.choice(('abs', 'sign'))}({one})"
        if kind == "double":
            if self.random.randrange(5) == 0:
                return f"math.sqrt({self.write(self.random.choice(NUMERIC), depth)})"
            return f"math.{self.random.choice(('ceil', 'floor', 'round', 'trunc'))}({one})"
        if self.random.randrange(3) == 0:
            by = self.random.choice(("0", "1", "3", "63", "64", "200", "-1", INT_MAX))
            return f"math.{self.random.choice(('bitShiftLeft', 'bitShiftRight'))}({one}, {by})"
        if self.random.randrange(4) == 0:
            return f"math.bitNot({one})"
        return f"math.{self.random.choice(('bitAnd', 'bitOr', 'bitXor'))}({one}, {other})"

    def _calendar(self, depth: int) -> str:
        if self.random.randrange(3) == 0:
            return f"{self.write('duration', depth)}.{self.random.choice(_LENGTH_PARTS)}()"
        zones = [z for z in _ZONES if z.startswith("'") or not self.shared]
        zone = self.random.choice(("", *zones)) if self.book else ""
        zone = "" if zone == "'nowhere'" else zone
        return f"{self.write('timestamp', depth)}.{self.random.choice(_TIME_PARTS)}({zone})"

    def _some_uint(self, _kind: str, depth: int) -> str:
        if self.random.randrange(3) == 0:
            return self._math("uint", depth)
        if self.random.randrange(2):
            sign = self.random.choice("+-*/%")
            return f"({self.write('uint', depth)} {sign} {self.write('uint', depth)})"
        kind = self.random.choice(("int", "uint", "double", "string"))
        return f"uint({self.write(kind, depth)})"

    def _some_double(self, _kind: str, depth: int) -> str:
        pick = self.random.randrange(8)
        if pick > 5:
            return self._math("double", depth)
        if pick < 3:
            other = self.write("double", depth)
            if self.book and self.random.randrange(4) == 0:
                other = self.random.choice(("2", "0", "-7"))
            return f"({self.write('double', depth)} {self.random.choice('+-*/')} {other})"
        if pick == 3:
            return f"(-{self.write('double', depth)})"
        if pick == 4 and not self.shared:
            name = self.random.choice(("sum", "min", "max", "avg"))
            kind = "list(int)" if name == "avg" and self.random.randrange(2) else "list(double)"
            return f"{name}({self.write(kind, depth)})"
        return (
            f"double({self.write(self.random.choice(('int', 'uint', 'double', 'string')), depth)})"
        )

    def _cut(self, _kind: str, depth: int) -> str:
        limit = f", {self.random.randrange(-1, 4)}" if self.random.randrange(2) else ""
        return f"{self.write('string', depth)}.split({self._leaf('string')}{limit})"

    def _changed(self, depth: int) -> str:
        """Return text made of text."""
        text, small = self.write("string", depth), self.random.randrange(-1, 4)
        match self.random.randrange(9):
            case 0:
                return f"{text}.charAt({small})"
            case 1:
                return f"{text}.substring({small})"
            case 2:
                return f"{text}.substring({small}, {self.write('int', depth)})"
            case 3:
                times = f", {small}" if self.random.randrange(2) else ""
                return f"{text}.replace({self._leaf('string')}, {self._leaf('string')}{times})"
            case 4:
                separator = self.random.choice(("", self._leaf("string")))
                return f"{self.write('list(string)', depth)}.join({separator})"
            case 5:
                return f"strings.quote({text})"
            case 6 | 7:
                return self._formatted(depth)
        return f"{text}.{self.random.choice(('lowerAscii', 'upperAscii', 'trim', 'reverse'))}()"

    def _formatted(self, depth: int) -> str:
        clauses = {
            "%s": ("string", "bool", "int", "uint", "list(int)", "bytes", "list(string)"),
            "%d": ("int", "uint"),
            "%.2f": ("double", "int"),
            "%e": ("double",),
            "%b": ("int", "bool"),
            "%o": ("int",),
            "%x": ("int", "string", "bytes"),
            "%X": ("uint",),
        }
        used = self.random.sample(sorted(clauses), self.random.randrange(1, 4))
        given = [self.write(self.random.choice(clauses[clause]), depth) for clause in used]
        text = self.random.choice(("", "a ", "100%% ")) + " ".join(used)
        return f"'{text}'.format([{', '.join(given)}])"

    def _some_string(self, _kind: str, depth: int) -> str:
        pick = self.random.randrange(7)
        if pick > 3:
            return self._changed(depth)
        if pick < 2:
            return f"({self.write('string', depth)} + {self.write('string', depth)})"
        if pick == 2 and not self.shared:
            return f"{self.random.choice(('min', 'max'))}({self.write('list(string)', depth)})"
        return f"string({self.write(self.random.choice(SCALARS), depth)})"

    def _some_bytes(self, _kind: str, depth: int) -> str:
        if self.random.randrange(2):
            return f"({self.write('bytes', depth)} + {self.write('bytes', depth)})"
        return f"bytes({self.write(self.random.choice(('string', 'bytes')), depth)})"

    def _some_timestamp(self, _kind: str, depth: int) -> str:
        pick = self.random.randrange(5)
        if pick < 2:
            sign = self.random.choice("+-")
            return f"({self.write('timestamp', depth)} {sign} {self.write('duration', depth)})"
        if pick == 2:
            return f"({self.write('duration', depth)} + {self.write('timestamp', depth)})"
        if pick == 3 and not self.shared:
            return f"{self.random.choice(('min', 'max'))}({self.write('list(timestamp)', depth)})"
        return f"timestamp({self.write(self.random.choice(('timestamp', 'string')), depth)})"

    def _some_duration(self, _kind: str, depth: int) -> str:
        pick = self.random.randrange(6)
        if pick == 0:
            return f"({self.write('timestamp', depth)} - {self.write('timestamp', depth)})"
        if pick < 3:
            sign = self.random.choice("+-")
            return f"({self.write('duration', depth)} {sign} {self.write('duration', depth)})"
        if pick == 3 and not self.shared:
            return f"since({self.write('timestamp', depth)})"
        if pick == 4 and not self.shared:
            unit = self.random.choice(("days", "hours", "minutes"))
            return f"{unit}({self.write(self.random.choice(('int', 'double')), depth)})"
        if pick == 5 and not self.shared:
            return f"{self.random.choice(('min', 'max'))}({self.write('list(duration)', depth)})"
        return f"duration({self.write(self.random.choice(('duration', 'string')), depth)})"
