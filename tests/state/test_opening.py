"""Stores by their URL."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from nba.errors import StoreError
from nba.state.memory import MemoryStore
from nba.state.opening import check, init, migrate, open_store
from nba.state.sqlite import SqliteStore
from nba.state.sqlite_schema import VERSION


def test_a_url_says_which_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory, a file from the folder where one is, and one from the top."""
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_store("memory://"), MemoryStore)
    for url, file in (
        ("sqlite:///nba.db", "nba.db"),
        (f"sqlite:///{tmp_path}/other.db", "other.db"),
        ("sqlite:///50%25%20off%3F.db?timeout=0.5&synchronous=full&cached=7", "50% off?.db"),
    ):
        with closing(open_store(url)) as store:
            assert isinstance(store, SqliteStore)
        assert (tmp_path / file).exists()


def test_a_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the program goes to another folder."""
    monkeypatch.chdir(tmp_path)
    with closing(open_store("sqlite:///nba.db")) as store:
        monkeypatch.chdir("/")
        assert list(store.customers()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "write one such as `sqlite:///nba.db`"),
        ("nba.db", "write one such as `sqlite:///nba.db`"),
        ("sqlight:///nba.db", "there is no store `sqlight://`: did you mean `sqlite`?"),
        ("mongodb://here", "choose from `memory`, `postgresql`, `redis`, `rediss`, `sqlite`"),
        ("memory://here", "`memory://` takes nothing more"),
        ("sqlite://nba.db", "`sqlite://nba.db` does not say which file: write `sqlite:///nba.db`"),
        ("sqlite://", "does not say which file"),
        ("sqlite:///", "does not say which file"),
        ("sqlite:///:memory:", "use `memory://`"),
        ("sqlite:///nba.db?timout=1", "`timout` is not an option of SQLite: did you mean"),
        ("sqlite:///nba.db?timeout=soon", "`timeout` is a number of seconds such as 2.5, not"),
        ("sqlite:///nba.db?timeout=-1", "`timeout` is a number of seconds"),
        ("sqlite:///nba.db?timeout=nan", "`timeout` is a number of seconds"),
        ("sqlite:///nba.db?cached=0", "`cached` is a whole number from 1 on, not `0`"),
        ("sqlite:///nba.db?synchronous=off", "`synchronous` is not `off`: choose from `full`"),
    ],
)
def test_what_is_no_store_is_refused(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the message says what to write; nothing is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as error:
        open_store(url)
    assert said in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "module", "package", "extra"),
    [
        ("redis://here", "redis", "redis", "redis"),
        ("rediss://here", "redis", "redis", "redis"),
        ("postgresql://here/nba", "postgres", "psycopg", "postgres"),
        ("postgres://here/nba", "postgres", "psycopg", "postgres"),
    ],
)
def test_a_missing_package_is_named(
    url: str, module: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what installs it."""
    for name in list(sys.modules):
        if name.startswith(f"nba.state.{module}") or name.partition(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StoreError, match=rf"run `pip install nba\[{extra}\]`"):
        open_store(url)


def test_operators_make_and_look_at_stores(tmp_path: Path) -> None:
    """What is in memory has nothing to be made or looked at."""
    url = f"sqlite:///{tmp_path}/nba.db"
    assert not check(url).ok
    init(url)
    assert check(url).ok
    assert migrate(url) == (VERSION, VERSION)
    with pytest.raises(StoreError, match="`memory://` keeps nothing"):
        check("memory://")
