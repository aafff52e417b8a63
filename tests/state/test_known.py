"""What a process keeps of customers, so that a store reads only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.state.contract import STORES, ids, row
from tests.state.test_takings import claim, taking

from nba.journey.events import Row
from nba.journey.timeline import EMPTY, Timeline
from nba.state.known import NOTHING, Kept, Known, weight
from nba.state.past import Past
from nba.state.store import Memory, Remembered


@pytest.fixture(params=["postgres", "redis", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Give a new store of each kind that keeps something elsewhere."""
    with STORES[request.param](tmp_path) as found:
        yield found


def unread() -> Iterator[Row]:
    """Give rows that nobody may read."""
    pytest.fail("rows were read")
    yield {}


def test_rows_are_read_only_where_their_journey_is_not_known() -> None:
    """It may be known by another name of the customer."""
    kept = Kept(10**6)
    first = kept.timeline("1", NOTHING, "c", iter([row("a", 1)]))
    known = kept.keep(Known("1", first, 0, Past()), "mail", "c")
    assert kept.timeline("1", known, "elsewhere", unread()) is first
    assert kept.timeline("1", kept.get("phone"), "c", unread()) is first
    assert kept.timeline("2", known, "c", iter([])) is EMPTY


def test_of_one_journey_there_is_one_timeline() -> None:
    """Whoever is first; another version has another one."""
    kept = Kept(10**6)
    first, late, next_ = Timeline([row("a", 1)]), Timeline([row("a", 1)]), Timeline([row("b", 1)])
    assert kept.keep(Known(1, first, 0, Past()), "c").timeline is first
    assert kept.keep(Known(1, late, 2, Past()), "mail", "c")[:4] == (1, first, 2, Past())
    assert kept.get("mail").timeline is first
    assert kept.keep(Known(3, next_, 3, Past()), "mail", "c").timeline is next_
    kept.keep(NOTHING, "mail")
    assert (kept.get("mail"), kept.get("c").journey) == (NOTHING, 3)
    kept.clear()
    assert kept.get("c") is NOTHING


def test_only_so_much_is_kept_ready(store: Any) -> None:
    """Those that were used last; and a journey that is larger than all of it never."""
    for name in "abc":
        store.append(name, [row(name, 1)])
    store._kept = Kept(2 * weight(Known("1", store.journey("a"), 0, Past())))
    a, b = store.journey("a"), store.journey("b")
    assert store.journey("a") is a
    store.journey("c")
    assert store.journey("a") is a
    assert store.journey("b") is not b
    a = store.journey("a")
    store.append("long", [row(f"e-{number}", number) for number in range(20)])
    assert store.journey("long") is not store.journey("long")
    assert store.journey("a") is a


def test_what_is_kept_weighs_what_it_says() -> None:
    """However it is nested: a journey with long texts takes the place of many."""
    short = weight(Known(1, Timeline([row("a", 1)]), 0, Past()))
    said = {"text": "x" * 1000, "list": ["y" * 100] * 10, "map": {"k" * 100: "z" * 900}, "n": 5}
    long = weight(Known(1, Timeline([row("a", 1) | said]), 0, Past()))
    assert long == short + 3000
    made = Remembered("d", "c", 1, "t" * 70, (0, 1), ("a" * 10, "b" * 20))
    assert weight(Known(1, EMPTY, 2, Past([made, made]))) - weight(NOTHING) == 2 * (512 + 100)


def test_what_is_kept_is_measured_anew_with_another_journey(store: Any) -> None:
    """And not as long as it is the same."""
    store.append("c", [row("a", 1)])
    store.journey("c")
    one = store._kept.get("c").size
    store.append("c", [row("b", 2)])
    store.journey("c")
    store.recall("c", 5)
    assert store._kept.get("c").size == weight(Known("1", store.journey("c"), 0, Past())) > one > 0


def test_a_name_that_is_a_customer_again_is_known_by_its_own(store: Any) -> None:
    """What it led to before is not looked at any more."""
    store.append("c", [row("a", 1)])
    store.append("mail", [row("b", 2)])
    store.link("mail", "c")
    assert ids(store, "mail") == ["a", "b"]
    store.unlink("mail")
    found = store.journey("mail")
    assert [each["id"] for each in found.rows] == ["b"]
    assert store._kept.get("mail").timeline is found
    assert store.journey("mail") is store.recall("mail", 5).timeline is found


def test_nothing_is_kept_of_who_is_forgotten(store: Any) -> None:
    """By no name."""
    for name in ("c", "mail", "other"):
        store.append(name, [row(name, 1)])
    store.link("mail", "c")
    for name in ("c", "mail", "other"):
        store.recall(name, 5)
    store.forget("mail")
    assert [name for name in ("c", "mail", "other") if store._kept.get(name) != NOTHING] == [
        "other"
    ]


def test_what_another_process_forgot_does_not_come_back(store: Any) -> None:
    """Also where the customer has returned since."""
    mine, theirs = store._kept, Kept(10**6)
    for number in range(20):
        wanted = taking(f"d{number}", (claim(at_most=99),), customer="c", version=0)
        assert store.take(wanted).granted
        assert [one.id for one in store.recall("c", 20).decisions] == [f"d{number}"]
        store._kept = theirs
        store.forget("c")
        store._kept = mine


def test_what_another_process_forgot_by_its_age_does_not_come_back(store: Any) -> None:
    """Also where names lead to a customer of whom nothing else was known in between."""
    store.link("mail", "c")
    mine, theirs = store._kept, Kept(10**6)
    for number in range(3):
        wanted = taking(f"d{number}", (claim(at_most=99),), customer="c", version=0)
        assert store.take(wanted).granted
        for name in ("c", "mail"):
            assert [one.id for one in store.recall(name, 20).decisions] == [f"d{number}"]
        store._kept = theirs
        store.forget_before(1000)
        assert store.recall("c", 20).version == 0
        store._kept = mine


def test_decisions_are_read_again_only_where_they_changed(store: Any) -> None:
    """By a decision, an amendment, a link, or as they were forgotten."""

    def recalled() -> Memory:
        found: Memory = store.recall("c", 20)
        assert store.recall("c", 20).decisions is found.decisions
        return found

    def decide(id: str, customer: str) -> None:
        version = store.version(customer)
        wanted = taking(id, (claim(at_most=9),), customer=customer, version=version)
        assert store.take(wanted).granted

    seen = [recalled()]
    decide("d", "c")
    seen.append(recalled())
    store.append("c", [row("a", 11)])
    assert recalled().decisions == seen[-1].decisions
    store.amend("d", 0, "other", 12)
    seen.append(recalled())
    decide("e", "mail")
    store.link("mail", "c")
    seen.append(recalled())
    store.forget_before(11)
    seen.append(recalled())
    texts = [[one.text for one in memory.decisions] for memory in seen]
    assert texts == [[], ["text"], ["other"], ["other", "text"], []]
    assert ids(store, "c") == ["a"]


def test_of_the_decisions_only_those_that_changed_are_read(store: Any) -> None:
    """Whether one came or one was amended, here or in another process."""
    mine, theirs = store._kept, Kept(10**6)
    for number in range(3):
        version = store.recall("c", 20).version
        wanted = taking(f"d{number}", (claim(at_most=9),), customer="c", version=version)
        assert store.take(wanted).granted
    first = store.recall("c", 20)
    store._kept = theirs
    store.amend("d1", 0, "other", 12)
    version = store.recall("c", 20).version
    assert store.take(taking("d3", (claim(at_most=9),), customer="c", version=version)).granted
    store.append("c", [row("a", 11)])
    store._kept = mine
    second = store.recall("c", 20)
    assert [one.text for one in second.decisions] == ["text", "other", "text", "text"]
    for place, same in enumerate([True, False, True]):
        assert (second.decisions[place] is first.decisions[place]) is same
