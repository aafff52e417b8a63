"""All files become one book, or a list of everything that is wrong, each mistake once."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nba.book import findings as findings_
from nba.book.build import build, load
from nba.book.source import parse
from nba.errors import BookError, Diagnostic, Place

BROKEN = Path(__file__).parent / "broken"
BOOK = """\
format: 1
book: care
timezone: Europe/Dublin
context:
  customer:
    tier: {enum: [bronze, silver, gold]}
    age: int
    spend: number
    vip: bool
    consent: {email: bool}
channels:
  phone: {cost: 4}
  email: {}
issues:
  care: {tags: [service]}
groups:
  care/one: {}
actions:
  call:
    title: Call
    group: care/one
    kind: proactive_contact
    channels: [phone]
"""


def found(*texts: str) -> list[Diagnostic]:
    """Return what is wrong with a book of these files."""
    try:
        return build([parse(text, f"{n}.yaml") for n, text in enumerate(texts)]).warnings
    except BookError as error:
        return list(error.diagnostics)


def meant(place: Place | None) -> str:
    """Return the text that a place is about."""
    assert place is not None
    start = place.column - 1
    return place.text[start : start + place.width]


def codes(*texts: str) -> list[str]:
    """Return the codes of what is wrong."""
    return [diagnostic.code for diagnostic in found(*texts)]


# All errors at once


def marked(folder: Path) -> Counter[tuple[str, int, str]]:
    """Return the file, line and code of every mistake that is marked with `#! code`."""
    marks: Counter[tuple[str, int, str]] = Counter()
    for file in sorted(folder.glob("*.yaml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if mark := re.search(r"#! ([a-z -]+)$", line):
                marks.update((file.name, number, code) for code in mark[1].split())
    return marks


def test_every_mistake_is_found_where_it_is_and_nothing_else():
    """One typo hides no other, and brings forth none."""
    with pytest.raises(BookError) as raised:
        load(BROKEN)
    diagnostics = raised.value.diagnostics
    places = [(Path(d.where.file).name, d.where.line, d.code) for d in diagnostics if d.where]
    expected = marked(BROKEN)
    assert Counter(places) == expected
    assert len(places) == len(diagnostics) == expected.total() > 60
    assert places == sorted(places, key=lambda place: (place[0], place[1]))


WITHOUT_CHANNELS = BOOK.replace("channels:\n  phone: {cost: 4}\n  email: {}\n", "")
WITHOUT_CONTEXT = BOOK.replace(BOOK[BOOK.index("context:") : BOOK.index("channels:")], "")
USES = """\
policies:
  calm: {covers: {channel: phone, group: care/one, action: call}, block_when: "!customer.vip"}
conditions:
  gold: customer.tier == 'gold' && interaction.channel == 'phone'
tests:
  - name: somebody is called
    customer: {tier: gold, vip: true}
    interaction: {channel: phone}
    expect: {action: call, channel: phone}
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOOK.replace("  phone: {cost: 4}", "  phone: {cost: a}"), "wrong-value"),
        (BOOK.replace("  phone: {cost: 4}", "  phone: 4"), "wrong-value"),
        (f"{WITHOUT_CHANNELS}channels: [phone, email]\n", "wrong-value"),
        (f"{WITHOUT_CHANNELS}channels: everything\n", "wrong-value"),
        (f"{WITHOUT_CHANNELS}channels:\n", "empty-value"),
        (f"{WITHOUT_CHANNELS}chanels: {{phone: {{}}, email: {{}}}}\n", "unknown-key"),
        (BOOK.replace("title: Call", "title: 5"), "wrong-value"),
        (BOOK.replace("title: Call", "titel: Call"), "unknown-key"),
        (BOOK.replace("    title: Call\n", ""), "missing-key"),
        (BOOK.replace("group: care/one", "group: care"), "wrong-value"),
        (BOOK.replace("    group: care/one\n", ""), "missing-key"),
        (BOOK.replace("kind: proactive_contact", "kind: call"), "wrong-value"),
        (BOOK.replace("kind: proactive_contact", "kind: offer\n    sugests: email"), "unknown-key"),
        (BOOK.replace("channels: [phone]", "channels: phone"), "wrong-value"),
        (BOOK.replace("channels: [phone]", "channels: {phone: 5}"), "wrong-value"),
        (BOOK.replace("channels: [phone]", "channels:"), "empty-value"),
        (BOOK.replace("actions:\n  call:", "actions:\n  call: 5\n  other:"), "wrong-value"),
        (BOOK.replace("actions:\n  call:", "acions:\n  call:"), "unknown-key"),
        (BOOK.replace("  care: {tags: [service]}", "  care: {tags: service}"), "wrong-value"),
        (BOOK.replace("issues:\n  care: {tags: [service]}", "issues: [care]"), "wrong-value"),
        (BOOK.replace("issues:\n  care: {tags: [service]}", "issue: {care: {}}"), "unknown-key"),
        (BOOK.replace("groups:\n  care/one: {}", "groups: {care/one: }"), "empty-value"),
        (BOOK.replace("    tier: {enum: [bronze, silver, gold]}", "    tier: enum"), "wrong-value"),
        (BOOK.replace("    tier: {enum: [bronze, silver, gold]}", "    tier:"), "empty-value"),
        (BOOK.replace("    vip: bool", "    vip: {type: bool, min: 1}"), "wrong-value"),
        (BOOK.replace("    vip: bool", "    vip: {}"), "wrong-value"),
        (BOOK.replace("  customer:\n", "  custmer:\n"), "unknown-key"),
        (BOOK.replace("context:\n", "contex:\n"), "unknown-key"),
        (f"{WITHOUT_CONTEXT}context: [customer]\n", "wrong-value"),
        (f"{WITHOUT_CONTEXT}context: {{customer: [tier]}}\n", "wrong-value"),
        (BOOK.replace("book: care", "book: My Care"), "wrong-value"),
        (BOOK.replace("book: care", "bok: care"), "unknown-key"),
        (BOOK.replace("format: 1", "format: 2"), "wrong-value"),
        (BOOK.replace("format: 1\n", ""), "missing-key"),
    ],
)
def test_one_mistake_is_one_diagnostic(text, code):
    """However much of the book refers to what it broke."""
    diagnostics = found(text, USES)
    assert [d.code for d in diagnostics] == [code], diagnostics


def test_a_file_that_cannot_be_read_may_declare_anything():
    """So nothing that is missed elsewhere is reported; all other mistakes are."""
    elsewhere = "conditions:\n  grey: customer.tier == 'grey' &&\n"
    broken = BOOK.replace("title: Call", "title: 'Call' them")
    assert codes(broken, USES, elsewhere) == ["yaml-syntax", "expression-syntax"]
    assert codes(f"- {BOOK[:-1]}", USES) == ["yaml-syntax"]
    assert codes("- a list\n", USES) == ["wrong-value"]


def test_nor_is_the_relationship_missed_then():
    """It may stand in the file that cannot be read, or be what is wrong."""
    uses = """\
conditions:
  good: relationship > 50 && gesture.amount > 2
tests:
  - {name: a test, customer: {}, expect: {relationship: 50}}
"""
    assert codes(BOOK, "a: [b", uses) == ["yaml-syntax"]
    uses = uses.replace(" && gesture.amount > 2", "")
    assert codes(BOOK, uses, "relationship: 5") == ["wrong-value"]
    assert codes(BOOK, uses) == ["undeclared-name", "wrong-value"]


def test_a_moment_that_is_not_there_is_not_among_the_open_ones():
    """Its id is looked for like any other."""
    moments = """\
events: {contact: {}}
moments: {often: {at_least: 2, event: contact, as: one, within: 1d, lasts: 1d}}
"""
    for asked, code in (
        ("'oftne' in moments", "not-in-enum"),
        ("moments == ['oftne']", "not-in-enum"),
        ("moments.exists(m, m == 'oftne')", "not-in-enum"),
        ("sets.intersects(moments, ['often', 'oftne'])", "not-in-enum"),
        ("'often' in moments || size(moments) > 1 || customer.tier in moments", None),
    ):
        errors = found(BOOK, moments, f'conditions: {{x: "{asked}"}}')
        assert [error.code for error in errors] == ([code] if code else [])
        assert all("`'often'`" in error.help for error in errors)


def test_what_several_files_declare_is_one_book():
    """Any file may hold any section."""
    more = """\
channels: {chat: {}}
actions:
  use: {title: Use, group: care/one, kind: offer, channels: [chat]}
"""
    book, warnings = build([parse(more, "a.yaml"), parse(BOOK, "b.yaml"), parse(USES, "c.yaml")])
    assert warnings == []
    assert list(book.actions) == ["call", "use"]
    assert list(book.channels) == ["chat", "email", "phone"]
    assert [spec.path for spec in book.fields][-1] == "interaction.channel"
    assert book.fields[-1].type.values == ("chat", "email", "phone")  # type: ignore[attr-defined]
    assert book.actions["call"].tags == ("service",)
    assert book.tiers[0].name == "everything"


def test_no_files_at_all():
    """Building is handed what reading found, and that may be nothing."""
    with pytest.raises(BookError) as raised:
        build([])
    assert [d.code for d in raised.value.diagnostics] == ["no-book"]


def test_named_conditions_and_scorecards_come_in_the_order_of_their_use():
    """Each after those that it needs, and always in the same order."""
    text = """\
conditions:
  a: scorecard.b > 1 || condition.c
  c: customer.vip
scorecards:
  b: {points: [{when: condition.c, add: 1}]}
"""
    book = build([parse(BOOK, "b"), parse(text, "c")]).book
    assert book.derived == ("condition.c", "scorecard.b", "condition.a")


def test_every_circle_is_reported():
    """And what only needs a member of one is not."""
    text = """\
conditions:
  a: condition.b
  b: condition.a
  c: condition.a
  d: condition.e
  e: condition.d || condition.d
"""
    first, second = found(BOOK, text)
    assert first.message == "`condition.a` needs `condition.b` needs `condition.a`"
    assert second.message == "`condition.d` needs `condition.e` needs `condition.d`"


def test_a_book_with_very_many_errors_is_given_up(monkeypatch):
    """Nobody reads them all, and looking for similar names takes time."""
    lines = "".join(f"  c{n}: customer.nothing_{n}\n" for n in range(1000))
    diagnostics = found(BOOK, f"conditions:\n{lines}")
    assert len(diagnostics) == findings_.MAX_ERRORS + 1
    assert diagnostics[-1].code == "too-many"
    doubtful = "".join(f"  c{n}: customer.age / {n + 2} > 1\n" for n in range(1000))
    assert codes(BOOK, f"conditions:\n{doubtful}") == ["int-division"] * findings_.MAX_WARNINGS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("household: customer.house", "`customer.house` is not a declared field of the customer"),
        ("household: now", "`now` is not a declared field of the customer"),
        ("household: customer.vip", "`customer.vip` cannot name a household"),
        (
            "household: customer.consent",
            "`customer.consent` is not a declared field of the customer",
        ),
    ],
)
def test_a_household_is_a_field_of_the_customer(text, message):
    """Of a type that can name one."""
    assert [d.message for d in found(f"{text}\n{BOOK}")] == [message]


def test_settings_of_the_book_stand_with_its_name():
    """Otherwise nobody would know which of two files wins."""
    settings = "timezone: UTC\neligible: [customer.vip]\ntitle: x\n"
    assert codes(BOOK, settings) == ["wrong-value"] * 3


def test_a_book_is_frozen_and_compares_by_meaning():
    """Places take no part."""
    first, second = (build([parse(text, "f")]).book for text in (BOOK, f"# moved\n\n{BOOK}"))
    assert first == second
    other: Any = build([parse(BOOK.replace("title: Call", "title: Ring"), "f")]).book
    assert first != other
    with pytest.raises(AttributeError):
        other.title = "x"
