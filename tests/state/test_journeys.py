"""The contract, first part: events, identities, and what is forgotten."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.state.contract import ids, row

from nba.errors import CaseError
from nba.lang.values import Duration, Timestamp, UInt
from nba.state.store import Store


def test_a_journey_is_in_event_time_whatever_came_first(store: Store) -> None:
    """Late events are placed by their time, and ties by their id."""
    store.append("c", [row("b", 5), row("z", 1)])
    store.append("c", [row("a", 5), row("m", 3)])
    assert ids(store, "c") == ["z", "m", "a", "b"]


def test_nobody_has_an_empty_journey(store: Store) -> None:
    """Asking for a customer does not make one."""
    assert len(store.journey("nobody")) == 0
    assert store.version("nobody") == 0
    assert store.append("nobody", []) == []
    assert list(store.customers()) == []


def test_the_same_id_counts_once(store: Store) -> None:
    """It counts as it was recorded first, within one call and over several."""
    first, other = row("a", 5, topic="bill"), row("a", 9, topic="line")
    assert store.append("c", [first, other]) == [first]
    assert store.append("c", [other]) == []
    assert store.journey("c").rows == (first,)


def test_values_keep_their_classes(store: Store) -> None:
    """A store that writes JSON gives back what conditions read, not what JSON made of it."""
    fields: dict[str, Any] = {
        "since": Timestamp(-1),
        "length": Duration(3),
        "count": UInt(2**64 - 1),
        "least": -(2**63),
        "share": 0.1,
        "whole": 2.0,
        "resolved": False,
        "text": 'schön "☃" \\ \n 🙂',
        "tags": ["a", "b"],
        "raw": b"\x00\xff",
        "by_topic": {"bill": 1, "line": UInt(2)},
    }
    store.append("c", [row("a", 5, **fields)])
    (found,) = store.journey("c").rows
    assert found == row("a", 5, **fields)
    assert type(found["at"]) is Timestamp
    for name, value in fields.items():
        assert type(found[name]) is type(value), name
    assert type(found["by_topic"]["line"]) is UInt


def test_a_journey_does_not_change_under_its_reader(store: Store) -> None:
    """What is appended in between is in the next one; without changes it is the same one."""
    given = row("a", 1)
    store.append("c", [given])
    before = store.journey("c")
    assert store.journey("c") is before
    given["at"] = Timestamp(77)
    store.append("c", [row("b", 2)])
    assert [found["at"] for found in before.rows] == [1]
    assert ids(store, "c") == ["a", "b"]


def test_a_row_that_cannot_be_read_changes_nothing(store: Store) -> None:
    """Rows are recorded together or not at all."""
    with pytest.raises(KeyError):
        store.append("c", [row("a", 1), {"id": "b", "type": "contact"}])
    assert ids(store, "c") == []
    assert list(store.customers()) == []


def test_identities_lead_to_one_customer(store: Store) -> None:
    """Whatever was recorded under any of them is one journey, and asking by any finds it."""
    store.append("+49 1", [row("call", 2)])
    store.append("a@b.example", [row("mail", 1)])
    assert store.link("+49 1", "c") == ("c",)
    assert store.link("a@b.example", "c") == ("c",)
    store.append("a@b.example", [row("later", 3)])
    store.append("c", [row("shop", 4)])
    for name in ("+49 1", "a@b.example", "c"):
        assert store.customer_of(name) == "c"
        assert ids(store, name) == ["mail", "call", "later", "shop"]
    assert list(store.customers()) == ["c"]


def test_an_event_that_came_by_two_ways_counts_once(store: Store) -> None:
    """It is new once; after unlinking it is in both journeys, as it came by both."""
    store.link("cookie", "c")
    assert len(store.append("c", [row("a", 1)])) == 1
    assert store.append("cookie", [row("a", 1)]) == []
    assert ids(store, "c") == ["a"]
    store.unlink("cookie")
    assert ids(store, "c") == ids(store, "cookie") == ["a"]


def test_of_two_with_one_id_the_first_recorded_stays(store: Store) -> None:
    """Who was linked to whom, and when, makes no difference."""
    first, second = row("a", 9, topic="bill"), row("a", 1, topic="line")
    store.append("one", [first])
    store.append("two", [second])
    for identity, customer in (("one", "two"), ("two", "one")):
        store.link(identity, customer)
        assert store.journey("one").rows == (first,)
        store.unlink(identity)
        assert store.journey("one").rows == (first,)
        assert store.journey("two").rows == (second,)


def test_unlinking_puts_back_what_was_recorded(store: Store) -> None:
    """Events that came while they were linked stay with the name that they came by."""
    store.append("cookie", [row("before", 1)])
    store.append("c", [row("own", 2)])
    store.link("cookie", "c")
    store.append("cookie", [row("while", 3)])
    assert store.unlink("cookie") == ("cookie", "c")
    assert ids(store, "cookie") == ["before", "while"]
    assert ids(store, "c") == ["own"]
    assert store.unlink("cookie") == ()
    assert store.customer_of("cookie") == "cookie"


def test_customers_merge_with_their_identities(store: Store) -> None:
    """A customer that joins another takes along what leads to it, and takes it away again."""
    store.link("mail", "old")
    store.link("phone", "new")
    for at, name in enumerate(("mail", "old", "phone", "new")):
        store.append(name, [row(name, at)])
    assert store.link("old", "new") == ("new",)
    assert ids(store, "mail") == ids(store, "phone") == ["mail", "old", "phone", "new"]
    assert store.customer_of("mail") == "new"
    assert store.unlink("old") == ("old", "new")
    assert store.customer_of("mail") == "old"
    assert ids(store, "mail") == ["mail", "old"]
    assert ids(store, "new") == ["phone", "new"]


def test_relinking_moves(store: Store) -> None:
    """A telephone number that has another owner now; the journeys of both change."""
    store.append("phone", [row("call", 1)])
    store.append("a", [row("own", 2)])
    store.link("phone", "a")
    assert store.link("phone", "b") == ("b", "a")
    assert ids(store, "a") == ["own"]
    assert ids(store, "b") == ["call"]


def test_linking_again_as_it_is_changes_nothing(store: Store) -> None:
    """Neither in the same way, nor by another way to the same customer."""
    store.link("a", "b")
    store.link("b", "c")
    assert store.link("a", "b") == ()
    store.append("a", [row("x", 1)])
    before = store.version("c")
    assert store.link("a", "c") == ()
    assert (store.customer_of("a"), store.version("c")) == ("c", before)
    store.unlink("b")
    assert store.customer_of("a") == "c"


def test_a_circle_is_refused_and_names_both(store: Store) -> None:
    """Everything stays as it was."""
    store.link("a", "b")
    store.link("b", "c")
    for identity, customer in (("c", "a"), ("b", "a")):
        with pytest.raises(CaseError, match=f"`{identity}`.*`{customer}`"):
            store.link(identity, customer)
    with pytest.raises(CaseError, match="`c` cannot be linked to itself"):
        store.link("c", "c")
    assert [store.customer_of(name) for name in "abc"] == ["c", "c", "c"]


def test_a_long_chain_is_no_problem(store: Store) -> None:
    """Names that lead to names that lead on, however far."""
    for number in range(300):
        store.link(f"n{number}", f"n{number + 1}")
    store.append("n0", [row("a", 1)])
    assert ids(store, "n150") == ["a"]
    with pytest.raises(CaseError):
        store.link("n300", "n0")


def test_versions_change_with_the_journey_only(store: Store) -> None:
    """A version never comes back while there is anything in the journey."""
    seen = [store.version("c")]

    def changed() -> bool:
        seen.append(store.version("c"))
        return seen[-1] not in seen[:-1]

    store.append("c", [row("a", 1)])
    assert changed()
    store.append("c", [row("a", 1)])
    assert not changed()
    store.append("other", [row("b", 2)])
    assert not changed()
    store.link("other", "c")
    assert changed()
    assert store.version("other") == store.version("c")
    store.append("other", [row("d", 3)])
    assert changed()
    store.unlink("other")
    assert changed()


def test_what_is_before_a_time_is_forgotten(store: Store) -> None:
    """For all customers at once; the links stay, and who has nothing left is gone."""
    store.append("a", [row(f"a{at}", at) for at in range(10)])
    store.append("cookie", [row("b", 3)])
    store.append("c", [row("late", 2)])
    store.append("c", [row("new", 30)])
    store.link("cookie", "c")
    before = store.journey("c")
    assert store.forget_before(5) == 7
    assert ids(store, "a") == ["a5", "a6", "a7", "a8", "a9"]
    assert ids(store, "cookie") == ["new"]
    assert len(before) == 3
    assert store.forget_before(5) == 0
    assert store.forget_before(20) == 5
    assert list(store.customers()) == ["c"]
    assert store.version("a") == 0
    assert store.customer_of("cookie") == "c"
    assert len(store.append("a", [row("a1", 1)])) == 1  # nobody remembers it
    assert ids(store, "a") == ["a1"]


def test_merging_many_loses_and_doubles_nothing(store: Store) -> None:
    """Any order of appending and linking gives the journey of all rows, each once."""
    chance = random.Random(7)
    names = [f"n{number}" for number in range(12)]
    rows = [row(f"e{number}", chance.randrange(50)) for number in range(200)]
    for found in rows:
        for name in chance.sample(names, chance.randint(1, 3)):
            store.append(name, [found])
    for position in range(1, len(names)):  # each to one before it: a tree
        store.link(names[position], names[chance.randrange(position)])
    expected = sorted(rows, key=lambda found: (found["at"], found["id"]))
    assert list(store.journey(chance.choice(names)).rows) == expected
