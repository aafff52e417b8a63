"""Text to tree: a tokenizer and a Pratt parser. Every node knows its place.

The grammar is that of the Common Expression Language, without protobuf messages; macros such as
`exists` and `has` become nodes of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from nba.errors import Diagnostic, ExpressionError, Place
from nba.lang import tree
from nba.lang.habits import Habit, about_character, about_word
from nba.lang.macros import MACROS
from nba.lang.tree import Node
from nba.lang.values import INT_MAX, UINT_MAX, UInt

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_NESTING", "Locate", "locate_in", "parse"]

#: Characters of one expression, depth of its tree, comprehensions inside comprehensions.
MAX_LENGTH: Final = 8_192
MAX_DEPTH: Final = 64
MAX_NESTING: Final = 3

#: Turns a character offset and a width into a place in a file.
Locate = Callable[[int, int], Place]


def locate_in(text: str, name: str = "expression") -> Locate:
    """Return a `Locate` for a text that stands alone, called *name* in messages."""

    def locate(offset: int, width: int) -> Place:
        start = text.rfind("\n", 0, offset) + 1
        line = text[start:].partition("\n")[0]
        return Place(name, text.count("\n", 0, offset) + 1, offset - start + 1, line, width)

    return locate


# --- tokens


class Token(NamedTuple):
    """One token: its kind (`number`, `string`, `name`, `quoted`, `operator`, `end`), text, span."""

    kind: str
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    [ \t\r\n\f]*(?:
    (?P<comment>//[^\n]*)
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?
      |[0-9]+[eE][+-]?[0-9]+|[0-9]+[uU]?)
  | (?P<string>
      (?:[rR][bB]?|[bB][rR])
      (?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n\r]*"|'[^'\n\r]*')
      |(?:[rR][bB]?|[bB][rR]?)?
      (?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''
      |(?!\"\"\"|''')(?:"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')))
  | (?P<unclosed>(?:[rR][bB]?|[bB][rR]?)?(?P<quote>\"\"\"|'''|"|'))
  | (?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
  | (?P<quoted>`[a-zA-Z0-9_.\-/ ]+`)
  | (?P<operator>&&|\|\||==|!=|<=|>=|<>|[-+*/%!<>?:.,()\[\]{}=&|])
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPACE: Final = " \t\r\n\f"

_KEYWORDS: Final = frozenset({"true", "false", "null", "in"})
_RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"namespace", "package", "return", "var", "void", "while"}
)
#: What is written in other languages, and what to write here.
_SPELLINGS: Final = {
    "=": "==",
    "<>": "!=",
    "&": "&&",
    "|": "||",
    "and": "&&",
    "AND": "&&",
    "or": "||",
    "OR": "||",
    "is": "==",
}

_COMPLETE: Final = "expected an operator or the end"
_RELATIONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_BINDING: Final = {"||": 2, "&&": 3, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6} | dict.fromkeys(
    _RELATIONS, 4
)


def is_reserved(name: str) -> bool:
    """Tell whether an expression cannot read *name*, or takes it for an operator."""
    return name in _KEYWORDS or name in _RESERVED or name in _SPELLINGS or name == "not"


def parse(text: str, locate: Locate | None = None) -> Node:
    """Return the tree of an expression.

    *locate* says where a character of *text* stands in a file. Raises ExpressionError.
    """
    return _Parser(text, locate or locate_in(text)).parse()


class _Parser:
    def __init__(self, text: str, locate: Locate) -> None:
        self.text = text
        self.locate = locate
        self.level = 0  # how deep the parser itself is nested
        self.nesting = 0  # how deep comprehensions are
        if len(text) > MAX_LENGTH:
            self.fail(
                "expression-limit",
                f"an expression of {len(text):,} characters is over the limit of {MAX_LENGTH:,}",
                "give its parts names under `conditions`",
                0,
                1,
            )
        self.tokens = self.tokenize()
        self.last = len(self.tokens) - 1
        self.position = 0
        self.token = self.tokens[0]

    # --- tokens

    def tokenize(self) -> list[Token]:
        text, tokens, offset = self.text, [], 0
        for match in _TOKEN.finditer(text):
            if match.start() != offset:
                break  # between the two stands what is no token
            kind = str(match.lastgroup)
            begin, offset = match.span(kind)
            if kind == "unclosed":
                help_ = f"add `{match['quote']}`"
                self.fail("expression-syntax", "a string is not closed", help_, begin, offset)
            if kind != "comment":
                tokens.append(Token(kind, text[begin:offset], begin, offset))
        if rest := text[offset:].lstrip(_SPACE):
            self.stray(len(text) - len(rest))
        tokens.append(Token("end", "", len(text), len(text)))
        return tokens

    def stray(self, offset: int) -> NoReturn:
        self.explain(about_character(self.text, offset))

    def advance(self) -> Token:
        token = self.token
        self.position += 1
        self.token = self.tokens[min(self.last, self.position)]
        return token

    def at(self, text: str) -> bool:
        return self.token.text == text and self.token.kind in ("operator", "name")

    def expect(self, text: str, context: str) -> Token:
        if not self.at(text):
            self.unexpected(f"expected `{text}` {context}")
        return self.advance()

    # --- failures

    def fail(self, code: str, message: str, help_: str, start: int, end: int = 0) -> NoReturn:
        where = self.locate(start, max(1, (end or start + 1) - start))
        raise ExpressionError([Diagnostic(code, message, help_, where)])

    def explain(self, habit: Habit) -> NoReturn:
        self.fail(*habit)

    def unexpected(self, expected: str, help_: str = "") -> NoReturn:
        token = self.token
        if token.kind != "string" and not help_:
            complete = expected == _COMPLETE and token.text not in {*_SPELLINGS, "not"}
            if habit := about_word(self.text, token.start, token.end, complete=complete):
                self.explain(habit)
        if token.text in _SPELLINGS and token.kind in ("operator", "name"):
            self.fail(
                "spelling",
                f"`{token.text}` is not an operator here",
                f"write `{_SPELLINGS[token.text]}`",
                token.start,
                token.end,
            )
        if token.text == "not" and self.tokens[self.position + 1].text == "in":
            self.fail(
                "spelling",
                "`not in` is not an operator here",
                "write `!(a in b)`",
                token.start,
                token.end,
            )
        if token.kind == "end":
            message, help_ = f"the expression ends too early, {expected}", ""
            if not self.text.strip():
                message, help_ = "the expression is empty", "write a condition, or remove it"
            self.fail("expression-syntax", message, help_, max(0, token.start - 1), token.end)
        message = f"unexpected `{token.text}`, {expected}"
        self.fail("expression-syntax", message, help_, token.start, token.end)

    # --- expressions

    def parse(self) -> Node:
        node = self.expression(0)
        if self.token.kind != "end":
            self.unexpected(_COMPLETE)
        if len(self.tokens) > MAX_DEPTH and tree.depth(node) > MAX_DEPTH:  # a token, a level
            self.too_deep(node.start)
        return node

    def too_deep(self, start: int) -> NoReturn:
        self.fail(
            "expression-limit",
            f"an expression is nested more than {MAX_DEPTH} levels deep",
            "give its parts names under `conditions`",
            start,
        )

    def expression(self, binding: int) -> Node:
        self.level += 1
        if self.level > MAX_DEPTH:
            self.too_deep(self.token.start)
        node = self.unary()
        while True:
            operator = self.token.text
            strength = _BINDING.get(operator, 0) if self.token.kind in ("operator", "name") else 0
            if strength > binding:
                self.advance()
                node = self.binary(operator, node, self.expression(strength))
            elif operator == "?" and self.token.kind == "operator" and binding < 1:
                node = self.choice(node)
            else:
                self.level -= 1
                return node

    def binary(self, operator: str, left: Node, right: Node) -> Node:
        if operator in ("&&", "||"):
            kind: type[tree.And | tree.Or] = tree.And if operator == "&&" else tree.Or
            items = [*left.items, right] if isinstance(left, kind) else [left, right]
            return kind(left.start, right.end, items)
        return tree.Call(left.start, right.end, operator, [left, right])

    def choice(self, condition: Node) -> Node:
        self.advance()
        then = self.expression(1)
        self.expect(":", "between the two results of `? :`")
        otherwise = self.expression(0)
        return tree.Choice(condition.start, otherwise.end, condition, then, otherwise)

    def unary(self) -> Node:
        token = self.token
        if token.kind != "operator" or token.text not in ("!", "-"):
            return self.postfix(self.primary())
        self.level += 1
        if self.level > MAX_DEPTH:
            self.too_deep(token.start)
        self.advance()
        signed = self.token.kind == "number" and self.token.text[-1] not in "uU"
        if token.text == "-" and signed:
            node = self.postfix(self.number(self.advance(), negative=token))
        else:
            operand = self.unary()
            if token.text == "!":
                node = tree.Not(token.start, operand.end, operand)
            else:
                node = tree.Call(token.start, operand.end, "negate", [operand])
        self.level -= 1
        return node

    def postfix(self, node: Node) -> Node:
        while True:
            if self.at("."):
                self.advance()
                node = self.member(node)
            elif self.at("["):
                self.advance()
                function = "[?]" if self.takes_optional() else "[]"
                index = self.expression(0)
                end = self.expect("]", "after an index").end
                node = tree.Call(node.start, end, function, [node, index])
            else:
                return node

    def takes_optional(self) -> bool:
        """Skip the `?` of `.?name`, `[?index]`, `[?item]` and `{?key: value}`, if it is there."""
        optional = self.at("?")
        if optional:
            self.advance()
        return optional

    def member(self, operand: Node) -> Node:
        optional = self.takes_optional()
        token = self.token
        if token.kind != "quoted" and (token.kind != "name" or token.text in _KEYWORDS):
            self.unexpected(f"expected a name after `{'.?' if optional else '.'}`")
        self.advance()
        if token.kind == "quoted" or optional or not self.at("("):
            name = token.text.strip("`")
            select = tree.Select(operand.start, token.end, operand, name)
            return tree.OptionalSelect(operand.start, token.end, select) if optional else select
        if isinstance(operand, tree.Name) and operand.name == "cel" and token.text == "bind":
            return self.bind(operand.start, token)
        if token.text in MACROS and self.is_macro():
            return self.comprehension(operand, token)
        args, end = self.arguments()
        return tree.Call(operand.start, end, f".{token.text}", [operand, *args])

    def arguments(self) -> tuple[list[Node], int]:
        self.expect("(", "before arguments")
        items = self.items(")")
        return items, self.tokens[self.position - 1].end

    def items(self, close: str) -> list[Node]:
        """Read expressions between commas, up to and including *close*."""
        found: list[Node] = []
        while not self.at(close):
            start = self.token.start
            optional = close == "]" and self.takes_optional()
            item = self.expression(0)
            found.append(tree.OptionalItem(start, item.end, item) if optional else item)
            if not self.at(close):
                self.expect(",", f"or `{close}`")
                if self.at(close) and close == ")":
                    self.unexpected("expected another argument")
        self.advance()
        return found

    # --- macros

    def is_macro(self, after: int = 1) -> bool:
        """Look ahead: `.map(x, …)` with a plain name first is a macro, else a function."""
        following = self.tokens[self.position + after : self.position + after + 2]
        return len(following) == 2 and following[0].kind == "name" and following[1].text == ","

    def comprehension(self, source: Node, macro: Token) -> Node:
        allowed = MACROS[macro.text]
        two = 2 in allowed.variables and self.is_macro(3)
        self.advance()  # the parenthesis
        names = [self.variable() for _ in range(1 + two)]
        bodies = self.nested(macro)
        end = self.tokens[self.position - 1].end
        if 1 + two not in allowed.variables or len(bodies) not in allowed.expressions:
            named = "two variables" if 1 not in allowed.variables else "a variable"
            self.fail(
                "expression-syntax",
                f"`{macro.text}` takes {named} and an expression",
                f"write `{allowed.written}`",
                macro.start,
                end,
            )
        if two and names[0] == names[1]:
            message = f"both variables of `{macro.text}` are called `{names[0]}`"
            self.fail("expression-syntax", message, "choose another name", macro.start, macro.end)
        return tree.Comprehension(
            source.start,
            end,
            "exists_one" if macro.text == "existsOne" else macro.text,  # type: ignore[arg-type]
            source,
            names[0],
            bodies[-1],
            bodies[0] if len(bodies) == 2 else None,
            names[1] if two else None,
        )

    def bind(self, start: int, macro: Token) -> Node:
        name, parts = "", []
        if self.is_macro():
            self.advance()  # the parenthesis
            name, parts = self.variable(), self.nested(macro)
        if len(parts) != 2:
            self.fail(
                "expression-syntax",
                "`cel.bind` takes a variable, its value and an expression",
                "write `cel.bind(x, 1 + 2, x * x)`",
                start,
                macro.end,
            )
        return tree.Bind(start, self.tokens[self.position - 1].end, name, *parts)

    def variable(self) -> str:
        """Read the name of a variable and the comma behind it."""
        token = self.advance()
        if token.text in _KEYWORDS or token.text in _RESERVED:
            self.fail(
                "expression-syntax",
                f"`{token.text}` cannot be the name of a variable",
                "choose another name",
                token.start,
                token.end,
            )
        self.advance()
        return token.text

    def nested(self, macro: Token) -> list[Node]:
        """Read the expressions of a macro, which do not nest without end."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(
                "expression-limit",
                f"more than {MAX_NESTING} comprehensions are nested in one another",
                "compute part of it in the application, or split the condition",
                macro.start,
                macro.end,
            )
        found = self.items(")")
        self.nesting -= 1
        return found

    def function(self, token: Token, name: str, start: int) -> Node:
        args, end = self.arguments()
        if name == "has":
            if len(args) != 1 or not isinstance(args[0], tree.Select):
                self.fail(
                    "expression-syntax",
                    "`has` takes one field",
                    "write `has(customer.email)`",
                    token.start,
                    end,
                )
            return tree.Present(start, end, args[0])
        if name == "default" and len(args) == 2:
            return tree.Default(start, end, args[0], args[1])
        return tree.Call(start, end, name, args)

    # --- what stands alone

    def primary(self) -> Node:
        token = self.token
        if token.kind == "number":
            return self.number(self.advance())
        if token.kind == "string":
            self.advance()
            return tree.Literal(token.start, token.end, self.string(token))
        if token.kind == "name":
            return self.name(self.advance())
        match token.text:
            case "(":
                self.advance()
                node = self.expression(0)
                if self.at(","):
                    help_ = "write a list as `['a', 'b']`"
                    self.unexpected("expected `)` to close `(`", help_)
                end = self.expect(")", "to close `(`").end
                node.start, node.end = token.start, end
                return node
            case "[":
                self.advance()
                items = self.items("]")
                return tree.ListOf(token.start, self.tokens[self.position - 1].end, items)
            case "{":
                return self.map_literal()
            case ".":
                self.advance()
                if self.token.kind != "name":
                    self.unexpected("expected a name after `.`")
                return self.name(self.advance(), leading=token)
        return self.unexpected("expected a value")

    def name(self, token: Token, leading: Token | None = None) -> Node:
        start = leading.start if leading else token.start
        if not leading and token.text in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[token.text]
            return tree.Literal(start, token.end, value)
        if not leading and token.text == "not" and not self.at("("):
            self.fail("spelling", "`not` is not an operator here", "write `!`", start, token.end)
        if token.text in _RESERVED or token.text in _KEYWORDS:
            self.fail(
                "expression-syntax",
                f"`{token.text}` is a reserved word",
                "put a declared name or a value here",
                start,
                token.end,
            )
        if self.at("("):  # a function stands in the root namespace, with a leading dot or without
            return self.function(token, token.text, start)
        return tree.Name(start, token.end, f".{token.text}" if leading else token.text)

    def map_literal(self) -> Node:
        start = self.advance().start
        keys: list[Node] = []
        values: list[Node] = []
        while not self.at("}"):
            token, optional = self.token, self.takes_optional()
            keys.append(self.expression(0))
            self.expect(":", "after the key of a map")
            value = self.expression(0)
            values.append(tree.OptionalItem(token.start, value.end, value) if optional else value)
            if not self.at("}"):
                self.expect(",", "or `}` in a map")
        end = self.advance().end
        return tree.MapOf(start, end, keys, values)

    def number(self, token: Token, negative: Token | None = None) -> Node:
        text = token.text.lower()
        start = negative.start if negative else token.start
        sign = -1 if negative else 1
        hexadecimal = text.startswith("0x")
        if not hexadecimal and ("." in text or "e" in text):
            value = sign * float(text)
            if value in (float("inf"), float("-inf")):
                message = "the number does not fit a double"
                self.fail("bad-literal", message, "", start, token.end)
            return tree.Literal(start, token.end, value)
        unsigned = text.endswith("u")
        digits = text.rstrip("u").removeprefix("0x")
        too_long = len(digits) > 30
        whole = 0 if too_long else sign * int(digits, 16 if hexadecimal else 10)
        low, high = (0, UINT_MAX) if unsigned else (-INT_MAX - 1, INT_MAX)
        if too_long or not low <= whole <= high:
            bits = "an unsigned int" if unsigned else "an int"
            message = f"the number does not fit {bits} of 64 bits"
            self.fail("bad-literal", message, "write it as a double: `1e30`", start, token.end)
        return tree.Literal(start, token.end, UInt(whole) if unsigned else whole)

    def string(self, token: Token) -> str | bytes:
        text = token.text
        prefix = text[: re.match("[a-zA-Z]*", text).end()].lower()  # type: ignore[union-attr]
        body = text[len(prefix) :]
        quotes = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
        body = body[quotes:-quotes].replace("\r\n", "\n").replace("\r", "\n")
        as_bytes = "b" in prefix
        if "r" in prefix:
            return body.encode("utf-8", "surrogatepass") if as_bytes else body
        return self.unescape(body, token, as_bytes=as_bytes)

    def unescape(self, body: str, token: Token, *, as_bytes: bool) -> str | bytes:
        out: list[bytes] = []
        for plain, escape in _PARTS.findall(body):
            if plain:
                out.append(plain.encode("utf-8", "surrogatepass"))
                continue
            code = _escape_code(escape)
            numeric = escape[1] in "xX01234567"
            if code is None or (as_bytes and escape[1] in "uU"):
                self.fail(
                    "expression-syntax",
                    f"`{escape}` is not an escape",
                    "write a backslash as `\\\\`",
                    token.start,
                    token.end,
                )
            out.append(bytes([code]) if as_bytes and numeric else chr(code).encode())
        joined = b"".join(out)
        return joined if as_bytes else joined.decode("utf-8", "surrogatepass")


_PARTS = re.compile(
    r"([^\\]+)|(\\(?:[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.))",
    re.DOTALL,
)
_SIMPLE: Final = dict(zip("abfnrtv\\'\"`?", "\a\b\f\n\r\t\v\\'\"`?", strict=True))


def _escape_code(escape: str) -> int | None:
    """Return the code point that an escape stands for, or None when there is none."""
    letter, digits = escape[1], escape[2:]
    if not digits:
        return ord(_SIMPLE[letter]) if letter in _SIMPLE else None
    code = int(digits, 16) if letter in "xXuU" else int(escape[1:], 8)
    return None if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else code
