"""API keys: who is let in, to what, and that a refusal says no more than what is missing."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.server.serving import app_of, case, served

from nba import CaseError
from nba.server import Keys
from nba.server.app import ENDPOINTS
from nba.server.keys import SCOPES, new_key

MADE = {scope: new_key(f"only-{scope}", [scope]) for scope in SCOPES}
FILE = "# who may do what\n\n" + "\n".join(line for _, line in MADE.values())


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a server with one key for each scope; it sends none by itself."""
    app = app_of(tmp_path, keys=Keys.read(FILE, "the keys"))
    with served(app) as url, httpx.Client(base_url=url) as client:
        yield client


def bearer(scope: str) -> dict[str, str]:
    """Return the header of the key with one scope."""
    return {"Authorization": f"Bearer {MADE[scope][0]}"}  # type: ignore[index]


def test_keys_are_not_kept(tmp_path: Path) -> None:
    """What lets a key in is its hash alone."""
    key, line = new_key("shop", ["decide", "record"])
    assert key not in line
    assert line == f"shop decide,record sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    caller = Keys.read(line, "").caller(f"Bearer {key}".encode())
    assert caller is not None
    assert (caller.name, sorted(caller.scopes)) == ("shop", ["decide", "record"])
    assert new_key("shop", ["decide"])[0] != key


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_endpoint_needs_its_own_scope(keyed: httpx.Client, endpoint: object) -> None:
    """Without a key it is 401, with every other scope 403; with its own it is let in."""
    method, path = endpoint.method, endpoint.path.replace("{id}", "x")  # type: ignore[attr-defined]
    scope = endpoint.scope  # type: ignore[attr-defined]
    content = {"content": b"{}", "headers": {"Content-Type": "application/json"}}
    bare = keyed.request(method, path, **content)  # type: ignore[arg-type]
    if scope is None:
        assert bare.status_code == 200
        return
    assert bare.status_code == 401
    assert bare.headers["www-authenticate"] == "Bearer"
    assert bare.json() == {
        "type": "/docs#unauthenticated",
        "title": "An API key is needed",
        "status": 401,
        "detail": "an `Authorization: Bearer` header with a known key is needed",
        "code": "unauthenticated",
    }
    for other in SCOPES:
        headers = {"Content-Type": "application/json", **bearer(other)}
        reply = keyed.request(method, path, content=b"{}", headers=headers)
        if scope in (other, "any"):
            assert reply.status_code not in (401, 403)
        else:
            assert reply.status_code == 403
            assert reply.json()["detail"] == f"the key lacks the scope `{scope}`"
            assert "errors" not in reply.json()


@pytest.mark.parametrize(
    "given",
    [
        "Bearer",
        "Bearer wrong",
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {cut}",
        "Bearer {hash}",
        "Bearer " + "x" * 5000,
        "Bearer \u00e9\u00e9",
        "Bearer {key},{key}",
    ],
)
def test_a_wrong_key_is_no_key(keyed: httpx.Client, given: str) -> None:
    """All are refused alike, so that nothing is learnt; the hash of a key is no key."""
    key, line = MADE["decide"]
    hashed = line.partition("sha256:")[2]
    text = given.format(key=key, cut=key[:-1], hash=hashed)
    headers = {b"authorization": text.encode("latin-1")}
    reply = keyed.post("/v1/decisions", json=case("c-1"), headers=headers)
    assert reply.status_code == 401
    assert set(reply.json()) == {"type", "title", "status", "detail", "code"}
    assert keyed.post("/v1/decisions", json=case("c"), headers=bearer("decide")).status_code == 200


def test_a_caller_is_refused_before_the_body_is_read(keyed: httpx.Client) -> None:
    """Nobody without a key makes the server parse anything."""
    reply = keyed.post("/v1/decisions", content=b"{" * 100_000)
    assert reply.status_code == 401


def test_two_callers_share_no_idempotency_key(tmp_path: Path) -> None:
    """The same key of another caller is another key."""
    one, first = new_key("one", ["decide"])
    two, second = new_key("two", ["decide"])
    app = app_of(tmp_path, keys=Keys.read(f"{first};{second}", "the keys"))
    with served(app) as url:
        ids = {
            httpx.post(
                f"{url}/v1/decisions",
                json=case("c-1"),
                headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "k-1"},
            ).json()["id"]
            for key in (one, one, two)
        }
    assert len(ids) == 2


@pytest.mark.parametrize("watch", [True, False])
def test_a_key_is_taken_back_without_a_restart(tmp_path: Path, watch: bool) -> None:
    """Its line is removed: it does no more as soon as the file is read, and a new one does."""
    file = tmp_path / "keys.txt"
    (old, gone), (new, come), (admin, stays) = (
        new_key(name, [scope]) for name, scope in (("a", "decide"), ("b", "decide"), ("c", "admin"))
    )
    file.write_text(f"{gone}\n{stays}\n")
    with served(app_of(tmp_path, keys=Keys.open(file), watch=watch)) as url:

        def status(key: str, path: str = "decisions") -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return httpx.post(f"{url}/v1/{path}", json=case("c-1"), headers=headers).status_code

        assert (status(old), status(new)) == (200, 401)
        replacement = tmp_path / "new.txt"
        replacement.write_text(f"{come}\n{stays}\n")
        replacement.replace(file)
        if watch:
            deadline = time.monotonic() + 20
            while status(old) == 200:
                assert time.monotonic() < deadline
        else:
            assert status(old) == 200
            assert status(admin, "book:reload") == 200
        assert (status(old), status(new)) == (401, 200)
        assert httpx.get(f"{url}/readyz").json()["keys"] == "ok"


def test_a_broken_file_of_keys_takes_nothing_back(tmp_path: Path) -> None:
    """Who asked to read it again is told so, and so are operators; the old keys stay."""
    file = tmp_path / "keys.txt"
    key, line = new_key("all", SCOPES)
    file.write_text(line)
    with served(app_of(tmp_path, keys=Keys.open(file))) as url:
        headers = {"Authorization": f"Bearer {key}"}
        for content in ("nonsense", None):
            file.unlink() if content is None else file.write_text(content)
            reply = httpx.post(f"{url}/v1/book:reload", headers=headers)
            assert (reply.status_code, reply.json()["code"]) == (422, "wrong-input")
            assert str(file) in reply.json()["detail"]
            assert httpx.get(f"{url}/readyz").json()["keys"] == "failed"
        file.write_text(line)
        assert httpx.post(f"{url}/v1/book:reload", headers=headers).status_code == 200
        assert httpx.get(f"{url}/readyz").json()["keys"] == "ok"


def test_a_pipe_is_no_file_of_keys(tmp_path: Path) -> None:
    """Reading it would hold everybody up."""
    file = tmp_path / "keys.txt"
    _, line = new_key("shop", ["decide"])
    file.write_text(line, encoding="utf-8-sig")  # as some editors write it
    keys = Keys.open(file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(CaseError, match="cannot be read: not a regular file"):
        keys.refresh()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no key"),
        ("# nothing\n", "there is no key"),
        ("shop decide nba_secret", "line 1: this is not"),
        ("shop decide sha256:abc", "line 1: this is not"),
        (f"shop decied sha256:{'0' * 64}", "did you mean `decide`"),
        (f"a decide sha256:{'0' * 64}\na record sha256:{'1' * 64}", "line 2: the name `a`"),
        (
            f"a decide sha256:{'0' * 64}\nb record sha256:{'0' * 64}",
            "the key of `b` is that of `a`",
        ),
        (f"a/b decide sha256:{'0' * 64}", "line 1: this is not"),
    ],
)
def test_a_wrong_file_of_keys_is_refused(text: str, said: str) -> None:
    """It says where, and never shows what may be a key."""
    with pytest.raises(CaseError) as caught:
        Keys.read(text, "`keys`")
    assert said in str(caught.value)
    assert "nba_secret" not in str(caught.value)


def test_without_keys_only_this_machine_is_served(client: httpx.Client) -> None:
    """Not by another name, and not to the page of another site in somebody's browser."""
    assert client.get("/v1/book").status_code == 200
    for headers in (
        {"Host": "nba.example.com"},
        {"Host": "127.0.0.1.example.com"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
    ):
        reply = client.get("/v1/book", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


def test_without_keys_other_machines_are_refused(tmp_path: Path) -> None:
    """Even where somebody lets the application listen elsewhere."""
    import anyio

    async def ask(address: str) -> int:
        transport = httpx.ASGITransport(app_of(tmp_path), client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get("/v1/book")).status_code

    assert anyio.run(ask, "127.0.0.1") == 200
    assert anyio.run(ask, "192.0.2.7") == 403
    assert anyio.run(ask, "127.0.0.1.example") == 403


def test_pages_of_other_sites_ask_where_they_may(tmp_path: Path) -> None:
    """No CORS unless it was configured, and then for the origins that were named."""
    key, line = new_key("page", ["author"])
    with pytest.raises(CaseError, match="only where there are API keys"):
        app_of(tmp_path, cors=["https://shop.example.com"])
    origin = {"Origin": "https://shop.example.com", "Authorization": f"Bearer {key}"}
    other = origin | {"Origin": "https://evil.example.com"}
    asked = {"Access-Control-Request-Method": "POST"}
    keys = Keys.read(line, "the key")
    with served(app_of(tmp_path, keys=keys)) as url:
        reply = httpx.get(f"{url}/v1/book", headers=origin)
        assert "access-control-allow-origin" not in reply.headers
        assert httpx.options(f"{url}/v1/book", headers=origin | asked).status_code == 405
    with served(app_of(tmp_path, keys=keys, cors=["https://shop.example.com"])) as url:
        reply = httpx.get(f"{url}/v1/book", headers=origin)
        assert reply.headers["access-control-allow-origin"] == "https://shop.example.com"
        assert httpx.options(f"{url}/v1/book", headers=origin | asked).status_code == 200
        reply = httpx.get(f"{url}/v1/book", headers=other)
        assert "access-control-allow-origin" not in reply.headers
        assert httpx.options(f"{url}/v1/book", headers=other | asked).status_code == 400
