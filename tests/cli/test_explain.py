"""`nba explain`: what became of every action, or of one."""

import json
from pathlib import Path

from tests.cli.conftest import CASE, Run, line_of


def test_every_action_has_its_account(nba: Run):
    """The decision comes first, then what got furthest."""
    ran = nba("explain", "rules", "--case", "case.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Call back: chat, inbound.\n")
    chosen, outranked = line_of("call_back:"), line_of("upgrade:")
    assert f"\ncall_back on chat: chosen  rules/book.yaml:{chosen}\n  Its priority" in ran.out
    assert f"\nupgrade on email: outranked  rules/book.yaml:{outranked}\n" in ran.out


def test_one_action_can_be_asked_for(nba: Run, folder: Path):
    """The account of one action names the rule in its way, and what would change it."""
    case = CASE | {"interaction": {"intent": "cancel"}}
    (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")
    ran = nba("explain", "rules", "--case", "case.json", "--action", "upgrade")
    assert (ran.code, ran.err) == (0, "")
    place = f"rules/book.yaml:{line_of('no_selling:')}"
    assert ran.out.startswith(f"upgrade on email: blocked:no_selling  {place}\n")
    assert "\n  it would pass if interaction intent were none\n" in ran.out
    assert "call_back" not in ran.out


def test_json_has_the_decision_and_the_accounts(nba: Run):
    """A machine gets all of it."""
    found = nba("explain", "rules", "--case", "case.json", "--json").json()
    assert found["decision"]["action"] == "call_back"
    assert found["summary"]
    assert {each["action"]: each["code"] for each in found["actions"]} == {
        "call_back": "chosen",
        "upgrade": "outranked",
    }
    found = nba("explain", "rules", "--case", "case.json", "--json", "--action", "upgrade").json()
    assert [each["action"] for each in found["actions"]] == ["upgrade"]


def test_explaining_takes_the_same_arguments_as_deciding(nba: Run):
    """What is explained is what would be decided."""
    ran = nba("explain", "rules", "--case", "-", "--at", "web_home", stdin="{}")
    assert ran.code == 0
    assert "call_back on chat: unavailable" in ran.out


def test_one_case_of_many_can_be_chosen(nba: Run, folder: Path):
    """By its customer, who has one."""
    lines = [json.dumps(CASE | {"id": id_}) for id_ in ("a", "b", "b")]
    (folder / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    chosen = nba("explain", "rules", "--case", "many.jsonl", "--customer-id", "a", "--json")
    assert chosen.json()["decision"]["customer"] == "a"
    ran = nba("explain", "rules", "--case", "many.jsonl", "--customer-id", "b")
    assert ran.code == 2
    assert ran.err.startswith("error: the file has several cases of the customer `b`: many.jsonl:2")
    ran = nba("explain", "rules", "--case", "many.jsonl", "--customer-id", "c")
    assert ran == (2, "", "error: the file has no case of the customer `c`\n")


def test_wrong_usage_is_explained(nba: Run):
    """An action that does not exist, no case, and many cases."""
    ran = nba("explain", "rules", "--case", "case.json", "--action", "upgrad")
    assert ran == (
        2,
        "",
        "error: the book has no action `upgrad`\n  help: did you mean `upgrade`?\n",
    )
    ran = nba("explain", "rules")
    assert ran.code == 2
    assert ran.err.startswith("error: --case is missing\n")
    ran = nba("explain", "rules", "--case", "-", stdin="{}\n{}\n")
    assert ran.code == 2
    assert ran.err.startswith("error: one case is explained at a time")
    ran = nba("explain", "rules", "--case", "-", "--now", "2026", stdin="{}")
    assert ran.code == 2
