"""`nba replay` and `nba log`: a decision log on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import BOOK, CASE, Run

from nba import Case, Engine
from nba.decide.decision import Decision


def logged(folder: Path, name: str = "log.jsonl") -> list[Decision]:
    """Log three decisions in a file."""
    with Engine.open(folder / "rules", log=folder / name) as engine:
        cases = [CASE, {**CASE, "id": "c-2", "interaction": None}, {**CASE, "customer": {}}]
        return list(engine.decide_many(map(Case.from_dict, cases)))


@pytest.mark.parametrize("name", ["log.jsonl", "log.db"])
def test_what_was_decided_is_the_same(nba: Run, folder: Path, name: str) -> None:
    """Counted for people, one line to a decision for machines."""
    made = logged(folder, name)
    ran = nba("replay", name, "rules")
    assert (ran.code, ran.out, ran.err) == (0, "3 decisions: 3 same\n", "")
    lines = nba("replay", name, "rules", "--json", "--limit", "2").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in made[1:]]
    assert json.loads(lines[0]) == {
        "id": made[1].id,
        "customer": "c-2",
        "at": "2026-03-02T10:00:00Z",
        "verdict": "same",
        "because": [],
    }


def test_another_book_is_not_compared_unless_that_is_asked_for(nba: Run, folder: Path) -> None:
    """Then what is different is shown, and the exit code says so."""
    made = logged(folder)
    changed = BOOK.replace("value: 10", "value: 12")
    (folder / "rules" / "book.yaml").write_text(changed, encoding="utf-8")
    ran = nba("replay", "log.jsonl", "rules")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "3 decisions: 3 other version")
    ran = nba("replay", "log.jsonl", "rules", "--any-version")
    assert ran.code == 1
    first, *rest = ran.out.splitlines()
    assert first == f"{made[0].id} of c-1: different"
    assert "  `priority` of `call_back` was `10.0`, and is `12.0`" in rest
    assert rest[-1] == "3 decisions: 2 same, 1 different"


def test_what_cannot_be_read_is_said(nba: Run, folder: Path) -> None:
    """With its place; the rest is replayed."""
    logged(folder)
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"format": 1}\n{"format": 1, "id"')
    ran = nba("replay", "log.jsonl", "rules")
    assert (ran.code, ran.out) == (0, "3 decisions: 3 same\n")
    assert ran.err.splitlines() == [
        "log.jsonl:4: the record of a decision is not complete, and is left out",
        "log.jsonl:5: it was cut, and is left out",
    ]


@pytest.mark.parametrize("name", ["log.jsonl", "log.db"])
def test_a_customer_is_forgotten(nba: Run, folder: Path, name: str) -> None:
    """And counted; others stay."""
    logged(folder, name)
    assert nba("log", "forget", name, "c-1").out == "2 records of `c-1` forgotten\n"
    assert nba("log", "forget", name, "c-1", "--json").json() == {"forgotten": 0}
    found = nba("log", "stats", name, "--json").json()
    assert (found["records"], found["customers"], found["unreadable"]) == (1, 1, 0)
    assert found["first"] == found["last"] == "2026-03-02T10:00:00Z"
    lines = nba("log", "stats", name).out.splitlines()
    assert lines[:2] == [
        "1 record of 1 customer",
        "from 2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z",
    ]


def test_times_are_compared_as_times(nba: Run, folder: Path) -> None:
    """Not as text, in which a part of a second comes before none; and a record needs one."""
    logged(folder)
    path = folder / "log.jsonl"
    one, two, three = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    one["at"], two["at"], three["at"] = "2026-03-02T10:00:00.5Z", "2026-03-02T10:00:00Z", 5
    path.write_text(
        "".join(f"{json.dumps(each)}\n" for each in (one, two, three)), encoding="utf-8"
    )
    ran = nba("log", "stats", "log.jsonl", "--json")
    found = ran.json()
    assert (found["first"], found["last"]) == (two["at"], one["at"])
    assert (found["records"], found["unreadable"]) == (2, 1)
    assert ran.err == f"log.jsonl: the record `{three['id']}` has no time, and is left out\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["log", "forgt", "log.jsonl", "c-1"], "did you mean `forget`?"),
        (["log", "forget", "log.jsonl"], "CUSTOMER is missing"),
        (["log", "stats", "log.jsonl", "c-1"], "`c-1` is one argument too many"),
        (["log", "stats", "none.jsonl"], "there is no such file"),
        (["log", "forget", "case.json", "c-1"], "is no decision log"),
        (["replay", "none.jsonl", "rules"], "no such file"),
        (["replay", "none.jsonl"], "BOOK is missing"),
    ],
)
def test_what_cannot_be_done_is_said(nba: Run, folder: Path, argv: list[str], said: str) -> None:
    """On standard error, with the exit code for wrong usage."""
    (folder / "log.jsonl").touch()
    ran = nba(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
