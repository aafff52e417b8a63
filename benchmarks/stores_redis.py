"""What taking costs in Redis: `RedisStore.take` beside a bare script with the same effect.

A decision takes three places in limits of its customer and two parts of budgets of the book, and
the first of its three alternatives is granted, as an engine sends two to spare. The bare script
is what somebody writes by hand who needs this, and is given that one alternative: it reads all
counters of an owner with the customer's version in one call, checks them, raises them, and puts
down for each an entry that is found by its id, when it is old and when it expires; the decision's
text, and the decision in the customer's list. One HMGET, one HSET and one ZADD for each owner. It
looks for no other names and for no entry that is there already, and nothing is ever taken off.

It is sent over a connection like the store's, and through redis-py's client as well. All run in
turns on a server that is started for it and writes nothing to its disk; what counts is the ratio.
Beside it stands what of that is the server's time in the script.
`python -m benchmarks.stores_redis`
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from tests.state.servers import RedisProcess

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.state.redis import RedisStore
from nba.state.redis_server import RedisServer
from nba.state.reservation import EVER, Alternative, Taking

DAY: Final = 86_400 * 10**9
NOW: Final = 1_790_000_000 * 10**9
CUSTOMERS: Final = 2_000
MANY: Final = 2**53 - 1
TEXT: Final = '{"book": "measured", "lines": ["a decision has some text"]}' * 4
ANSWER: Final = '{"action": "call_back", "channel": "phone", "amount": 1000, "currency": "EUR"}'
SCRIPT: Final = """
local call, id, customer, version, at, expires = redis.call, unpack(ARGV, 1, 5)
local prefix = ARGV[6]
local own, book = prefix .. 'a:' .. customer, prefix .. 'book'

local mine = call('HMGET', own, 'v', ARGV[7], ARGV[10], ARGV[13])
if (mine[1] or '0') ~= version then
  return -1
end
local ours = call('HMGET', book, ARGV[16], ARGV[19])
local used = {mine[2] or 0, mine[3] or 0, mine[4] or 0, ours[1] or 0, ours[2] or 0}
for number = 1, 5 do
  local account = 4 + 3 * number
  used[number] = used[number] + ARGV[account + 1]
  if used[number] > tonumber(ARGV[account + 2]) then
    return number
  end
end

local function enter(owner, first, last, fields)
  local times = {}
  for number = first, last do
    local account = ARGV[4 + 3 * number]
    local entry, place, by = account .. ':' .. id, #fields, #times
    fields[place + 1], fields[place + 2] = account, string.format('%.0f', used[number])
    local taken = ARGV[5 + 3 * number]
    fields[place + 3], fields[place + 4] = entry, at .. ' ' .. expires .. ' ' .. taken
    times[by + 1], times[by + 2] = at, 't' .. entry
    times[by + 3], times[by + 4] = expires, 'x' .. entry
  end
  call('HSET', owner, unpack(fields))
  call('ZADD', owner .. ':times', unpack(times))
end
enter(own, 1, 3, {'v', version + 1})
enter(book, 4, 5, {})

call('HSET', prefix .. 'decisions', id, ARGV[22])
call('ZADD', prefix .. 'of:' .. customer, at, id)
return 0
"""


class Given(NamedTuple):
    """What one decision has: its number, its customer, the customer's version, and when."""

    number: int
    customer: str
    version: int
    at: int

    def claims(self, amount: int = 500) -> tuple[Claim, ...]:
        """Return three limits of the customer and two budgets of the book."""
        expires = self.at + DAY
        return (
            *(
                Claim(Asked(limit, None, self.at - days * DAY), 1, MANY, expires)
                for limit, days in (("day", 1), ("week", 7), ("month", 30))
            ),
            Claim(Asked("gestures", "", EVER), amount, MANY, expires),
            Claim(Asked("sends", "", EVER), 1, MANY, expires),
        )


Prepared = Callable[[], object]


def bare(server: RedisProcess, prefix: str, *, plain: bool = False) -> Callable[[Given], Prepared]:
    """Return what prepares the bare script: over redis-py's *plain* client, or as the store."""
    client: Any = server.client()
    digest = client.script_load(SCRIPT)
    send: Any = client.execute_command if plain else RedisServer(server.url()).ask

    def prepare(given: Given) -> Prepared:
        number, customer, version, at = given
        arguments: list[object] = [f"{prefix}{number}", customer, version, at, at + DAY, prefix]
        for claim in given.claims():
            arguments += [claim.asked.account, claim.amount, claim.at_most]
        return lambda: send("EVALSHA", digest, 0, *arguments, TEXT + ANSWER) == 0

    return prepare


def taking(server: RedisProcess, alternatives: int) -> Callable[[Given], Prepared]:
    """Return what prepares `take` with so many alternatives."""
    store = RedisStore.open(server.url(prefix=f"with-{alternatives}:"))

    def prepare(given: Given) -> Prepared:
        number, customer, _, at = given
        several = tuple(
            Alternative(given.claims(500 - place), ANSWER, (("service", 1), (f"action {place}", 1)))
            for place in range(alternatives)
        )
        version = store.version(customer)
        wanted = Taking(f"t{number}", customer, version, at, 1, several, TEXT)
        return lambda: store.take(wanted).granted == (0,)

    return prepare


class Taken(NamedTuple):
    """Seconds that a call took, and those of them that the server was in the script."""

    whole: float
    script: float


class Stream:
    """Decisions one after the other, of customers at random."""

    def __init__(self) -> None:
        self._chance, self._numbers = Random(1), count()
        self._versions = dict.fromkeys((f"c{number}" for number in range(CUSTOMERS)), 0)

    def next(self, calls: int) -> list[Given]:
        """Return so many, each of another customer."""
        found = []
        for customer in self._chance.sample(list(self._versions), calls):
            number, version = next(self._numbers), self._versions[customer]
            self._versions[customer] += 1
            found.append(Given(number, customer, version, NOW + number))
        return found


def turn(client: Any, prepared: Sequence[Prepared]) -> Taken:
    """Return what a call takes: the median, and the mean of the server's part."""
    client.config_resetstat()
    found = []
    for once in prepared:
        start = time.perf_counter()
        done = once()
        found.append(time.perf_counter() - start)
        if not done:
            raise SystemExit("what was to be granted was refused")
    in_script = client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]
    return Taken(statistics.median(found), in_script / 1e6)


def measured(server: RedisProcess, rounds: int, calls: int) -> Mapping[str, Taken]:
    """Return the least that each takes."""
    work = {
        "the bare script": bare(server, "bare:"),
        "the bare script, through redis-py's client": bare(server, "plain:", plain=True),
        "take, of one alternative": taking(server, 1),
        "take, of three alternatives": taking(server, 3),
    }
    streams = {name: Stream() for name in work}
    best = dict.fromkeys(work, Taken(math.inf, math.inf))
    with closing(server.client()) as client:
        for _ in range(rounds):  # in turns, the best of each: noise only ever adds
            for name, prepare in work.items():
                found = turn(client, [prepare(given) for given in streams[name].next(calls)])
                best[name] = Taken(*map(min, best[name], found))
    return best


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
            best = measured(server, options.rounds, options.calls)
        finally:
            server.kill()
    first, *_, last = best.values()
    print("\nstores in Redis: a decision with three limits and two budgets")
    print("   whole  ratio   script  ratio")
    for name, taken in best.items():
        ratios = [one / other for one, other in zip(taken, first, strict=True)]
        whole, script = (f"{part * 1e6:5.0f} µs" for part in taken)
        print(f"{whole} {ratios[0]:6.2f} {script} {ratios[1]:6.2f}   {name}")
    print(f"wanted: at most 2.00; it is {last.whole / first.whole:.2f}")


if __name__ == "__main__":
    main()
