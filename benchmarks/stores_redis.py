"""What taking costs in Redis: `RedisStore.take` beside a bare script with the same effect.

A decision takes three places in limits of its customer and two parts of budgets of the book, and
its one alternative is granted. The bare script reads five counters, checks them, raises them, and
puts down for each an entry that is found when it expires and when it is old, and a row for the
decision: no names, no versions, no second alternative, and nothing is ever taken off. A script
with still less to it, whose entries are only put down, is shown as well.

All run in turns on a server that is started for it and writes nothing to its disk; what counts is
the ratio. `python -m benchmarks.stores_redis`
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from tests.state.servers import RedisProcess

from nba.state.redis import RedisStore
from nba.state.reservation import EVER, Alternative, Asked, Claim, Taking

DAY = 86_400 * 10**9
NOW = 1_790_000_000 * 10**9
CUSTOMERS = 2_000
TEXT = '{"book": "measured", "lines": ["a decision has some text"]}' * 4
SCRIPT = """
local call = redis.call
for at = 3, 15, 3 do
  local used = tonumber(call('GET', ARGV[at]) or '0')
  if used + tonumber(ARGV[at + 1]) > tonumber(ARGV[at + 2]) then
    return at
  end
end
for at = 3, 15, 3 do
  call('INCRBY', ARGV[at], ARGV[at + 1])
  ENTRY
end
call('HSET', 'decisions', ARGV[1], ARGV[2])
return 0
"""
ENTRIES = {
    "a bare script": """
  call('HSET', ARGV[at] .. ':entries', ARGV[1], ARGV[18] .. ' ' .. ARGV[19] .. ' ' .. ARGV[at + 1])
  call('ZADD', ARGV[at] .. ':times', ARGV[18], ARGV[1])
  call('ZADD', ARGV[at] .. ':expiries', ARGV[19], ARGV[1])""",
    "the same, with entries that are not found again": """
  call('HSET', ARGV[at] .. ':entries', ARGV[1], ARGV[at + 1])""",
}


def scripting(server: RedisProcess, entry: str, prefix: str) -> Callable[[], float]:
    """Return what runs a bare script once, and returns in how many seconds."""
    chance, numbers = Random(1), count()
    client: Any = server.client()
    digest = client.script_load(SCRIPT.replace("ENTRY", entry))

    def script() -> float:
        number, customer = next(numbers), chance.randrange(CUSTOMERS)
        at = NOW + number
        counters: list[object] = []
        for limit in ("day", "week", "month"):
            counters += [f"{prefix}:{limit}:c{customer}", 1, 10**9]
        for budget, amount in (("gestures", 500), ("sends", 1)):
            counters += [f"{prefix}:{budget}", amount, 2**53 - 1]
        start = time.perf_counter()
        done = client.evalsha(digest, 0, f"{prefix}{number}", TEXT, *counters, at, at + DAY)
        taken = time.perf_counter() - start
        if done != 0:
            raise SystemExit("the bare script refused")
        return taken

    return script


def taking(server: RedisProcess) -> Callable[[], float]:
    """Return what takes once, and returns in how many seconds."""
    chance, numbers = Random(1), count()
    store = RedisStore.open(server.url())

    def take() -> float:
        number, customer = next(numbers), f"c{chance.randrange(CUSTOMERS)}"
        at = NOW + number
        claims = (
            *(
                Claim(Asked(limit, None, at - days * DAY), 1, 10**9, at + DAY)
                for limit, days in (("day", 1), ("week", 7), ("month", 30))
            ),
            Claim(Asked("gestures", "", EVER), 500, 2**53 - 1, at + DAY),
            Claim(Asked("sends", "", EVER), 1, 2**53 - 1, at + DAY),
        )
        alternatives = (Alternative(claims, '{"action": "call_back"}', (("service", 1),)),)
        version = store.version(customer)
        wanted = Taking(f"t{number}", customer, version, at, 1, alternatives, TEXT)
        start = time.perf_counter()
        granted = store.take(wanted)
        taken = time.perf_counter() - start
        if granted.granted != (0,):
            raise SystemExit("the store refused")
        return taken

    return take


def main() -> None:
    """Measure, and print how many bare scripts one take costs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores_redis")
    parser.add_argument("--rounds", type=int, default=20, help="turns of each measurement")
    parser.add_argument("--calls", type=int, default=500, help="decisions in each turn")
    options, _ = parser.parse_known_args()
    if shutil.which("redis-server") is None:
        print("\nstores in Redis: not measured, as there is no redis-server")
        return
    with tempfile.TemporaryDirectory() as folder:
        server = RedisProcess(Path(folder))
        try:
            work = {
                name: scripting(server, entry, str(number))
                for number, (name, entry) in enumerate(ENTRIES.items())
            }
            work["RedisStore.take"] = taking(server)
            best = dict.fromkeys(work, math.inf)
            for _ in range(options.rounds):  # in turns, the best of each: noise only ever adds
                for name, once in work.items():
                    median = statistics.median(once() for _ in range(options.calls))
                    best[name] = min(best[name], median)
        finally:
            server.kill()
    bare, take = best["a bare script"], best["RedisStore.take"]
    print("\nstores in Redis: a decision with three limits and two budgets, one alternative")
    for name, taken in best.items():
        print(f"{taken * 1e6:8.0f} µs  {taken / bare:5.2f}  {name}")
    print(f"wanted: at most 2.00; it is {take / bare:.2f}")


if __name__ == "__main__":
    main()
