"""Names and types: a parsed tree becomes a typed one, or a list of diagnostics that say what to do.

The checker resolves every name, finds the overload of every function and the type of every node.
In a rule book (`Environment.book`) every field is declared, an int literal beside a double is
read as a double, and literals such as patterns and timestamps are tried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nba.errors import Diagnostic, EvaluationError, ExpressionError, did_you_mean
from nba.lang import tree
from nba.lang.functions import BOOK_FUNCTIONS, CEL_FUNCTIONS, Functions, Overload, pattern
from nba.lang.syntax import Locate, locate_in
from nba.lang.tree import Node
from nba.lang.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    NUMBERS,
    STRING,
    TIMESTAMP,
    UINT,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
    type_of_types,
)
from nba.lang.unify import Substitution
from nba.lang.values import TypeValue, UInt, kind_of

__all__ = ["Environment", "check"]


@dataclass(frozen=True, slots=True)
class Environment:
    """The declared world that an expression is checked against.

    *names* are the declared names, dotted ones included; an `ObjectType` declares fields below
    its name. *book* applies the rules of rule books. Without *strict* types are not enforced.
    """

    names: Mapping[str, Type] = field(default_factory=dict)
    container: str = ""
    book: bool = False
    strict: bool = True

    @property
    def functions(self) -> Functions:
        """The table of functions that expressions may use."""
        return BOOK_FUNCTIONS if self.book else CEL_FUNCTIONS


def check(
    node: Node,
    environment: Environment,
    locate: Locate | None = None,
    *,
    expect: Sequence[Type] = (),
    warnings: list[Diagnostic] | None = None,
) -> Node:
    """Return the typed tree of a parsed one.

    *expect* lists the types that the whole may have; none means any. *warnings* receives what
    is allowed but doubtful. Raises ExpressionError with everything that is wrong.
    """
    checker = _Checker(environment, locate or locate_in(""))
    found = checker.check(node)
    if expect:
        found = checker.fit(found, expect)
    for part in tree.walk(found):
        part.type = checker.types.resolve(part.type)
    errors = [d for d in checker.diagnostics if d.severity == "error"]
    if errors:
        raise ExpressionError(errors)
    if warnings is not None:
        warnings += checker.diagnostics
    return found


_TYPE_NAMES: Final = {
    name: type_of_types(Type(name))
    for name in ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type")
} | {
    "type": type_of_types(type_of_types(DYN)),
    "google.protobuf.Timestamp": type_of_types(TIMESTAMP),
    "google.protobuf.Duration": type_of_types(DURATION),
}
_LITERALS: Final[dict[type, Type]] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}
_MIXING: Final = frozenset({"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!="})
_ORDERING: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_SPOKEN_DURATION = re.compile(r"(\d+) ?(day|hour|minute|week|month|second|d|h|min)s?")
#: Types that people write a value of where the type itself is meant to be compared.
_READABLE: Final = {"null_type": "null", "double": "number"}


class _Checker:
    def __init__(self, environment: Environment, locate: Locate) -> None:
        self.environment = environment
        self.functions = environment.functions
        self.locate = locate
        self.types = Substitution()
        self.variables: dict[str, Type] = {}
        self.diagnostics: list[Diagnostic] = []
        self.rules: dict[type[Node], Callable[..., Node]] = {
            tree.Literal: self.literal,
            tree.Name: self.name,
            tree.Select: self.select,
            tree.Present: self.present,
            tree.Call: self.call,
            tree.And: self.junction,
            tree.Or: self.junction,
            tree.Not: self.negation,
            tree.Choice: self.choice,
            tree.Default: self.default,
            tree.ListOf: self.list_literal,
            tree.MapOf: self.map_literal,
            tree.Comprehension: self.comprehension,
        }

    def check(self, node: Node) -> Node:
        return self.rules[type(node)](node)

    # --- what is said

    def report(
        self, node: Node, code: str, message: str, help_: str = "", *, warning: bool = False
    ) -> None:
        where = self.locate(node.start, max(1, node.end - node.start))
        severity = "warning" if warning else "error"
        self.diagnostics.append(Diagnostic(code, message, help_, where, severity))  # type: ignore[arg-type]

    def mismatch(self, node: Node, code: str, message: str, help_: str = "") -> None:
        """Report what is wrong about types, where types are enforced."""
        if self.environment.strict:
            self.report(node, code, message, help_)

    # --- names

    def literal(self, node: tree.Literal) -> Node:
        node.type = _LITERALS[type(node.value)]
        return node

    def name(self, node: tree.Name) -> Node:
        return self.qualified(node, [node]) or node

    def select(self, node: tree.Select) -> Node:
        chain = _chain(node)
        if chain and (found := self.qualified(node, chain)):
            return found
        node.operand = self.check(node.operand)
        self.select_from(node)
        return node

    def select_from(self, node: tree.Select) -> None:
        """Find the type of a field of a checked operand."""
        owner = self.types.resolve(node.operand.type, params=True)
        if isinstance(owner, ObjectType):
            node.type = owner.fields.get(node.name, DYN)
            if node.name not in owner.fields:
                message = f"`{node.name}` is not declared in {owner.name}"
                self.report(
                    node, "undeclared-name", message, did_you_mean(node.name, owner.fields)
                )
        elif owner.name == "map":
            node.type = owner.args[1]
        elif owner.is_param:
            node.type = DYN
        elif owner != DYN:
            message = f"a {_readable(owner)} has no field `{node.name}`"
            self.mismatch(node, "wrong-type", message)

    def qualified(self, node: Node, chain: list[tree.Name | tree.Select]) -> Node | None:
        """Resolve `a.b.c`: as a variable, else the longest declared name that it begins with."""
        head = chain[0]
        assert isinstance(head, tree.Name)
        if head.name in self.variables:
            start = tree.Variable(head.start, head.end, head.name)
            start.type = self.variables[head.name]
            return self.select_rest(start, chain[1:])
        parts = [head.name, *(part.name for part in chain[1:])]
        for length in range(len(chain), 0, -1):
            declared = self.declared(".".join(parts[:length]))
            if declared is None:
                continue
            last = chain[length - 1]
            if declared in self.environment.names:
                return self.field(declared, self.environment.names[declared], last, chain[length:])
            found = tree.Literal(last.start, last.end, TypeValue(declared))
            found.type = _TYPE_NAMES[declared]
            return self.select_rest(found, chain[length:])
        return self.undeclared(node, ".".join(parts), head, chain)

    def declared(self, name: str) -> str | None:
        """Return the declared name that *name* means, looked up from the container outwards."""
        names = self.environment.names
        if name.startswith("."):
            candidates = [name[1:]]
        else:
            spaces = self.environment.container.split(".") if self.environment.container else []
            candidates = [".".join([*spaces[:i], name]) for i in range(len(spaces), -1, -1)]
        for candidate in candidates:
            if candidate in names or (candidate in _TYPE_NAMES and not self.environment.book):
                return candidate
        return None

    def field(
        self, path: str, kind: Type, last: Node, rest: list[tree.Name | tree.Select]
    ) -> Node:
        """Follow declared objects as far as they go, to one declared field."""
        while isinstance(kind, ObjectType) and rest:
            step, rest = rest[0], rest[1:]
            if step.name not in kind.fields:
                self.not_a_field(step, f"{path}.{step.name}", path, kind)
                return _dynamic(step)
            path, kind, last = f"{path}.{step.name}", kind.fields[step.name], step
        if isinstance(kind, ObjectType):
            choices = ", ".join(f"`{path}.{name}`" for name in list(kind.fields)[:5])
            message = f"`{path}` holds several fields and is no value of its own"
            self.report(last, "wrong-type", message, f"name one of its fields: {choices}")
            return _dynamic(last)
        found = tree.Field(last.start, last.end, path)
        found.type = kind
        return self.select_rest(found, rest)

    def not_a_field(self, node: Node, written: str, path: str, kind: ObjectType) -> None:
        leaf = written.rpartition(".")[2]
        help_ = did_you_mean(written, [f"{path}.{name}" for name in kind.fields])
        elsewhere = [p for p in _leaves(self.environment.names) if p.rpartition(".")[2] == leaf]
        if elsewhere and not help_.startswith("did you mean"):
            help_ = f"did you mean `{elsewhere[0]}`?"
        self.report(node, "undeclared-name", f"`{written}` is not declared", help_)

    def undeclared(
        self, node: Node, written: str, head: tree.Name, chain: list[tree.Name | tree.Select]
    ) -> Node | None:
        if not self.environment.book:  # dynamic use: it may be bound later, or be an error then
            found = tree.Field(head.start, head.end, head.name.removeprefix("."))
            return self.select_rest(found, chain[1:])
        if head.name == "not":
            self.report(head, "spelling", "`not` is not an operator here", "write `!`")
            return _dynamic(node)
        leaf = written.rpartition(".")[2]
        leaves = _leaves(self.environment.names)
        same_leaf = [path for path in leaves if path.rpartition(".")[2] == leaf]
        names = [*leaves, *self.variables]
        help_ = f"did you mean `{same_leaf[0]}`?" if same_leaf else did_you_mean(written, names)
        if not help_.startswith("did you mean"):
            roots = ", ".join(f"`{name}`" for name in self.environment.names)
            help_ = f"text goes in quotes: '{written}'. Declared are {roots}"
        self.report(node, "undeclared-name", f"`{written}` is not declared", help_)
        return _dynamic(node)

    def select_rest(self, node: Node, rest: Sequence[tree.Name | tree.Select]) -> Node:
        for step in rest:
            node = tree.Select(node.start, step.end, node, step.name)
            self.select_from(node)
        return node

    def present(self, node: tree.Present) -> Node:
        node.operand = self.check(node.operand)
        node.type = BOOL
        return node

    # --- functions

    def call(self, node: tree.Call) -> Node:
        if node.function.startswith("."):
            node = self.namespaced(node)
        node.args = [self.check(arg) for arg in node.args]
        if node.function in ("since", "within") and "now" in self.environment.names:
            now = tree.Field(node.start, node.end, "now")
            now.type = TIMESTAMP
            node.args.append(now)
        if node.function not in self.functions:
            self.unknown_function(node)
            return node
        if self.environment.book:
            self.mix_numbers(node)
            self.check_enum(node)
        self.find_overload(node)
        if self.environment.book:
            self.try_literals(node)
        return node

    def namespaced(self, node: tree.Call) -> tree.Call:
        """Read `sets.intersects(a, b)` as the function of that name."""
        chain = _chain(node.args[0])
        if chain:
            name = ".".join(part.name for part in chain) + node.function
            if name in self.functions and chain[0].name not in self.variables:
                return tree.Call(node.start, node.end, name, node.args[1:])
        return node

    def unknown_function(self, node: tree.Call) -> None:
        name = node.function.lstrip(".")
        if name == "not":
            self.report(node, "spelling", "`not` is not a function here", "write `!(…)`")
            return
        if self.environment.strict:
            known = {f.lstrip(".") for f in self.functions if f.lstrip(".").isidentifier()}
            known |= {"has", "default", "exists", "all", "exists_one", "map", "filter"}
            message = f"there is no function `{name}`"
            if f".{name}" in self.functions or name in self.functions:
                method = node.function.startswith(".")
                help_ = f"write `{name}(x)`" if method else f"write `x.{name}(…)`"
            else:
                help_ = did_you_mean(name, known)
            self.report(node, "unknown-function", message, help_)

    def find_overload(self, node: tree.Call) -> None:
        given = [self.types.resolve(arg.type, params=True) for arg in node.args]
        fitting: list[tuple[Overload, Type]] = []
        for overload in self.functions[node.function]:
            if len(overload.params) != len(given):
                continue
            if not any(p.args or p.is_param for p in overload.params):
                params, result = overload.params, overload.result
            else:
                *inner, result = self.types.instance((*overload.params, overload.result))
                params = tuple(inner)
            if self.types.assign_all(given, params):
                fitting.append((overload, result))
        if not fitting:
            self.no_overload(node, given)
            return
        results = {self.types.resolve(result, params=True) for _, result in fitting}
        node.type = fitting[0][1] if len(results) == 1 else DYN
        if len(fitting) == 1 and all(map(_surely, given, fitting[0][0].params)):
            node.overload = fitting[0][0]

    def no_overload(self, node: tree.Call, given: list[Type]) -> None:
        name = node.function.lstrip(".")
        kinds = [_readable(kind) for kind in given]
        if node.function in _ORDERING | {"-", "+"} and len(given) == 2:
            if self.beside_time(node, given):
                return
            message = f"a {kinds[0]} cannot be compared with a {kinds[1]}"
            if node.function not in _ORDERING:
                message = f"`{name}` does not take a {kinds[0]} and a {kinds[1]}"
            self.mismatch(node, "wrong-type", message, _beside(given))
            return
        if node.function in ("since", "within") and len(kinds) > 1:
            kinds.pop()  # `now`, which nobody wrote
        message = f"`{name}` does not take ({', '.join(kinds)})"
        rows = self.functions[node.function]
        forms = sorted({", ".join(_readable(p) for p in row.params) for row in rows})
        help_ = f"it takes ({') or ('.join(forms)})" if len(forms) <= 4 else ""
        self.mismatch(node, "wrong-type", message, help_)

    def beside_time(self, node: tree.Call, given: list[Type]) -> bool:
        """Explain text beside a time or a duration; return whether that was it."""
        for text, kind in ((0, 1), (1, 0)):
            other = given[kind]
            if given[text].name != "string" or other not in (TIMESTAMP, DURATION):
                continue
            literal = node.args[text]
            written = literal.value if isinstance(literal, tree.Literal) else None
            spoken = _SPOKEN_DURATION.fullmatch(written) if isinstance(written, str) else None
            if spoken:
                count, unit = spoken.groups()
                unit = {"d": "day", "h": "hour", "min": "minute"}.get(unit, unit)
                count = str(int(count) * 7) if unit == "week" else count
                known = {"day": "days", "week": "days", "hour": "hours", "minute": "minutes"}
                help_ = f"write `{known.get(unit, 'days')}({count})`"
                self.mismatch(literal, "spelling", f"`'{written}'` is text, not a duration", help_)
            elif other == TIMESTAMP:
                help_ = "write `timestamp('2026-03-01T00:00:00Z')`"
                message = "a timestamp cannot be compared with a string"
                self.mismatch(node, "wrong-type", message, help_)
            else:
                message = "a duration cannot be compared with a string"
                self.mismatch(node, "wrong-type", message, "write `days(3)` or `hours(2)`")
            return True
        return False

    # --- numbers, enums and literals of rule books

    def mix_numbers(self, node: tree.Call) -> None:
        if node.function == "in":
            items = node.args[1].type
            if node.args[0].type == DOUBLE and items == list_of(INT):
                self.widen(node, 1)
            elif node.args[0].type == INT and items == list_of(DOUBLE):
                self.widen(node, 0)
            return
        if node.function not in _MIXING or len(node.args) != 2:
            return
        kinds = [arg.type for arg in node.args]
        if DOUBLE in kinds and INT in kinds:
            self.widen(node, kinds.index(INT))

    def widen(self, node: tree.Call, place: int) -> None:
        """Read an int literal beside a double as a double; object to anything else."""
        arg = node.args[place]
        if not _widened(arg):
            text = arg.path if isinstance(arg, tree.Field) else "…"
            message = f"`{text}` is an int beside a number" if text != "…" else (
                "an int stands beside a number"
            )
            self.report(arg, "int-beside-double", message, f"write `double({text})`")
            arg.type = list_of(DOUBLE) if arg.type.args else DOUBLE

    def check_enum(self, node: tree.Call) -> None:
        if node.function not in ("==", "!=", "in") or len(node.args) != 2:
            return
        for one, other in (node.args, node.args[::-1]):
            if not isinstance(one.type, EnumType):
                continue
            items = other.items if isinstance(other, tree.ListOf) else [other]
            for item in items:
                text = item.value if isinstance(item, tree.Literal) else None
                if isinstance(text, str) and text not in one.type.values:
                    name = one.path if isinstance(one, tree.Field) else "this field"
                    help_ = did_you_mean(text, one.type.values)
                    self.report(
                        item, "not-in-enum", f"`'{text}'` is not a value of `{name}`", help_
                    )

    def try_literals(self, node: tree.Call) -> None:
        """Try out literals that could be wrong, so that nobody finds out at night."""
        if node.function == "/" and [arg.type for arg in node.args] == [INT, INT]:
            message = "a division of two ints drops the remainder"
            help_ = "write `double(a) / double(b)` if you mean a fraction"
            self.report(node, "int-division", message, help_, warning=True)
        literals = [arg.value for arg in node.args if isinstance(arg, tree.Literal)]
        last = node.args[-1]
        try:
            if node.function in ("timestamp", "duration") and len(literals) == 1 and node.overload:
                node.overload.meaning(*literals)
            elif node.function in (".matches", "matches") and isinstance(last, tree.Literal):
                pattern(str(last.value))
            elif node.function.startswith(".get") and len(literals) == 1 and node.overload:
                node.overload.meaning(0, *literals)
        except EvaluationError as error:
            self.report(last, "bad-literal", str(error))

    def fit(self, node: Node, expect: Sequence[Type]) -> Node:
        """Check the type of the whole."""
        found = self.types.resolve(node.type)
        if DOUBLE in expect and found == INT:
            _widened(node)
        elif found.name not in {kind.name for kind in expect} and found != DYN:
            wanted = " or ".join(f"a {_readable(kind)}" for kind in expect)
            if BOOL in expect:
                message = f"this is a {_readable(found)}, not a condition"
                help_ = "compare it with something, such as `x == 'a'` or `x > 3`"
                self.report(node, "not-a-condition", message, help_)
            else:
                self.report(node, "wrong-type", f"this is a {_readable(found)}, not {wanted}")
        return node

    # --- logic

    def junction(self, node: tree.And | tree.Or) -> Node:
        node.items = [self.condition(item) for item in node.items]
        node.type = BOOL
        return node

    def negation(self, node: tree.Not) -> Node:
        node.operand = self.condition(node.operand)
        node.type = BOOL
        return node

    def condition(self, node: Node) -> Node:
        found = self.check(node)
        kind = self.types.resolve(found.type, params=True)
        if not self.types.assign_all([found.type], (BOOL,)):
            message = f"this is a {_readable(kind)}, where true or false is needed"
            self.mismatch(found, "wrong-type", message, "compare it with something")
        return found

    def choice(self, node: tree.Choice) -> Node:
        node.condition = self.condition(node.condition)
        node.then, node.otherwise = self.check(node.then), self.check(node.otherwise)
        node.type = self.joined(node, [node.then, node.otherwise], "the two results of `? :`")
        return node

    def default(self, node: tree.Default) -> Node:
        node.operand, node.fallback = self.check(node.operand), self.check(node.fallback)
        node.type = self.joined(
            node, [node.operand, node.fallback], "the two arguments of `default`"
        )
        return node

    def joined(self, node: Node, parts: list[Node], what: str) -> Type:
        """Return the type that covers all *parts*: dynamic where they differ, outside a book."""
        if self.environment.book and {DOUBLE, INT} <= {part.type for part in parts}:
            for part in parts:
                if part.type == INT:
                    _widened(part)
        kind = parts[0].type
        for part in parts[1:]:
            join = self.types.join(kind, part.type)
            if join is None and self.environment.book:
                kinds = f"{_readable(kind)} and {_readable(part.type)}"
                self.mismatch(node, "wrong-type", f"{what} differ in type: {kinds}")
            kind = DYN if join is None else join
        return kind

    # --- lists, maps, comprehensions

    def list_literal(self, node: tree.ListOf) -> Node:
        node.items = [self.check(item) for item in node.items]
        inner = self.joined(node, node.items, "the items of a list") if node.items else None
        node.type = list_of(inner or self.types.fresh())
        return node

    def map_literal(self, node: tree.MapOf) -> Node:
        node.keys = [self.check(key) for key in node.keys]
        node.values = [self.check(value) for value in node.values]
        if node.keys:
            keys = self.joined(node, node.keys, "the keys of a map")
            node.type = map_of(keys, self.joined(node, node.values, "the values of a map"))
        else:
            node.type = map_of(self.types.fresh(), self.types.fresh())
        return node

    def comprehension(self, node: tree.Comprehension) -> Node:
        node.source = self.check(node.source)
        source = self.types.resolve(node.source.type, params=True)
        item = DYN
        if source.name in ("list", "map"):
            item = source.args[0]
        elif source != DYN and not source.is_param:
            message = f"`{node.kind}` goes over a list, this is a {_readable(source)}"
            self.mismatch(node.source, "wrong-type", message)
        hidden = self.variables.get(node.variable)
        self.variables[node.variable] = item
        if node.condition is not None:
            node.condition = self.condition(node.condition)
        node.body = self.check(node.body) if node.kind == "map" else self.condition(node.body)
        if hidden is None:
            del self.variables[node.variable]
        else:
            self.variables[node.variable] = hidden
        results = {"map": list_of(node.body.type), "filter": list_of(item)}
        node.type = results.get(node.kind, BOOL)
        return node


def _chain(node: Node) -> list[tree.Name | tree.Select]:
    """Return the parts of `a.b.c` from left to right, or nothing when it is not such a chain."""
    parts: list[tree.Name | tree.Select] = []
    while isinstance(node, tree.Select):
        parts.append(node)
        node = node.operand
    return [node, *parts[::-1]] if isinstance(node, tree.Name) else []


def _dynamic(node: Node) -> Node:
    """Return a stand-in for what could not be resolved, so that checking goes on."""
    return tree.Literal(node.start, node.end, None)


def _leaves(names: Mapping[str, Type]) -> list[str]:
    """Return the paths of all declared fields."""
    found = []
    pending: list[tuple[str, Type]] = list(names.items())[::-1]
    while pending:
        path, kind = pending.pop()
        if isinstance(kind, ObjectType):
            pending += [(f"{path}.{name}", inner) for name, inner in kind.fields.items()][::-1]
        else:
            found.append(path)
    return found


def _surely(given: Type, wanted: Type) -> bool:
    """Return whether values of the type *given* always have the class that *wanted* names."""
    if wanted.is_param or wanted == DYN:
        return True
    return given.name == wanted.name


def _widened(node: Node) -> bool:
    """Turn int literals into doubles where *node* has no others; return whether it could."""
    if isinstance(node, tree.Literal) and kind_of(node.value) == "int":
        node.value = float(node.value)  # type: ignore[arg-type]
        node.type = DOUBLE
        return True
    if isinstance(node, tree.ListOf) and all(isinstance(i, tree.Literal) for i in node.items):
        node.type = list_of(DOUBLE)
        return all([_widened(item) for item in node.items if item.type == INT])
    if isinstance(node, tree.Choice):
        node.type = DOUBLE
        return all([_widened(part) for part in (node.then, node.otherwise) if part.type == INT])
    return False


def _readable(kind: Type) -> str:
    name = str(kind) if kind.args else _READABLE.get(kind.name, kind.name)
    return "value" if kind.is_param else name.replace("$A", "value").replace("$B", "value")


def _beside(given: Iterable[Type]) -> str:
    """Return advice for two types that do not go together."""
    names = {kind.name for kind in given}
    if names & {n.name for n in NUMBERS} and "string" in names:
        return "numbers are written without quotes; `double('1.5')` reads a number from text"
    if "bool" in names and "string" in names:
        return "write `true` or `false` without quotes"
    return ""
