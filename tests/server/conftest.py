"""What tests of the server share: a server for a small book, and a client of another program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the server needs nba[server]")
pytest.importorskip("uvicorn", reason="the server needs nba[server]")
pytest.importorskip("httpx", reason="the server's tests need httpx")

import httpx
from tests.server.serving import app_of, served


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a server with a decision log, for this machine alone."""
    with (
        served(app_of(tmp_path, log=tmp_path / "log.db")) as url,
        httpx.Client(base_url=url, timeout=60) as one,
    ):
        yield one
