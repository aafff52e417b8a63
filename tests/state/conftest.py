"""The contract's tests run against every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.state.contract import STORES

from nba.state.store import Store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give a new store of each kind."""
    with STORES[request.param](tmp_path) as found:
        yield found
