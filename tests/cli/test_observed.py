"""`--events`: what happened before, from a file, as `nba decide` and `nba explain` see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

JOURNEY = """
events:
  contact: {topic: string, resolved: bool, minutes: {type: number, min: 0}}
signals:
  contacts_7d: {title: the contacts of a week, count: contact, within: 7d}
actions:
  own_it:
    title: Own it
    group: service/help
    kind: guidance
    applicable: signal.contacts_7d >= 2
    value: 100
    channels: [phone]
    say: "You have been in touch {signal.contacts_7d} times."
"""
EVENTS = """\
type,customer,channel,at,topic
contact,a,chat,2020-03-01T10:00:00Z,billing
contact,a,phone,2020-03-01T12:00:00Z,billing
contact,b,chat,2020-03-01T10:00:00Z,move
"""
NOW = ("--now", "2020-03-02T10:00:00Z")


@pytest.fixture(autouse=True)
def _journey(folder: Path) -> None:
    (folder / "rules" / "journey.yaml").write_text(JOURNEY, encoding="utf-8")
    (folder / "events.csv").write_text(EVENTS, encoding="utf-8")


def test_a_case_is_decided_on_what_happened(nba: Run):
    """However long ago: the case has a time of its own."""
    argv = ["decide", "rules", "--events", "events.csv", *NOW, "--customer-id"]
    ran = nba(*argv, "a")
    assert (ran.code, ran.err) == (0, "")
    assert "  do    own_it on phone\n  say   You have been in touch 2 times.\n" in ran.out
    assert "own_it" not in nba(*argv, "b").out


def test_people_are_briefed(nba: Run):
    """After what to say stands what to know; a machine has it among the reasons."""
    argv = ["decide", "rules", "--events", "events.csv", *NOW, "--customer-id", "a"]
    lines = nba(*argv).out.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("  brief "))
    assert lines[place - 1].startswith("  say   ")
    assert lines[place : place + 2] == [
        "  brief Yesterday, Telephone: billing",
        "        Yesterday, chat: billing",
    ]
    assert lines[place + 2].startswith("  why   ")
    briefing = ["Yesterday, Telephone: billing", "Yesterday, chat: billing"]
    assert nba(*argv, "--json").json()["briefing"] == briefing


def test_many_cases_each_have_their_journey(nba: Run, folder: Path):
    """One file of events is for all customers of the file of cases."""
    (folder / "cases.csv").write_text("id,now\na,2020-03-02T10:00:00Z\nb,\n", encoding="utf-8")
    ran = nba("decide", "rules", "--case", "cases.csv", "--events", "-", stdin=EVENTS)
    assert (ran.code, ran.err) == (0, "")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(one["customer"], one["action"]) for one in found] == [("a", "own_it"), ("b", None)]


def test_events_of_the_case_itself_go_before_those_of_the_file(nba: Run):
    """What is passed with a case replaces what was observed."""
    case = json.dumps({"id": "a", "events": []})
    ran = nba("decide", "rules", "--case", "-", "--events", "events.csv", *NOW, stdin=case)
    assert "own_it" not in ran.out


def test_the_same_event_counts_once(nba: Run, folder: Path):
    """A file that was put together twice does no harm."""
    (folder / "events.csv").write_text(EVENTS.replace("phone,2020-03-01T12", "chat,2020-03-01T10"))
    ran = nba("decide", "rules", "--events", "events.csv", *NOW, "--customer-id", "a")
    assert "own_it" not in ran.out


def test_a_decision_with_events_is_explained(nba: Run):
    """The account names what the journey adds up to."""
    argv = ["--events", "events.csv", "--customer-id", "b", *NOW, "--action", "own_it"]
    ran = nba("explain", "rules", "--case", "-", *argv, stdin="{}")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("own_it on phone: inapplicable")
    assert "needs: the contacts of a week is at least 2 (it is 1)" in ran.out


def test_wrong_fields_are_said_with_their_place(nba: Run, folder: Path):
    """The rest of the event counts, and the decision is made."""
    lines = ["type,customer,at,minutes", *["contact,a,2020-03-01T10:00:00Z,long"] * 25]
    (folder / "events.csv").write_text("\n".join(lines), encoding="utf-8")
    ran = nba("decide", "rules", "--events", "events.csv", *NOW)
    assert ran.code == 0
    first = "events.csv:2: warning: expected a number, got a string - at `minutes`, read as unknown"
    assert ran.err.replace("a double", "a number").startswith(first)
    assert "events.csv:21: " in ran.err
    assert "events.csv:22: " not in ran.err
    assert "\nand 5 more faults in events\n" in ran.err


def test_two_events_with_one_id_are_said(nba: Run, folder: Path):
    """The first counts; saying the same again is nothing."""
    rows = ["contact,a,2020-03-01T10:00:00Z,x,1", "contact,b,2020-03-01T10:00:00Z,x,2"]
    rows += ["contact,a,2020-03-01T10:00:00Z,x,1", "contact,a,2020-03-02T10:00:00Z,x,1"]
    text = "\n".join(["type,customer,at,id,minutes", *rows])
    (folder / "events.csv").write_text(text, encoding="utf-8")
    ran = nba("decide", "rules", "--events", "events.csv", *NOW)
    assert ran.code == 0
    assert ran.err.count("warning") == 1
    message = "the event `x` is not the one with this id at events.csv:2, which counts"
    assert ran.err.startswith(f"events.csv:5: warning: {message}")


def test_an_undeclared_field_is_said_with_its_place(nba: Run):
    """It is mostly a slip."""
    event = {"type": "contact", "customer": "a", "at": "2020-03-01T10:00:00Z", "data": {"topc": 1}}
    ran = nba("decide", "rules", "--events", "-", *NOW, stdin=json.dumps(event))
    assert ran.code == 0
    assert ran.err.startswith("standard input: warning: `topc` is not declared")
    assert "help: did you mean `topic`?" in ran.err


@pytest.mark.parametrize(
    ("argv", "stdin", "error"),
    [
        (["--case", "-"], "", "error: standard input can be read once"),
        ([], "type,customr\n", "standard input:1: error: there is no column `customr`"),
        ([], '{"type": "contact"}', "standard input: error: an event needs `customer`"),
        ([], '{"type": "call", "customer": "a", "at": "x"}', "standard input: error: `at` is a "),
        (["--events", "gone.csv"], "", "gone.csv: error: it cannot be read"),
    ],
)
def test_events_that_cannot_be_read_are_explained(
    nba: Run, argv: list[str], stdin: str, error: str
):
    """Nothing is decided on half of what happened."""
    ran = nba("decide", "rules", "--events", "-", *argv, stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(error)
