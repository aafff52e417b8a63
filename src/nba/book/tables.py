"""Decision tables: documents and sheets to inputs, rows and what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any, Final, NoReturn

from nba.book import cells, documents
from nba.book.expressions import Expressions
from nba.book.findings import At, Findings, short
from nba.book.model import Action
from nba.book.rules import Expression
from nba.book.selectors import Anything
from nba.book.sheet import Sheet, beside
from nba.book.table import NO_ACTION, Cell, Given, Input, Output, Row, Table
from nba.errors import Place, did_you_mean
from nba.lang import tree
from nba.lang.types import BOOL, DOUBLE, DYN, STRING, EnumType, Type

__all__ = ["Tables", "Written", "check_named", "written_lines"]

MAX_ROWS: Final = 1_000
MAX_COLUMNS: Final = 40
MAX_VALUES: Final = 20_000  # that the cells of all tables of a book name
_TYPES: Final[Mapping[str, Type]] = {"number": DOUBLE, "string": STRING, "bool": BOOL}
#: What others call a kind of output, and what to write here.
_OTHER_KINDS: Final = {
    "double": "number",
    "int": "number",
    "float": "number",
    "money": "number",
    "text": "string",
    "str": "string",
    "boolean": "bool",
    "actions": "action",
    "enum": "{enum: [low, high]}",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A row as it was written: the text of cells by column, each with its place."""

    cells: Mapping[str, tuple[str, Place]]
    place: Place


class Tables:
    """Builds decision tables. *actions* are the ids that the book has.

    *sound* are the ids of the tables that have no mistake.
    """

    def __init__(
        self, sheets: Mapping[str, Sheet], actions: frozenset[str], zone: tzinfo, findings: Findings
    ) -> None:
        self.sheets = sheets
        self.actions = actions
        self.zone = zone
        self.findings = findings
        self.sound: set[str] = set()
        self.values = 0  # in all cells so far
        unknown = isinstance(actions, Anything)
        choices = EnumType("string", values=(*sorted(actions), NO_ACTION))
        self.choices: Type = STRING if unknown else choices

    # --- columns

    def outputs(self, document: documents.Table, at: At) -> tuple[Output, ...]:
        """Return the columns of what rows give."""
        here = at / "outputs"
        if not document.outputs and not here.faulty:
            message, help_ = "a table needs an output", "add `outputs: {Action: action}`"
            self.findings.report("missing-key", message, help_, here.place)
        found = [self.output(name, value, here / name) for name, value in document.outputs.items()]
        chooses = [output for output in found if output.kind == "action"]
        for output in chooses[1:]:
            message = f"`{chooses[0].name}` and `{output.name}` are both actions"
            help_ = "a table chooses one action: make two tables of it"
            self.findings.report("wrong-value", message, help_, (here / output.name).key_place)
        if chooses and NO_ACTION in self.actions and not isinstance(self.actions, Anything):
            message = f"an action called `{NO_ACTION}` cannot be told from none in a table"
            self.findings.report("wrong-value", message, "rename the action", here.key_place)
        return tuple(sorted(found, key=lambda output: output.name))  # their order means nothing

    def output(self, name: str, value: Any, at: At) -> Output:
        """Return one column of what rows give; a faulty one has the type `dyn`."""
        if not (name.isidentifier() and name.isascii()):
            message = f"`{short(name)}` cannot be the name of an output"
            help_ = "use letters, digits and `_`, as in `table.next_step.Amount`"
            self.findings.report("wrong-value", message, help_, at.key_place)
            return Output(name, "string", (), DYN)
        if value == "action":
            return Output(name, "action", (), self.choices)
        if isinstance(value, str) and value in _TYPES:
            return Output(name, value, (), _TYPES[value])  # type: ignore[arg-type]
        values = value.get("enum") if isinstance(value, dict) and len(value) == 1 else None
        if isinstance(values, list) and values and all(isinstance(one, str) for one in values):
            if len(set(values)) == len(values):
                return Output(name, "enum", tuple(values), EnumType("string", values=tuple(values)))
            message = f"a value of `{name}` is listed twice"
            self.findings.report("wrong-value", message, "keep one of them", at.place)
            return Output(name, "string", (), DYN)
        text = value.strip() if isinstance(value, str) else ""
        message = f"`{short(text)}` is no kind of output" if text else f"`{name}` needs a kind"
        help_ = "write `action`, `number`, `string`, `bool` or `{enum: [low, high]}`"
        if text.lower() in _OTHER_KINDS:
            help_ = f"write `{_OTHER_KINDS[text.lower()]}`"
        self.findings.report("wrong-value", message, help_, at.place)
        return Output(name, "string", (), DYN)

    def inputs(
        self, given: Mapping[str, Any], at: At, expressions: Expressions
    ) -> dict[str, Expression | None]:
        """Return what columns ask about, by their names; None for what is wrong."""
        if not given and not at.faulty:
            message, help_ = "a table needs an input", "add `inputs: {Tier: customer.tier}`"
            self.findings.report("missing-key", message, help_, at.place)
        found: dict[str, Expression | None] = {}
        for name, value in given.items():
            found[name] = expressions.expression(value, at / name, (*cells.INPUTS, DYN))
            if not name.strip() or name != name.strip() or name.startswith("#"):
                message = f"`{short(name)}` cannot be the name of a column"
                help_ = "begin it with a letter, and leave no space around it"
                self.findings.report("wrong-value", message, help_, (at / name).key_place)
        return found

    # --- tables

    def table(
        self,
        name: str,
        document: documents.Table,
        at: At,
        outputs: tuple[Output, ...],
        expressions: Expressions,
    ) -> Table:
        """Return a table; *outputs* are its columns of what rows give."""
        before = self.findings.errors
        inputs = self.inputs(document.inputs, at / "inputs", expressions)
        for output in outputs:
            if output.name in inputs:
                message = f"`{output.name}` is an input and an output"
                place = (at / "outputs" / output.name).key_place
                self.findings.report("duplicate-id", message, "rename one of them", place)
        if len(inputs) + len(outputs) > MAX_COLUMNS:
            message = f"a table has up to {MAX_COLUMNS} columns, not {len(inputs) + len(outputs)}"
            self.findings.report("too-large", message, "make several tables of it", at.key_place)
        written = self.written(document, at, [*inputs, *(output.name for output in outputs)])
        if len(written) > MAX_ROWS:
            message = f"a table has up to {MAX_ROWS} rows, not {len(written)}"
            self.findings.report(
                "too-large", message, "make several tables of it", written[MAX_ROWS].place
            )
        known = {name: found for name, found in sorted(inputs.items()) if found is not None}
        rows = self.rows(written[:MAX_ROWS], known, outputs)
        if self.findings.errors == before and not at.faulty:
            self.sound.add(name)
        return Table(
            name,
            document.title,
            document.hit,
            document.no_row,
            tuple(Input(name, found) for name, found in known.items()),
            outputs,
            rows,
            at.key_place,
        )

    def written(self, document: Any, at: At, columns: Sequence[str]) -> list[Written]:
        """Return the rows as they are written here, or in the sheet that is named."""
        if document.rows is not None and document.file is not None:
            message, help_ = "`rows` and `file` exclude each other", "keep one of them"
            self.findings.report("wrong-value", message, help_, (at / "file").key_place)
            return []
        if document.file is not None:
            return written_lines(self.sheets, document.file, at / "file", columns, self.findings)
        if document.rows:
            return list(self.listed(document.rows, at / "rows", columns))
        if not (at / "rows").faulty and not (at / "file").faulty:
            message = "a table needs rows"
            help_ = "add `rows:`, or `file:` with the name of a CSV file"
            self.findings.report("missing-key", message, help_, at.key_place)
        return []

    def listed(
        self, rows: Sequence[Mapping[str, Any]], at: At, columns: Sequence[str]
    ) -> Iterator[Written]:
        """Yield rows that a rule file holds."""
        for number, row in enumerate(rows):
            here = at / number
            found = {}
            for name, value in row.items():
                if name not in columns:
                    message = f"the table has no column `{short(name)}`"
                    help_ = did_you_mean(name, columns)
                    self.findings.report("unknown-key", message, help_, (here / name).key_place)
                    continue
                text = _text(value)
                if text is None:
                    message, help_ = (
                        "a cell is text or a number",
                        "write `gold` or `[gold, bronze]`",
                    )
                    self.findings.report("wrong-value", message, help_, (here / name).place)
                    continue
                found[name] = (text, (here / name).place)
            yield Written(found, here.place)

    def rows(
        self,
        written: Iterable[Written],
        inputs: Mapping[str, Expression],
        outputs: Iterable[Output],
    ) -> tuple[Row, ...]:
        """Return rows, as far as all tables of the book do not name too many values."""
        found: list[Row] = []
        for one in written:
            row = self.row(one, inputs, outputs)
            self.values += sum(len(cell.values) + len(cell.bands) for cell in row.cells if cell)
            if self.values > MAX_VALUES:
                message = f"the cells of the book's tables name more than {MAX_VALUES} values"
                help_ = "a table is for rules: hand in as a field what is known of so many things"
                self.findings.report("too-large", message, help_, one.place)
                break
            found.append(row)
        return tuple(found)

    def row(
        self, written: Written, inputs: Mapping[str, Expression], outputs: Iterable[Output]
    ) -> Row:
        """Return a row; a cell that is wrong is reported."""
        asked = tuple(
            self.read(written, name, partial(self.cell, found.tree.type))
            for name, found in inputs.items()
        )
        gives = tuple(
            self.read(written, output.name, partial(self.given, output)) for output in outputs
        )
        return Row(asked, gives, written.place)

    def read(self, written: Written, column: str, reader: Callable[[str], Any]) -> Any:
        """Return what a cell says, by a *reader*; None where it says nothing, or is wrong."""
        text, place = written.cells.get(column, ("", written.place))
        try:
            return reader(text)
        except cells.CellError as error:
            message = f"{error.message} - in the column `{column}`"
            self.findings.report(error.code, message, error.help, place)
            return None

    def cell(self, kind: Type, text: str) -> Cell | None:
        """Return what a cell of an input asks for."""
        return None if kind == DYN else cells.cell(text, kind, self.zone)

    def given(self, output: Output, text: str) -> Given | None:
        """Return what a cell of an output gives. Raises CellError."""
        text = text.strip()
        if text in ("", "-") or output.type == DYN:
            return None
        if output.kind == "number":
            return cells.number(text)
        if output.kind == "bool":
            return cells.boolean(text)
        text = cells.unquoted(text)
        if output.kind == "action" and text == NO_ACTION:
            return None
        if output.kind == "action" and text not in self.actions:
            _fail(f"there is no action `{short(text)}`", text, self.actions, "unknown-id")
        if output.kind == "enum" and text not in output.values:
            message = f"`{short(text)}` is not one of its values"
            _fail(message, text, output.values, "not-in-enum")
        return text


def _fail(message: str, text: str, known: Iterable[str], code: str) -> NoReturn:
    raise cells.CellError(message, did_you_mean(text, known), code)


def _text(value: Any) -> str | None:
    """Return a cell of a rule file as text; None for what is no cell."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value).removesuffix(".0")
    if isinstance(value, list) and value:
        parts = [_text(item) for item in value]
        return None if None in parts else ", ".join(part for part in parts if part is not None)
    return value if isinstance(value, str) else None


def written_lines(
    sheets: Mapping[str, Sheet],
    file: str,
    at: At,
    columns: Sequence[str],
    findings: Findings,
    *,
    what: str = "table",
) -> list[Written]:
    """Return the rows of the sheet called *file*, which has all these *columns*.

    A row has a cell for each column of the sheet; *what* is kept in it.
    """
    whole = beside(at.source.name, file)
    sheet = sheets.get(whole) if whole else None
    if whole is None:
        message = f"`{short(file)}` is not a CSV file beside this file, or below"
        help_ = "write its name, such as `next_step.csv`, without `..`"
        findings.report("wrong-value", message, help_, at.place)
    elif sheet is None:
        message, help_ = f"there is no file `{whole}`", "check its name"
        findings.report("not-readable", message, help_, at.place)
    if sheet is None:
        return []
    findings.add(sheet.diagnostics)
    for name, entry in sheet.columns.items():
        if name not in columns:
            message = f"the {what} has no column `{short(name)}`"
            help_ = did_you_mean(name, columns)
            if not help_.startswith("did you mean"):
                known = "name it in `inputs` or `outputs`" if what == "table" else "remove it"
                help_ = f"{known}, or begin it with `#` if it is a remark"
            findings.report("unknown-key", message, help_, sheet.place(entry))
    if sheet.columns:
        header = sheet.place(next(iter(sheet.columns.values())))
        for name in columns:
            if name not in sheet.columns:
                message, help_ = f"the file has no column `{short(name)}`", "add it to the header"
                findings.report("missing-key", message, help_, header)
    if sheet.columns and not sheet.lines and not sheet.diagnostics:
        message, help_ = "the file has no rows below its header", "add one"
        findings.report("missing-key", message, help_, header)
    written = []
    for line in sheet.lines:
        place = sheet.place(line)
        found = dict.fromkeys(sheet.columns, ("", place))
        found |= {name: (entry.text, sheet.place(entry)) for name, entry in line.entries.items()}
        written.append(Written(found, place))
    return written


def check_named(
    tables: Mapping[str, Table], actions: Mapping[str, Action], findings: Findings
) -> None:
    """Doubt rows that name an action which nothing makes depend on the table."""
    for table in tables.values():
        output = table.chooses
        if output is None:
            continue
        column, path = table.outputs.index(output), table.path(output)
        named: dict[str, Place] = {}
        for row in table.rows:
            name = row.gives[column]
            if isinstance(name, str):
                named.setdefault(name, row.place)
        for name, place in named.items():
            action = actions.get(name)
            if action is not None and not _depends(action, path):
                message = (
                    f"`{name}` does not say `chosen_by: {table.id}`, so this row changes nothing"
                )
                help_ = f"add `chosen_by: {table.id}` to the action"
                findings.report("wrong-value", message, help_, place, warning=True)


def _depends(action: Action, path: str) -> bool:
    gates = [action.gates, *(treatment.gates for treatment in action.treatments)]
    trees = [condition.tree for one in gates for condition in one.conditions]
    return any(
        isinstance(node, tree.Field) and node.path == path
        for root in trees
        for node in tree.walk(root)
    )
