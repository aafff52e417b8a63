"""A report: what it says, written as text for a terminal or as Markdown for a pull request."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["ROWS", "Item", "Listing", "Report", "Table", "first", "left_out", "share", "signed"]

Cell = str | int
#: An item of a list; of several texts, all but the first stand below it.
Item = str | tuple[str, ...]
#: Rows of a table that people read.
ROWS: Final = 30
WIDTH: Final = 100  # of lines of text, where they can be broken
#: What Markdown would take for a sign of its own, in text that came from data.
_SIGNS: Final = re.compile(r"([\\|<>*\[\]])|([\r\n\t]+)")
_WORD: Final = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a header; columns of numbers are ranged right. *more* stands below it."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Items below a line that leads to them."""

    title: str
    items: Sequence[Item]


Block = str | Table | Listing


@dataclass(slots=True)
class Report:
    """A title, and sections of paragraphs, tables and lists."""

    title: str
    sections: list[tuple[str, list[Block]]] = field(default_factory=list)

    def add(self, heading: str, *blocks: Block) -> None:
        """Add a section; one without a heading goes on with what was before."""
        kept = [one for one in blocks if one and not (isinstance(one, Table) and not one.rows)]
        if kept:
            self.sections.append((heading, kept))

    def text(self) -> str:
        """Return the report as text for a terminal."""
        lines = [self.title]
        for heading, blocks in self.sections:
            if heading:
                lines += ["", heading, "-" * len(heading)]
            for number, block in enumerate(blocks):
                lines += [*([""] if number or not heading else []), *_as_text(block)]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return the report as Markdown, as GitHub and GitLab read it."""
        lines = [f"## {_escaped(self.title)}"]
        for heading, blocks in self.sections:
            if heading:
                lines += ["", f"### {_escaped(heading)}"]
            for block in blocks:
                lines += ["", *_as_markdown(block)]
        return "\n".join(lines)


def first(
    header: tuple[str, ...], rows: Sequence[Sequence[Cell]], most: int = ROWS, noun: str = ""
) -> Table:
    """Return a table of the first rows; below it stands how many more there are of a *noun*."""
    more = f"And {len(rows) - most:,} more{' ' * bool(noun)}{noun}." if len(rows) > most else ""
    return Table(header, rows[:most], more)


def left_out(reasons: Counter[str]) -> Iterator[Listing]:
    """Yield why cases could not be decided, if any could not."""
    if reasons:
        items = [f"{count:,}: {reason}" for reason, count in reasons.most_common(ROWS)]
        number = reasons.total()
        cases = f"{number:,} case{'' if number == 1 else 's'}"
        yield Listing(f"{cases} could not be decided:", items)


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent, `-` where there is no whole.

    >>> share(1, 8), share(1, 3000), share(0, 0)
    ('12.5 %', '<0.1 %', '-')
    """
    if not whole:
        return "-"
    percent = 100 * part / whole
    return "<0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def signed(number: int) -> str:
    """Return a difference with its sign, `0` for none."""
    return f"{number:+,}" if number else "0"


def _shown(cell: Cell) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell


def _numeric(table: Table, column: int) -> bool:
    """Tell whether a column holds numbers: it is then ranged right."""
    cells = [row[column] for row in table.rows]
    return all(
        isinstance(cell, int) or re.fullmatch(r"[-+<]?[\d.,]*( %| [A-Z]{3})?", cell)
        for cell in cells
    )


def _items(block: Listing) -> Iterator[tuple[int, str]]:
    """Yield the texts of a list, each with how deep it stands."""
    for item in block.items:
        for number, text in enumerate((item,) if isinstance(item, str) else item):
            yield min(number, 1), text


def _as_text(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield block
        return
    if isinstance(block, Listing):
        yield block.title
        for depth, text in _items(block):
            yield from textwrap.wrap(
                text,
                WIDTH,
                initial_indent="  " + "    " * depth,
                subsequent_indent="    " + "    " * depth,
                break_long_words=False,
                break_on_hyphens=False,
            ) or [""]
        return
    rows = [block.header, *(tuple(map(_shown, row)) for row in block.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [_numeric(block, column) for column in range(len(widths))]
    for row in rows:
        cells = [
            cell.rjust(width) if ranged else cell.ljust(width)
            for cell, width, ranged in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()
    if block.more:
        yield block.more


def _as_markdown(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield _escaped(block)
        return
    if isinstance(block, Listing):
        yield _escaped(block.title)
        yield ""
        yield from (f"{'  ' * depth}- {_escaped(text)}" for depth, text in _items(block))
        return
    yield _row(block.header)
    yield _row(["---:" if _numeric(block, n) else "---" for n in range(len(block.header))])
    yield from (_row([_escaped(_shown(cell)) for cell in row]) for row in block.rows)
    if block.more:
        yield ""
        yield _escaped(block.more)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    r"""Return text of which Markdown reads nothing but words between backticks.

    >>> _escaped("a|b <b> `code | x`")
    'a\\|b &lt;b&gt; `code \\| x`'
    """
    found, last = [], 0
    for word in _WORD.finditer(text):
        found += [_plain(text[last : word.start()]), word[0].replace("|", "\\|")]
        last = word.end()
    return "".join([*found, _plain(text[last:])])


def _plain(text: str) -> str:
    return _SIGNS.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    if match[2]:
        return " "
    return {"<": "&lt;", ">": "&gt;"}.get(match[1], f"\\{match[1]}")
