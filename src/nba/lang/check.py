"""Names and types: a parsed tree becomes a typed one, or a list of diagnostics that say what to do.

The checker resolves every name (`names`), finds the overload of every function (`overloads`)
and the type of every node. In a rule book (`Environment.book`) every field is declared, an int
literal beside a double is read as a double, and literals such as patterns and timestamps are
tried out (`literals`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nba.errors import Diagnostic, ExpressionError, errors_in
from nba.lang import tree
from nba.lang.environment import Environment
from nba.lang.findings import Findings, a
from nba.lang.functions import SPACES
from nba.lang.literals import Literals, widened
from nba.lang.names import Names, chain_of
from nba.lang.overloads import Overloads
from nba.lang.syntax import Locate, locate_in
from nba.lang.text import write
from nba.lang.tree import Node
from nba.lang.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    UINT,
    EnumType,
    Type,
    list_of,
    map_of,
    optional_of,
)
from nba.lang.unify import Substitution
from nba.lang.values import UInt

__all__ = ["Environment", "check"]


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
        checker.fit(found, expect)
    if checker.types.any:
        for part in tree.walk(found):
            part.type = checker.types.resolve(part.type)
    diagnostics = checker.findings.diagnostics
    if errors := errors_in(diagnostics):
        raise ExpressionError(errors)
    if warnings is not None:
        warnings += diagnostics
    return found


_LITERALS: Final[dict[type, Type]] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}


#: What a comprehension goes over.
_WITH_ITEMS: Final = frozenset({"list", "map", "optional_type"})
#: Functions that take any number of numbers, or a list of them.
_EXTREMES: Final = frozenset({"math.greatest", "math.least"})


class _Checker:
    def __init__(self, environment: Environment, locate: Locate) -> None:
        self.environment = environment
        self.types = Substitution()
        self.findings = Findings(locate, strict=environment.strict)
        self.names = Names(environment, self.types, self.findings)
        self.overloads = Overloads(environment, self.types, self.findings)
        self.literals = Literals(self.types, self.findings)

    def check(self, node: Node) -> Node:
        return _RULES[type(node)](self, node)

    def name(self, node: tree.Name) -> Node:
        return self.names.resolve(node, chain_of(node))

    def fit(self, node: Node, expect: Sequence[Type]) -> None:
        """Check the type of the whole."""
        found = self.types.resolve(node.type)
        if DOUBLE in expect and found == INT:
            widened(node)
        elif found.name not in {kind.name for kind in expect} and found != DYN:
            if BOOL in expect:
                message = f"this is {a(found)}, not a condition"
                self.findings.report(node, "not-a-condition", message, _comparing(node, found))
            else:
                wanted = " or ".join(map(a, expect))
                self.findings.report(node, "wrong-type", f"this is {a(found)}, not {wanted}")

    # --- names

    def literal(self, node: tree.Literal) -> Node:
        node.type = _LITERALS[type(node.value)]
        return node

    def select(self, node: tree.Select) -> Node:
        if chain := chain_of(node):
            return self.names.resolve(node, chain)
        node.operand = self.check(node.operand)
        self.names.select_from(node)
        return node

    def optional_select(self, node: tree.OptionalSelect) -> Node:
        if chain := chain_of(node):
            return self.names.resolve(node, chain)
        if isinstance(node.operand, tree.Select):
            node.operand.operand = self.check(node.operand.operand)
            return self.names.select_optionally(node.operand)
        return node

    def present(self, node: tree.Present) -> Node:
        operand = self.check(node.operand)
        node.type = BOOL
        if isinstance(operand, tree.OptionalSelect):  # `customer.?consent.email`
            operand = operand.operand
        if isinstance(operand, tree.Field | tree.Select):
            node.operand = operand
        else:
            message = "`has` takes a field, this is a type"
            self.findings.report(node, "wrong-type", message, "write `has(customer.email)`")
        return node

    # --- functions

    def call(self, node: tree.Call) -> Node:
        node = self.namespaced(node)
        if node.function in _EXTREMES and len(node.args) > 2:
            node.args = [tree.ListOf(node.args[0].start, node.args[-1].end, node.args)]
        if node.function == ".format" and isinstance(node.args[-1], tree.ListOf):
            node.args = [*map(self.check, node.args[:-1]), self.mixed_list(node.args[-1])]
        else:
            node.args = [self.check(arg) for arg in node.args]
        if node.function in ("since", "within"):
            if "now" in self.environment.names:
                now = tree.Field(node.start, node.end, "now")
                now.type = self.environment.names["now"]
                node.args.append(now)
            elif self.environment.scope:
                message = f"`{node.function}` needs `now`, which is not read here"
                self.findings.report(node, "undeclared-name", message, self.environment.scope)
                return node
        if any(isinstance(arg, tree.Field) and not arg.path for arg in node.args):
            return node  # a name that could not be resolved has been reported: that is enough
        if self.environment.book:
            self.literals.mix_numbers(node)
            self.literals.check_enum(node)
        self.overloads.find(node)
        if self.environment.book:
            self.literals.try_out(node)
        return node

    def namespaced(self, node: tree.Call) -> tree.Call:
        """Read `math.abs(a)` as the function of that name."""
        chain = chain_of(node.args[0]) if node.function.startswith(".") else []
        if chain and chain[0].name not in self.names.variables:
            space = ".".join(part.name for part in chain)
            name = space + node.function
            known = space in SPACES and space not in self.environment.names
            if name in self.environment.functions or known:
                return tree.Call(node.start, node.end, name, node.args[1:])
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
            message = f"this is {a(kind)}, where true or false is needed"
            help_ = _comparing(found, kind)
            if isinstance(found, tree.Literal):
                help_ = "write the whole comparison again, or `x in ['a', 'b']`"
            self.findings.mismatch(found, "wrong-type", message, help_)
        return found

    def choice(self, node: tree.Choice) -> Node:
        node.condition = self.condition(node.condition)
        node.then, node.otherwise = self.check(node.then), self.check(node.otherwise)
        node.type = self.joined(node, [node.then, node.otherwise], "the two results of `? :`")
        return node

    def default(self, node: tree.Default) -> Node:
        node.operand, node.fallback = self.check(node.operand), self.check(node.fallback)
        parts = [node.operand, node.fallback]
        node.type = self.joined(node, parts, "the two arguments of `default`")
        return node

    def joined(self, node: Node, parts: list[Node], what: str) -> Type:
        """Return the type that covers all *parts*: dynamic where they differ, outside a book."""
        kinds = [self.types.resolve(part.type, params=True) for part in parts]
        if self.environment.book and DOUBLE in kinds:
            for part, kind in zip(parts, kinds, strict=True):
                if kind == INT:
                    widened(part)
        covering = parts[0].type
        if not covering.args and len(set(kinds)) == 1 and not isinstance(covering, EnumType):
            return covering
        for part in parts[1:]:
            join = self.types.join(covering, part.type)
            if join is None and self.environment.book:
                one, other = (self.types.resolve(t) for t in (covering, part.type))
                message = f"{what} differ in type: {a(one)} and {a(other)}"
                help_ = "write `double(…)` around the int" if {one, other} == {INT, DOUBLE} else ""
                self.findings.mismatch(node, "wrong-type", message, help_)
            covering = DYN if join is None else join
        return covering

    # --- lists, maps, comprehensions

    def optional_item(self, node: tree.OptionalItem) -> Node:
        node.operand = self.check(node.operand)
        kind = self.types.resolve(node.operand.type, params=True)
        if kind.name == "optional_type":
            node.type = kind.args[0]
        elif kind != DYN and not kind.is_param:
            message = f"`?` stands before an optional, this is {a(kind)}"
            self.findings.mismatch(node, "wrong-type", message, "leave out the `?`")
        return node

    def mixed_list(self, node: tree.ListOf) -> Node:
        """Check a list whose items need not go together."""
        node.items = [self.check(item) for item in node.items]
        node.type = list_of(DYN)
        return node

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
        items = source.args
        optional = node.kind in ("optMap", "optFlatMap")
        if source == DYN or source.is_param:
            items = (DYN, DYN)
        elif (source.name == "optional_type") is not optional or source.name not in _WITH_ITEMS:
            what = "what an optional holds" if optional else "a list or a map"
            message = f"`{node.kind}` goes over {what}, this is {a(source)}"
            help_ = "write `.?` or `[?` before what may be missing" if optional else ""
            self.findings.mismatch(node.source, "wrong-type", message, help_)
            items = (DYN, DYN)
        item = items[0]
        variables = {node.variable: item}
        if node.second:
            first = INT if source.name == "list" else item
            variables = {node.variable: first, node.second: items[-1]}
        outside = self.names.variables
        self.names.variables = outside | variables
        if node.condition is not None:
            node.condition = self.condition(node.condition)
        tests = node.kind in ("exists", "all", "exists_one", "filter")
        node.body = self.condition(node.body) if tests else self.check(node.body)
        self.names.variables = outside
        found = self.collected(node, variables[node.variable])
        node.type = DYN if optional and source.name != "optional_type" else found
        return node

    def collected(self, node: tree.Comprehension, first: Type) -> Type:
        """Return the type of a comprehension, *first* being that of its first variable."""
        body = node.body.type
        match node.kind:
            case "filter":
                return list_of(first)
            case "map" | "transformList":
                return list_of(body)
            case "transformMap":
                return map_of(first, body)
            case "transformMapEntry":
                return self.needed(node, "map", map_of(DYN, DYN))
            case "optMap":
                return optional_of(body)
            case "optFlatMap":
                return self.needed(node, "optional_type", optional_of(DYN))
        return BOOL

    def needed(self, node: tree.Comprehension, name: str, otherwise: Type) -> Type:
        """Return the type of the body, which has to be a map or an optional."""
        kind = self.types.resolve(node.body.type, params=True)
        if kind.name != name and kind != DYN and not kind.is_param:
            message = f"`{node.kind}` makes {a(otherwise)}, this is {a(kind)}"
            self.findings.mismatch(node.body, "wrong-type", message)
        return node.body.type if kind.name == name else DYN

    def bind(self, node: tree.Bind) -> Node:
        node.value = self.check(node.value)
        outside = self.names.variables
        self.names.variables = outside | {node.variable: node.value.type}
        node.body = self.check(node.body)
        self.names.variables = outside
        node.type = node.body.type
        return node


def _comparing(node: Node, kind: Type) -> str:
    """Return advice on making a condition of a value."""
    name = node.path if isinstance(node, tree.Field) else "x"
    if kind.name in ("list", "map"):
        return f"ask about its items, such as `size({name}) > 0`"
    example = {
        "string": f"{name} == '…'",
        "timestamp": f"since({name}) < days(3)",
        "duration": f"{name} > hours(2)",
        "optional_type": f"{write(node)}.orValue(0) > 3",
    }
    return f"compare it with something, such as `{example.get(kind.name, f'{name} > 3')}`"


_RULES: Final[dict[type[Node], Callable[..., Node]]] = {
    tree.Literal: _Checker.literal,
    tree.Name: _Checker.name,
    tree.Select: _Checker.select,
    tree.OptionalSelect: _Checker.optional_select,
    tree.Present: _Checker.present,
    tree.Call: _Checker.call,
    tree.And: _Checker.junction,
    tree.Or: _Checker.junction,
    tree.Not: _Checker.negation,
    tree.Choice: _Checker.choice,
    tree.Default: _Checker.default,
    tree.OptionalItem: _Checker.optional_item,
    tree.ListOf: _Checker.list_literal,
    tree.MapOf: _Checker.map_literal,
    tree.Comprehension: _Checker.comprehension,
    tree.Bind: _Checker.bind,
}
