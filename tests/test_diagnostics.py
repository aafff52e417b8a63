"""Every diagnostic code is documented and shown by a case, and nothing else is.

Each code has a heading ### `code` in docs/diagnostics.md and a folder tests/diagnostics/<code>/
with one case, or with a folder for each of several. A case is a folder of rule files, to which
base.yaml is added as book.yaml unless the case has its own; and expected.txt, the exact text of
all that is found. `case.json` is a case that the book is asked about; `limits.json` replaces
limits that are too large for a case; `failing.json` says with which words the store or the
profile provider fails while the case is decided. NBA_UPDATE=1 writes expected.txt anew: read the
difference.

The codes of lint have two cases at least: what it finds, and, called `quiet`, something like it in
which nothing is found. They stand in sound.yaml, a book in which lint finds nothing.
"""

import ast
import json
import os
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

from nba.author.lint import lint
from nba.author.lint.allowed import without_allowed
from nba.book.build import Built, build
from nba.book.findings import in_order
from nba.book.folder import read_folder
from nba.engine import Engine
from nba.engine.profiles import Profiles
from nba.errors import CODES, BookError, Diagnostic, StoreError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "diagnostics.md"
CASES = ROOT / "tests" / "diagnostics"
SOURCE = ROOT / "src" / "nba"

#: Functions that take a code, by name.
REPORTERS = frozenset(
    {
        *("Diagnostic", "report", "say", "mismatch", "fail", "wrong"),
        *("_find", "_stop", "_about_file", "_wrong", "doubt"),
    }
)


def documented() -> list[str]:
    """Return the codes that have a heading in the docs, in the page's order."""
    if not PAGE.exists():
        return []
    return re.findall(r"^### `([^`]+)`\s*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def shown() -> list[str]:
    """Return the codes that have a folder with something in it."""
    if not CASES.exists():
        return []
    return sorted(path.name for path in CASES.iterdir() if path.is_dir() and any(path.iterdir()))


def emitted(folder: Path = SOURCE) -> set[str]:
    """Return every code that the source hands to something that reports."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in REPORTERS:
                strings = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                found |= {text for text in strings if text in CODES}
    return found


def test_every_code_has_a_heading_in_the_docs():
    """A code is what people search for, so the search must find it."""
    missing = [code for code in CODES if code not in documented()]
    assert not missing, f"no heading ### `code` in docs/diagnostics.md for: {', '.join(missing)}"


def test_every_heading_in_the_docs_is_a_code():
    """The docs explain each code once, and none that can no longer appear."""
    codes = documented()
    stale = [code for code in codes if code not in CODES]
    assert not stale, f"docs/diagnostics.md explains what is no code: {', '.join(stale)}"
    twice = sorted({code for code in codes if codes.count(code) > 1})
    assert not twice, f"docs/diagnostics.md has two headings for: {', '.join(twice)}"


def test_every_code_has_a_case_folder():
    """The text of a diagnostic is part of the product, so a case holds it."""
    missing = [code for code in CODES if code not in shown()]
    assert not missing, f"no folder with a case in tests/diagnostics/ for: {', '.join(missing)}"


def test_every_case_folder_is_a_code():
    """A case for a code that is gone tests nothing."""
    stale = [code for code in shown() if code not in CODES]
    assert not stale, f"tests/diagnostics/ has folders that are no code: {', '.join(stale)}"


def test_every_code_is_emitted_somewhere():
    """A code that nothing emits is noise in the docs."""
    unused = sorted(CODES.keys() - emitted())
    assert not unused, f"nothing in src/nba reports: {', '.join(unused)}"


#: The codes of lint.
LINTED = emitted(SOURCE / "author" / "lint")


def test_every_code_of_lint_has_a_case_that_is_quiet():
    """What lint says of a good book is worse than what it misses in a bad one."""
    missing = [code for code in sorted(LINTED) if not (CASES / code / "quiet").is_dir()]
    assert not missing, f"no folder `quiet` in tests/diagnostics/ for: {', '.join(missing)}"


# The cases


def cases() -> list[str]:
    """Return the paths of all cases below tests/diagnostics/."""
    folders = [path for path in CASES.rglob("*") if path.is_dir()]
    with_files = [path for path in folders if any(inner.is_file() for inner in path.iterdir())]
    return sorted(path.relative_to(CASES).as_posix() for path in with_files)


def found_in(case: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Diagnostic]:
    """Return what is found in a case, copied to `rules` in *folder*."""
    rules = folder / "rules"
    shutil.copytree(case, rules, ignore=shutil.ignore_patterns("expected.txt", "*.json"))
    bare = not any(rules.glob("*.yaml")) and not (case / "case.json").exists()
    linted = case.relative_to(CASES).parts[0] in LINTED
    if not bare and not (rules / "book.yaml").exists():
        shutil.copy(CASES / base(linted), rules / "book.yaml")
    monkeypatch.chdir(folder)
    if (case / "limits.json").exists():
        for name, limit in json.loads((case / "limits.json").read_text()).items():
            module, _, constant = name.partition(".")
            monkeypatch.setattr(import_module(f"nba.book.{module}"), constant, limit)
    try:
        sources = read_folder("rules")
        book, found = build(sources)
    except BookError as error:
        return list(error.diagnostics)
    if linted:
        return in_order(without_allowed([*found, *lint(book)], sources))
    if (case / "failing.json").exists():
        engine = failing(Built(book, found), **json.loads((case / "failing.json").read_text()))
        decision = engine.decide("c-1", **json.loads((case / "case.json").read_text()))
        found += list(decision.diagnostics)
    elif (case / "case.json").exists():
        found += book.shape.read(json.loads((case / "case.json").read_text()))[1]
    return found


def base(linted: bool) -> str:
    """Return the name of the book that a case stands in."""
    return "sound.yaml" if linted else "base.yaml"


class Failing:
    """A store, or a profile provider, that can do nothing but fail."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str):
        def fail(*_: object, **__: object):
            raise self.error

        return fail


def failing(built: Built, store: str | None = None, profiles: str | None = None) -> Engine:
    """Open an engine whose store or profile provider fails with these words."""
    return Engine(
        built,
        store=None if store is None else Failing(StoreError(store)),
        profiles=None if profiles is None else Profiles(Failing(ConnectionError(profiles))),
    )


def expected(case: Path) -> str:
    """Return the text that a case expects."""
    file = case / "expected.txt"
    return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.mark.parametrize("name", cases())
def test_a_case_gives_exactly_its_diagnostics(name, tmp_path, monkeypatch):
    """Place, message, source line, caret, help: all of it is what authors of rules read."""
    case = CASES / name
    found = found_in(case, tmp_path, monkeypatch)
    text = "\n\n".join(diagnostic.render() for diagnostic in found) + "\n"
    if case.name == "quiet":
        assert not found, text
        return
    if os.environ.get("NBA_UPDATE") == "1":
        (case / "expected.txt").write_text(text, encoding="utf-8")
    assert text == expected(case)
    assert name.partition("/")[0] in {diagnostic.code for diagnostic in found}


def examples() -> list[tuple[str, str, str]]:
    """Return every YAML example of the page: its code, `wrong` or nothing, and its text."""
    found = []
    for section in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        code = section[1 : section.index("`", 1)]
        blocks = re.findall(r"^```yaml *(\w*)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        found += [(code, kind, text) for kind, text in blocks]
    return found


@pytest.mark.parametrize(("code", "kind", "text"), examples())
def test_the_examples_of_the_page_are_what_it_says(code, kind, text, tmp_path):
    """Beside base.yaml a wrong one gives its code and no other, a right one nothing."""
    shutil.copy(CASES / base(code in LINTED), tmp_path / "book.yaml")
    (tmp_path / "example.yaml").write_text(text, encoding="utf-8")
    try:
        sources = read_folder(tmp_path)
        book, found = build(sources)
        if code in LINTED:
            found = without_allowed([*found, *lint(book)], sources)
    except BookError as error:
        found = list(error.diagnostics)
    assert {diagnostic.code for diagnostic in found} == ({code} if kind == "wrong" else set())


#: Words of the implementation, and of libraries that it uses.
INTERNAL = re.compile(
    r"\b(pydantic|yaml\.|dict|NoneType|str|float|tuple|Input should|valid (string|number|integer)"
    r"|ValidationError|Traceback|object at 0x|node|token|AST|overload)\b"
)


@pytest.mark.parametrize("name", cases())
def test_a_diagnostic_is_written_in_the_house_style(name, tmp_path, monkeypatch):
    """Lower-case start, no final period, one line, the concepts of the language."""
    for found in found_in(CASES / name, tmp_path, monkeypatch):
        for text in (found.message, found.help):
            assert not text[:1].isupper(), text
            assert not text.endswith("."), text
            assert "\n" not in text, text
            assert text.count("`") % 2 == 0 or "`" in str(found.where and found.where.text), text
            assert not INTERNAL.search(re.sub(r"`[^`]*`|'[^']*'", "", text)), text
        assert found.message
