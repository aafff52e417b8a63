"""docs/reference.md is what the documents say, with a meaning for every key."""

from pathlib import Path
from typing import Any

from nba.book.documents import File, schema
from nba.book.key_reference import key_reference

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"


def test_the_page_is_up_to_date():
    """Whoever changes a document makes the page anew."""
    assert PAGE.read_text(encoding="utf-8") == key_reference(), "run `make reference`"


def test_every_section_stands_on_the_page():
    """By the names that files use."""
    text = key_reference()
    for name, field in File.model_fields.items():
        assert f"| `{field.alias or name}` |" in text
    for name in schema()["$defs"]:
        assert f"](#{_words(name)})" in text or name == "File"


def test_every_key_has_a_meaning():
    """Nothing is left to be guessed, in an editor neither."""
    missing = list(_without_meaning(schema(), ""))
    assert missing == []
    assert not [line for line in key_reference().splitlines() if line.endswith("|  |")]


def _words(name: str) -> str:
    parts = "".join(f" {letter}" if letter.isupper() else letter for letter in name).split()
    return "-".join(parts).lower()


def _without_meaning(part: Any, path: str):
    if isinstance(part, list):
        for each in part:
            yield from _without_meaning(each, path)
    elif isinstance(part, dict):
        for key, inner in part.get("properties", {}).items():
            if not inner.get("description"):
                yield f"{path}/{key}"
        for key, inner in part.items():
            if key in ("properties", "patternProperties", "$defs"):
                for name, each in inner.items():
                    step = f"/{key}/{name}" if key == "$defs" else f"/{name}"
                    yield from _without_meaning(each, path + step)
            elif isinstance(inner, dict | list):
                yield from _without_meaning(inner, path)
