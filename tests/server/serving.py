"""A real server on loopback, in a thread of the test, and what tests hand in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from tests.engine.contacts import BOOK, Clock

from nba.server import create_app
from nba.server.serving import configured

CUSTOMER = {
    "tier": "gold",
    "monthly_bill": 60,
    "household": "h-1",
    "consent": {"phone": True, "email": True},
}
OFFER = {"customer": CUSTOMER | {"wants_more": True}, "interaction": {"channel": "chat"}}


def case(id_: str, **more: Any) -> dict[str, Any]:
    """Return a case of a customer who gets an offer in the chat."""
    return {"id": id_, **OFFER} | more


def missed(id_: str, appointment: str = "a-1") -> dict[str, Any]:
    """Return the event of an appointment at which nobody came."""
    return {
        "type": "appointment_booked",
        "customer": id_,
        "at": "2026-03-01T09:00:00Z",
        "data": {"appointment": appointment, "slot_to": "2026-03-02T09:00:00Z"},
        "id": f"{id_}-{appointment}",
    }


def book_in(folder: Path, text: str = BOOK) -> Path:
    """Write a book into a folder, and return the folder of the book."""
    book = folder / "rules"
    book.mkdir(exist_ok=True)
    (book / "book.yaml").write_text(text, encoding="utf-8")
    return book


def app_of(folder: Path, **more: Any) -> Any:
    """Return an application for the book in a folder, with a clock that stands."""
    given: dict[str, Any] = {"clock": Clock(), "watch": False} | more
    return create_app(book_in(folder), **given)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application as `nba serve` does; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(configured(app, grace=5))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server ended"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive(), "the server did not end"


def raw(url: httpx.URL | str, *parts: bytes, pause: float = 0, patience: float = 20) -> bytes:
    """Send bytes as they are, and return all that comes back until the connection ends."""
    url = httpx.URL(url)
    with socket.create_connection((url.host, url.port or 80), timeout=patience) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        found = b""
        try:
            while more := connection.recv(65536):
                found += more
        except (ConnectionResetError, TimeoutError):
            pass
        return found
