"""`nba decide`: one case for people, many for machines, and cases that cannot be read."""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import CASE, Run

from nba import Decision
from nba.cli.output import Page
from nba.cli.progress import Progress


def test_a_decision_says_what_to_do_and_why(nba: Run):
    """People read what to do, on which channel, what to say, and why."""
    ran = nba("decide", "rules", "--case", "case.json")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:4] == [
        "Call back: chat, inbound.",
        "  do    call_back on chat",
        "  say   Hello Ann.",
        "        I own it from here.",
    ]
    assert lines[4].startswith("  why   It fits now: ")
    assert "        It belongs to the tier `help first`." in lines


def test_several_answers_are_numbered(nba: Run):
    """With `-n` the next best follow."""
    ran = nba("decide", "rules", "--case", "case.json", "-n", "2")
    assert ran.code == 0
    assert "\n2. Something bigger: email, outbound.\n  do    upgrade on email\n" in ran.out
    assert ran.out.endswith("\n  why   Its priority is 50, in the tier `everything else`.\n")


def test_without_a_case_nothing_is_known(nba: Run):
    """To leave somebody in peace is a decision too."""
    ran = nba("decide", "rules")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Leave them in peace: ")


def test_json_is_one_line_that_reads_back(nba: Run):
    """A machine gets the whole decision, with the reasons."""
    ran = nba("decide", "rules", "--case", "case.json", "--json")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    decision = Decision.from_json(ran.out)
    assert (decision.action, decision.channel, decision.customer) == ("call_back", "chat", "c-1")
    assert decision.why()


def test_the_case_may_come_from_standard_input(nba: Run):
    """`-` reads what another program writes."""
    ran = nba("decide", "rules", "--case", "-", "--json", stdin=json.dumps(CASE))
    assert ran.json()["action"] == "call_back"


def test_arguments_take_the_place_of_parts_of_the_case(nba: Run):
    """A case can be tried at another time and place without an editor."""
    argv = ["--customer-id", "c-9", "--at", "web_home", "--now", "2027-01-01T00:00:00+01:00"]
    found = nba("decide", "rules", "--case", "case.json", "--json", *argv).json()
    assert (found["customer"], found["at"]) == ("c-9", "web_home")
    assert found["now"] == "2026-12-31T23:00:00+00:00"
    assert found["action"] == "upgrade"


LINES = (
    {"id": "a", "customer": {"tier": "gold", "lifetime_value": 9}},
    {"id": "b"},
    CASE,
)


@pytest.mark.parametrize("name", ["cases.jsonl", "cases.ndjson", "cases.txt", "-"])
def test_many_cases_are_decided_line_by_line(nba: Run, folder: Path, name: str):
    """Every line gets a line, in the same order; empty lines get none."""
    text = "\ufeff" + "\n\n".join(map(json.dumps, LINES)) + "\n"
    if name != "-":
        (folder / name).write_text(text, encoding="utf-8")
    ran = nba("decide", "rules", "--case", name, stdin=text)
    assert (ran.code, ran.err) == (0, "")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(each["customer"], each["action"]) for each in found] == [
        ("a", "upgrade"),
        ("b", None),
        ("c-1", "call_back"),
    ]
    assert "why" not in found[0]
    why = nba("decide", "rules", "--case", name, "--why", stdin=text)
    assert all(json.loads(line)["why"] for line in why.out.splitlines())


def test_a_file_of_lines_may_have_one_or_none(nba: Run, folder: Path):
    """What the name of the file promises holds for any number of lines."""
    (folder / "one.jsonl").write_text("{}", encoding="utf-8")
    ran = nba("decide", "rules", "--case", "one.jsonl")
    assert json.loads(ran.out)["action"] is None
    (folder / "none.jsonl").write_text("\n", encoding="utf-8")
    assert nba("decide", "rules", "--case", "none.jsonl") == (0, "", "")


def test_a_slip_in_a_case_is_pointed_out(nba: Run, folder: Path):
    """Fields that nobody reads, and values that do not fit, are mostly slips."""
    case = {"customer": {"teir": "gold", "consent": {"mail": True}, "lifetime_value": -1}}
    (folder / "slip.json").write_text(json.dumps(case), encoding="utf-8")
    ran = nba("decide", "rules", "--case", "slip.json", "--json")
    assert ran.code == 0
    assert "warning: `customer.teir` is not declared, and is not read [undeclared-name]" in ran.err
    assert "help: did you mean `tier`?" in ran.err
    assert "`customer.consent.mail` is not declared" in ran.err
    assert "[wrong-input]" in ran.err
    assert "error" not in ran.err
    codes = sorted(found["code"] for found in ran.json()["diagnostics"])
    assert codes == ["undeclared-name", "undeclared-name", "wrong-input"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "case.txt: error: it is empty, and a JSON object is expected\n"),
        (
            "[{}]",
            (
                "case.txt: error: a JSON object is expected, not a list\n"
                "  help: write one object to a line\n"
            ),
        ),
        ('"c-42"', 'case.txt: error: a JSON object is expected, not `"c-42"`\n'),
        ("[" * 100_000, "case.txt: error: it is nested too deeply\n"),
        ('{"n": ' + "9" * 5000 + "}", "case.txt: error: a number in it has thousands of digits\n"),
        (
            '{"costumer": {}}',
            (
                "case.txt: error: `costumer` is not a key of a case\n"
                "  help: did you mean `customer`?\n"
            ),
        ),
        ('{"customer": 1}', "case.txt: error: `customer` of a case is an object "),
        ('{"id": 1}', "case.txt: error: `id` of a case is a string\n"),
        ('{"now": "yesterday"}', "case.txt: error: `now` is a time such as "),
        (
            '{"now": "2026-03-02T10:00:00"}',
            "case.txt: error: `now` is a time such as 2026-03-02T10:00:00Z",
        ),
        ('{"at": "nowhere"}', "case.txt: error: there is no decision point `nowhere`\n"),
        (
            '{\n "id": "c",\n "customer" {}\n}',
            (
                "case.txt:3:13: error: this is not JSON: `:` is expected here\n"
                '  3 |  "customer" {}\n    |             ^\n'
            ),
        ),
        ("{}\n[1]", "case.txt:2: error: a JSON object is expected, not a list\n"),
        ('{}\n{"id": 1}', "case.txt:2: error: `id` of a case is a string\n"),
        ('{}\n{"at": "nowhere"}', "case.txt:2: error: there is no decision point `nowhere`\n"),
        (
            '{}\n{"id" 1}',
            (
                "case.txt:2:7: error: this is not JSON: `:` is expected here\n"
                '  2 | {"id" 1}\n    |       ^\n'
            ),
        ),
    ],
)
def test_a_case_that_cannot_be_read_is_explained(nba: Run, folder: Path, text: str, error: str):
    """Place, what is wrong, and what to do; never a traceback."""
    (folder / "case.txt").write_text(text, encoding="utf-8")
    ran = nba("decide", "rules", "--case", "case.txt")
    assert ran.code == 2
    assert ran.err.startswith(error)
    assert ran.out.count("\n") == text.startswith("{}\n"), "what was decided before is kept"


def test_text_that_is_not_utf_8_is_explained(nba: Run, folder: Path):
    """The line of the byte is named, in one case and in many."""
    (folder / "case.txt").write_bytes(b'{"id":\n "\xe9"}')
    ran = nba("decide", "rules", "--case", "case.txt")
    assert ran == (2, "", "case.txt:2: error: byte 0xe9 is not UTF-8\n  help: save it as UTF-8\n")
    (folder / "case.txt").write_bytes(b'{}\n{"id": "\xe9"}')
    ran = nba("decide", "rules", "--case", "case.txt")
    assert ran.code == 2
    assert ran.err.startswith("case.txt:2: error: byte 0xe9 is not UTF-8\n")


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["--case", "gone.json"], "gone.json: error: it cannot be read: no such file or directory"),
        (["--case", "rules"], "rules: error: it cannot be read: is a directory"),
        (["--case", "\0"], "error: it cannot be read: "),
        (["--case", "-"], "standard input: error: it is empty, and a JSON object is expected"),
        (["--n", "0"], "error: `--n`: a whole number from 1 on is expected, not `0`"),
        (["--n", "many"], "error: `--n`: a whole number from 1 on is expected, not `many`"),
        (["--now", "now"], "error: `--now`: `now` is a time such as "),
        (
            ["--at", "web_hom"],
            ("error: the book has no decision point `web_hom`\n  help: did you mean `web_home`?"),
        ),
    ],
)
def test_wrong_arguments_are_explained(nba: Run, argv: list[str], error: str):
    """What cannot be read or does not exist is named."""
    ran = nba("decide", "rules", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert error in ran.err


def test_one_id_is_not_for_many(nba: Run):
    """To give all customers the same id would be a mistake."""
    ran = nba("decide", "rules", "--case", "-", "--customer-id", "x", stdin="{}\n{}\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: `--customer-id` is for one case")


def test_a_file_that_may_not_be_read_is_explained(nba: Run, folder: Path, monkeypatch):
    """Rights are a matter of the file, and the message says so."""
    plainly = Path.open

    def denied(self: Path, *how: Any, **more: Any) -> Any:
        if self.name != "mine.json":
            return plainly(self, *how, **more)
        raise PermissionError(13, "Permission denied", str(self))

    (folder / "mine.json").write_text("{}", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", denied)
        ran = nba("eval", "1", "--context", "mine.json")
    assert ran == (2, "", "mine.json: error: it cannot be read: permission denied\n")


# --- terminals


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and keeps what is written."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_colour_is_for_terminals_that_want_it(terminal: Terminal, monkeypatch):
    """Elsewhere, and where NO_COLOR is set, there is none."""
    assert Page(terminal).paint("text", "red") == "\x1b[31mtext\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Page(terminal).paint("text", "red") == "text"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Page(terminal).paint("text", "red") == "text"


def test_data_does_not_command_the_terminal(nba: Run, terminal: Terminal, monkeypatch):
    """What stands in a case can neither move the cursor nor hide anything."""
    case = json.dumps(CASE | {"customer": {"name": "\x1b]0;title\x07\x1b[8m\x1b[2J\u009b1m"}})
    monkeypatch.setattr(sys, "stdout", terminal)
    assert nba("decide", "rules", "--case", "-", stdin=case).code == 0
    assert "Hello \\x1b]0;title\\x07\\x1b[8m\\x1b[2J\\x9b1m." in terminal.getvalue()
    assert terminal.getvalue().startswith("\x1b[1mCall back")


def test_diagnostics_are_coloured(nba: Run, folder: Path, terminal: Terminal, monkeypatch):
    """The colours change nothing in what is said."""
    (folder / "rules" / "more.yaml").write_text("conditions: {a: x.y}\n", encoding="utf-8")
    plain = nba("check", "rules").err
    monkeypatch.setattr(sys, "stderr", terminal)
    assert nba("check", "rules").code == 1
    assert "\x1b[31m" in terminal.getvalue()
    assert re.sub(r"\x1b\[\d+m", "", terminal.getvalue()) == plain


def test_long_work_shows_how_far_it_is(terminal: Terminal, monkeypatch, capsys):
    """On a terminal a line appears after a while, and goes away again."""
    monkeypatch.setattr(sys, "stderr", terminal)
    now = iter([0.0, 0.5, 1.5, 1.6, 2.0])
    progress = Progress("decisions", clock=lambda: next(now))
    for share in (0.1, None, 0.3, 0.4):
        progress.step(share)
    progress.clear()
    assert terminal.getvalue() == (
        "\r\x1b[K2 decisions, 1 a second\r\x1b[K4 decisions, 40% of the file, 2 a second\r\x1b[K"
    )


def test_progress_is_silent_where_it_would_disturb(terminal: Terminal, monkeypatch, capsys):
    """In a pipe there is nobody to see it; among results on a terminal it would be in the way."""
    Progress("decisions", clock=lambda: 9.0).step()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", Terminal())
    times = iter([0.0, 9.0])
    Progress("decisions", clock=lambda: next(times)).step()
    assert terminal.getvalue() == ""
