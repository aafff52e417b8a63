"""Cases beside a book: fields that nobody declared."""

from nba.author.cases import undeclared
from nba.book.build import build
from nba.book.source import parse
from nba.decide.case import Case
from nba.journey.events import Event

BOOK = """\
format: 1
book: small
title: A small book
context:
  customer:
    tier: string
    consent: {email: bool}
    tags: list(string)
    products: {list: {name: string}}
"""


def found(**case) -> list[str]:
    """Return the messages about a case, with their help."""
    book = build([parse(BOOK, "book.yaml")]).book
    return [f"{each.message}. {each.help}" for each in undeclared(book, Case("c", **case))]


def test_declared_fields_are_no_slips():
    """What the book declares, and a channel, which every book has."""
    customer = {"tier": "gold", "consent": {"email": True}, "tags": ["a"], "products": [{}]}
    assert found(customer=customer, interaction={"channel": "chat"}) == []
    assert found() == []


def test_undeclared_fields_are_named_with_what_was_meant():
    """At any depth, in items of lists too."""
    customer = {"teir": 1, "consent": {"mail": True}, "products": [{"name": "a"}, {"nam": "b"}]}
    assert found(customer=customer, interaction={"chanel": "chat"}) == [
        "`customer.teir` is not declared, and is not read. did you mean `tier`?",
        "`customer.consent.mail` is not declared, and is not read. did you mean `email`?",
        "`customer.products[1].nam` is not declared, and is not read. did you mean `name`?",
        "`interaction.chanel` is not declared, and is not read. did you mean `channel`?",
    ]


def test_values_of_a_wrong_shape_are_left_to_the_reader():
    """Only names are looked at here."""
    assert found(customer={"consent": 1, "products": "x", "tags": {}}) == []


def test_fields_of_events_are_looked_at_too():
    """By the type that they have; an unknown type is the engine's to refuse."""
    text = f"{BOOK}events: {{contact: {{topic: string}}}}\n"
    book = build([parse(text, "book.yaml")]).book
    events = (Event("contact", "c", data={"tpic": "a"}), Event("other", "c", data={"x": 1}))
    assert [one.message for one in undeclared(book, Case("c", events=events))] == [
        "`contact.tpic` is not declared, and is not read"
    ]
