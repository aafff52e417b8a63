"""Rule files: YAML text to plain data, with the line and column of every node.

The events of libyaml's parser are read in one pass, with a stack of our own: composing a YAML
document recurses in C and dies on deep nesting. Where nodes stand is kept flat, in `_Tree`.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from nba.errors import Diagnostic, Place

__all__ = ["Lines", "Source", "parse"]

MAX_FILE = 8 * 2**20  # bytes
MAX_DEPTH = 64
MAX_NODES = 500_000  # in a file
MAX_DIGITS = 40  # a longer number stays a word: reading one takes quadratic time
MAX_FINDINGS = 100  # in a file; nobody reads more
MAX_RESUMES = 10  # syntax errors in a file; reading goes on at the next section

TOO_LARGE = f"the file is larger than {MAX_FILE >> 20} MiB"
SPLIT = "split it into several files"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_BREAK = r"(?:\r\n|[\r\n\x85\u2028\u2029])"  # what YAML 1.1 parsers fold; editors know fewer
_LINE_END = re.compile(r"\r\n|\r|\n")


class Lines:
    """Turns the index of a character into a line and column."""

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._starts = array("i", [0])
        self._starts.extend(match.end() for match in _LINE_END.finditer(text))

    def line_of(self, index: int) -> int:
        """Return the number of the line that a character stands on."""
        return bisect_right(self._starts, index)

    def place(self, index: int, end: int) -> Place:
        """Return the place of the characters from *index* to *end*, as far as one line goes."""
        line = self.line_of(index)
        start = self._starts[line - 1]
        last = self._starts[line] if line < len(self._starts) else len(self.text)
        shown = self.text[start:last].rstrip("\r\n")
        width = max(1, min(end, start + len(shown)) - index)
        return Place(self.name, line, index - start + 1, shown, width)


@dataclass(frozen=True, slots=True)
class _Tree:
    """Where nodes stand: numbered as they are written, so a value's number is its key's plus 1."""

    starts: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    children: dict[int, Any] = field(default_factory=dict)  # of a collection: its values' numbers


class Source:
    """One rule file: its text, its data, what was found wrong, and where everything stands.

    *data* is plain dicts (keys always strings), lists and scalars; `{}` for an empty file and
    for one that could not be read through.
    """

    __slots__ = ("_lines", "_tree", "data", "diagnostics", "name", "text")

    def __init__(self, reader: _Reader, data: object) -> None:
        self.name, self.text = reader.lines.name, reader.lines.text
        self.data, self.diagnostics = data, reader.findings
        self._lines, self._tree = reader.lines, reader.tree

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Return where the value at *path* of the data stands, or else its nearest parent.

        *key* asks for the place of the key instead of its value's.
        """
        number, keyed, _ = self._find(path)
        if number >= len(self._tree.starts):  # an empty file has no nodes
            return self._lines.place(0, 0)
        if key and keyed:
            number -= 1
        start = self._tree.starts[number]
        end = start if number in self._tree.children else self._tree.ends[number]
        return self._lines.place(start, end)

    def place_in(self, path: Sequence[str | int], offset: int, length: int = 1) -> Place:
        """Return where *length* characters, from *offset* on, of the string at *path* stand.

        The offset counts characters of the value, after YAML's quoting, escapes and folding;
        one past the last is allowed. Without such a string, the answer is `place(path)`.
        """
        number, _, value = self._find(path)
        if not isinstance(value, str) or offset < 0:
            return self.place(path)
        start, end = self._tree.starts[number], self._tree.ends[number]
        origins = _origins(self.text, start, end, len(value))
        if offset >= len(origins):
            return self.place(path)
        return self._lines.place(origins[offset], origins[min(offset + length, len(value))])

    def _find(self, path: Sequence[str | int]) -> tuple[int, bool, object]:
        """Return the number, whether there is a key, and the value; of a parent, no value."""
        number, keyed = 0, False
        value: Any = self.data
        for step in path:
            below = self._tree.children.get(number, ())
            keys = below if isinstance(below, dict) else range(len(below))
            if step not in keys:
                return number, keyed, None
            number, value, keyed = below[step], value[step], keys is below
        return number, keyed, value


_FOLD = rf"(?P<fold>[ \t]*+(?:{_BREAK}[ \t]*+)+)"
_RUN = r"[ \t]++|[^ \t\r\n\x85\u2028\u2029'\\]++|."
_ESCAPED_BREAK = rf"(?P<joint>\\{_BREAK}[ \t]*+(?:{_BREAK}[ \t]*+)*+)"
_ESCAPE = r"(?P<escape>\\(?:x..|u.{4}|U.{8}|.))"
#: by a scalar's first character: the pieces that it is written in
_PIECES = {
    "'": re.compile(f"{_FOLD}|(?P<escape>'')|{_RUN}"),
    '"': re.compile(f"{_FOLD}|{_ESCAPED_BREAK}|{_ESCAPE}|{_RUN}"),
}
_PLAIN_PIECES = re.compile(f"{_FOLD}|{_RUN}")
_BREAKS = re.compile(_BREAK)
_HEADER = rf"[|>](?P<header>[-+0-9]*)[^\r\n]*{_BREAK}"
_BLOCK = re.compile(rf"{_HEADER}(?P<body>)(?:[ \t]*+{_BREAK})*+(?P<indent> *)")
_BLOCK_LINE = re.compile(rf"([^\r\n\x85\u2028\u2029]*+)({_BREAK}|\Z)")


def _origins(text: str, start: int, end: int, length: int) -> list[int]:
    """Return where in *text* each character of a scalar's value stands, and then its end.

    Nothing is returned if the outcome does not have the *length* of the value: YAML has corners.
    """
    attempts: Iterable[list[int]]
    if (block := _BLOCK.match(text, start, end)) is None:
        attempts = [_flow_origins(text, start, end)]
    else:  # an explicit indent counts from the parent's, which is not known here
        indents = range(1, 100) if re.search(r"\d", block["header"]) else [len(block["indent"])]
        attempts = (_block_origins(text, block, end, indent) for indent in indents)
    return next((origins for origins in attempts if len(origins) == length + 1), [])


def _flow_origins(text: str, start: int, end: int) -> list[int]:
    origins: list[int] = []
    pieces = _PIECES.get(text[start:end][:1], _PLAIN_PIECES)
    if pieces is not _PLAIN_PIECES:  # without the quotes
        start, end = start + 1, end - 1
    for piece in pieces.finditer(text, start, end):
        if piece.lastgroup == "escape":
            origins.append(piece.start())
        elif piece.lastgroup is None:
            origins.extend(range(*piece.span()))
        else:  # one break is a space, or nothing after a backslash; the others are kept
            breaks = [found.start() for found in _BREAKS.finditer(text, *piece.span())]
            single_fold = piece.lastgroup == "fold" and len(breaks) == 1
            origins.extend(breaks if single_fold else breaks[1:])
    return [*origins, end]


def _block_origins(text: str, block: re.Match[str], end: int, indent: int) -> list[int]:
    origins: list[int] = []
    breaks: list[int] = []  # since the last line with content
    any_line = blank = False
    for line in _BLOCK_LINE.finditer(text, block.start("body"), end):
        start, stop = line.start() + indent, line.end(1)
        if start < stop:
            before, blank = blank, text[start] in " \t"
            folds = text[block.start()] == ">" and any_line and not before and not blank
            origins += breaks[1:] if folds and len(breaks) > 1 else breaks
            origins += range(start, stop)
            any_line, breaks = True, []
        if line[2]:
            breaks.append(stop)
    keep = len(breaks) if "+" in block["header"] else "-" not in block["header"] and any_line
    origins += breaks[:keep]
    return [*origins, origins[-1] + 1 if origins else block.end("header")]


_WORDS: dict[str, object] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= {"true": True, "True": True, "TRUE": True}
_WORDS |= {"false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_MAY_BE_NO_WORD = frozenset(["", *"~nNtTfF+-.0123456789"])  # by the first character


def _plain_value(word: str) -> object:
    """Return what an unquoted scalar means in the core schema of YAML 1.2."""
    if word in _WORDS:
        return _WORDS[word]
    number = _NUMBER.fullmatch(word)
    if number is None or len(word.lstrip("+-")) > MAX_DIGITS:
        return word
    if number["int"]:
        return int(word, 0) if word[:2] in ("0o", "0x") else int(word)
    return float(word if number["float"] else word.replace(".", ""))


_UNREADABLE = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COMMENT = re.compile(r"(?<![ \t])[ \t]++#")
_SECTION = re.compile(r"^[A-Za-z_][\w-]*:(?=\s)", re.MULTILINE)
#: A string, an opened string, a bracket. A quote after a letter is an apostrophe (but r'…').
_BRACKETS = re.compile(
    r"""(?<!\w)[rRbB]{0,2}(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|(?P<quote>['"]))"""
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])",
    re.DOTALL,
)

_CLOSING = {"'": "'", '"': '"', "[": "]", "{": "}"}
_END = r"""[^\[\](){}"'\n]*"""
_HALF_OPEN = re.compile(rf"\[{_END}\.\.{_END}\)|\({_END}\.\.{_END}\]")  # a range, in a table
_COMMA = re.compile(r"\s*+,")
_EXCLAMATION = re.compile(r"(?<!\S)!\S*\s*$")  # `!(a` in `!(a && b)`, where YAML stops at `&`
_QUOTE = "put the whole expression in quotes, or on a line of its own below `>-`"
_QUOTE_IN_FLOW = "put the whole expression in quotes, or every entry on a line of its own"


def parse(text: str, name: str) -> Source:
    """Return the data of one YAML file, shown to people as *name*, with all findings.

    Never raises on bad content. After a syntax error reading goes on at the next section, a
    key at the start of a line, so that its findings are known too; the data is then `{}`.
    """
    lines = Lines(name, text.removeprefix("\ufeff"))
    first = reader = _Reader(lines, 0)
    data = first.read()
    findings = first.findings
    for _ in range(MAX_RESUMES):
        section = reader.resume and _SECTION.search(lines.text, reader.resume)
        if not section or len(findings) >= MAX_FINDINGS:
            break
        reader = _Reader(lines, section.start())
        reader.read()
        findings += reader.findings
    findings.sort(key=lambda found: (found.where.line, found.where.column) if found.where else ())
    return Source(first, {} if data is None else data)


def _unclosed(expression: str) -> str:
    """Return the bracket or quote that *expression* opens and does not close, or nothing."""
    opened: list[str] = []
    for found in _BRACKETS.finditer(expression):
        if found["quote"]:
            return found["quote"]
        if found["open"]:
            opened.append(found["open"])
        elif found["close"] and opened:
            opened.pop()
    return opened[-1] if opened else ""


class _UnreadableError(Exception):
    """The rest of a file cannot be read; the reason is among the findings."""


class _Reader:
    """Reads a file from the index *base* on: what it says, where it stands, what is wrong."""

    def __init__(self, lines: Lines, base: int) -> None:
        self.lines, self.base = lines, base
        self.text = lines.text[base:]
        self.findings: list[Diagnostic] = []
        self.tree = _Tree()
        self.resume: int | None = None  # after a syntax error, where to look for a section
        self._closed = 0  # the number of the mapping or list that ended last

    def read(self) -> object:
        """Return the data, or None after a finding that makes the file unreadable."""
        try:
            return self._read()
        except yaml.MarkedYAMLError as error:
            self._note_syntax_error(error)
        except ValueError as error:  # the loader in Python lets one escape for `"\U00110000"`
            self._find("yaml-syntax", 0, f"this is not YAML: {error}", "")
        except _UnreadableError:
            pass
        self.tree = _Tree()
        return None

    def _read(self) -> object:
        if len(self.text) > MAX_FILE:
            raise self._stop("too-large", 0, TOO_LARGE, SPLIT)
        if bad := _UNREADABLE.search(self.text):
            message = f"the character U+{ord(bad[0]):04X} is not allowed in YAML"
            help_ = "remove it, or escape it in double quotes"
            raise self._stop("yaml-syntax", bad.start(), message, help_)
        loader = _Loader(self.text)
        try:
            return self._build(loader.get_event)
        finally:
            loader.dispose()

    def _build(self, next_event: Callable[[], Any]) -> object:
        starts, ends, children = self.tree.starts, self.tree.ends, self.tree.children
        hashes = "#" in self.text
        comments = {found.start() for found in _COMMENT.finditer(self.text)} if hashes else set()
        root: list[object] = []
        # The collection being filled: a dict if `in_mapping`, else a list; the same of its spots.
        data: Any = root
        spots: Any = []
        in_mapping = False
        key: str | None = None
        value: object
        outer: list[tuple[Any, Any, bool, int, bool]] = []
        while True:
            event = next_event()
            kind = type(event)
            number = len(starts)
            if kind is events.ScalarEvent:
                start, end = event.start_mark.index, event.end_mark.index
                starts.append(start)
                ends.append(end)
                value = word = event.value
                if event.tag is not None or event.anchor is not None:
                    self._refuse_properties(event)
                if key is None and in_mapping:
                    if word in data:
                        line = self._line(starts[spots[word] - 1])
                        message = f"the key `{word}` is already on line {line}"
                        self._find("duplicate-key", start, message, "keep or rename one", end)
                    if word == "<<" and not event.style:
                        help_ = "write out the keys that were to be merged"
                        self._find("yaml-alias", start, "the merge key `<<` is used", help_, end)
                    key = word
                    continue
                if not event.style:
                    if end in comments:
                        self._look_for_swallowed(word, end)
                    if word[:1] in _MAY_BE_NO_WORD:
                        value = _plain_value(word)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                start = event.start_mark.index
                starts.append(start)
                ends.append(start)
                if event.tag is not None or event.anchor is not None:
                    self._refuse_properties(event)
                if key is None and in_mapping:
                    help_ = "a key is a word; an expression that begins with `{` needs quotes"
                    self.resume = self.base + start + 1
                    raise self._stop("yaml-syntax", start, "this key is not a word", help_)
                if len(outer) == MAX_DEPTH:
                    message = f"the file is nested more than {MAX_DEPTH} levels deep"
                    raise self._stop("too-deep", start, message, "rule files need fewer than ten")
                value = {} if kind is events.MappingStartEvent else []
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                closed = spots
                data, spots, in_mapping, self._closed, in_flow = outer.pop()
                end = ends[self._closed] = event.end_mark.index
                if in_flow:
                    self._look_for_splits(starts[self._closed], end, closed)
                continue
            elif kind is events.AliasEvent:
                value = word = "*" + event.anchor
                starts.append(event.start_mark.index)
                ends.append(event.end_mark.index)
                help_ = f"write out what it stands for; if it begins an expression, {_QUOTE}"
                self._find("yaml-alias", starts[-1], f"the alias `{word}` is used", help_, ends[-1])
                if key is None and in_mapping:
                    key = word
                    continue
            elif kind is events.StreamEndEvent:
                return root[0] if root else {}
            elif kind is events.DocumentStartEvent and root:
                start, help_ = event.start_mark.index, "put it in a file of its own"
                raise self._stop("yaml-documents", start, "a second YAML document begins", help_)
            else:  # the start of the stream, and where the document starts and ends
                continue
            if key is None:
                data.append(value)
                spots.append(number)
            else:
                data[key] = value
                spots[key] = number
                key = None
            if number >= MAX_NODES:
                message = f"the file has more than {MAX_NODES} values"
                raise self._stop("too-large", starts[-1], message, SPLIT)
            if kind is not events.ScalarEvent and kind is not events.AliasEvent:
                outer.append((data, spots, in_mapping, number, event.flow_style))
                in_mapping = kind is events.MappingStartEvent
                data = value
                spots = children[number] = {} if in_mapping else []

    def _find(self, code: str, index: int, message: str, help_: str, end: int = 0) -> None:
        """Note a finding about the characters from *index* to *end*."""
        if len(self.findings) < MAX_FINDINGS:
            where = self.lines.place(self.base + index, self.base + end)
            self.findings.append(Diagnostic(code, message, help_, where))

    def _stop(self, code: str, index: int, message: str, help_: str) -> _UnreadableError:
        self._find(code, index, message, help_)
        return _UnreadableError()

    def _refuse_properties(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None:
            help_ = f"repeat the value where it is needed; if it begins an expression, {_QUOTE}"
            self._find("yaml-alias", start, f"the anchor `&{event.anchor}` is used", help_, end)
        if event.tag is not None:
            help_ = f"if it begins an expression, {_QUOTE}; otherwise leave it out"
            self._find("yaml-tag", start, f"the YAML tag `{event.tag}` is used", help_, end)

    def _look_for_swallowed(self, word: str, end: int) -> None:
        if opening := _unclosed(word):
            message = f"` #` begins a comment, so the `{opening}` in `{_short(word)}` stays open"
            self._find("swallowed-by-comment", self.text.index("#", end), message, _QUOTE)

    def _look_for_splits(self, start: int, end: int, spots: dict[str, int] | list[int]) -> None:
        written = self.text[start:end]
        if not ("(" in written or "'" in written or '"' in written):
            return
        for number in spots.values() if isinstance(spots, dict) else spots:
            begin, stop = self.tree.starts[number], self.tree.ends[number]
            comma = None if number in self.tree.children else _COMMA.match(self.text, stop)
            word = "" if comma is None else self.text[begin:stop]
            if comma and word[:1] not in ("'", '"') and (opening := _unclosed(word)):
                message = f"the comma ends `{_short(word)}`, so its `{opening}` stays open"
                self._find("split-by-comma", comma.end() - 1, message, _QUOTE_IN_FLOW)

    def _line(self, index: int) -> int:
        return self.lines.line_of(self.base + index)

    def _note_syntax_error(self, error: yaml.MarkedYAMLError) -> None:
        at = error.problem_mark.index if error.problem_mark else 0
        since = error.context_mark.index if error.context_mark else at
        index, message, help_ = self._explain(error, at, since)
        self.resume = self.base + index + 1
        # An alias, or a value cut short, often breaks its line as well: once is enough.
        if self._line(index) not in [found.where.line for found in self.findings if found.where]:
            self._find("yaml-syntax", index, message, help_)

    def _explain(self, error: yaml.MarkedYAMLError, at: int, since: int) -> tuple[int, str, str]:
        """Return where a syntax error really is, what is wrong in plain words, and the help."""
        text, problem, context = self.text, error.problem or "", error.context or ""
        sign, opening, in_flow = text[at : at + 1], text[since : since + 1], "flow" in context
        quote = _QUOTE_IN_FLOW if in_flow else _QUOTE
        # The value that ended last is often the one that should not have ended.
        numbers = {self._closed, len(self.tree.starts) - 1} if self.tree.starts else ()
        values = [(self.tree.ends[number], self.tree.starts[number]) for number in numbers]
        stop, begin = max(values, default=(0, 0))
        line, begun = self._line(at), self._line(begin)
        start = at + 1 - self.lines.place(self.base + at, 0).column
        tab = text.find("\t", start, at + 1)

        if tab >= 0 and not text[start:tab].strip(" "):
            return tab, "a tab indents this line", "indent with spaces"
        end = at + len(text[at:].partition("\n")[0])
        if span := _HALF_OPEN.match(text, since) or _HALF_OPEN.search(text, start, end):
            return span.start(), f"the range `{_short(span[0])}` needs quotes", f'write "{span[0]}"'
        if sign in (">", "|") and "any token" in problem:
            return at, f"a value without quotes cannot begin with `{sign}`", quote
        if opening in (">", "|") and "block scalar" in context:
            return since, f"a value without quotes cannot begin with `{opening}`", quote
        if sign == "-" and "sequence entries" in problem:
            help_ = "put it in quotes, or leave the key out"
            return at, "a `-` after a key begins a list, which stands on lines of its own", help_
        if sign in ("@", "`", "%") or opening in ("*", "&", "!"):
            exclamation = _EXCLAMATION.search(text, start, since)
            first = exclamation.start() if exclamation else since
            return first, f"a value without quotes cannot begin with `{text[first]}`", quote
        if sign in ("]", "}"):
            return at, f"there is nothing that this `{sign}` closes", f"remove it, or {quote}"
        if begin < stop <= at and text[begin] in _CLOSING and not text[stop:at].strip(" \t"):
            closing, rest = _CLOSING[text[begin]], _short(text[at:].partition("\n")[0].strip())
            if begun < line:
                message = f"the `{text[begin]}` that opens here is closed on line {line} only"
                return begin, message, f"close it on its own line; if it is meant, {quote}"
            if rest:
                message = f"the value ends at its closing `{closing}`, but `{rest}` follows"
                other = {"'": "double quotes", '"': "single quotes"}.get(closing, "quotes")
                return begin, message, quote.replace("quotes", other)
        if sign in ("[", "{") and in_flow:
            message = f"a value without quotes cannot contain `{sign}` inside `{{ }}` and `[ ]`"
            return at, message, quote
        if sign == ":" and begun == line:
            return at, "a value without quotes cannot contain a colon and a space", quote
        if sign == ":" and not in_flow:
            message = f"the line continues the value that begins on line {begun}, and has a `:`"
            return at, message, "indent the key as much as the keys beside it"
        if "escape" in problem or "hexdecimal" in problem:
            return at, "YAML has no such escape", "in single quotes a backslash is just itself"
        unfinished = line > self._line(since) or not text[at:].strip()
        if unfinished and opening in _CLOSING and (in_flow or "quoted" in context):
            message = f"the `{opening}` that opens here is not closed"
            return since, message, f"add the `{_CLOSING[opening]}`; mind that ` #` begins a comment"
        if "could not find expected ':'" in problem:
            return since, "this is neither `key: value` nor `- item`", "add the colon, or the dash"
        return at, f"this is not YAML: {problem}", "look for wrong indentation or a missing quote"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
