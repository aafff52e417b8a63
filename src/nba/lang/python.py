"""The fast path: a typed tree becomes Python source that computes the same as the reference.

The code never raises. For a condition two expressions are generated: one that is true when the
condition is *surely true*, one when it is *surely false*; when neither is, it is unknown. They
are each other's mirror image:

    T(a && b) = T(a) and T(b)      F(a && b) = F(a) or F(b)      T(!a) = F(a)
    T(a < b)  = a known and b known and a < b
    F(a < b)  = a known and b known and not a < b

For a value two expressions are generated as well: whether it is known, which stores what it
finds in variables, and the value itself, which uses them. So missing data costs a test, never an
exception. Parts that would be needed twice, loops, and deep subtrees become functions of their
own, which keeps the source linear in the size of the tree.

Source is generated only from checked trees; names and text from a rule book never reach it
except through `repr`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeGuard

from nba.errors import EvaluationError
from nba.lang import tree
from nba.lang.code import (
    BOXES,
    COLLECTING,
    MAYBE_TRUE,
    PLAIN,
    PLAIN_MEMBERS,
    Code,
    both,
    compares,
    equals,
    literals,
)
from nba.lang.functions import Functions, Overload
from nba.lang.runtime import NAMES, UNKNOWN, absorbing
from nba.lang.tree import Node
from nba.lang.types import DYN, ObjectType
from nba.lang.values import Duration, Timestamp

__all__ = ["UNKNOWN", "Program"]


#: Generated code nests no deeper than this before a part becomes a function of its own.
_HOIST_EVERY: Final = 20


class Program:
    """Python functions generated from typed trees, compiled together.

    *load* gives the Python for reading the field at a path from the argument `c`, and *absent*
    the Python for what it gives when the field is absent. A function that is made of lines may
    have fields in variables: *local* gives their names.
    """

    def __init__(
        self,
        load: Callable[[str], str],
        functions: Functions,
        absent: str,
        local: Callable[[str], str] | None = None,
    ) -> None:
        self._from_argument = load
        self._load = local or load  # outside of functions that code calls
        self._functions = functions
        self._absent = absent
        self._source: list[str] = []
        self._wanted: list[str] = []
        self._hoisted: dict[tuple[int, str], str] = {}
        self._kept: list[Node] = []  # ids of nodes are keys, so nodes must stay
        self._scope: list[str] = []
        self._level = 0
        self._count = 0
        self._namespace: dict[str, Any] = dict(NAMES)

    def holds(self, node: Node) -> str:
        """Add a function that says whether a condition is surely true; return its name."""
        test = self.true(node)
        if isinstance(node, tree.Field):
            test = f"{test} is True"
        elif not isinstance(node, tree.Call):  # which gives a bool
            test = f"True if {test} else False"
        return self._asked("holds", f"return {test}", "c")

    def verdict(self, node: Node) -> str:
        """Add a function that says whether a condition is True, False or None; return its name."""
        return self._asked("verdict", f"return {self.three(node)}", "c")

    def value(self, node: Node) -> str:
        """Add a function that gives a value, or UNKNOWN; return its name."""
        return self._asked("value", self._returning(node), "c")

    def listed(self, names: Sequence[str], source: str, make: Callable[[], tuple[str, str]]) -> str:
        """Add a function that gives a list, of something for each item of *source* that counts.

        *names* are what an item is taken apart into; *make* returns Python over them: whether the
        item counts, and what is listed for it.
        """
        self._scope += names
        counts, entry = make()
        del self._scope[-len(names) :]
        item = "".join(f"{name}, " for name in names)
        return self._asked("listed", f"return [{entry} for {item}in {source} if {counts}]", "c")

    def three(self, node: Node) -> str:
        """Return Python, over `c`, for whether a condition is True, False or None."""
        if self._is_verdict(node):
            return self._load(node.path)
        if compares(node):
            known, value, _ = self._value(node)
            return f"{value} if {known} else None" if known else value
        decided = self._decided(node, positive=True)
        return f"True if {self.true(node)} else False if {decided} else None"

    def known(self, node: Node) -> tuple[str, str]:
        """Return Python, over `c`, for whether a value is known, '' for always; and for the value.

        The first is to be asked before the second.
        """
        code = self._value(node)
        return code.known, self._boxed(code, node)

    def plain(self, node: Node) -> str:
        """Return Python, over `c`, for a value, plain where it is a number; None for unknown."""
        code = self._value(node)
        return f"{code.value} if {code.known} else None" if code.known else code.value

    def function(self, lines: Iterable[str], *more: str) -> str:
        """Add a function of `c` and *more* that is made of these *lines*; return its name."""
        return self._asked("steps", "\n    ".join(lines), ", ".join(["c", *more]))

    @property
    def source(self) -> str:
        """The Python generated so far."""
        return "\n".join(self._source)

    def build(self) -> dict[str, Callable[..., Any]]:
        """Compile what was added; return the functions by name."""
        exec(compile(self.source, "<generated from a rule book>", "exec"), self._namespace)
        # taken out, since a function that holds itself by its globals is given up late
        return {name: self._namespace.pop(name) for name in self._wanted}

    # --- functions, variables, constants

    def _asked(self, kind: str, body: str, param: str) -> str:
        name = self._function(kind, body, [param])
        self._wanted.append(name)
        return name

    def _function(self, kind: str, body: str, params: list[str]) -> str:
        name = self._name(kind)
        self._source.append(f"def {name}({', '.join(params)}):\n    {body}")
        return name

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def constant(self, value: object) -> str:
        """Return the name of a value in what is generated."""
        name = self._name("k")
        self._namespace[name] = value
        return name

    def _call(self, name: str, *more: str) -> str:
        return f"{name}({', '.join(['c', *self._scope, *more])})"

    def _hoist(self, node: Node, kind: str, body: Callable[[], str]) -> str:
        """Return a call of a function for *node*, generated once."""
        key = (id(node), kind)
        if key not in self._hoisted:
            self._kept.append(node)
            with self._within():
                text = body()
            self._hoisted[key] = self._function(kind, text, ["c", *self._scope])
        return self._call(self._hoisted[key])

    @contextmanager
    def _within(self, *variables: str) -> Iterator[None]:
        """Generate code in a function of its own, that has these variables."""
        level, load, self._level, self._load = self._level, self._load, 0, self._from_argument
        self._scope += variables
        yield
        del self._scope[len(self._scope) - len(variables) :]
        self._level, self._load = level, load

    def _bounded(self, node: Node, kind: str, generate: Callable[[Node], str]) -> str:
        """Generate code for *node*, in a function of its own where code nests too deep."""
        self._level += 1
        try:
            if self._level % _HOIST_EVERY:
                return generate(node)
            return self._hoist(node, kind, lambda: f"return {generate(node)}")
        finally:
            self._level -= 1

    # --- conditions: surely true, surely false

    def true(self, node: Node) -> str:
        """Return Python, over `c`, that is true where a condition is surely true."""
        return self._bounded(node, "true", lambda node: self._polar(node, positive=True))

    def _false(self, node: Node) -> str:
        return self._bounded(node, "false", lambda node: self._polar(node, positive=False))

    def _polar(self, node: Node, *, positive: bool) -> str:
        side, other = (self.true, self._false) if positive else (self._false, self.true)
        match node:
            case tree.And() | tree.Or():
                word = "and" if isinstance(node, tree.And) is positive else "or"
                return f"({f' {word} '.join(side(item) for item in node.items)})"
            case tree.Not():
                return other(node.operand)
            case tree.Comprehension(kind="exists" | "all"):
                return self._quantified(node, positive=positive)
            case tree.Literal():
                return str(node.value is positive)
            case tree.Field():
                plain = positive and self._is_verdict(node)  # what is absent is not true either
                return self._load(node.path) if plain else f"{self._load(node.path)} is {positive}"
            case tree.Call(args=[tree.Field(path=path, type=kind), among]) if (
                self._absent == "None"
                and (node.function != "!=") is positive
                and (test := equals(node.function, kind.name, among))
            ):
                return f"({self._load(path)} {test})"
        if node.type.name not in MAYBE_TRUE:
            return "False"  # neither true nor false, whatever its value
        known, value, _ = self._value(node)
        if isinstance(node, tree.Call) and node.overload and node.type.name == "bool":
            test = value if positive else f"not ({value})"
        else:
            test = f"({value}) is {positive}"
        return f"({known} and {test})" if known else f"({test})"

    def _is_verdict(self, node: Node) -> TypeGuard[tree.Field]:
        """Return whether a node is a field that is read as True, False or None."""
        is_bool = isinstance(node, tree.Field) and node.type.name == "bool"
        return is_bool and self._absent == "None"

    def _decided(self, node: Node, *, positive: bool) -> str:
        """Return Python for whether a condition is surely the opposite, where it is not *positive*.

        So of parts of which none is true, each has to be known to be false.
        """
        match node:
            case tree.Field() if self._is_verdict(node):
                return f"{self._load(node.path)} is not None"
            case tree.Call() if compares(node):
                return self._value(node).known or "True"
            case tree.Not():
                return self._decided(node.operand, positive=not positive)
            case tree.And() | tree.Or() if isinstance(node, tree.Or) is positive:
                return " and ".join(self._decided(item, positive=positive) for item in node.items)
        return f"({self._false(node) if positive else self.true(node)})"

    def _quantified(self, node: tree.Comprehension, *, positive: bool) -> str:
        """Generate `exists` and `all` as a loop that ends as soon as it is decided."""
        source, variables = self._items(node)
        item = ", ".join(variables)
        with self._within(*variables):
            test = self.true(node.body) if positive else self._false(node.body)
        enough = (node.kind == "exists") is positive  # one item decides; else all have to agree
        lines = (
            f"for {item} in source:\n"
            f"        if {'' if enough else 'not '}{test}:\n"
            f"            return {enough}\n"
            f"    return {not enough}"
        )
        name = self._function("any" if enough else "every", lines, ["c", *self._scope, "source"])
        call = self._call(name, source.value)
        return f"({source.known} and {call})" if source.known else call

    # --- values

    def _value(self, node: Node) -> Code:
        self._level += 1
        try:
            if self._level % _HOIST_EVERY or isinstance(node, tree.Literal | tree.Variable):
                return self._plain_value(node)
            call = self._hoist(node, "part", lambda: self._returning(node))
            return self._tested(call, "UNKNOWN")
        finally:
            self._level -= 1

    def _plain_value(self, node: Node) -> Code:
        match node:
            case tree.Literal():
                return self._literal(node.value)
            case tree.Field():
                return self._tested(self._load(node.path), self._absent)
            case tree.Variable():
                return self._variable(node.name)
            case tree.Select():
                return self._select(node)
            case tree.OptionalSelect():
                return self._optional_select(node)
            case tree.Present():
                return self._presence(node)
            case tree.Call():
                return self._called(node)
            case tree.Not():
                known, value, _ = self._value(node.operand)
                if node.operand.type.name != "bool":
                    known = both(known, f"({value}).__class__ is bool")
                return Code(known, f"(not {value})")
            case tree.Choice():
                return self._choice(node)
            case tree.Default():
                return self._either(node.operand, node.fallback)
            case tree.ListOf():
                parts = [self._item(item) for item in node.items]
                boxed = ", ".join(map(self._boxed, parts, node.items))
                return Code(both(*(part.known for part in parts)), f"[{boxed}]")
            case tree.MapOf():
                return self._map_literal(node)
            case tree.Bind():
                call = self._hoist(node, "bind", lambda: self._binding(node))
                return self._tested(call, "UNKNOWN")
            case tree.Comprehension(kind=kind) if kind not in ("exists", "all"):
                return self._collected(node)
        call = self._hoist(node, "truth", lambda: f"return {self.three(node)}")
        return self._tested(call, "None")

    def _returning(self, node: Node) -> str:
        code = self._value(node)
        value = self._boxed(code, node)
        return f"return {value} if {code.known} else UNKNOWN" if code.known else f"return {value}"

    def _tested(self, expression: str, absent: str) -> Code:
        if expression.isidentifier():
            return Code(f"{expression} is not {absent}", expression)
        variable = self._name("t")
        return Code(f"({variable} := {expression}) is not {absent}", variable)

    def _bind(self, variable: str, code: Code, node: Node) -> str:
        """Return an expression that stores a value in *variable*, true when it is known."""
        return f"({both(code.known, f'(({variable} := {self._boxed(code, node)}),)')})"

    def _boxed(self, code: Code, node: Node) -> str:
        return f"{BOXES[node.type.name]}({code.value})" if code.raw else code.value

    def _literal(self, value: object) -> Code:
        if isinstance(value, Timestamp | Duration):
            return Code("", f"({int(value)})", raw=True)
        if type(value) in (bool, int, float, str, bytes, type(None)):
            finite = not isinstance(value, float) or abs(value) < float("inf")
            return Code("", f"({value!r})" if finite else self.constant(value))
        return Code("", self.constant(value))

    def _select(self, node: tree.Select) -> Code:
        owner = self._value(node.operand)
        kind = node.operand.type
        if isinstance(kind, ObjectType):
            code = self._tested(f"{owner.value}.get({node.name!r})", "None")
        elif kind.name == "map":
            code = self._tested(f"{owner.value}.get({node.name!r}, UNKNOWN)", "UNKNOWN")
        else:
            code = self._tested(f"selected({owner.value}, {node.name!r})", "UNKNOWN")
        return Code(both(owner.known, code.known), code.value)

    def _optional_select(self, node: tree.OptionalSelect) -> Code:
        operand = node.operand
        if isinstance(operand, tree.Field):
            return self._optional(self._load(operand.path), self._absent)
        owner = self._value(operand.operand)
        if isinstance(operand.operand.type, ObjectType):
            code = self._optional(f"{owner.value}.get({operand.name!r})", "None")
            return Code(both(owner.known, code.known), code.value)
        boxed = self._boxed(owner, operand.operand)
        code = self._tested(f"selected_if_there({boxed}, {operand.name!r})", "UNKNOWN")
        return Code(both(owner.known, code.known), code.value)

    def _optional(self, expression: str, absent: str) -> Code:
        """Return the code for an optional of what may be absent."""
        variable = self._name("t")
        value = f"(OptionalValue(({variable},)) if {variable} is not {absent} else NONE)"
        return Code(f"(({variable} := {expression}),)", value)  # the tuple is always true

    def _item(self, node: Node) -> Code:
        """Return the code for an item of a list; one that may be missing is unpacked."""
        if not isinstance(node, tree.OptionalItem):
            return self._value(node)
        optional = self._value(node.operand)
        code = self._tested(f"held({self._boxed(optional, node.operand)})", "UNKNOWN")
        return Code(both(optional.known, code.known), f"*{code.value}")

    def _presence(self, node: tree.Present) -> Code:
        if isinstance(node.operand, tree.Field):
            return Code("", f"({self._load(node.operand.path)} is not {self._absent})")
        owner = self._value(node.operand.operand)
        name = node.operand.name
        if isinstance(node.operand.operand.type, ObjectType):
            return Code(owner.known, f"({owner.value}.get({name!r}) is not None)")
        code = self._tested(
            f"present({self._boxed(owner, node.operand.operand)}, {name!r})", "UNKNOWN"
        )
        return Code(both(owner.known, code.known), code.value)

    def _choice(self, node: tree.Choice) -> Code:
        if node.condition.type.name not in MAYBE_TRUE:
            return Code("False", "None")
        condition = self._value(node.condition)
        result = self._name("t")
        then = self._bind(result, self._value(node.then), node.then)
        otherwise = self._bind(result, self._value(node.otherwise), node.otherwise)
        if node.condition.type.name == "bool":
            picked = f"({then} if {condition.value} else {otherwise})"
        else:
            value = condition.value
            picked = f"({then} if {value} is True else {value} is False and {otherwise})"
        return Code(both(condition.known, picked), result)

    def _either(self, node: Node, otherwise: Node) -> Code:
        """Generate a value, or another where it is unknown."""
        code, other = self._value(node), self._value(otherwise)
        if code.known and not other.known:
            value, fallback = self._boxed(code, node), self._boxed(other, otherwise)
            return Code("", f"({value} if {code.known} else {fallback})")
        result = self._name("t")
        first, last = self._bind(result, code, node), self._bind(result, other, otherwise)
        return Code(f"({first} or {last})", result)

    def _map_literal(self, node: tree.MapOf) -> Code:
        optional = {i for i, v in enumerate(node.values) if isinstance(v, tree.OptionalItem)}
        plain = [v.operand if isinstance(v, tree.OptionalItem) else v for v in node.values]
        parts = [[self._value(part) for part in side] for side in (node.keys, plain)]
        keys = ", ".join(map(self._boxed, parts[0], node.keys))
        contents = ", ".join(map(self._boxed, parts[1], plain))
        places = f", {self.constant(frozenset(optional))}" if optional else ""
        made = self._tested(f"make_map([{keys}], [{contents}]{places})", "UNKNOWN")
        return Code(both(*(p.known for side in parts for p in side), made.known), made.value)

    # --- functions

    def _called(self, node: tree.Call) -> Code:
        overload = node.overload
        if overload and all(isinstance(arg, tree.Literal) for arg in node.args):
            return self._folded(overload, node)
        if node.function in ("==", "!="):
            return self._equality(node)
        if node.function == "in":
            return self._membership(node)
        if node.function in (".or", ".orValue") and len(node.args) == 2:
            return self._otherwise(node)
        if overload and overload.python:
            return self._from_table(overload, node)
        parts = [self._value(arg) for arg in node.args]
        boxed = [self._boxed(*pair) for pair in zip(parts, node.args, strict=True)]
        function = self.constant(absorbing(self._functions, node))
        made = self._tested(f"{function}({', '.join(boxed)})", "UNKNOWN")
        return Code(both(*(part.known for part in parts), made.known), made.value)

    def _otherwise(self, node: tree.Call) -> Code:
        """Generate the other argument of an optional that holds nothing, and only then."""
        first, last = node.args
        match node:
            case tree.Call(
                function=".orValue",
                args=[tree.OptionalSelect(operand=tree.Field() as field), _],
            ):
                return self._either(field, last)  # without making the optional
        optional, result = self._name("t"), self._name("t")
        code = self._value(first)
        test = f"({optional} := {self._boxed(code, first)}).__class__ is OptionalValue"
        found = optional if node.function == ".or" else f"{optional}.items[0]"
        other = self._bind(result, self._value(last), last)
        picked = f"((({result} := {found}),) if {optional}.items else {other})"
        is_one = f"{result}.__class__ is OptionalValue" if node.function == ".or" else ""
        return Code(both(code.known, test, picked, is_one), result)

    def _folded(self, overload: Overload, node: tree.Call) -> Code:
        """Compute a function of literals now."""
        args = [arg.value for arg in node.args if isinstance(arg, tree.Literal)]
        try:
            result = overload.meaning(*args)
            return Code("", self.constant(result)) if node.type == DYN else self._literal(result)
        except EvaluationError:
            return Code("False", "None")

    def _from_table(self, overload: Overload, node: tree.Call) -> Code:
        python, guard = overload.python or "", overload.guard or ""
        parts = []
        for place, arg in enumerate(node.args):
            code = self._value(arg)
            uses = (python + guard).count(f"{{{place}}}")
            again = uses > 1 and not isinstance(arg, tree.Literal)
            parts.append(self._named(code) if again else code)
        names = [part.value for part in parts]
        variable = self._name("t")
        known = both(*(part.known for part in parts), guard.format(*names, t=variable))
        value = python.format(*names, t=variable)
        raw = overload.result.name in BOXES
        return Code(known, value if value == variable else f"({value})", raw)

    def _named(self, code: Code) -> Code:
        """Give a value that is used more than once a name."""
        if code.value.isidentifier():
            return code
        variable = self._name("t")
        return Code(
            both(code.known, f"({variable} := {code.value}) is not None"), variable, code.raw
        )

    def _equality(self, node: tree.Call) -> Code:
        left, right = node.args
        one, other = self._value(left), self._value(right)
        known = both(one.known, other.known)
        if left.type.name == right.type.name and left.type.name in PLAIN:
            return Code(known, f"({one.value} {node.function} {other.value})")
        call = f"equal({self._boxed(one, left)}, {self._boxed(other, right)})"
        return Code(known, call if node.function == "==" else f"(not {call})")

    def _membership(self, node: tree.Call) -> Code:
        item, container = node.args
        one, other = self._value(item), self._value(container)
        known = both(one.known, other.known)
        kind = item.type.name
        inner = container.type.args[0].name if container.type.args else ""
        if written := literals(kind, container):
            return Code(known, f"({one.value} in {written})")
        if kind == inner and kind in PLAIN_MEMBERS and not one.raw and kind != "bool":
            return Code(known, f"({one.value} in {other.value})")
        if container.type.name in ("list", "map"):
            boxed = self._boxed(one, item)
            return Code(known, f"contains({other.value}, {boxed})")
        function = self.constant(absorbing(self._functions, node))
        made = self._tested(f"{function}({self._boxed(one, item)}, {other.value})", "UNKNOWN")
        return Code(both(known, made.known), made.value)

    # --- comprehensions

    def _variable(self, name: str) -> Code:
        """Return the innermost variable called *name*; one that begins with `u` may be unknown."""
        for scoped in reversed(self._scope):
            if scoped.split("_", 2)[2] == name:
                return Code(f"{scoped} is not UNKNOWN" if scoped[0] == "u" else "", scoped)
        raise KeyError(name)

    def _variables(self, prefix: str, *names: str | None) -> list[str]:
        """Return the variables of generated code for variables of an expression."""
        self._count += 1
        return [f"{prefix}_{self._count}_{name}" for name in names if name]

    def _binding(self, node: tree.Bind) -> str:
        """Return the lines that bind a variable, to UNKNOWN where there is no value."""
        value = self._value(node.value)
        boxed = self._boxed(value, node.value)
        variables = self._variables("u" if value.known else "v", node.variable)
        self._scope += variables
        returning = self._returning(node.body)
        self._scope.pop()
        bound = f"{boxed} if {value.known} else UNKNOWN" if value.known else boxed
        return f"{variables[0]} = {bound}\n    {returning}"

    def _items(self, node: tree.Comprehension) -> tuple[Code, list[str]]:
        """Return the code for the items to go over, and the variables for one of them."""
        source = self._value(node.source)
        variables = self._variables("v", node.variable, node.second)
        name = "pairs" if node.second else "items"
        if node.kind in ("optMap", "optFlatMap"):
            name = "held"
        if name != "items" or node.source.type.name != "list":
            made = self._tested(f"{name}({self._boxed(source, node.source)})", "UNKNOWN")
            source = Code(both(source.known, made.known), made.value)
        return source, variables

    def _collected(self, node: tree.Comprehension) -> Code:
        """Generate what is collected as a loop that fails on an unknown item."""
        source, variables = self._items(node)
        begin, collect, end = COLLECTING[node.kind]
        lines = [f"found = {begin}", f"for {', '.join(variables)} in source:"]
        tests = node.kind in ("filter", "exists_one")
        condition = node.body if tests else node.condition
        item = variables[0]
        with self._within(*variables):
            if condition is not None:
                lines.append(f"    if not {self.true(condition)}:")
                lines.append(f"        if {self._false(condition)}: continue")
                lines.append("        return UNKNOWN")
            if not tests:
                body = self._value(node.body)
                if body.known:
                    lines.append(f"    if not ({body.known}): return UNKNOWN")
                item = self._boxed(body, node.body)
        lines.append(f"    {collect.format(item, variables[0])}")
        lines.append(f"return {end}")
        name = self._function(node.kind, "\n    ".join(lines), ["c", *self._scope, "source"])
        made = self._tested(self._call(name, source.value), "UNKNOWN")
        return Code(both(source.known, made.known), made.value)
