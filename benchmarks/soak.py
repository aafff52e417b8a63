"""Ten minutes of a server's life: mixed load at half capacity, and everything that can go wrong.

`python -m benchmarks.soak [--minutes 10]` serves a copy of `rules/` by `nba serve` with two
workers, a store in a real Redis that writes to its disk, and a decision log. Meanwhile the book is
changed every second (and every tenth time broken), Redis is killed once and started again, and
some clients go away in the middle of an answer. Before that, one minute at full speed, with the
same changes, fills caches and says how much the server makes; the load is half of it. In the end
everything is compared:

- no wrong answer: every decision has the version of a book that was there and an answer that this
  customer can get; under one idempotency key there is one decision; nothing is answered 5xx but
  503, and the budget is never overspent;
- no lost outcome: every outcome that was answered 200 stands with its decision in the store;
- no growth of memory: all processes together have in the last quarter of the ten minutes, in the
  mean, at most 5 % more than in the first.

The exit code is 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import httpx
from tests.state.servers import RedisProcess

from nba import money
from nba.book.build import load

ROOT: Final = Path(__file__).parents[1]
PORT: Final = 18083
CUSTOMERS: Final = 3000
TITLE: Final = "Next best action for a broadband and mobile provider"
BOOKS: Final = 60  # that take turns
WARM_UP: Final = 60.0  # seconds
GROWTH: Final = 1.05


@dataclass
class Seen:
    """What clients saw."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    under_key: dict[str, str] = field(default_factory=dict)
    recorded: list[tuple[str, str]] = field(default_factory=list)
    #: by reservation: for whom, by which action, and how much
    given: dict[str, tuple[str, str, Decimal]] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    gone: int = 0
    unanswered: int = 0
    took: list[float] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    reloads: int = 0


def case(rng: random.Random) -> dict[str, Any]:
    """Return the case of some customer."""
    return {
        "id": f"c-{rng.randrange(CUSTOMERS)}",
        "customer": {
            "tier": rng.choice(["bronze", "silver", "gold", "platinum"]),
            "lifetime_value": rng.randrange(2000),
            "monthly_bill": 60,
            "consent": {"phone": rng.random() < 0.8, "email": True, "marketing": True},
        },
        "interaction": {
            "channel": rng.choice(["phone", "chat", "app"]),
            "intent": rng.choice(["billing", "fault", "upgrade", "none"]),
        },
    }


async def client(number: int, url: str, seen: Seen, rate: float, until: float) -> None:
    """Ask at a rate, in seconds between two questions, until a time."""
    rng = random.Random(number)
    made: list[str] = []
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        while (now := time.monotonic()) < until:
            began = time.monotonic()
            try:
                await _ask(http, rng, made, seen, f"k-{number}-{began}")
            except httpx.TransportError:
                seen.unanswered += 1
            seen.took.append(time.monotonic() - began)
            del made[:-50]
            await asyncio.sleep(max(0.0, rng.expovariate(1 / rate) - (time.monotonic() - now)))


async def _ask(
    http: httpx.AsyncClient, rng: random.Random, made: list[str], seen: Seen, key: str
) -> None:
    chance = rng.random()
    if chance < 0.5:
        given, headers = case(rng), {"Idempotency-Key": key}
        for _ in range(1 + (rng.random() < 0.1)):  # some ask twice
            reply = await http.post("/v1/decisions", json=given, headers=headers)
            _count(seen, "decide", reply)
            if reply.status_code == 200:
                _check(seen, given, key, reply.json(), made)
    elif chance < 0.7 and made:
        id_, outcome = rng.choice(made), rng.choice(["presented", "clicked", "accepted"])
        body = {"decision": id_, "outcome": outcome}
        reply = await http.post("/v1/outcomes", json=body)
        _count(seen, "record", reply)
        if reply.status_code == 200:
            seen.recorded.append((reply.json()["decision"], outcome))
    elif chance < 0.9:
        topic = rng.choice(["billing", "fault"])
        event: dict[str, Any] = {
            "type": "contact",
            "customer": f"c-{rng.randrange(CUSTOMERS)}",
            "id": key,
        }
        event |= {"channel": rng.choice(["phone", "chat"]), "data": {"topic": topic}}
        if rng.random() < 0.3:  # a technician who did not come: there is something to put right
            slot = datetime.now(UTC) - timedelta(hours=3)
            event |= {"type": "appointment_booked", "at": (slot - timedelta(days=1)).isoformat()}
            event["data"] = {"appointment": key, "slot_to": slot.isoformat()}
        reply = await http.post("/v1/events", json=event)
        _count(seen, "observe", reply)
    elif chance < 0.95:
        reply = await http.get(f"/v1/customers/c-{rng.randrange(CUSTOMERS)}/journey")
        _count(seen, "journey", reply)
    else:  # somebody who goes away in the middle
        seen.gone += 1
        try:
            batch = {"cases": [case(rng) for _ in range(20)]}
            await http.post("/v1/decisions:batch", json=batch, timeout=rng.random() * 0.02)
        except httpx.TimeoutException:
            return


def _count(seen: Seen, verb: str, reply: httpx.Response) -> None:
    seen.statuses[verb, reply.status_code] += 1
    if reply.status_code >= 500 and reply.status_code != 503:
        seen.wrong.append(f"{verb} was answered {reply.status_code}: {reply.text[:200]}")
    if 400 <= reply.status_code < 500 and reply.status_code != 404:
        seen.wrong.append(f"{verb} was answered {reply.status_code}: {reply.text[:200]}")


def _check(
    seen: Seen, given: dict[str, Any], key: str, found: dict[str, Any], made: list[str]
) -> None:
    """Compare an answer with what was asked."""
    seen.versions[found["version"]] += 1
    failed = any(one["code"] == "store-failure" for one in found["diagnostics"])
    if found["customer"] != given["id"]:
        seen.wrong.append(f"{given['id']} was told what is for {found['customer']}")
    consent = given["customer"]["consent"]
    best = found["ranked"][0] if found["ranked"] else None
    if best and best["direction"] == "outbound" and consent.get(best["channel"]) is False:
        seen.wrong.append(f"{best['action']} on {best['channel']} without consent")
    if failed:
        return
    if best and best["gesture"] and (reservation := best["gesture"]["reservation"]):
        amount = Decimal(best["gesture"]["amount"])
        seen.given[reservation] = (found["customer"], best["action"], amount)
    if best is not None:
        made.append(found["id"])
        before = seen.under_key.setdefault(key, json.dumps(found, sort_keys=True))
        if before != json.dumps(found, sort_keys=True):
            seen.wrong.append(f"under one key another answer: {before} and {found}")


async def changes(book: Path, seen: Seen, until: float) -> None:
    """Change the book every second; every tenth time it is broken."""
    file = book / "book.yaml"
    good = file.read_text(encoding="utf-8")
    number = 0
    while time.monotonic() < until:
        number += 1
        text = good.replace(TITLE, f"{TITLE} {number % BOOKS}")
        if number % 10 == 0:
            text += "\nactoins: {}\n"
        new = book / ".new"
        new.write_text(text, encoding="utf-8")
        new.replace(file)
        seen.reloads += 1
        await asyncio.sleep(1)
    file.write_text(good, encoding="utf-8")


def overspent(book: Path, seen: Seen) -> list[str]:
    """Return the budgets of gestures of which more was given than there is; none comes back."""
    model = load(book).book
    spent: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for customer, action, amount in seen.given.values():
        gesture = model.actions[action].gesture
        for name in gesture.budgets if gesture else ():
            spent[name, customer if model.budgets[name].per == "customer" else "all"] += amount
    return [
        f"{amount} of `{name}` were given to {owner}"
        for (name, owner), amount in spent.items()
        if amount > money.decimal_of(model.budgets[name].amount, model.currency)
    ]


def unknown(book: Path, seen: Seen) -> set[str]:
    """Return the versions that decided, though no book had them."""
    file = book / "book.yaml"
    good = file.read_text(encoding="utf-8")
    known = {load(book).book.version}
    for number in range(BOOKS):
        file.write_text(good.replace(TITLE, f"{TITLE} {number}"), encoding="utf-8")
        known.add(load(book).book.version)
    return seen.versions.keys() - known


async def restarts(redis: RedisProcess, after: float) -> None:
    """Kill the store once, and start it again."""
    await asyncio.sleep(after)
    redis.kill()
    print("  the store is killed", flush=True)
    await asyncio.sleep(3)
    await asyncio.to_thread(redis.start)
    print("  the store is back", flush=True)


async def watch(parent: int, seen: Seen, until: float) -> None:
    """Note how much memory the server has."""
    while time.monotonic() < until:
        seen.memory.append((time.monotonic(), _resident(parent)))
        await asyncio.sleep(5)


def _resident(parent: int) -> int:
    """Return the resident memory of a process and its children, in KiB."""
    command = ["ps", "-o", "rss=", "-p", str(parent), "--ppid", str(parent)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ps
    return sum(map(int, listed.stdout.split()))


async def capacity(url: str, book: Path) -> float:
    """Return how many questions are answered in a second when they come one after the other."""
    seen = Seen()
    until = time.monotonic() + WARM_UP
    asking = (client(number, url, seen, 1e-6, until) for number in range(8))
    await asyncio.gather(*asking, changes(book, Seen(), until))
    return seen.statuses.total() / WARM_UP


async def life(url: str, book: Path, redis: RedisProcess, parent: int, minutes: float) -> Seen:
    """Let it live for so many minutes; return what was seen."""
    able = await capacity(url, book)
    clients = 16
    rate = clients / (able / 2)
    print(
        f"  capacity {able:.0f}/s; {clients} clients ask {able / 2:.0f} times a second", flush=True
    )
    seen = Seen()
    until = time.monotonic() + minutes * 60
    await asyncio.gather(
        *(client(100 + number, url, seen, rate, until) for number in range(clients)),
        changes(book, seen, until),
        restarts(redis, minutes * 30),
        watch(parent, seen, until),
    )
    return seen


async def lost(url: str, seen: Seen) -> list[str]:
    """Return the outcomes that were answered and are not there."""
    wanted: dict[str, set[str]] = {}
    for id_, outcome in seen.recorded:
        wanted.setdefault(id_, set()).add(outcome)
    missing = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        for id_, outcomes in wanted.items():
            found = (await http.get(f"/v1/decisions/{id_}")).json()
            there = {
                one["outcome"] for each in found.get("answers", ()) for one in each["outcomes"]
            }
            missing += [f"{outcome} of {id_}" for outcome in outcomes - there]
    return missing


def told(seen: Seen, missing: list[str], metrics: str, minutes: float) -> bool:
    """Print what was seen; return whether everything held."""
    took = sorted(seen.took)
    print(
        f"  {seen.statuses.total()} answers in {minutes:g} minutes, {seen.unanswered} without one;"
        f" {seen.gone} clients went away; {seen.reloads} changes of the book"
    )
    for (verb, status), count in sorted(seen.statuses.items()):
        print(f"    {verb:8} {status} {count}")
    print(
        f"  half within {took[len(took) // 2] * 1e3:.1f} ms, 99 of 100 within "
        f"{took[len(took) * 99 // 100] * 1e3:.1f} ms, all within {took[-1] * 1e3:.0f} ms"
    )
    for name in ("nba_book_reloads_total", "nba_log_lost", "nba_store_errors_total"):
        for line in metrics.splitlines():
            if line.startswith(name):
                print(f"    {line}")
    print(f"  {len(seen.versions)} versions of the book decided")
    first, last = quarters(seen, minutes)
    course = " ".join(str(kib // 1024) for _, kib in seen.memory[::12])
    print(
        f"  memory of all processes: {first:.0f} MiB in the first quarter, {last:.0f} MiB in the "
        f"last: {last / first - 1:+.1%} (by the minute: {course})"
    )
    total = sum(amount for _, _, amount in seen.given.values())
    print(f"  gestures: {len(seen.given)}, {total} in all")
    print(f"  outcomes: {len(seen.recorded)} answered, {len(missing)} lost {missing[:3]}")
    print(f"  wrong answers: {len(seen.wrong)} {seen.wrong[:3]}")
    grown = last > first * GROWTH
    if grown:
        print("  the memory grew")
    return not seen.wrong and not missing and not grown


def quarters(seen: Seen, minutes: float) -> tuple[float, float]:
    """Return the mean memory in the first and in the last quarter of the minutes, in MiB."""
    end, length = seen.memory[-1][0], minutes * 60
    first = [kib for at, kib in seen.memory if length * 0.75 <= end - at < length]
    last = [kib for at, kib in seen.memory if end - at < length * 0.25]
    return fmean(first) / 1024, fmean(last) / 1024


def main() -> None:
    """Run it; the exit code is 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10)
    args = parser.parse_args()
    if shutil.which("redis-server") is None:
        print("a server's life: left out, since there is no redis-server")
        return
    print("a server's life: two workers, Redis, reloads every second")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nba-soak-")))
        book = folder / "rules"
        shutil.copytree(ROOT / "rules", book)
        redis = RedisProcess(folder, appendonly="yes", appendfsync="always")
        stack.callback(redis.kill)
        options = ["--store", redis.url(), "--log", str(folder / "log.db"), "--quiet"]
        command = [sys.executable, "-m", "nba", "serve", str(book), "--port", str(PORT)]
        process = subprocess.Popen(  # noqa: S603 - our own server
            [*command, "--workers", "2", *options],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
            stderr=stack.enter_context(Path(folder, "server.log").open("w")),
        )
        try:
            url = f"http://127.0.0.1:{PORT}"
            _until_ready(url, process)
            seen = asyncio.run(life(url, book, redis, process.pid, args.minutes))
            missing = asyncio.run(lost(url, seen))
            metrics = httpx.get(f"{url}/metrics", timeout=60).text
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
        seen.wrong += overspent(book, seen)
        seen.wrong += [f"no book had the version {one}" for one in unknown(book, seen)]
        text = Path(folder, "server.log").read_text(encoding="utf-8")
        faults = re.findall(r'.*"level":"error".*', text)
        held = told(seen, missing, metrics, args.minutes)
        shown = [one[:300] for one in faults[:3]]
        print(f"  ended with {code}; {len(faults)} errors in the log {shown}")
        if not held or faults:
            sys.exit(1)


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{url}/readyz")
            return
        except httpx.TransportError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
