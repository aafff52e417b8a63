"""Which event an interaction is: read, checked, and part of what a book means."""

from __future__ import annotations

import pytest

from nba.book.build import build
from nba.book.dump import to_document
from nba.book.source import parse
from nba.errors import BookError, Diagnostic

BOOK = """
format: 1
book: small
context:
  customer: {tags: list(string), name: string}
  interaction: {intent: {enum: [none, billing], default: none}, transfers: int, waited: number}
channels: {phone: {}}
events:
  contact: {topic: string, transfers: number, calls: int, tags: list(number), deep: {one: bool}}
signals: {contacts: {count: contact}}
issues: {service: {}}
groups: {service/help: {}}
actions:
  help: {title: Help, group: service/help, kind: guidance, value: 1, channels: [phone]}
"""


def faults(declared: str, more: str = "") -> list[Diagnostic]:
    """Return what is wrong with a declaration."""
    try:
        build([parse(f"{BOOK}interaction_event: {declared}\n{more}", "book.yaml")])
    except BookError as error:
        return list(error.diagnostics)
    return []


def test_it_is_part_of_what_a_book_means():
    """Loading what is dumped gives the same book, and it changes the version."""
    declared = "{event: contact, data: {topic: interaction.intent, deep.one: true, calls: 1}}"
    book = build([parse(f"{BOOK}interaction_event: {declared}\n", "book.yaml")]).book
    assert book.interaction_event is not None
    written = to_document(book)["interaction_event"]
    data = {"topic": "interaction.intent", "deep.one": "true", "calls": "1"}
    assert written == {"event": "contact", "data": data}
    assert book.version != build([parse(BOOK, "book.yaml")]).book.version


def test_a_number_may_come_from_an_int():
    """As where events are read."""
    assert faults("{event: contact, data: {transfers: interaction.transfers}}") == []
    assert faults("{event: contact}") == []


@pytest.mark.parametrize(
    ("declared", "code", "message", "help_"),
    [
        ("{event: contct}", "unknown-id", "there is no event type `contct`", "did you mean"),
        ("{data: {}}", "missing-key", "", ""),
        ("contact", "wrong-value", "", ""),
        ("{event: contact, topic: interaction.intent}", "unknown-key", "`topic` is not", ""),
        (
            "{event: contact, data: {topik: interaction.intent}}",
            "undeclared-name",
            "`contact.topik` is not declared",
            "did you mean `topic`?",
        ),
        (
            "{event: contact, data: {topic: interaction.intnt}}",
            "undeclared-name",
            "`interaction.intnt` is not declared",
            "did you mean `interaction.intent`?",
        ),
        (
            "{event: contact, data: {topic: interaction.transfers}}",
            "wrong-type",
            "this is an int, not a string",
            "",
        ),
        (
            "{event: contact, data: {calls: interaction.waited}}",
            "wrong-type",
            "this is a number, not an int",
            "",
        ),
        (
            "{event: contact, data: {tags: customer.tags}}",
            "wrong-type",
            "this is a list(string), not a list(number)",
            "",
        ),
        ("{event: contact, data: {calls: signal.contacts}}", "undeclared-name", "`signal", ""),
        ("{event: contact, data: {topic: [a]}}", "condition-expected", "a list stands", ""),
        ("{event: contact, data: {topic: a +}}", "expression-syntax", "", ""),
    ],
)
def test_what_is_wrong_is_said(declared: str, code: str, message: str, help_: str):
    """With its place, and with what was meant."""
    (found,) = faults(declared)
    assert found.code == code
    assert found.message.startswith(message)
    assert help_ in found.help
    assert found.where is not None
    assert found.where.line == BOOK.count("\n") + 1


def test_it_belongs_to_the_file_of_the_book():
    """There is one."""
    files = [parse(BOOK, "book.yaml"), parse("interaction_event: {event: contact}", "more.yaml")]
    with pytest.raises(BookError, match="`interaction_event` belongs in the file that has `book:`"):
        build(files)
