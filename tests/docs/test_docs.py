r"""The documentation is true: what it shows is run, and what it points at exists.

Fenced blocks of README.md and docs/**/*.md run in order, file by file, in a copy of `rules/` and
`examples/`:

- `python`: run in one namespace for the whole file; with `>>>` prompts, as a doctest.
- `console`: lines that start with `$ ` are commands (lines with `> `, or after a `\`, go on with
  them); what follows is their output, where `...` stands for anything. A command without output
  must succeed. `sh` and `bash`: the whole block is a script that must succeed. None is run that
  calls make, pip, git clone or their like; but the targets of make that the page names must exist.
- `yaml`: must be YAML; `yaml wrong` is a mistake shown on purpose.
"""

import doctest
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")))
    if page.exists()
]
RUN = [page for page in PAGES if page.name != "CONTRIBUTING.md"]  # it speaks of files to be

FENCE = re.compile(r"^( *)(`{3,})(.*)$")
NEEDS_A_MACHINE = re.compile(
    r"(?:^|[;&|(]|\bsudo )\s*(?:[\w./-]*/)?"
    r"(?:make|pipx?|uvx?|git clone|python3? -m (?:venv|pip)|docker|curl|nba serve)\b",
    re.MULTILINE,
)
MAKE = re.compile(r"(?:^|[`;&|]|\$ )\s*make((?: +[\w=./\"'-]+)+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)")
MARK = "@@nba-docs@@"
FLAGS = doctest.ELLIPSIS
PATIENCE = 300  # seconds for one block


class Block(NamedTuple):
    """A fenced block: its language, the rest of its first line, its text, and its first line."""

    language: str
    info: str
    text: str
    line: int


class Command(NamedTuple):
    """A command of a console block and the output shown for it, if any."""

    text: str
    shown: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    start: tuple[str, str, int] | None = None
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if start is None:
            if fence:
                start, body = (fence[2], fence[3].strip(), number), []
        elif fence and fence[2].startswith(start[0]) and not fence[3].strip():
            language, _, info = start[1].partition(" ")
            yield Block(language, info, textwrap.dedent("\n".join(body)) + "\n", start[2] + 1)
            start = None
        else:
            body.append(line)
    if start is not None:
        pytest.fail(f"the block that starts on line {start[2]} is not closed")


def commands(text: str) -> list[Command]:
    """Return the commands of a console block, each with the output shown under it."""
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
            continue
        assert found, f"a console block starts with a command, not with {line!r}"
        command, output = found[-1]
        if not output and (f"{line} ".startswith("> ") or command[-1].endswith("\\")):
            command.append(f"{line} ".removeprefix("> ").removesuffix(" "))
        else:
            output.append(line.rstrip())
    return [Command("\n".join(c), "\n".join(o).strip("\n")) for c, o in found]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    lines = text.splitlines()
    for block in blocks(text):
        count = block.text.count("\n")
        lines[block.line - 2 : block.line + count] = [""] * (count + 2)
    return "\n".join(lines)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, as a reader has it: rules, examples, and `nba` on the path."""
    work, programs = tmp_path / "work", tmp_path / "bin"
    work.mkdir()
    programs.mkdir()
    for name in ("rules", "examples"):
        if (ROOT / name).exists():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, work / name, ignore=ignore)
    nba = programs / "nba"
    nba.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nba "$@"\n', encoding="utf-8")
    nba.chmod(0o755)
    path = [str(programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    source = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(source))
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # output and errors in the order they are written
    monkeypatch.setenv("PYTHONUTF8", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(work)
    return work


def shell(script: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run *script* in *place*, output and errors in one stream."""
    return subprocess.run(
        [shutil.which("bash") or "sh", "-c", script],
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def run_script(block: Block, where: str, place: Path) -> None:
    """Run a block that is one script; it must succeed."""
    if NEEDS_A_MACHINE.search(block.text):
        return
    done = shell("set -e\n" + block.text, place)
    assert done.returncode == 0, f"{where}: exit code {done.returncode}\n{done.stdout}"


def run_console(block: Block, where: str, place: Path) -> None:
    """Run a block of commands in one shell, and compare the output that is shown."""
    shown = commands(block.text)
    if any(NEEDS_A_MACHINE.search(command.text) for command in shown):
        return
    after = f"\n__code=$?; printf '\\n{MARK}%s\\n' $__code; (exit $__code)\n"
    done = shell("".join(command.text + after for command in shown), place)
    parts = re.split(rf"\n{MARK}(\d+)\n", done.stdout)
    outputs, codes = parts[0::2], [int(code) for code in parts[1::2]]
    assert len(codes) == len(shown), f"{where}: the shell stopped early\n{done.stdout}"
    for command, output, code in zip(shown, outputs, codes, strict=False):
        got = "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")
        if not command.shown:
            assert code == 0, f"{where}: `{command.text}` ended with {code}\n{got}"
        elif not doctest.OutputChecker().check_output(command.shown, got, FLAGS):
            pytest.fail(
                f"{where}: `{command.text}` shows something else.\n"
                f"--- in the docs\n{command.shown}\n--- in truth\n{got}"
            )


def run_python(block: Block, where: str, page: Path, namespace: dict[str, Any]) -> None:
    """Run a block of Python in the page's namespace, as a doctest where it has prompts."""
    if re.search(r"^\s*>>> ", block.text, re.MULTILINE):
        test = doctest.DocTestParser().get_doctest(
            block.text, namespace, where, str(page), block.line - 1
        )
        report: list[str] = []
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
        assert not report, "".join(report)
        namespace.update(test.globs)
        return
    padded = "\n" * (block.line - 1) + block.text  # so that a traceback names the page's line
    exec(compile(padded, str(page), "exec"), namespace)  # noqa: S102 - our own documentation


def run_page(page: Path, place: Path) -> None:
    """Run every block of *page*, in order."""
    namespace: dict[str, Any] = {"__name__": "__docs__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        if block.language == "python":
            run_python(block, where, page, namespace)
        elif block.language == "console":
            run_console(block, where, place)
        elif block.language in ("sh", "bash", "shell"):
            run_script(block, where, place)
        elif block.language == "yaml" and block.info != "wrong":
            try:
                list(yaml.safe_load_all(block.text))
            except yaml.YAMLError as error:
                pytest.fail(f"{where}: not YAML: {error}")


def modules(folder: Path = ROOT / "src" / "nba", prefix: str = "nba.") -> Iterator[str]:
    """Yield the name of every module of the package but `__main__`, without importing any."""
    for info in pkgutil.iter_modules([str(folder)]):
        if info.name != "__main__":
            yield prefix + info.name
        if info.ispkg:
            yield from modules(folder / info.name, f"{prefix}{info.name}.")


def name_of(page: Path) -> str:
    """Return what a test about *page* is called."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_what_a_page_shows_is_true(page: Path, place: Path):
    """A reader who types what the page shows gets what the page shows."""
    run_page(page, place)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_make_targets_a_page_names_exist(page: Path):
    """No page sends a reader to a command that is gone."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = MAKE.findall(page.read_text(encoding="utf-8"))
    words = {word for words in named for word in words.split() if re.fullmatch("[a-z]+", word)}
    missing = sorted(words - set(TARGET.findall(makefile)))
    assert not missing, f"{page.name} names targets that the Makefile lacks: {missing}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_files_a_page_links_to_exist(page: Path):
    """No link inside the project leads nowhere."""
    links = LINK.findall(prose(page.read_text(encoding="utf-8")))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing, f"{page.name} links to files that are not there: {missing}"


@pytest.mark.parametrize("name", ["nba", *modules()])
def test_the_examples_of_a_module_are_true(name: str):
    """A docstring's example gives what it says."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "nba":
            raise
        pytest.skip(f"needs {error.name}, which is not installed")
    failed, _ = doctest.testmod(module, optionflags=FLAGS)
    assert not failed, f"{failed} examples of {name} are wrong; the report is above"


def page_of(tmp_path: Path, text: str) -> Path:
    """Write a page for a test of this file's own machinery."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```\n\n```python\nassert x == 1\n```\n",
        "```python\n>>> x = 2\n>>> x\n2\n```\n\n```python\nassert x == 2\n```\n",
        "```console\n$ echo one\none\n$ echo two; false\ntwo\n```\n",
        "```console\n$ printf 'a\\nb\\nc\\n'\na\n...\nc\n$ cat <<END\n> text\n> END\ntext\n```\n",
        "```console\n$ export WORD=kept\n$ echo $WORD \\\n  on\nkept on\n```\n",
        "```console\n$ false; echo; echo end >&2\n\nend\n$ (exit 3); echo $?\n3\n```\n",
        "```console\n$ make nothing\n```\n\n```sh\npip install nothing\n```\n",
        "- in a list\n\n  ```python\n  assert True\n  ```\n",
        "```yaml\na: [1, 2]\n```\n\n```yaml wrong\na: [1\n```\n",
        "````text\n```python\nraise\n```\n````\n",
    ],
)
def test_true_pages_pass(text: str, tmp_path: Path, place: Path):
    """Every form that a page may use is understood."""
    run_page(page_of(tmp_path, text), place)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert False\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ false\n```\n",
        "```console\n$ exit 0\n$ echo on\n```\n",
        "```console\nno command\n```\n",
        "```sh\nfalse\ntrue\n```\n",
        "```yaml\na: [1\n```\n",
        "```python\nx = 1\n",
    ],
)
def test_untrue_pages_fail(text: str, tmp_path: Path, place: Path):
    """What a page shows wrongly is found out, whatever its form."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run_page(page_of(tmp_path, text), place)
