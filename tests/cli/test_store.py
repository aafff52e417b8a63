"""`nba store`: what operators do with a store, and what they are told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from nba.state import sqlite_schema

URL = "sqlite:///nba.db"


def test_a_store_is_made_once(nba: Run, folder: Path) -> None:
    """`check` makes none, `init` does, and again it does nothing."""
    ran = nba("store", "check", URL)
    assert (ran.code, ran.err) == (1, "")
    assert "nothing is kept yet" in ran.out
    assert not (folder / "nba.db").exists()
    for _ in range(2):
        ran = nba("store", "init", URL)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"{URL}: sqlite, version {sqlite_schema.VERSION}\n")
    assert nba("store", "check", URL) == ran
    found = nba("store", "check", URL, "--json").json()
    assert (found["kind"], found["ok"], found["version"]) == ("sqlite", True, found["wanted"])


def test_an_older_store_is_migrated(
    nba: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`init` refuses it, `check` says so, and `migrate` brings it up to date."""
    assert nba("store", "init", URL).code == 0
    last = sqlite_schema.VERSION
    assert nba("store", "migrate", URL).out == f"{URL}: version {last}, nothing to do\n"
    steps = {last: ["CREATE TABLE more (a INTEGER) STRICT"]}
    monkeypatch.setattr(sqlite_schema, "VERSION", last + 1)
    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", steps)
    ran = nba("store", "check", URL)
    assert (ran.code, ran.out.splitlines()[0]) == (
        1,
        f"{URL}: sqlite, version {last}, and version {last + 1} is wanted",
    )
    ran = nba("store", "init", URL)
    assert ran.code == 2
    assert "`nba store migrate URL`" in ran.err
    assert nba("store", "migrate", URL, "--json").json() == {"from": last, "to": last + 1}
    assert nba("store", "check", URL).code == 0
    with closing(sqlite3.connect(folder / "nba.db")) as file:
        assert file.execute("SELECT count(*) FROM more").fetchone() == (0,)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["chek", URL], "did you mean `check`?"),
        (["check", "sqllite:///nba.db"], "did you mean `sqlite`?"),
        (["check", "nba.db"], "write one such as `sqlite:///nba.db`"),
        (["migrate", URL], "`nba.db` does not exist: run `nba store init URL`"),
        (["check", "memory://"], "`memory://` keeps nothing"),
        (["check"], "URL is missing"),
    ],
)
def test_what_cannot_be_done_is_said(nba: Run, argv: list[str], said: str) -> None:
    """On standard error, with the exit code for wrong usage."""
    ran = nba("store", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_password_is_not_shown(nba: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be in the URL."""
    from nba.state import opening

    monkeypatch.setattr(opening, "migrate", lambda _: (1, 1))
    ran = nba("store", "migrate", "postgresql://me:secret@host/db?password=secret")
    assert ran.out == "postgresql://host/db: version 1, nothing to do\n"
