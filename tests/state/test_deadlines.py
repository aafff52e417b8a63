"""The contract, second part: deadlines, and cursors over them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.state.contract import STORES, drained, pages, row

from nba.errors import CaseError
from nba.state.store import Due, Store


def test_what_is_due_comes_in_order(store: Store) -> None:
    """By time, then customer, then moment; at its time it is due."""
    store.set_deadlines("b", [(7, "m", "opened"), (3, "m", "opened"), (8, "m", "closed")])
    store.set_deadlines("a", [(7, "n", "closed"), (7, "m", "opened"), (7, "m", "closed")])
    found, _ = store.due(7)
    assert found == [
        Due(3, "b", "m", "opened"),
        Due(7, "a", "m", "closed"),
        Due(7, "a", "m", "opened"),
        Due(7, "a", "n", "closed"),
        Due(7, "b", "m", "opened"),
    ]


def test_each_is_reported_once(store: Store) -> None:
    """With the cursor that was given last; the same cursor again gives the same again."""
    store.set_deadlines("a", [(1, "m", "opened"), (5, "m", "closed")])
    first, cursor = store.due(3)
    assert [due.at for due in first] == [1]
    assert store.due(3) == (first, cursor)
    assert store.due(4, cursor)[0] == []
    second, after = store.due(5, cursor)
    assert [due.at for due in second] == [5]
    assert store.due(5, cursor) == (second, after)
    assert store.due(9, after)[0] == []


def test_setting_them_again_as_they_were_is_no_news(store: Store) -> None:
    """Every event sets all of a customer's deadlines, and most stay as they were."""
    store.set_deadlines("a", [(1, "m", "opened"), (9, "m", "closed")])
    _, cursor = store.due(3)
    store.set_deadlines("a", [(9, "m", "closed"), (1, "m", "opened"), (1, "m", "opened")])
    assert store.due(3, cursor)[0] == []
    assert [due.at for due in store.due(9, cursor)[0]] == [9]


def test_what_became_known_late_is_reported(store: Store) -> None:
    """An event that arrived late makes a moment that opened before the cursor's time."""
    store.set_deadlines("a", [(1, "m", "opened")])
    _, cursor = store.due(10)
    store.set_deadlines("b", [(4, "late", "opened"), (12, "late", "closed")])
    store.set_deadlines("a", [(1, "m", "opened"), (10, "m", "closed")])
    found, after = store.due(12, cursor)
    assert [(due.at, due.customer) for due in found] == [(4, "b"), (10, "a"), (12, "b")]
    assert store.due(12, after)[0] == []


def test_what_went_before_it_was_reported_is_not(store: Store) -> None:
    """A late event met the expectation, so the moment never opened."""
    store.set_deadlines("a", [(5, "missed", "opened")])
    _, cursor = store.due(4)
    store.set_deadlines("a", [])
    assert store.due(9, cursor)[0] == []
    assert list(store.customers()) == []


def test_what_comes_back_is_news(store: Store) -> None:
    """It was reported, went and came back: it became known again."""
    store.set_deadlines("a", [(5, "missed", "opened")])
    _, cursor = store.due(9)
    store.set_deadlines("a", [])
    store.set_deadlines("a", [(5, "missed", "opened")])
    found, cursor = store.due(9, cursor)
    assert len(found) == 1
    assert store.due(9, cursor)[0] == []


def test_time_does_not_go_back(store: Store) -> None:
    """A clock that is behind the cursor's is taken for the cursor's: nothing twice or lost."""
    store.set_deadlines("a", [(2, "m", "opened"), (8, "m", "closed")])
    _, cursor = store.due(10)
    store.set_deadlines("b", [(9, "m", "opened")])
    found, cursor = store.due(3, cursor)
    assert [due.customer for due in found] == ["b"]
    assert drained(store, 20, cursor)[0] == []


def test_looking_ahead_disturbs_nobody(store: Store) -> None:
    """Several readers have cursors of their own, and one asks for what will be."""
    store.set_deadlines("a", [(5, "m", "opened")])
    _, slow = store.due(1)
    assert len(store.due(1000)[0]) == 1
    store.set_deadlines("b", [(3, "m", "opened"), (500, "m", "closed")])
    found, slow = store.due(6, slow)
    assert [due.at for due in found] == [3, 5]
    assert [due.at for due in store.due(500, slow)[0]] == [500]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 21])
def test_pages_lose_and_repeat_nothing(store: Store, limit: int) -> None:
    """Also where all are due at the same time, and where some became known late."""
    for number in range(5):
        store.set_deadlines(f"c{number}", [(at, "m", "opened") for at in (1, 5, 5 + number)])
    _, cursor = store.due(5)
    for number in range(5):
        present: list = [(at, "m", "opened") for at in (1, 5, 5 + number)]
        store.set_deadlines(f"c{number}", [*present, (3, "n", "opened"), (9, "n", "closed")])
    whole, _ = store.due(9, cursor)
    assert len(whole) == 14
    some = [found for found, _ in pages(store, 9, cursor, limit)]
    assert [due for found in some for due in found] == whole
    assert all(len(found) <= limit for found in some)
    assert len(some) == -(-14 // limit) + 1


def test_news_between_pages_comes_after_them(store: Store) -> None:
    """Wherever its place would have been; and what went in between is not given."""
    store.set_deadlines("b", [(at, "m", "opened") for at in (2, 4, 6, 8)])
    first, cursor = store.due(8, None, 2)
    assert [due.at for due in first] == [2, 4]
    store.set_deadlines("b", [(at, "m", "opened") for at in (2, 4, 8)])
    store.set_deadlines("a", [(at, "m", "opened") for at in (1, 7, 9)])
    second, cursor = store.due(9, cursor, 2)
    assert [due.at for due in second] == [8]
    third, cursor = store.due(9, cursor, 2)
    assert [due.at for due in third] == [1, 7]
    fourth, cursor = store.due(9, cursor, 2)
    assert [due.at for due in fourth] == [9]
    assert store.due(9, cursor, 2)[0] == []


def test_a_page_whose_last_went_goes_on_after_it(store: Store) -> None:
    """The cursor does not need what it names."""
    store.set_deadlines("a", [(at, "m", "opened") for at in (1, 2, 3)])
    _, cursor = store.due(9, None, 2)
    store.set_deadlines("a", [(3, "m", "opened")])
    assert [due.at for due in store.due(9, cursor, 2)[0]] == [3]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(store: Store, limit: int) -> None:
    """It would never come to an end."""
    with pytest.raises(CaseError, match="`limit`"):
        store.due(1, None, limit)


def test_cursors_are_short_strings_that_survive_json(store: Store) -> None:
    """Whatever the names of customers and moments are."""
    now = 1_790_000_000_000_000_000
    store.set_deadlines("ä \x00\ud800'\"", [(now - at, "m☃", "opened") for at in range(3)])
    everything = []
    cursor = None
    for _ in range(3):
        found, cursor = store.due(now, cursor, 1)
        cursor = json.loads(json.dumps(cursor))
        assert cursor.isascii()
        assert len(cursor) < 250
        last = cursor
        everything += found
    assert [now - due.at for due in everything] == [2, 1, 0]
    assert len(last) < 70


def text(content: object) -> str:
    """Return something as cursors are written."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "☃",
        "2026-03-02T10:00:00Z",
        "[]",
        text([]),
        text({"a": 1}),
        text(["s", 1]),
        text(["s", 1, 2, 3]),
        text(["s", 1.5, 2]),
        text(["s", True, 2]),
        text([1, 2, 3]),
        text(["s", 1, 2, 3, 4, 5, "a", "m", None]),
        "W" * 5000,
        text(json.loads("[" * 500 + "]" * 500)),
        7,
        b"W10",
    ],
    ids=lambda bad: str(bad)[:12],
)
def test_what_is_no_cursor_is_refused(store: Store, bad: str) -> None:
    """And the message says what to give instead."""
    with pytest.raises(CaseError, match="is not a cursor: give what `due` returned") as error:
        store.due(1, bad)
    assert len(str(error.value)) < 200


def test_a_cursor_that_was_cut_off_is_refused(store: Store) -> None:
    """Every shortened cursor is noticed."""
    store.set_deadlines("a", [(1, "m", "opened"), (2, "m", "closed")])
    for _, cursor in pages(store, 9, None, 1):
        for length in range(len(cursor)):
            with pytest.raises(CaseError, match="is not a cursor"):
                store.due(9, cursor[:length])


@pytest.mark.parametrize("kind", STORES)
def test_a_cursor_from_another_store_covers_until_its_time(kind: str, tmp_path: Path) -> None:
    """A store in memory began anew: nobody is contacted again for what was reported before."""
    entries: list = [(at, "m", "opened") for at in range(1, 10)]
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    with STORES[kind](tmp_path / "old") as old, STORES[kind](tmp_path / "new") as new:
        for number in range(3):
            old.set_deadlines(f"c{number}", entries)
            new.set_deadlines(f"c{number}", entries)
        _, cursor = old.due(5)
        found, after = new.due(7, cursor)
        assert [due.at for due in found] == [6, 6, 6, 7, 7, 7]
        new.set_deadlines("late", [(2, "m", "opened")])
        assert [due.customer for due in new.due(7, after)[0]] == ["late"]
        _, cut = old.due(7, cursor, 2)
        found, after = new.due(7, cut)
        assert [due.at for due in found] == [6, 7, 7, 7]
        assert [due.at for due in new.due(8, after)[0]] == [8, 8, 8]


def test_deadlines_from_an_older_journey_are_refused(store: Store) -> None:
    """Two observe at the same time; who read the journey first has not the last word."""
    store.append("a", [row("x", 1)])
    early = store.version("a")
    store.append("a", [row("y", 2)])
    late = store.version("a")
    assert store.set_deadlines("a", [(2, "m", "opened")], late)
    assert not store.set_deadlines("a", [(1, "m", "opened")], early)
    assert [due.at for due in store.due(9)[0]] == [2]
    assert store.set_deadlines("nobody", [(3, "m", "opened")], store.version("nobody"))


def test_who_joins_another_has_no_deadlines(store: Store) -> None:
    """Those of the customer who is left are to be set, from the whole journey."""
    store.append("cookie", [row("x", 1)])
    version = store.version("cookie")
    store.set_deadlines("cookie", [(5, "m", "opened")], version)
    store.link("cookie", "c")
    assert store.due(9)[0] == []
    assert not store.set_deadlines("cookie", [(5, "m", "opened")], version)
    assert not store.set_deadlines("cookie", [(5, "m", "opened")])
    assert store.set_deadlines("c", [(5, "m", "opened")], store.version("cookie"))
    assert store.due(9)[0] == [Due(5, "c", "m", "opened")]
    store.unlink("cookie")
    assert not store.set_deadlines("c", [], version)
    assert store.set_deadlines("cookie", [], store.version("cookie"))


def test_old_deadlines_are_forgotten(store: Store) -> None:
    """With the events before that time; what lies after it is still reported."""
    store.set_deadlines("a", [(1, "m", "opened"), (6, "m", "closed")])
    store.set_deadlines("b", [(2, "m", "opened")])
    _, cursor = store.due(3)
    store.set_deadlines("b", [(2, "m", "opened"), (3, "n", "opened")])
    assert store.forget_before(5) == 0
    assert list(store.customers()) == ["a"]
    assert [due.at for due in store.due(9)[0]] == [6]
    assert [due.at for due in store.due(9, cursor)[0]] == [6]
