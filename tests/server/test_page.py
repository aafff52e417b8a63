"""The page at /docs in a real browser: it shows all, tries all, and asks no other host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

from tests.server.serving import app_of, served  # noqa: E402 - as above

from nba.server import Keys  # noqa: E402 - only where it can be imported
from nba.server.app import ENDPOINTS  # noqa: E402 - as above
from nba.server.keys import SCOPES, new_key  # noqa: E402 - as above
from nba.server.page import PAGE  # noqa: E402 - as above


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of the system."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        one = started.chromium.launch(executable_path=program, args=arguments)
        yield one
        one.close()


@pytest.mark.parametrize("keyed", [False, True])
def test_everything_can_be_read_and_tried(browser: Any, tmp_path: Path, keyed: bool) -> None:
    """No error, no other host; an example is sent as it stands, and its answer is shown."""
    key, line = new_key("all", SCOPES)
    keys = Keys.read(line, "the key") if keyed else None
    with served(app_of(tmp_path, keys=keys)) as url:
        page = browser.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{url}/docs#check")
        page.wait_for_selector("#type-Problem", state="attached")
        assert page.locator("#operations > details").count() == len(ENDPOINTS)
        check = page.locator("#check")
        assert check.evaluate("one => one.open")
        assert page.locator("#keyed").is_visible() == keyed
        if keyed:
            page.fill("#key", key)
        check.locator("button").click()
        check.locator("p.good").wait_for()
        assert check.locator("p.good").inner_text().startswith("200")
        assert "did you mean `actions`?" in check.locator("pre").inner_text()
        standing = page.locator("#decision")
        standing.locator("summary").click()
        standing.locator("input").first.fill("d/0 ?#")
        standing.locator("button").click()
        standing.locator("p.bad").wait_for()
        assert standing.locator("p.bad").inner_text().startswith("404")
        page.close()
    assert all(one.startswith(url) for one in asked), asked
    # a browser says of each answer that is no 2xx that it failed, and asks for a small picture
    assert [one for one in errors if "404" not in one] == []


def test_the_page_refers_to_nothing_elsewhere() -> None:
    """Not even in what a browser would not load."""
    text = PAGE.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert len(PAGE) < 20_000
