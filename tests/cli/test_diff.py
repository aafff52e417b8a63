"""`nba diff`: two folders or two revisions, over cases or a log, for people or machines."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import BOOK, Run

from nba import Engine
from nba.record.log import DecisionLog

CASES: list[dict] = [
    {"id": "a", "customer": {"tier": "gold", "lifetime_value": 500, "consent": {"email": True}}},
    {"id": "b", "customer": {"tier": "gold", "lifetime_value": 900}},
    {
        "id": "c",
        "customer": {"tier": "bronze", "name": "Bo"},
        "interaction": {"channel": "chat", "intent": "billing"},
    },
    {"id": "d"},
]


@pytest.fixture
def books(folder: Path) -> Path:
    """A folder with the book in `rules/`, a changed one in `new/`, and four cases."""
    shutil.copytree("rules", "new")
    changed = BOOK.replace("channels: [email, phone]", "channels: [phone]")
    changed = changed.replace("    eligible: customer.tier == 'gold'\n", "")
    changed = changed.replace("value: 0.1 * customer.lifetime_value", "value: 30")
    Path("new/book.yaml").write_text(changed, encoding="utf-8")
    lines = [json.dumps(case | {"now": "2026-03-02T10:00:00Z"}) for case in CASES]
    Path("cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def many(times: int) -> None:
    """Repeat the cases: for few of them no process is started."""
    text = Path("cases.jsonl").read_text(encoding="utf-8")
    Path("cases.jsonl").write_text(f"{text}\n" * times, encoding="utf-8")


def diff(nba: Run, *args: str):
    """Run the command with one process: starting others takes long."""
    return nba("diff", *args, "--workers", "1")


def test_people_read_who_gets_something_else(nba: Run, books: Path):
    """The number, the transitions, the totals, the reasons and the rules."""
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--by", "customer.tier")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("What changes from rules to new\n")
    assert "\nSomething else for 2 of 4 customers (50.0 %).\n" in ran.out
    rows = {" ".join(line.split()) for line in ran.out.splitlines()}
    assert {
        "another action, or one instead of none 1 25.0 %",
        "the same action on another channel 1 25.0 %",
        "nothing upgrade 1 25.0 %",
        "The same action in 3 cases.",
        "contacts (outbound answers) 2 3 +1",
        "email 1 0 -1",
        "bronze 1 0 0.0 % 0 0 0",
        "unknown 1 1 100.0 % +1 +1 0",
        "Customer `a`: the same action on another channel",
        "now, `upgrade` on email is not in the book",
    } <= rows
    assert "action `upgrade`: `channels.email` was" in ran.out


def test_markdown_is_for_a_pull_request(nba: Run, books: Path):
    """Tables and headings; what comes from data is not read as Markdown."""
    text = BOOK.replace("name: Ann", "name: Ann").replace(
        "title: Something bigger", 'title: "A | <b>"'
    )
    Path("new/book.yaml").write_text(text, encoding="utf-8")
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--markdown")
    assert ran.out.startswith("## What changes from rules to new\n")
    assert "| other words | 2 | 50.0 % |" in ran.out
    assert "new: A \\| &lt;b&gt;: email" in ran.out


def test_json_is_for_machines(nba: Run, books: Path):
    """All numbers, and nothing else on standard output."""
    found = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--json").json()
    assert found["cases"] == 4
    assert found["changed"]["by"]["channel"] == found["changed"]["by"]["action"] == 1
    assert sum(one["cases"] for one in found["transitions"]) == 4
    assert {one["customer"] for one in found["explained"]} == {"a", "d"}
    assert found["old"] == {"name": "rules", "book": "small", "currency": "EUR"} | {
        "version": Engine.open("rules").version
    }


def test_the_exit_code_may_tell(nba: Run, books: Path):
    """As with git: 0 unless it is asked for."""
    args = ("rules", "new", "--cases", "cases.jsonl")
    assert diff(nba, *args).code == 0
    assert diff(nba, *args, "--exit-code").code == 1
    ran = diff(nba, "rules", "rules", "--cases", "cases.jsonl", "--exit-code")
    assert ran.code == 0
    assert "Nothing changes for 4 customers." in ran.out
    assert "None: the two books decide alike." in ran.out


def test_two_processes_write_the_same(nba: Run, books: Path):
    """Byte for byte."""
    many(150)
    args = ("diff", "rules", "new", "--cases", "cases.jsonl", "--json")
    assert nba(*args, "--workers", "2").out == nba(*args, "--workers", "1").out


def test_a_log_is_compared_too(nba: Run, books: Path):
    """What was decided before is decided again, by both."""
    with Engine.open("rules", log=DecisionLog.open("log.db")) as engine:
        list(engine.decide_many(map(json.loads, Path("cases.jsonl").read_text().splitlines())))
    found = diff(nba, "rules", "new", "--log", "log.db", "--json").json()
    assert found["cases"] == 4
    assert found["changed"]["cases"] == 2
    ran = diff(nba, "rules", "new", "--log", "log.db", "--now", "2026-03-02T10:00:00Z")
    assert (
        ran.err == "error: `--now` is for cases, and a log says that itself\n  help: leave it out\n"
    )
    assert (
        "`--cases` and `--log` are both given"
        in diff(nba, "rules", "new", "--log", "log.db", "--cases", "cases.jsonl").err
    )
    assert "name the cases: --cases FILE" in diff(nba, "rules", "new").err
    assert "cannot be read" in diff(nba, "rules", "new", "--log", "none.db").err


def test_events_are_those_of_the_customers_of_the_cases(nba: Run, books: Path):
    """A signal that a new book reads has its value."""
    for name in ("rules", "new"):
        more = "events: {call: {}}\nsignals: {calls: {count: call, within: 7d}}\n"
        Path(name, "more.yaml").write_text(more, encoding="utf-8")
    events = "type,customer,at\ncall,a,2026-03-01T10:00:00Z\ncall,a,2026-03-01T11:00:00Z\n"
    Path("events.csv").write_text(events, encoding="utf-8")
    args = ("rules", "new", "--cases", "cases.jsonl", "--events", "events.csv", "--json")
    found = diff(nba, *args, "--by", "signal.calls").json()
    values = {one["value"]: one["cases"] for one in found["segments"]["signal.calls"]}
    assert values == {"0": 3, "2 to <5": 1}


def test_what_is_wrong_with_values_is_a_warning(nba: Run, books: Path):
    """A field that is misspelled is unknown in every case: that has to be seen."""
    lines = ['{"id": "a", "customer": {"teir": "gold"}}'] * 3
    Path("cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl")
    assert "`customer.teir`" in ran.err
    assert ran.err.endswith("(3 times)\n")


def test_a_field_that_only_the_old_book_has_is_read(nba: Run, books: Path):
    """In CSV too, where a column has to be declared."""
    changed = Path("new/book.yaml").read_text().replace("    name: string\n", "")
    changed = changed.replace("Hello {customer.name}.\\n", "")
    Path("new/book.yaml").write_text(changed, encoding="utf-8")
    Path("new/tests.yaml").unlink()
    Path("cases.csv").write_text("id,customer.name,customer.tier\na,Ann,gold\n", encoding="utf-8")
    ran = diff(nba, "rules", "new", "--cases", "cases.csv", "--by", "customer.name", "--json")
    assert (ran.code, ran.json()["segments"]["customer.name"][0]["value"]) == (0, "Ann")


def test_wrong_usage_says_what_to_do(nba: Run, books: Path):
    """One book, a field that is not there, a decision point of neither."""
    ran = diff(nba, "rules", "--cases", "cases.jsonl")
    assert ran.err.startswith("error: `rules` is one book, and two are compared\n")
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--by", "customer.teir")
    assert "help: did you mean `customer.tier`?" in ran.err
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--at", "web_hom")
    assert "help: did you mean `web_home`?" in ran.err
    ran = nba("diff", "rules", "none", "--cases", "cases.jsonl")
    assert "`none` does not exist" in ran.err
    ran = diff(nba, "rules", "new", "--cases", "cases.jsonl", "--explain", "-1")
    assert ran.err.startswith("error: `--explain`: a whole number is expected, not `-1`\n")


def test_a_file_that_is_no_log_is_refused(nba: Run, books: Path):
    """Nothing would be compared, and that would look like no change."""
    Path("log.jsonl").write_text("id,tier\na,gold\n")
    ran = diff(nba, "rules", "new", "--log", "log.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "log.jsonl: error: there is no decision in it\n" in ran.err


# --- git


def git(*args: str) -> None:
    """Run git, as somebody."""
    who = ("-c", "user.email=ann@example.com", "-c", "user.name=Ann")
    subprocess.run(["git", *who, *args], check=True, capture_output=True)


@pytest.fixture
def repository(books: Path) -> Path:
    """The folder as a repository: the book on `main`, the changed one on `change`."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git("init", "--quiet", "--initial-branch=main")
    git("add", "rules")
    git("commit", "--quiet", "--message", "the book")
    git("checkout", "--quiet", "-b", "change")
    shutil.copy("new/book.yaml", "rules/book.yaml")
    git("commit", "--quiet", "--all", "--message", "a change")
    return books


@pytest.mark.parametrize(
    "args",
    [
        ("main..change",),
        ("main..",),
        ("main...HEAD",),
        ("main..HEAD", "--book", "rules"),
        ("HEAD~1:rules", "rules"),
        ("main:./rules", "HEAD:rules"),
        ("main..change", "--book", "rules/book.yaml"),
    ],
)
def test_revisions_are_compared_as_git_has_them(nba: Run, repository: Path, args: tuple[str, ...]):
    """Two revisions, from where the second left the first, or one and the folder as it is."""
    ran = diff(nba, *args, "--cases", "cases.jsonl", "--json")
    assert (ran.code, ran.err) == (0, "")
    found = ran.json()
    assert found["changed"]["cases"] == 2
    assert (
        found["old"]["version"] == Engine.open("rules").version
        or found["new"]["version"] == Engine.open("rules").version
    )
    assert not any("nba-book-" in str(one) for one in found["explained"])


def test_processes_read_revisions_too(nba: Run, repository: Path):
    """The folder that git's files are in is there as long as it is needed."""
    many(150)
    args = ("diff", "main..change", "--cases", "cases.jsonl", "--json", "--workers")
    assert nba(*args, "2").out == nba(*args, "1").out


def test_a_folder_that_is_gone_is_read_from_before(nba: Run, repository: Path):
    """Nothing has to be there now."""
    shutil.rmtree("rules")
    assert diff(nba, "main..change", "--cases", "cases.jsonl").code == 0


def test_a_folder_that_was_renamed_has_a_name_at_each_revision(nba: Run, repository: Path):
    """It is said how to name both."""
    git("mv", "rules", "care")
    git("commit", "--quiet", "--message", "a better name")
    ran = diff(nba, "main..HEAD", "--cases", "cases.jsonl")
    assert "help: name it by --book; where it was renamed, name both: main:old-name" in ran.err
    ran = diff(nba, "main:rules", "HEAD:care", "--cases", "cases.jsonl", "--json")
    assert ran.json()["changed"]["cases"] == 2


def test_the_rules_are_those_of_the_revision_wherever_one_stands(
    nba: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
):
    """A folder is named from where one is."""
    monkeypatch.chdir("rules")
    ran = diff(nba, "main..change", "--book", ".", "--cases", "../cases.jsonl", "--json")
    assert ran.json()["changed"]["cases"] == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nope..change",), "git knows no revision `nope`"),
        (("--", "main..-x"), "`-x` is not the name of a revision"),
        (
            ("main..change", "--book", "no/such"),
            "main:no/such: error: git has no such folder there",
        ),
        (("main..change", "--book", "cases"), "git has no such folder there"),
        (
            ("main..change", "rules"),
            "  help: name the folder by an option: nba diff main..change --book rules\n",
        ),
        (("main", "change"), "error: `main` is a revision, and a book is wanted"),
        (("rules", "HEAD"), "such as `HEAD:rules`, or two revisions: main..HEAD"),
    ],
)
def test_what_git_does_not_have(nba: Run, repository: Path, args: tuple[str, ...], message: str):
    """It is said what, and what to do."""
    ran = nba("diff", "--cases", "cases.jsonl", "--workers", "1", *args)
    assert ran.code == 2
    assert message in ran.err


def test_what_a_partial_clone_left_out_is_to_be_fetched(nba: Run, repository: Path, tmp_path: Path):
    """Nothing is fetched behind anybody's back."""
    git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--filter=blob:none", f"file://{repository}", str(clone))
    cases = str(repository / "cases.jsonl")
    ran = diff(nba, "HEAD~1..HEAD", "--book", str(clone / "rules"), "--cases", cases)
    assert ran.code == 2
    assert "error: the files of that revision were not fetched\n  help: fetch them: git" in ran.err


def test_an_error_in_a_book_of_a_revision_is_at_its_place_there(nba: Run, repository: Path):
    """Not in a copy that is gone when it is read."""
    Path("rules/book.yaml").write_text(BOOK.replace("customer.tier ==", "customer.teir =="))
    git("commit", "--quiet", "--all", "--message", "a mistake")
    ran = diff(nba, "main..change", "--cases", "cases.jsonl")
    assert ran.code == 1
    assert ran.err.startswith("change:rules/book.yaml:")
    assert "did you mean `customer.tier`?" in ran.err


def test_without_a_repository_or_git_folders_are_asked_for(
    nba: Run, books: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Both say the same help."""
    if shutil.which("git") is not None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        ran = diff(nba, "main..change", "--cases", "cases.jsonl")
        assert "the book is in no git repository\n  help: name two folders instead" in ran.err
    monkeypatch.setenv("PATH", "/nonexistent")
    ran = diff(nba, "main..change", "--cases", "cases.jsonl")
    assert "git is not installed, or not on the path\n  help: name two folders instead" in ran.err


def test_links_in_a_repository_are_not_followed(nba: Run, repository: Path, tmp_path: Path):
    """A rule file that is a link could show what nobody meant to show."""
    (tmp_path / "secret.yaml").write_text("policies: {}\n", encoding="utf-8")
    if sys.platform == "win32":
        pytest.skip("links need rights there")
    Path("rules/link.yaml").symlink_to(tmp_path / "secret.yaml")
    git("add", "rules")
    git("commit", "--quiet", "--message", "a link")
    assert diff(nba, "main..change", "--cases", "cases.jsonl").code == 0
