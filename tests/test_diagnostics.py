"""Every diagnostic code is documented and shown by a case, and nothing else is.

Each code has a heading ### `code` in docs/diagnostics.md and a folder tests/diagnostics/<code>/.
"""

import re
from pathlib import Path

from nba.errors import CODES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "diagnostics.md"
CASES = ROOT / "tests" / "diagnostics"


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
