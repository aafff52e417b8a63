"""The shape of rule files: every fault with its place, and the rest still usable."""

import copy
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.book.strategies import document

from nba.book import documents
from nba.book.build import build
from nba.book.documents import schema
from nba.book.findings import At
from nba.book.source import parse
from nba.book.validation import _STAND_INS, validated
from nba.errors import BookError, Diagnostic

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(schema())
RULES = [*sorted(ROOT.glob("rules/**/*.yaml")), *sorted(ROOT.glob("examples/**/rules/**/*.yaml"))]


def read(text: str) -> tuple[documents.File, At, list[Diagnostic]]:
    """Return the document of a text, its position, and what is wrong."""
    source = parse(text, "f.yaml")
    assert source.diagnostics == []
    return validated(source)


def messages(text: str) -> list[str]:
    """Return what is wrong with the shape of a text."""
    return [diagnostic.message for diagnostic in read(text)[2]]


def test_a_file_without_faults_is_read_as_it_is():
    """And what it does not say has its default."""
    found, _, problems = read("book: care\nchannels: {email: {cost: 4}}\n")
    assert problems == []
    assert found.book == "care"
    assert found.channels["email"].cost == 4.0
    assert found.actions == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", ["a rule file must be a mapping of sections, such as `actions:`"]),
        ("5\n", ["a rule file must be a mapping of sections, such as `actions:`"]),
        ("actons: {}\n", ["there is no section `actons`"]),
        ("actions: {a: {title: x}}\n", [f"the action `a` needs `{k}`" for k in ("group", "kind")]),
        ("issues: {a: 5}\n", ["the issue `a` must be a mapping, not `5`"]),
        ("issues: 5\n", ["`issues` must be a mapping, not `5`"]),
        ("issues: {a: {lever: 5}}\n", ["`lever` must be a percentage, not `5`"]),
        ("issues: {a: {lever: five}}\n", ["`lever` must be a percentage, not `five`"]),
        ("issues: {a: {tags: [1, b]}}\n", ["item 1 of `tags` must be text, not `1`"]),
        ("issues: {a: {enabled: 1}}\n", ["`enabled` must be `true` or `false`, not `1`"]),
        ("issues: {a-b: {}}\n", ["`a-b` cannot be an id"]),
        ("groups: {a/b/c: {}}\n", ["`a/b/c` cannot be the id of a group"]),
        ("channels: {a: {cost: '4'}}\n", ["`cost` must be a number, not `4`"]),
        ("channels: {a: {cost: true}}\n", ["`cost` must be a number, not `true`"]),
        ("channels: {a: {cost: .nan}}\n", ["`cost` must be a finite number, not `nan`"]),
        ("decision_points: {a: {show: 1.5}}\n", ["`show` must be a whole number, not `1.5`"]),
        ("decision_points: {a: {show: 101}}\n", ["`show` must be at most 100, not `101`"]),
        ("kill_switch: [a, {covers: 5}]\n", None),
        ("scoring: [a]\n", ["`scoring` must be a mapping, not a list"]),
        ("scoring: {weights: [{}]}\n", ["this weight needs `add`"]),
        ("context: {other: {}}\n", ["`other` is not a part of the context"]),
        ("format: '1'\n", ["`format` cannot be `1`"]),
        ("format: true\n", ["`format` cannot be `true`"]),
        ("tests: [{name: x}]\n", ["this test needs `expect`"]),
        ("policies: {a: {block_when: x, covers: {tag: 5}}}\n", ["`tag` must be a list, not `5`"]),
        ("title: " + "x" * 90 + "\nbook: " + "Y" * 90 + "\n", None),
    ],
)
def test_what_is_said(text, expected):
    """In the words of rule books."""
    found = messages(text)
    assert found
    if expected is not None:
        assert [m for m in found if "needs `channels`" not in m] == expected
    for message in found:
        assert len(message) < 160
        assert not re.search(r"pydantic|dict|Input|valid string|None\b", message)


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("issues: {a: {lever: 5}}", "write `5 %`"),
        ("issues: {a: {lever: 0.2}}", "write `20 %`"),
        ("issues: {a: {lever: true}}", "write `20 %`"),
        ("issues: {a: {tags: x}}", "write `tags: [x]`"),
        ("issues: [care]", "write `care:` and what there is to say about it below"),
        ("title: 5", "put it in quotes"),
        ("channels: {a: {direction: inbount}}", "did you mean `inbound`?"),
        ("kill_switch: {}", "begin each item with `- `"),
        ("channels: {a: }", "write `a: {}` if there is nothing to say about it"),
        ("scorecards: {a: }", "write one, or remove the key"),
        ("issues: {a: {valid_until: 2026}}", "write one such as `2026-03-01`"),
        ("issues: {a: {enabled: no}}", "write `false` without quotes"),
        ("channels: {a: {cost: 0,06}}", "write `0.06`: a comma ends a value"),
        ("channels: {a: {cost: 1,100}}", "write `1100`: a comma ends a value"),
    ],
)
def test_help_says_what_to_write(text, help_):
    """As far as one can know."""
    (problem,) = read(f"{text}\n")[2]
    assert problem.help == help_


def test_faults_in_lists_are_found_at_their_places_and_the_rest_stays():
    """Cutting an item does not shift the places of those after it."""
    text = """\
scoring:
  weights:
    - 5
    - {add: 20 %}
    - {add: 20}
    -
    - {add: 30 %, adds: 5}
    - {add: 40 %, covers: {issue: 7}}
"""
    found, at, problems = read(text)
    assert sorted(d.where.line for d in problems if d.where) == [3, 5, 6, 7, 8]
    assert found.scoring is not None
    assert [weight.add for weight in found.scoring.weights] == ["20 %", "0 %", "30 %", "40 %"]
    weights = at / "scoring" / "weights"
    lines = [(weights / place).place.line for place in range(4)]
    assert lines == [4, 5, 7, 8]
    assert (weights / 3 / "covers").faulty
    assert not (weights / 2 / "covers").faulty
    assert (weights / 2 / "add").place.column == 13


def test_what_is_left_of_a_faulty_part_is_read():
    """A missing title does not hide what else an action says."""
    found, at, problems = read("actions: {a: {kind: offr, value: customer.x, channels: [email]}}\n")
    assert len(problems) == 3
    action = found.actions["a"]
    assert (action.value, list(action.channels)) == ("customer.x", ["email"])
    assert (at / "actions" / "a" / "kind").faulty
    assert (at / "actions" / "a" / "title").faulty
    assert not (at / "actions" / "a" / "channels").faulty


def test_a_misspelt_key_is_not_missing_as_well():
    """One mistake, one diagnostic."""
    assert messages("actions: {a: {titel: x, group: a/b, kind: offer, chanels: [b]}}\n") == [
        "`titel` is not a key of an action",
        "`chanels` is not a key of an action",
    ]


def test_every_required_key_has_a_stand_in():
    """So that a document with a missing key can be read all the same."""
    models = [getattr(documents, name) for name in documents.__all__ if name[0].isupper()]
    required = {
        field.alias or name
        for model in models
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    assert required <= _STAND_INS.keys()


@pytest.mark.parametrize(
    "text",
    [
        "actions: {a: {channels: {email: , phone: ~}}}\n",
        "tests: [{name: x, expect: {}, customer: {age: , consent: {email: ~}, notes: [~]}}]\n",
    ],
)
def test_where_nothing_means_something(text):
    """A channel without more to say, and what is unknown in a test."""
    assert not [message for message in messages(text) if "no value" in message]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=True)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of everything inside a document."""
    items: Any = []
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(found for key, inner in items for found in places(inner, (*path, key)))]


@given(st.randoms(use_true_random=False), VALUES)
def test_any_value_anywhere_is_a_diagnostic_or_allowed(random, value):
    """A valid book with one part replaced by anything, or left out, never crashes a build.

    What the schema for editors refuses, building refuses too.
    """
    book = document(random)
    path = random.choice([path for path in places(book) if path])
    owner = book
    for step in path[:-1]:
        owner = owner[step]
    if random.randrange(4) == 0:
        del owner[path[-1]]
    elif isinstance(owner, dict) and random.randrange(4) == 0:
        owner[random.choice(("", "x", "A", "title"))] = owner.pop(path[-1])
    else:
        owner[path[-1]] = copy.deepcopy(value)
    text = yaml.dump(book, default_style='"', allow_unicode=True)
    text = re.sub(r'!!(?:int|float|bool|null) "([^"]*)"', r"\1", text)
    source = parse(text, "f.yaml")
    refused = bool(source.diagnostics) or bool(list(VALIDATOR.iter_errors(source.data)))
    try:
        build([source])
    except BookError as error:
        for found in error.diagnostics:
            assert found.where is None or found.where.line <= text.count("\n") + 1
            assert not re.search(r"pydantic|Input should", found.message)
    else:
        assert not refused


# The schema for editors


def _inside(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_schema_allows_the_rules_that_ship(file):
    """Every rule file of the project."""
    assert list(VALIDATOR.iter_errors(parse(file.read_text(encoding="utf-8"), "f").data)) == []


def test_the_schema_is_one():
    """By its own standard; and it has no nulls, since a key without a value is an error."""
    jsonschema.Draft202012Validator.check_schema(schema())
    whole = schema()
    nulls = [path for path in places(whole) if _inside(whole, path) == "null"]
    or_null = ("anyOf", 1, "type")
    channels = ("$defs", "Action", "properties", "channels", "anyOf", 1)
    events = ("properties", "events", "patternProperties", "^[a-z][a-z0-9_]*$")
    assert nulls == [(*channels, "additionalProperties", *or_null), (*events, *or_null)]


@pytest.mark.parametrize(
    "text",
    [
        "acions: {}\n",
        "actions: {a: {title: x, group: a/b, kind: offer, channels: [c], elegible: x}}\n",
        "actions: {a: {title: x, group: a/b, kind: offer, channels: {c: {valeu: 1}}}}\n",
        "actions: {a: {title: x, group: a, kind: offer, channels: [c]}}\n",
        "actions: {a: {title: x, group: a/b, kind: ofer, channels: [c]}}\n",
        "actions: {a: {group: a/b, kind: offer, channels: [c]}}\n",
        "actions: {A: {title: x, group: a/b, kind: offer, channels: [c]}}\n",
        "issues: {a: {lever: 20}}\n",
        "issues: {a: {title: }}\n",
        "issues: {a: {eligible: {and: [x]}}}\n",
        "issues: {a: {eligible: [{not: []}]}}\n",
        "policies: {a: {covers: {region: x}, block_when: x}}\n",
        "policies: {a: {covers: {tag: x}}}\n",
        "scoring: {weights: [{add: 20}]}\n",
        "context: {custmer: {}}\n",
    ],
)
def test_the_schema_refuses_what_building_refuses(text):
    """So that an editor underlines it while it is written."""
    assert list(VALIDATOR.iter_errors(parse(text, "f").data))
