"""Tree to text: the one canonical spelling of an expression, which parses to the same tree."""

from __future__ import annotations

from typing import Final

from nba.lang import tree
from nba.lang.tree import Node
from nba.lang.values import TypeValue, UInt

__all__ = ["spelled", "write"]

_STRENGTH: Final = {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "negate": 7} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">=", "in"), 4
)
_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\000"}
)


def write(node: Node) -> str:
    """Return the canonical text of a tree."""
    return _write(node)[0]


def spelled(value: object) -> str:
    """Return the canonical text of a literal."""
    return _literal(value)[0]


def _write(node: Node) -> tuple[str, int]:
    """Return the text, and how strongly its outermost operator binds."""
    match node:
        case tree.Literal():
            return _literal(node.value)
        case tree.Name():
            return node.name, 9
        case tree.Field():
            return node.path, 9
        case tree.Variable():
            return node.name, 9
        case tree.Select():
            return f"{_at(node.operand, 8)}.{_name(node.name)}", 8
        case tree.OptionalSelect():
            return _optional(node.operand), 8
        case tree.OptionalItem():
            return f"?{write(node.operand)}", 0
        case tree.Present():
            return f"has({write(node.operand)})", 9
        case tree.Call():
            return _call(node)
        case tree.And():
            return " && ".join(_at(item, 4) for item in node.items), 3
        case tree.Or():
            return " || ".join(_at(item, 3) for item in node.items), 2
        case tree.Not():
            return f"!{_at(node.operand, 7)}", 7
        case tree.Choice():
            parts = _at(node.condition, 2), _at(node.then, 2), _at(node.otherwise, 1)
            return "{} ? {} : {}".format(*parts), 1
        case tree.Default():
            return f"default({write(node.operand)}, {write(node.fallback)})", 9
        case tree.ListOf():
            return f"[{', '.join(map(write, node.items))}]", 9
        case tree.MapOf():
            pairs = map(_entry, node.keys, node.values)
            return f"{{{', '.join(pairs)}}}", 9
        case tree.Comprehension():
            inside = [name for name in (node.variable, node.second) if name]
            inside += [write(part) for part in (node.condition, node.body) if part]
            kind = "existsOne" if node.second and node.kind == "exists_one" else node.kind
            return f"{_at(node.source, 8)}.{kind}({', '.join(inside)})", 8
        case tree.Bind():
            return f"cel.bind({node.variable}, {write(node.value)}, {write(node.body)})", 9
    raise TypeError(f"{type(node).__name__} has no text")


def _at(node: Node, strength: int) -> str:
    """Return the text of a part, in parentheses where it binds less strongly than it must."""
    text, own = _write(node)
    return text if own >= strength else f"({text})"


def _name(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def _optional(node: tree.Select | tree.Field) -> str:
    if isinstance(node, tree.Select):
        return f"{_at(node.operand, 8)}.?{_name(node.name)}"
    owner, _, name = node.path.rpartition(".")
    return f"{owner}.?{name}"


def _entry(key: Node, value: Node) -> str:
    if isinstance(value, tree.OptionalItem):
        return f"?{write(key)}: {write(value.operand)}"
    return f"{write(key)}: {write(value)}"


def _call(node: tree.Call) -> tuple[str, int]:
    name, args = node.function, node.args
    if name == "negate":
        return f"-{_at(args[0], 8)}", 7
    if name == "[]":
        return f"{_at(args[0], 8)}[{write(args[1])}]", 8
    if name == "[?]":
        return f"{_at(args[0], 8)}[?{write(args[1])}]", 8
    if strength := _STRENGTH.get(name):
        return f"{_at(args[0], strength)} {name} {_at(args[1], strength + 1)}", strength
    written = [arg for arg in args if not isinstance(arg, tree.Field) or arg.start != node.start]
    if name.startswith("."):
        rest = ", ".join(write(arg) for arg in args[1:])
        return f"{_at(args[0], 8)}{name}({rest})", 8
    return f"{name}({', '.join(map(write, written))})", 9


def _literal(value: object) -> tuple[str, int]:
    match value:
        case bool():
            return str(value).lower(), 9
        case None:
            return "null", 9
        case str():
            return f"'{value.translate(_ESCAPES)}'", 9
        case bytes():
            return "b'" + "".join(f"\\x{byte:02x}" for byte in value) + "'", 9
        case UInt():
            return f"{int(value)}u", 9
        case TypeValue():
            return value.name, 9
    text = repr(value)
    return text, 7 if text.startswith("-") else 9
