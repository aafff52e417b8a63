"""The layering of the package: who may import whom, no circles, no file that grows without end.

The imports are read from the source, wherever they stand: one inside a function, or one that is
there for types only, is a dependency like any other.
"""

import ast
import graphlib
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[1] / "src" / "nba"
PAGE = SOURCE.parents[1] / "docs" / "architecture.md"

#: A package may import those before it, and nothing after it.
ORDER = (
    "errors",
    "windows",
    "money",
    "lang",
    "book",
    "journey",
    "decide",
    "state",
    "record",
    "engine",
    "author",
    "server",
    "client",
    "cli",
    "__main__",
)

LONGEST = 600  # lines

#: What says what things mean, and what computes the same fast.
LITERAL = (
    *("nba.lang.reference", "nba.journey.reference", "nba.journey.passages"),
    *("nba.journey.literal_signals", "nba.decide.reference", "nba.decide.derived"),
)
FAST = frozenset(
    {
        *(f"nba.lang.{name}" for name in ("python", "code", "runtime")),
        *(f"nba.journey.{name}" for name in ("signals", "moments", "corridors", "reading")),
        *(f"nba.decide.{name}" for name in ("plan", "index", "stages", "deriving", "scoring")),
    }
)


class Import(NamedTuple):
    """One import of a module of ours: who, whom, and where it stands."""

    importer: str
    imported: str
    where: str


def files() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = ["nba", *path.relative_to(SOURCE).with_suffix("").parts]
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


def imports(sources: dict[str, tuple[str, bool]]) -> Iterator[Import]:
    """Yield every import of ours in *sources*: for each module, its text and if it is a package."""
    for importer, (text, is_package) in sources.items():
        for node in ast.walk(ast.parse(text)):
            for name in _named_by(node, importer, is_package=is_package):
                if name == "nba" or name.startswith("nba."):
                    line = getattr(node, "lineno", 0)
                    imported = _module_of(name, sources)
                    yield Import(importer, imported, f"{importer} (line {line})")


def _named_by(node: ast.AST, importer: str, *, is_package: bool) -> list[str]:
    """Return the dotted names that *node* imports, as far as it is an import at all."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = importer.split(".")
            above = parts[: len(parts) - node.level + is_package]
            base = ".".join([*above, base] if base else above)
        return [f"{base}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else None
        called = node.func.id if isinstance(node.func, ast.Name) else called
        first = node.args[0]
        if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
            return [str(first.value)]
    return []


def _module_of(name: str, modules: dict[str, tuple[str, bool]]) -> str:
    """Return the module that the dotted *name* is, or is in: `nba.errors.Place` is in nba.errors.

    `nba.__version__` stands for itself, because anybody may ask for it.
    """
    if name == "nba.__version__":
        return name
    while name not in modules and "." in name:
        head = name.rpartition(".")[0]
        if head == "nba":  # a module that is not there (yet), or a name of the public face
            return name if name.split(".")[1] in ORDER else head
        name = head
    return name


def layer(module: str) -> str:
    """Return the package that *module* belongs to: `lang` for `nba.lang.syntax`."""
    return module.split(".")[1]


def breaches(sources: dict[str, tuple[str, bool]]) -> list[str]:
    """Return a sentence for each import in *sources* that goes against the order."""
    wrong = []
    for importer, imported, where in imports(sources):
        if importer == "nba" or imported == "nba.__version__":
            continue
        if imported == "nba":
            wrong.append(f"{where} imports the public face `nba`: import the module itself")
        elif ORDER.index(layer(imported)) > ORDER.index(layer(importer)):
            wrong.append(
                f"{where} imports {imported}, but `{layer(importer)}` stands before "
                f"`{layer(imported)}` and may not know it"
            )
    return wrong


def circles(sources: dict[str, tuple[str, bool]]) -> list[str]:
    """Return, for each package of *sources* that has circular imports, one of its circles."""
    inside: dict[str, dict[str, set[str]]] = {}
    for importer, imported, _ in imports(sources):
        if "nba" in (importer, imported) or layer(importer) != layer(imported):
            continue
        if importer != imported:
            inside.setdefault(layer(importer), {}).setdefault(importer, set()).add(imported)
    found = []
    for name, graph in inside.items():
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            circle = [module for module, _ in groupby(reversed(error.args[1]))]
            found.append(f"`{name}`: {' imports '.join(circle)}")
    return found


def ours() -> dict[str, tuple[str, bool]]:
    """Return the text of every module of the package, and whether it is a package itself."""
    return {
        name: (path.read_text(encoding="utf-8"), path.name == "__init__.py")
        for name, path in files().items()
    }


def test_every_module_has_its_place_in_the_order():
    """A new file at the top must be given a place, or the rule would not reach it."""
    strangers = sorted({layer(name) for name in files() if name != "nba"} - set(ORDER))
    assert not strangers, f"not in ORDER of {Path(__file__).name}: {strangers}; give them a place"


def test_packages_import_only_those_before_them():
    """Knowledge flows one way, so that each package can be read knowing only those before it."""
    wrong = breaches(ours())
    assert not wrong, "imports against the order:\n  " + "\n  ".join(wrong)


def test_no_package_has_circular_imports():
    """Modules of one package have an order too, though none is written down."""
    found = circles(ours())
    assert not found, "circular imports:\n  " + "\n  ".join(found)


def test_no_file_is_too_long():
    """A file has one reason to exist; one that keeps growing has found a second."""
    lengths = {
        str(path.relative_to(SOURCE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files().values()
    }
    long = [f"{name}: {count} lines" for name, count in lengths.items() if count > LONGEST]
    assert not long, f"over {LONGEST} lines, split by what they are for:\n  " + "\n  ".join(long)


def test_the_reference_knows_nothing_of_the_fast_path():
    """Else one mistake could be in both, and comparing them would not show it."""
    sources = ours()
    imported: dict[str, set[str]] = {}
    for importer, other, _ in imports(sources):
        imported.setdefault(importer, set()).add(other)
    assert sources.keys() >= {*LITERAL, *FAST}
    for name in LITERAL:
        reached, waiting = {name}, [name]
        while waiting:
            new = imported.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        assert sorted(reached & FAST) == [], name


def test_every_file_has_its_question():
    """The page says which question each file answers, and names no file that is not there."""
    told = _told_files()
    for package, names in told.items():
        there = {path.name for path in (SOURCE / package).glob("*.py")} - {"__init__.py"}
        untold = [one for one in there if not any(fnmatch(one, name) for name in names)]
        gone = [name for name in names if not any(fnmatch(one, name) for one in there)]
        assert (sorted(untold), sorted(gone)) == ([], []), f"{package}/ in {PAGE.name}"
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert told.keys() == packages - {"cli"}  # which has a file for each command


def _told_files() -> dict[str, set[str]]:
    """Return the names of Python files in the table of the page, by package."""
    found: dict[str, set[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        head = line.split("|")[1] if line.startswith("|") else ""
        if (package := re.fullmatch(r" \*\*`(\w+)/`\*\* ", head)) and package[1] != "cli":
            names = found[package[1]] = set()
        elif found and "**" not in head:
            names |= set(re.findall(r"`([\w*]+\.py)`", head))
    return found


def test_a_breach_is_seen_wherever_it_hides():
    """The rule holds for every way to write an import, or somebody will find the one it misses."""
    hidden = (
        "import nba.cli",
        "from nba import cli",
        "from nba.cli import main",
        "from ..cli import main",
        "from .. import cli",
        "def f():\n    from nba.cli import main",
        "if TYPE_CHECKING:\n    from nba.cli import main",
        "importlib.import_module('nba.cli')",
        "from nba import Engine",
        "import nba",
        "from .. import Engine",
    )
    for text in hidden:
        sources = {"nba": ("", True), "nba.lang": ("", True), "nba.lang.check": (text, False)}
        assert len(breaches(sources)) == 1, text


def test_imports_downwards_are_no_breach():
    """What the rule allows stays allowed, the version of the package included."""
    text = "import os\nfrom nba import __version__, errors\nfrom ..errors import Place\n"
    sources = {
        "nba": ("from nba.lang import check", True),
        "nba.errors": ("", False),
        "nba.lang": ("from nba.lang.check import check", True),
        "nba.lang.check": (text + "from .types import INT\nfrom . import syntax", False),
        "nba.lang.syntax": ("", False),
        "nba.lang.types": ("", False),
    }
    assert breaches(sources) == []
    assert circles(sources) == []


def test_a_circle_is_named_in_full():
    """Whoever closes a circle is told the whole way round."""
    sources = {
        "nba.lang.check": ("from nba.lang.types import INT", False),
        "nba.lang.types": ("def f():\n    from nba.lang import check", False),
    }
    (found,) = circles(sources)
    assert found in (
        "`lang`: nba.lang.check imports nba.lang.types imports nba.lang.check",
        "`lang`: nba.lang.types imports nba.lang.check imports nba.lang.types",
    )
