"""A book written as a document is the same book, and its version is the hash of its meaning."""

import copy
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.book.strategies import built, document, documents, shuffled, split

import nba
from nba.book.build import build
from nba.book.documents import schema
from nba.book.dump import to_document
from nba.book.source import parse
from nba.errors import BookError

SOURCE = str(Path(nba.__file__).parents[1])
VALIDATOR = jsonschema.Draft202012Validator(schema())
randoms = st.randoms(use_true_random=False)


@given(documents())
def test_dump_then_load_is_identity(book):
    """The document that a version is the hash of says all that there is to say."""
    first = built(book).book
    dumped = to_document(first)
    second = built(dumped).book
    assert second == first
    assert second.version == first.version
    assert to_document(second) == dumped
    assert not list(VALIDATOR.iter_errors(dumped))


@given(documents(), randoms)
def test_order_is_irrelevant(book, random):
    """The order of files, sections, ids, keys and of lists without one."""
    first = built(book).book
    second = built(*split(random, shuffled(random, book))).book
    assert second == first
    assert second.version == first.version


@given(documents(), randoms)
def test_comments_whitespace_and_names_of_files_are_irrelevant(book, random):
    """And so are the places of rules, and whether a book is written in flow or block style."""
    first = built(book).book
    lines = json.dumps(book, indent=random.choice((1, 2, 7)), ensure_ascii=False).split("\n")
    commented = [
        f"{line}  # a note" if line.endswith(("{", "[", ",")) and random.randrange(3) == 0 else line
        for line in lines
    ]
    plain = json.loads(json.dumps(book))  # nothing in it twice, which YAML would write as an alias
    block = yaml.dump(plain, default_style='"', allow_unicode=True, sort_keys=False, width=50)
    for text in ("\n".join(commented), f"# a note\n\n{_untagged(block)}"):
        second = build([parse(text, "some/other.yaml")]).book
        assert second == first
        assert second.version == first.version


def _untagged(text: str) -> str:
    """Return YAML in which everything is quoted, with numbers and words unquoted again."""
    for tag in ("int", "float", "bool", "null"):
        text = _unquoted(text, f'!!{tag} "')
    return text


def _unquoted(text: str, opening: str) -> str:
    parts = text.split(opening)
    return "".join([parts[0], *(part.replace('"', "", 1) for part in parts[1:])])


def _full_of_rules(found: dict[str, Any]) -> bool:
    sections = ("policies", "decision_points", "kill_switch", "conditions", "scorecards", "scoring")
    treatments = [t for a in found["actions"].values() for t in a["channels"].values()]
    full = all(found[name] for name in sections) and found["scoring"]["weights"]
    says = any(t.get("say") for t in treatments)
    return bool(full and says and len(found["arbitration"]["tiers"]) > 1 and found.get("household"))


def _full_of_contact(found: dict[str, Any]) -> bool:
    sections = ("calendars", "budgets", "outcomes", "attribution", "on_store_failure")
    policy, actions = found.get("contact_policy", {}), found["actions"].values()
    full = all(found.get(name) for name in sections) and policy.get("limits")
    of_actions = ("gesture", "once_per", "takes", "do_within", "keep_for")
    acts = all(any(action.get(key) for action in actions) for key in of_actions)
    return bool(full and policy.get("suppress") and acts)


@pytest.fixture(scope="module", params=[_full_of_rules, _full_of_contact])
def rich(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The document of a book with something in every section."""
    random = Random(3)
    while True:
        found = to_document(built(document(random)).book)
        if request.param(found):
            return found


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of everything in a document that is no mapping and no list."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


OTHERS = {
    "book": ("random_2",),
    "currency": ("USD",),
    "timezone": ("Europe/Paris",),
    "household": ("customer.name",),
    "kind": ("offer", "guidance"),
    "direction": ("inbound", "outbound"),
    "valid_from": ("2024-07-07",),
    "valid_until": ("2027-07-07",),
    "title": ("another title",),
    "text": ("another text",),
    "name": ("another name",),
    "open": ("05:05-06:06", "always", "office"),
    "closed": ("2027-07-07",),
    "week_start": ("monday", "sunday"),
    "rolling": ("77min",),
    "calendar": ("day", "month"),
    "counts": ("decided", "resolved"),
    "per": ("customer.timezone", "book"),
    "on_limit": ("drop", "defer"),
    "same": ("any", "issue"),
    "after": ("resolved",),
    "otherwise": ("rejected", "complained"),
    "means": ("complained",),
    "if_unaffordable": ("drop", "next_rung"),
    **dict.fromkeys(("within", "for", "confirm_within", "reserve_for"), ("77min",)),
    **dict.fromkeys(("do_within", "keep_for", "not_again_within", "reach"), ("77min",)),
}


def changed(value: Any, path: tuple[str | int, ...]) -> tuple[Any, ...]:
    """Return other values of the same kind; some may not be allowed where the first one was."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return value + 1, value / 2
    key = next(str(step) for step in reversed(path) if isinstance(step, str))
    key = "open" if "calendars" in path and "open" in path else key
    return ("77 %",) if value.endswith("%") else OTHERS.get(key, ("false", "0.125"))


def test_every_part_of_the_document_changes_the_version(rich):
    """A value, a title, a wording, a lever, a date, a bound: whatever is dumped has a meaning."""
    version = built(rich).book.version
    tried, untried, unchanged = 0, [], []
    for path in leaves(rich):
        for other in changed(_at(rich, path), path):
            book = copy.deepcopy(rich)
            _at(book, path[:-1])[path[-1]] = other
            try:
                found = built(book).book.version
            except BookError:
                continue  # not allowed there
            if other != _at(rich, path):
                tried += 1
                if found == version:
                    unchanged.append((path, other))
                break
        else:
            untried.append(path)
    assert not unchanged
    assert len(untried) < tried / 2, untried


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def test_what_has_no_meaning_does_not_change_the_version(rich):
    """Tests, owners, and spellings of the same."""
    version = built(rich).book.version
    test = {"name": "a test", "expect": {"action": "none"}}
    assert built({**rich, "owner": "customer service", "tests": [test]}).book.version == version
    assert built(rich, {"owner": "sales", "tests": [test]}).book.version == version


BASE: dict[str, Any] = {
    "format": 1,
    "book": "care",
    "timezone": "Europe/Dublin",
    "context": {"customer": {"age": "int", "value": "number", "vip": "bool"}},
    "channels": {"email": {}, "phone": {}},
    "issues": {"care": {}},
    "groups": {"care/one": {}},
}
ACTION = {"title": "x", "group": "care/one", "kind": "offer"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"channels": ["email", "phone"]}, {"channels": {"phone": None, "email": {}}}),
        ({"channels": ["email"], "value": "2"}, {"channels": ["email"], "value": " ( 2 ) "}),
        ({"channels": ["email"], "lever": "20 %"}, {"channels": ["email"], "lever": "+20.0%"}),
        ({"channels": ["email"]}, {"channels": ["email"], "enabled": True, "tags": []}),
        ({"channels": ["email"], "value": 3}, {"channels": {"email": {"value": 3}}}),
        ({"channels": ["email"], "say": "Hi"}, {"channels": ["email"], "say": [{"text": "Hi"}]}),
        (
            {"channels": ["email"], "eligible": "customer.vip"},
            {"channels": ["email"], "eligible": [{"all": ["(customer.vip)"]}]},
        ),
        (
            {"channels": ["email"], "valid_until": "2026-06-30"},
            {"channels": ["email"], "valid_until": "2026-06-30T23:00:00Z"},
        ),
    ],
)
def test_the_same_meaning_has_the_same_version(one, other):
    """Short forms, defaults, spaces and parentheses say nothing of their own."""
    first, second = (built({**BASE, "actions": {"a": {**ACTION, **a}}}).book for a in (one, other))
    assert first == second
    assert first.version == second.version


@given(documents())
def test_the_version_is_the_hash_of_the_document(book):
    """As anybody can work it out who has the document, whichever way it is written here."""
    found = built(book).book
    text = json.dumps(to_document(found), sort_keys=True, ensure_ascii=False)
    assert found.version == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_version_is_short_and_the_same_in_every_process(rich, tmp_path):
    """People say it to each other, and a log is read where it was not written."""
    version = built(rich).book.version
    assert re.fullmatch("[0-9a-f]{16}", version)
    (tmp_path / "book.json").write_text(json.dumps(rich, ensure_ascii=False), encoding="utf-8")
    code = (
        "import pathlib\n"
        "from nba.book.build import build\n"
        "from nba.book.source import parse\n"
        "text = pathlib.Path('book.json').read_text(encoding='utf-8')\n"
        "print(build([parse(text, 'book')]).book.version)\n"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": SOURCE}
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == version
