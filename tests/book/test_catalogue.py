"""Channels, policies, issues, groups, actions and their treatments."""

from typing import Any

import pytest
from tests.book.test_build import BOOK, meant

from nba.book.build import build
from nba.book.model import Action, Covers
from nba.book.source import parse
from nba.errors import BookError, Diagnostic


def action(text: str) -> Action:
    """Return the action `x` with these keys, of a book that has nothing wrong."""
    built = build([parse(BOOK, "b"), parse(f"actions:\n  x: {{title: X, {text}}}\n", "a")])
    assert built.warnings == []
    return built.book.actions["x"]


def problems(text: str) -> list[Diagnostic]:
    """Return what is wrong with a file beside the book."""
    with pytest.raises(BookError) as raised:
        build([parse(BOOK, "b"), parse(text, "a")])
    return list(raised.value.diagnostics)


def test_a_treatment_has_what_its_action_has():
    """Unless it says otherwise; conditions and dates are its own."""
    found = action(
        "group: care/one, kind: offer, value: 1, propensity: 0.5, say: Hi, eligible: customer.vip, "
        "enabled: false, channels: {phone: {value: 2, say: Ring, suitable: customer.vip}, email: }"
    )
    email, phone = found.treatments
    assert (email.channel, phone.channel) == ("email", "phone")
    assert email.value is not None
    assert phone.value is not None
    assert (email.value.text, phone.value.text) == ("1.0", "2.0")
    assert phone.propensity == email.propensity is not None
    assert [text.parts for text in email.say or ()] == [("Hi",)]
    assert [text.parts for text in phone.say or ()] == [("Ring",)]
    assert (len(found.gates.eligible), len(phone.gates.suitable)) == (1, 1)
    assert (email.gates.eligible, phone.gates.eligible) == ((), ())
    assert not found.validity.enabled
    assert phone.validity.enabled


def test_tags_of_issue_and_group_are_the_actions_too():
    """A lower level adds to a higher one."""
    assert action("group: care/one, kind: offer, channels: [email], tags: [b, a]").tags == (
        *("a", "b", "service"),
    )


def test_a_channel_suggestion_suggests():
    """On the action or on a treatment."""
    text = "group: care/one, kind: channel_suggestion, suggests: email, channels: {phone: {}}"
    assert action(text).treatments[0].suggests == "email"
    text = "group: care/one, kind: channel_suggestion, channels: {phone: {suggests: email}}"
    assert action(text).treatments[0].suggests == "email"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("kind: offer, channels: []", "the action `x` has no channel", "["),
        ("kind: offer, channels: [email, fax]", "there is no channel `fax`", "fax"),
        ("kind: offer, channels: {fax: }", "there is no channel `fax`", "fax"),
        (
            "kind: offer, channels: {email: {suggests: phone}}",
            "`x` is no channel suggestion",
            "suggests",
        ),
        (
            "kind: offer, suggests: phone, channels: [email]",
            "`x` is no channel suggestion",
            "suggests",
        ),
        ("kind: channel_suggestion, channels: [email]", "suggestion `x` needs `suggests`", "x"),
        ("kind: channel_suggestion, suggests: fax, channels: [email]", "no channel `fax`", "fax"),
    ],
)
def test_what_is_wrong_with_an_action(text, message, place):
    """At its place, once, however many channels there are."""
    (found,) = problems(f"actions: {{x: {{title: X, group: care/one, {text}}}}}\n")
    assert message in found.message
    assert meant(found.where) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("groups: {a/b: {}}", "there is no issue `a`"),
        ("policies: {x: {block_when: customer.spend}}", "this is a number, not a condition"),
        (
            "policies: {x: {block_when: 'true', covers: {action: x}}}",
            "there is no action `x`",
        ),
        ("channels: {x: {consent: 5}}", "this is an int, not a condition"),
        ("issues: {x: {suitable: [customer.vip, 5]}}", "this is an int, not a condition"),
    ],
)
def test_what_is_wrong_elsewhere(text, message):
    """Each once."""
    (found,) = problems(f"{text}\n")
    assert found.message == message


def test_policies():
    """A stop, for what it covers."""
    text = "policies: {x: {block_when: customer.vip, covers: {tag: service}, enabled: false}}\n"
    book: Any = build([parse(BOOK, "b"), parse(text, "a")]).book
    assert book.policies["x"].covers == Covers(tag=("service",))
    assert book.policies["x"].block_when.text == "customer.vip"
    assert not book.policies["x"].enabled
