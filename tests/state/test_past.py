"""The decisions on one customer: in order, unchanged by what is added, read piece by piece."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from nba.state.past import Past
from nba.state.store import Remembered


def row(id_: str, at: int, text: str = "") -> Remembered:
    """Return a decision."""
    return Remembered(id_, "c", at, text, (0,), ("{}",))


def test_adding_makes_another() -> None:
    """The one before stays as it was, and both are in the order of time and id."""
    first = Past([row("b", 2)])
    second = first.adding(row("a", 2))
    third = second.adding(row("z", 1))
    other = first.adding(row("y", 9))
    assert [one.id for one in first] == ["b"]
    assert [one.id for one in second] == ["a", "b"]
    assert [one.id for one in third] == ["z", "a", "b"]
    assert [one.id for one in other] == ["b", "y"]
    assert (len(first), len(third), third[0].id, first[-5:]) == (1, 3, "z", (row("b", 2),))
    assert first == (row("b", 2),)
    assert first != second
    assert Past() == ()


def test_changing_makes_another() -> None:
    """One decision is told anew, the others stay."""
    past = Past([row("a", 1), row("b", 2)])
    after = past.changing(row("a", 1, "said"))
    assert [one.text for one in after] == ["said", ""]
    assert [one.text for one in past] == ["", ""]
    assert after.adding(row("c", 3))[-1].id == "c"
    assert len(past) == 2


def test_what_came_after_is_added_or_told_anew() -> None:
    """What is as it was stays so."""
    past = Past([row("a", 1), row("b", 2)])
    assert past.said == 4
    past.read = ("mark", {}, ())
    after = past.after([row("b", 2, "said"), row("c", 0), row("a", 1)])
    assert [(one.id, one.text) for one in after] == [("c", ""), ("a", ""), ("b", "said")]
    assert after.said == 10 == Past(after).said
    assert after.read == ("mark", {}, (row("b", 2, "said"), row("c", 0)))
    assert past.after([]) is past


def test_a_decision_is_found_by_its_id() -> None:
    """In the past that has it, and not in those before it or beside it."""
    first = Past([row("a", 1)])
    assert first.find("a") == row("a", 1)
    second, other = first.adding(row("b", 2)), first.adding(row("c", 3))
    changed = second.changing(row("a", 1, "said")).adding(row("d", 4))
    found = [[past.find(name) for name in "abcd"] for past in (first, second, other, changed)]
    assert [[one and (one.id, one.text) for one in each] for each in found] == [
        [("a", ""), None, None, None],
        [("a", ""), ("b", ""), None, None],
        [("a", ""), None, ("c", ""), None],
        [("a", "said"), ("b", ""), None, ("d", "")],
    ]


def test_threads_may_add_to_the_same_past() -> None:
    """Each has its own afterwards."""
    past = Past([row("a", 1)])
    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(lambda n: (n, past.adding(row(f"b{n}", 2))), range(200))]
    assert all([one.id for one in after] == ["a", f"b{n}"] for n, after in found)
    assert past == (row("a", 1),)


def test_what_is_read_is_carried_on() -> None:
    """A reader is told only of what was added or changed since."""
    past = Past([row("a", 1)])
    assert past.adding(row("b", 2)).read is None
    past.read = ("mark", {"a": 1}, ())
    after = past.adding(row("c", 2)).changing(row("a", 1, "said"))
    assert after.read is not None
    mark, made, others = after.read
    assert (mark, made) == ("mark", {"a": 1})
    assert [(one.id, one.text) for one in others] == [("c", ""), ("a", "said")]


def test_rows_that_are_handed_over_stay_as_they_are() -> None:
    """They are the caller's."""
    rows = [row("a", 1)]
    assert len(Past(rows).adding(row("b", 2))) == 2
    assert len(rows) == 1
