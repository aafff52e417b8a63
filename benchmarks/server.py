"""What HTTP costs: `POST /v1/decisions` beside a handler that parses the same and says a constant.

`python -m benchmarks.server` serves `rules/` in one process, with a store in memory, and beside it
a Starlette handler that decodes the same body with msgspec and answers with a constant of the same
size. wrk asks both in turn, with twenty events in the case: first the same case again and again, as
wrk does by itself and as somebody does who looks at one page after the other; then another customer
at each request, whom the server never saw. In one run the server is to make at least 0.3 of the
handler's requests, and its slowest hundredth is to take at most 4 times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROOT: Final = Path(__file__).parents[1]
NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
CONNECTIONS: Final = 8
_THROUGHPUT, _SLOWEST = 0.3, 4.0
_CONSTANT: Final = "NBA_CONSTANT"
#: The same request each time.
_SAME: Final = """
wrk.method = "POST"
wrk.path = "/v1/decisions"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[BEFORE@AFTER]==]
DONE"""
#: A request for another customer each time.
_NEW: Final = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local before, after = [==[BEFORE]==], [==[AFTER]==]
math.randomseed(os.time())
local number = math.random(1000000000)
request = function()
  number = number + 1
  return wrk.format(nil, "/v1/decisions", nil, before .. number .. after)
end
DONE"""
_DONE: Final = """
done = function(summary, latency)
  io.write(string.format("requests %d us %d p50 %d p99 %d wrong %d\\n", summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""
CASES: Final = {"the same case": _SAME, "a new customer": _NEW}


class Found(NamedTuple):
    """What wrk saw: requests in a second, and how long half and 99 of 100 took, in seconds."""

    rate: float
    p50: float
    p99: float


class Event(msgspec.Struct):
    """An event of the case, as the handler reads it."""

    type: str
    channel: str | None = None
    at: datetime | None = None
    data: dict[str, Any] = {}
    id: str | None = None


class Case(msgspec.Struct):
    """A case, as the handler reads it."""

    id: str
    customer: dict[str, Any] = {}
    interaction: dict[str, Any] | None = None
    now: datetime | None = None
    events: list[Event] = []


def constant() -> Starlette:
    """Return the handler that is compared with: it parses a case, and says what it always says."""
    decode = msgspec.json.Decoder(Case).decode
    said = os.environ[_CONSTANT].encode()

    async def decide(request: Request) -> Response:
        decode(await request.body())
        return Response(said, media_type="application/json")

    return Starlette(routes=[Route("/v1/decisions", decide, methods=["POST"])])


def case() -> dict[str, Any]:
    """Return a case with twenty events; `@` stands for the number of the customer."""
    events = [
        {
            "type": "contact",
            "channel": ("phone", "chat", "email")[number % 3],
            "at": (NOW - timedelta(hours=7 * number + 1)).isoformat().replace("+00:00", "Z"),
            "id": f"e-{number}",
            "data": {
                "topic": ("billing", "fault")[number % 2],
                "resolved": number % 4 == 0,
                "transfers": number % 3,
                "wait_seconds": 30 * number,
            },
        }
        for number in range(20)
    ]
    consent = {"phone": True, "email": True}
    return {
        "id": "c-@",
        "customer": {"tier": "gold", "lifetime_value": 900, "consent": consent},
        "interaction": {"channel": "chat", "intent": "billing"},
        "now": NOW.isoformat().replace("+00:00", "Z"),
        "events": events,
    }


@contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """Start a server, wait until it answers, and end it afterwards."""
    process = subprocess.Popen(  # noqa: S603 - our own servers
        command, env=os.environ | environment, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def asked(url: str, script: Path, seconds: int) -> Found:
    """Return what wrk sees of a server. Raises RuntimeError where an answer was wrong."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - wrk
    numbers = re.search(r"requests (\d+) us (\d+) p50 (\d+) p99 (\d+) wrong (\d+)", done.stdout)
    if numbers is None or int(numbers[5]):
        raise RuntimeError(f"wrk says: {done.stdout}")
    requests, duration, p50, p99, _ = map(int, numbers.groups())
    return Found(requests / duration * 1e6, p50 / 1e6, p99 / 1e6)


def run(rounds: int, seconds: int) -> bool:
    """Measure so many rounds, print them, and return whether all bounds were held."""
    before, after = json.dumps(case()).split("@")
    python = sys.executable
    held = True
    with tempfile.TemporaryDirectory() as folder:
        serve = [python, "-m", "nba", "serve", "rules", "--port", "18081", "--quiet"]
        plain = [python, "-m", "uvicorn", "--factory", "benchmarks.server:constant"]
        plain += ["--port", "18082", "--no-access-log", "--log-level", "warning"]
        with started(serve, 18081) as nba:
            body = before + "0" + after
            headers = {"Content-Type": "application/json"}
            said = httpx.post(f"{nba}/v1/decisions", content=body, headers=headers)
            assert said.json()["action"], said.text  # noqa: S101 - else nothing is measured
            size = f"{len(body)} bytes in, {len(said.content)} out, {said.json()['action']}"
            print(f"POST /v1/decisions on rules/, 20 events: {size}")
            with started(plain, 18082, **{_CONSTANT: said.text}) as handler:
                for name, template in CASES.items():
                    script = Path(folder, "ask.lua")
                    text = template.replace("DONE", _DONE).replace("BEFORE", before)
                    script.write_text(text.replace("AFTER", after), encoding="utf-8")
                    print(f" {name} at each request")
                    pairs = []
                    for _ in range(rounds):
                        pairs.append((asked(nba, script, seconds), asked(handler, script, seconds)))
                        _show(*pairs[-1])
                    held &= _held(name, pairs)
    return held


def _held(name: str, pairs: list[tuple[Found, Found]]) -> bool:
    """Print the medians, and return whether both bounds were held."""
    rate = median(one.rate / other.rate for one, other in pairs)
    slowest = median(one.p99 / other.p99 for one, other in pairs)
    held = rate >= _THROUGHPUT and slowest <= _SLOWEST
    print(
        f"  median: {rate:.2f} of the requests (at least {_THROUGHPUT}), 99 of 100 within "
        f"{slowest:.1f} times (at most {_SLOWEST:g}): {name}, {'ok' if held else 'MISSED'}"
    )
    return held


def _show(one: Found, other: Found) -> None:
    for name, found in (("nba", one), ("handler", other)):
        print(
            f"  {name:8} {found.rate:7.0f}/s  p50 {found.p50 * 1e3:6.2f} ms  "
            f"p99 {found.p99 * 1e3:6.2f} ms"
        )
    print(
        f"  ratio    {one.rate / other.rate:7.2f}    p50 {one.p50 / other.p50:6.1f}     "
        f"p99 {one.p99 / other.p99:6.1f}"
    )


def main() -> None:
    """Run it; the exit code is 1 where a bound was not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    args, _ = parser.parse_known_args()
    if shutil.which("wrk") is None:
        print("the HTTP server: left out, since there is no wrk (apt install wrk)")
        return
    if not run(args.rounds, args.seconds):
        sys.exit(1)


if __name__ == "__main__":
    main()
