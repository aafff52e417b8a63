"""The report on corridors: who met what was expected, and how soon."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from nba.author.journey_report import StageReport

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BOOK = """
format: 1
book: small
events:
  ordered: {order: string, promised: timestamp}
  delivered: {order: string}
  cancelled: {order: string}
corridors:
  delivery:
    title: From order to delivery
    stages:
      - id: ordered
        title: Ordered
        enter: {event: ordered, as: order}
        by: order.promised
      - id: delivered
        enter: {event: delivered, as: came, where: came.order == order.order}
    until: {event: cancelled, as: cancelled, where: cancelled.order == order.order}
"""


def day(ago: float) -> str:
    """Return a time so many days ago."""
    return (NOW - timedelta(days=ago)).isoformat()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write a book, and the events of six customers."""
    ways = {
        "soon": (8, 5, 6, "delivered"),
        "late": (8, 6, 5, "delivered"),
        "missed": (8, 6, None, ""),
        "open": (1, -1, None, ""),
        "gave up in time": (8, 5, 6, "cancelled"),
        "gave up waiting": (8, 6, 2, "cancelled"),
    }
    lines = []
    for customer, (ordered, promised, then, kind) in ways.items():
        data = {"order": "o", "promised": day(promised)}
        lines.append({"type": "ordered", "customer": customer, "at": day(ordered), "data": data})
        if then is not None:
            data = {"order": "o"}
            lines.append({"type": kind, "customer": customer, "at": day(then), "data": data})
    book, events = tmp_path / "book.yaml", tmp_path / "events.jsonl"
    book.write_text(BOOK)
    events.write_text("\n".join(map(json.dumps, lines)))
    return str(book), str(events)


def test_every_customer_is_counted_once(files: tuple[str, str], nba: Run) -> None:
    """In time, late, missed, open, or ended before what was expected was due."""
    book, events = files
    found = nba("report", "journey", book, "--events", events, "--now", NOW.isoformat(), "--json")
    (corridor,) = json.loads(found.out)["corridors"]
    ordered, delivered = corridor["stages"]
    assert (corridor["customers"], corridor["passages"]) == (6, 6)
    counts = ("entered", "in_time", "late", "missed", "open", "ended")
    assert [ordered[name] for name in counts] == [6, 1, 1, 2, 1, 1]
    assert ordered["median_seconds"] == timedelta(days=2).total_seconds()
    assert ordered["p90_seconds"] == timedelta(days=3).total_seconds()
    assert [delivered[name] for name in counts] == [2, 0, 0, 0, 0, 0]
    assert delivered["median_seconds"] is None


def test_no_passage_ends_by_the_reach(files: tuple[str, str], nba: Run) -> None:
    """A report looks at all it is given."""
    book, events = files
    argv = ("--events", events, "--now", NOW.isoformat(), "--json")
    found = nba("report", "journey", book, *argv).json()
    Path(book).write_text(f"{BOOK}reach: 1d\n")
    assert nba("report", "journey", book, *argv).json() == found


def test_for_people(files: tuple[str, str], nba: Run) -> None:
    """A table; a stage of which nothing is expected has dashes."""
    book, events = files
    found = nba("report", "journey", book, "--events", events, "--now", NOW.isoformat())
    assert found.out == (
        "From order to delivery\n"
        "6 customers, 6 passages\n"
        "\n"
        "stage      entered  in time  late  missed  open  ended  half took  90 % took\n"
        "Ordered          6        1     1       2     1      1        2 d        3 d\n"
        "delivered        2        -     -       -     -      -          -          -\n"
    )


def test_what_cannot_be_reported(files: tuple[str, str], nba: Run, tmp_path: Path) -> None:
    """A book without corridors, and a corridor that it does not have."""
    book, events = files
    wrong = nba("report", "journey", book, "--events", events, "--corridor", "delivry")
    assert wrong.code == 2
    assert "the book has no corridor `delivry`" in wrong.err
    assert "did you mean `delivery`?" in wrong.err
    (tmp_path / "empty.yaml").write_text("format: 1\nbook: empty\n")
    none = nba("report", "journey", str(tmp_path / "empty.yaml"), "--events", events)
    assert "the book has no corridor" in none.err


@pytest.mark.parametrize(
    ("count", "share", "rank"), [(1, 0.5, 1), (2, 0.5, 1), (3, 0.5, 2), (10, 0.9, 9), (11, 0.9, 10)]
)
def test_quantiles_are_of_nearest_rank(count: int, share: float, rank: int) -> None:
    """The least time that at least this share did not exceed."""
    assert StageReport("s", "", waited=list(range(1, count + 1))).quantile(share) == rank
