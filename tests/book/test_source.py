"""YAML text to data with places: what is read, where it stands, and what is explained."""

import math
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nba.book import folder, source
from nba.book.folder import read_folder
from nba.book.source import parse
from nba.errors import BookError


def findings(text, name="f.yaml"):
    """Return the code, line and column of every finding, in their order."""
    return [(found.code, *place_of(found)) for found in parse(text, name).diagnostics]


def place_of(found):
    """Return the line and column of a finding."""
    assert found.where
    return found.where.line, found.where.column


def value_of(text):
    """Return the value of the key `a` in a file."""
    data = parse(text, "f.yaml").data
    assert isinstance(data, dict)
    return data["a"]


def spot(place):
    """Return what is meant by *place*, read from its own line."""
    return place.text[place.column - 1 : place.column - 1 + place.width]


# What is read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(word, None) for word in ("null", "Null", "NULL", "~", "")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, word) for word in ("no", "on", "yes", "Off", "n", "tRUE", "21:00", "1_000")],
        *[(word, word) for word in ("2026-03-01", "7d", "20 %", "1.2.3", "--", "0b11", "+.nan")],
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("9" * 40, int("9" * 40)),
        ("9" * 41, "9" * 41),
        ("'12'", "12"),
        ('"true"', "true"),
    ],
)
def test_only_unquoted_scalars_of_the_core_schema_are_interpreted(written, value):
    """A `no` in a list of countries must stay a word."""
    read = value_of(f"a: {written}\n")
    assert read == value
    assert type(read) is type(value)


def test_nan_is_read():
    """The one number that a table of equal values cannot hold."""
    assert math.isnan(value_of("a: .nan"))


def test_keys_stay_as_they_are_written():
    """A key is a name, whatever it looks like."""
    assert parse("{1: a, no: b, null: c, 1.50: d}", "f.yaml").data == {
        "1": "a",
        "no": "b",
        "null": "c",
        "1.50": "d",
    }


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null", "\ufeff"])
def test_an_empty_file_is_an_empty_mapping(text):
    """A file with everything commented out is no mistake."""
    read = parse(text, "f.yaml")
    assert read.data == {}
    assert read.diagnostics == []
    assert read.place(["a", 1]).column == 1


#: YAML 1.1 and 1.2 differ in what is a number, so PyYAML leaves some words without quotes.
WORDS = st.text(max_size=20).filter(lambda word: not re.match(r"[-+.]*[0-9]", word))
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
NESTED = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


@given(NESTED, st.booleans(), st.integers(5, 200))
def test_data_equals_what_an_independent_loader_reads(data, flow, width):
    """PyYAML quotes what YAML 1.1 would misread, so both loaders must agree on what it writes."""
    text = yaml.dump(data, default_flow_style=flow, allow_unicode=True, width=width)
    if any(code in text for code in ("&id", "!!")):  # the same object twice, or a float's tag
        return
    expected = yaml.load(text, Loader=yaml.SafeLoader)
    read = parse(text, "f.yaml")
    traps = {"swallowed-by-comment", "split-by-comma"}  # random words may look like one
    assert {found.code for found in read.diagnostics} <= traps
    assert read.data == ({} if expected is None else expected)


def test_the_loader_in_python_reads_the_same(monkeypatch):
    """Without libyaml everything is slower, and nothing else."""
    text = "a: [1, {b: 'x', c: \"y\\n\"}]\nd: >\n  one\n  two\n"
    fast = parse(text, "f.yaml")
    monkeypatch.setattr(source, "_Loader", yaml.SafeLoader)
    slow = parse(text, "f.yaml")
    assert slow.data == fast.data
    paths: list[list[str | int]] = [[], ["a"], ["a", 1, "c"], ["d"]]
    for path in paths:
        assert slow.place(path) == fast.place(path)
    for wrong, *_ in SYNTAX:
        assert [code for code, *_ in findings(wrong)], wrong
    assert findings('a: "\\U00110000"') == [("yaml-syntax", 1, 1)]


# Where it stands

BOOK = """\
# a comment
actions:
  upgrade:
    when: customer.tier == 'gold'
    channels: [app, {email: {cost: 1}}]
    empty:
  none: ~
"""


@pytest.mark.parametrize(
    ("path", "key", "line", "column", "meant"),
    [
        (["actions"], True, 2, 1, "actions"),
        (["actions"], False, 3, 3, "u"),
        (["actions", "upgrade", "when"], True, 4, 5, "when"),
        (["actions", "upgrade", "when"], False, 4, 11, "customer.tier == 'gold'"),
        (["actions", "upgrade", "channels", 0], False, 5, 16, "app"),
        (["actions", "upgrade", "channels", 0], True, 5, 16, "app"),
        (["actions", "upgrade", "channels", 1, "email", "cost"], False, 5, 36, "1"),
        (["actions", "upgrade", "channels", 1, "email", "cost"], True, 5, 30, "cost"),
        (["actions", "upgrade", "empty"], False, 6, 11, ""),
        (["actions", "none"], False, 7, 9, "~"),
        ([], False, 2, 1, "a"),
        (["missing"], False, 2, 1, "a"),
        (["actions", "upgrade", "when", "deeper"], False, 4, 11, "customer.tier == 'gold'"),
        (["actions", "upgrade", "channels", 9], True, 5, 5, "channels"),
        (["actions", "upgrade", "channels", -1], False, 5, 15, "["),
    ],
)
def test_every_value_and_key_has_its_place(path, key, line, column, meant):
    """A path that leads nowhere has the place of its nearest parent."""
    place = parse(BOOK, "rules/a.yaml").place(path, key=key)
    assert (place.file, place.line, place.column) == ("rules/a.yaml", line, column)
    assert spot(place) == meant
    assert place.text == BOOK.splitlines()[line - 1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_shift_places(end):
    """Files come from Windows too."""
    read = parse("\ufeff" + BOOK.replace("\n", end), "f.yaml")
    assert read.diagnostics == []
    place = read.place(["actions", "upgrade", "when"])
    assert (place.line, place.column, place.text) == (4, 11, BOOK.splitlines()[3])


POSITIONS = [
    ("a: one == two", "==", 1, 8),
    ("a: one\n  == two\n", "==", 2, 3),
    ("a: one\n\n\n  == two\n", "==", 4, 3),
    ("a: 'it''s == x'", "==", 1, 11),
    ("a: 'one\n  two == x'", "==", 2, 7),
    ('a: "\\t\\u00e9\\x41 == x"', "==", 1, 18),
    ('a: "one\n  two \\\n   == x"', "==", 3, 4),
    ('a: "one \\\n\n\n   == x"', "==", 4, 4),
    ("a: |\n  one\n  == two\n", "==", 3, 3),
    ("a: |\n  one\n    == two\n", "==", 3, 5),
    ("a: |2-\n    one\n  == two\n", "==", 3, 3),
    ("a:\n  - b: |+1 # why\n       one\n     == two\n\n", "==", 4, 6),
    ("a: >\n  one\n  == two\n", "==", 3, 3),
    ("a: >-\n\n  one\n\n    more\n\n\n  == two\n\n", "==", 8, 3),
    ("a: >-\r\n  one\r\n  == two\r\n", "==", 3, 3),
]


@pytest.mark.parametrize(("text", "part", "line", "column"), POSITIONS)
def test_a_part_of_a_string_is_found_in_the_file(text, part, line, column):
    """A caret under the wrong word is worse than none."""
    read = parse(text, "f.yaml")
    path: list[str | int] = ["a"]
    value = value_of(text)
    if isinstance(value, list):
        path, value = ["a", 0, "b"], value[0]["b"]
    place = read.place_in(path, value.index(part), len(part))
    assert (place.line, place.column, spot(place)) == (line, column, part)


def test_one_past_the_end_has_a_place_and_what_lies_beyond_has_the_scalars():
    """Where something is expected at the end, the caret stands after the last character."""
    read = parse("a: 'x + '\nb: 1\nc: [x]\nd: |\n  x\n", "f.yaml")
    assert read.place_in(["a"], 4).column == 9
    assert read.place_in(["a"], 5) == read.place(["a"])
    assert read.place_in(["a"], -1) == read.place(["a"])
    assert read.place_in(["b"], 0) == read.place(["b"])
    assert read.place_in(["c"], 0) == read.place(["c"])
    assert read.place_in(["zzz"], 0) == read.place(["zzz"])
    assert read.place_in(["d"], 1).line == 5


TEXT = st.text(
    st.sampled_from("ab '\"\\#:,[]{}|>-\n\té€\U0001f600\x07")
    | st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"]),
    min_size=1,
    max_size=60,
)


@given(TEXT, st.sampled_from(["", "'", '"', "|", ">"]), st.integers(5, 60), st.integers(1, 4))
def test_every_character_of_a_string_is_found(value, style, width, depth):
    """Whatever style a string is written in, each of its characters has its own place."""
    document = value
    for _ in range(depth):
        document = {"key": [document]}
    text = yaml.dump(document, default_style=style or None, width=width, allow_unicode=True)
    read = parse(text, "f.yaml")
    path: list[str | int] = ["key", 0] * depth
    found: Any = read.data
    for step in path:
        found = found[step]
    assert read.diagnostics == []
    if found != value:  # an unquoted key may be a word of YAML 1.2 only
        return
    for offset, character in enumerate(value):
        place = read.place_in(path, offset)
        here = spot(place)
        if "\x85" in value or "\u2028" in value or "\u2029" in value:
            continue  # line ends to YAML 1.1 and to no editor: the place may be the scalar's
        if not character.isspace():
            escaped = here.startswith("\\") or (here == "''" and character == "'")
            assert escaped or here[:1] == character, (offset, character, place)


# What is explained

SYNTAX = [
    ("a: b\nc: 'gold' == customer.tier\n", 2, 4, "`== customer.tier` follows", "double quotes"),
    ('- "a" == b\n', 1, 3, "`== b` follows", "single quotes"),
    ("a: {when: 'gold' == x}\n", 1, 11, "follows", "double quotes"),
    ("a: 'x\nb: 'y'\n", 1, 4, "closed on line 2 only", "close it"),
    ("a: 'x\nb: 1\n", 1, 4, "is not closed", "add the `'`"),
    ("a: [1, 2].exists(x, x > 1)\n", 1, 4, "`.exists(x, x > 1)` follows", "quotes"),
    ("a: {'b': 1}.b == 1\n", 1, 4, "follows", "quotes"),
    ("a: x ? y : z\n", 1, 10, "a colon and a space", "quotes"),
    ("a: {when: x ? y : z}\n", 1, 17, "a colon and a space", "quotes"),
    ("a: {when: x in [1, 2], add: 5}\n", 1, 16, "cannot contain `[`", "quotes"),
    ("a: {when: x[0] == 1}\n", 1, 12, "cannot contain `[`", "quotes"),
    ("a: !(b && c)\n", 1, 4, "cannot begin with `!`", "quotes"),
    ("a: && b\n", 1, 4, "cannot begin with `&`", "quotes"),
    ("a: * 2\n", 1, 4, "cannot begin with `*`", "quotes"),
    ("a: @b\n", 1, 4, "cannot begin with `@`", "quotes"),
    ("a: %b\n", 1, 4, "cannot begin with `%`", "quotes"),
    ("a:\n\tb: 1\n", 2, 1, "a tab indents", "spaces"),
    ("a:\n  b: 1\n \tc: 2\n", 3, 2, "a tab indents", "spaces"),
    ("a: [1, 2\nb: 3\nc: 4\n", 1, 4, "`[` that opens here is not closed", "add the `]`"),
    ("a: {b: 1\n", 1, 4, "`{` that opens here is not closed", "add the `}`"),
    ("a: {b: 1}}\n", 1, 10, "nothing that this `}` closes", "remove"),
    ("a: 1\n  b: 2\n", 2, 4, "continues the value that begins on line 1", "indent"),
    ("a: 1\nb\nc: 2\n", 2, 1, "neither", "colon"),
    ('a: "\\d+"\n', 1, 5, "no such escape", "single quotes"),
    ("a:\n  - b\n c: 1\n", 3, 2, "not YAML", "indentation"),
    ("? [a]\n: b\n", 1, 3, "this key is not a word", "quotes"),
    ("a: {{ b }}\n", 1, 5, "this key is not a word", "quotes"),
    ("a: b\x00\n", 1, 5, "U+0000", "remove"),
    ("a: \ud800\n", 1, 4, "U+D800", "remove"),
    ("a: \x1b\n", 1, 4, "U+001B", "remove"),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "help_"), SYNTAX)
def test_syntax_errors_are_said_in_plain_words(text, line, column, message, help_):
    """The parser's own words name what it was doing, not what the author did."""
    read = parse(text, "f.yaml")
    assert findings(text) == [("yaml-syntax", line, column)]
    assert message in read.diagnostics[0].message
    assert help_ in read.diagnostics[0].help
    assert read.data == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !has(b)\n", [("yaml-tag", 1, 4)]),
        ("a: !!str 1\nb: !x [1]\nc: !y {}\n", [("yaml-tag", n, 4) for n in (1, 2, 3)]),
        ("a: &x 1\nb: *x\n", [("yaml-alias", 1, 4), ("yaml-alias", 2, 4)]),
        ("a: *t > 5\n", [("yaml-alias", 1, 4)]),
        ("*a : 1\n", [("yaml-alias", 1, 1)]),
        ("a: {<<: b}\n", [("yaml-alias", 1, 5)]),
        ("a: {'<<': b}\n", []),
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", 3, 1)]),
        ("x:\n  {a: 1, 'a': 2}\n", [("duplicate-key", 2, 10)]),
        ("a: 1\n--- \nb: 2\n", [("yaml-documents", 2, 1)]),
        ("%YAML 1.2\n---\na: 1\n...\n", []),
        ("[" * 64 + "]" * 64, []),
        ("[" * 65 + "]" * 65, [("too-deep", 1, 65)]),
        (
            "a: 'x' y\nb: 1\nb: 2\nc: z: 1\n",
            [("yaml-syntax", 1, 4), ("duplicate-key", 3, 1), ("yaml-syntax", 4, 5)],
        ),
    ],
)
def test_what_a_rule_file_may_not_use(text, expected):
    """All of it is reported at once, each at its own place."""
    assert findings(text) == expected


def test_a_repeated_key_names_the_line_of_the_first():
    """The second is where one looks, the first is what one has forgotten."""
    (found,) = parse("a:\n  b: 1\n  c: 2\n  b: 3\n", "f.yaml").diagnostics
    assert "`b` is already on line 2" in found.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- customer.note == 'a #b'\n", ("swallowed-by-comment", 1, 23)),
        ("a: has(b # c)\nd: 1\n", ("swallowed-by-comment", 1, 10)),
        ('a: b in [1,  # "c"\n', ("swallowed-by-comment", 1, 14)),
        ("a: {when: note == 'a #b', add: 5}\n", ("swallowed-by-comment", 1, 22)),
        ("a: {when: within(b, days(3)), add: 5}\n", ("split-by-comma", 1, 19)),
        ("a: {when: has(a, b)}\n", ("split-by-comma", 1, 16)),
        ("a: {when: x == 'a, b'}\n", ("split-by-comma", 1, 18)),
        ("a: {when: x.matches(r'a, b')}\n", ("split-by-comma", 1, 24)),
        ("a: [b, has(a, b)]\n", ("split-by-comma", 1, 13)),
        ("a: {all: [has(a , b)]}\n", ("split-by-comma", 1, 17)),
        ("a: b == 'x' # fine\n", None),
        ("a: b # it's fine (really\n", None),
        ("a: don't # really\n", None),
        ("a: 'b (' # fine\n", None),
        ("a: b#c (\n", None),
        ("a: {b: don't, c: the customers' plan, d: e) f}\n", None),
        ("a: [has(a), 'x (, y', \"(\", z]\n", None),
        ("a: has(a, b)\n", None),
    ],
)
def test_values_cut_short_are_explained(text, expected):
    """They parse, and mean something else: nothing downstream could say why."""
    assert findings(text) == ([expected] if expected else [])
    for found in parse(text, "f.yaml").diagnostics:
        assert "stays open" in found.message
        assert "quotes" in found.help


# Hostile files

HOSTILE = {
    "open lists": "[" * 100_000,
    "closed lists": "[" * 5000 + "]" * 5000,
    "open mappings": "{a: " * 5000,
    "block lists": "- " * 5000,
    "block lists on lines": "".join(" " * n + "-\n" for n in range(2000)),
    "complex keys": "? " * 100_000,
    "billion laughs": "a: &a [x]\n"
    + "".join(f"b{n}: &b{n} [{', '.join(['*a'] * 9)}]\n" for n in range(5000)),
    "one long line": "a: " + "x" * 5_000_000,
    "one long number": "a: " + "1" * 5_000_000,
    "blanks": "a:" + " " * 5_000_000 + "x",
    "many values": "[" + "1," * 2_000_000,
    "many keys": "a: 1\n" * 1_000_000,
    "many errors": "a: 'x' y\n" * 800_000,
    "empty lines": "\n" * 8_000_000,
    "comments": "- " + "x #" * 2_000_000,
    "open brackets": "- " + "(" * 5_000_000 + " #",
    "commas": "{" + "(a," * 1_000_000,
    "backslashes": '"' + "\\" * 5_000_000,
    "tabs": "\t" * 5_000_000,
    "anchors": "&a " * 1_000_000,
    "control characters": "\x01" * 1_000_000,
    "nul": "\x00",
    "too long": "x" * (source.MAX_FILE + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_quickly_and_never_raises(name):
    """The bound is generous: what must not happen is minutes, or a crash."""
    before = time.process_time()
    read = parse(HOSTILE[name], "f.yaml")
    assert time.process_time() - before < 15
    assert len(read.diagnostics) <= source.MAX_FINDINGS * 2
    read.place(["a", 0])
    read.place_in(["a"], 0)


@given(st.text(st.sampled_from("ab:,-? []{}'\"#&*!|>%@`\\\n\t\r~<0(\ud800\x00\ufeff"), max_size=40))
def test_parse_never_raises(text):
    """And every finding has a place in the file."""
    read = parse(text, "f.yaml")
    for found in read.diagnostics:
        assert 1 <= place_of(found)[0] <= text.count("\n") + text.count("\r") + 1
    read.place(["a"])
    assert read.place([]).file == "f.yaml"


# Folders


def write(folder, **texts):
    """Write each text to `name.yaml`, `__` in a name standing for a subfolder."""
    for name, text in texts.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def refused(path):
    """Return the findings that reading *path* raises."""
    with pytest.raises(BookError) as raised:
        read_folder(path)
    return list(raised.value.diagnostics)


def test_a_folder_is_read_in_the_order_of_names(tmp_path, monkeypatch):
    """Names are those the user would type."""
    write(tmp_path / "rules", b="b: 1", a__z="a: 1", a__b__c="c: 1")
    (tmp_path / "rules" / "d.yml").write_text("d: 1")
    (tmp_path / "rules" / "e.txt").write_text("[")
    write(tmp_path / "rules" / ".git", hidden="[")
    (tmp_path / "rules" / ".hidden.yaml").write_text("[")
    monkeypatch.chdir(tmp_path)
    names = [read.name for read in read_folder("rules")]
    assert names == ["rules/a/b/c.yaml", "rules/a/z.yaml", "rules/b.yaml", "rules/d.yml"]
    assert [read.name for read in read_folder(Path("rules/b.yaml"))] == ["rules/b.yaml"]
    monkeypatch.chdir(tmp_path / "rules")
    assert [read.name for read in read_folder(".")][-1] == "d.yml"


def test_no_files_is_an_error(tmp_path):
    """An empty book would decide nothing, in silence."""
    assert [found.code for found in refused(tmp_path)] == ["no-files"]
    (missing,) = refused(tmp_path / "rulez")
    assert missing.code == "no-files"
    assert "does not exist" in missing.message


def test_unreadable_files_are_reported_together(tmp_path):
    """With the line of the first byte that is not UTF-8."""
    write(tmp_path, a=b"a: 1\nb: caf\xe9\n", b="fine: 1", c=b"\xff\xfea\x00")
    (tmp_path / "d.yaml").symlink_to(tmp_path / "nowhere.yaml")
    os.mkfifo(tmp_path / "e.yaml")
    found = refused(tmp_path)
    assert [one.code for one in found] == ["not-readable"] * 4
    assert [one.where.line for one in found] == [2, 1, 1, 1]


def test_links_are_followed_inside_the_folder_only(tmp_path):
    """Skipping one in silence could leave out a policy."""
    write(tmp_path, rules__a="a: 1", rules__sub__b="b: 1", out__c="c: 1")
    rules = tmp_path / "rules"
    (rules / "link.yaml").symlink_to(rules / "a.yaml")
    (rules / "again").symlink_to(rules / "sub")
    assert [Path(read.name).name for read in read_folder(rules)] == [
        "a.yaml",
        "link.yaml",
        "b.yaml",
    ]
    (rules / "x.yaml").symlink_to(tmp_path / "out" / "c.yaml")
    (rules / "y").symlink_to(tmp_path / "out")
    (rules / "loop.yaml").symlink_to(rules / "loop.yaml")
    found = {Path(one.where.file).name: one.message for one in refused(rules)}
    assert set(found) == {"x.yaml", "y", "loop.yaml"}
    assert "leads out" in found["x.yaml"]
    assert "leads out" in found["y"]


def test_sizes_are_limited_before_anything_is_parsed(tmp_path, monkeypatch):
    """By file, and over the whole book."""
    monkeypatch.setattr(source, "MAX_FILE", 100)
    monkeypatch.setattr(folder, "MAX_BOOK", 150)
    write(tmp_path, a="#" * 100)
    assert len(read_folder(tmp_path)) == 1
    write(tmp_path, b="#" * 101)
    (found,) = refused(tmp_path)
    assert (found.code, Path(found.where.file).name) == ("too-large", "b.yaml")
    write(tmp_path, b="#" * 51)
    (found,) = refused(tmp_path)
    assert (found.code, found.where.file) == ("too-large", tmp_path.as_posix())
