"""Interactions on channels that are none of the book's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.decide.strategies import NOW, built

from nba import Engine


@pytest.mark.parametrize("declared", ["string", {"enum": ["phone", "chat", "fax"]}])
def test_an_interaction_on_a_channel_that_the_book_does_not_have(declared: Any) -> None:
    """Whoever declares the channel may let others come: contact is then outbound."""
    document = {
        "format": 1,
        "book": "x",
        "context": {"customer": {"agrees": "bool"}, "interaction": {"channel": declared}},
        "channels": {
            "phone": {"direction": "both", "consent": "customer.agrees == true"},
            "chat": {"direction": "inbound"},
        },
        "issues": {"i": {}},
        "groups": {"i/g": {}},
        "actions": {
            "a": {"title": "A", "group": "i/g", "kind": "guidance", "channels": ["phone", "chat"]}
        },
    }
    engine = Engine(built(document))
    fax = {"channel": "fax"}
    found = engine.decide("c", customer={"agrees": True}, interaction=fax, now=NOW)
    assert (found.action, found.channel) == ("a", "phone")
    assert engine.decide("c", customer={"agrees": False}, interaction=fax, now=NOW).action is None
