"""`nba why`: why an action is, or is not, the answer for one case."""

import json
from pathlib import Path

from tests.cli.conftest import CASE, Run, line_of


def test_an_action_that_is_not_the_answer(nba: Run, folder: Path):
    """The answer first, then what is in the way, what would change it, and the other channels."""
    case = CASE | {"interaction": {"intent": "cancel"}}
    (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")
    ran = nba("why", "rules", "--case", "case.json", "--action", "upgrade")
    assert (ran.code, ran.err) == (0, "")
    head, account, *rest = ran.out.splitlines()
    assert head == "Leave them in peace: no action is better than none."
    place = f"rules/book.yaml:{line_of('no_selling:')}"
    assert account == f"upgrade on email: blocked:no_selling  {place}"
    assert "  it would pass if interaction intent were none" in rest
    assert rest[-1] == "  on phone: blocked:no_selling"


def test_an_action_that_is_the_answer(nba: Run):
    """It says what carried it."""
    ran = nba("why", "rules", "--case", "case.json", "--action", "call_back")
    assert (ran.code, ran.err) == (0, "")
    head, account, *rest = ran.out.splitlines()
    assert head == "Call back: chat, inbound."
    assert account.startswith("call_back on chat: chosen  rules/book.yaml:")
    assert rest[0].startswith("  Its priority is 10")
    assert rest[-1] == "  on phone: outranked"


def test_without_an_action_it_is_about_the_answer(nba: Run):
    """The sentences of the decision."""
    ran = nba("why", "rules", "--case", "case.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Call back: chat, inbound.\n  It fits now: interaction intent is b")


def test_json_has_the_account(nba: Run):
    """As `nba explain --json` has it, of one action."""
    argv = ("rules", "--case", "case.json", "--json", "--action", "upgrade")
    found = nba("why", *argv).json()
    explained = nba("explain", *argv).json()
    assert found["action"] == explained["actions"][0]
    assert found["action"]["channels"] == {"email": "outranked", "phone": "outranked"}
    assert nba("why", *argv[:4]).json()["action"] is None


def test_a_slip_is_explained(nba: Run):
    """As everywhere."""
    ran = nba("why", "rules", "--case", "case.json", "--action", "upgrad")
    assert ran.code == 2
    assert "did you mean `upgrade`?" in ran.err
