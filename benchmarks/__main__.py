"""Runs every benchmark: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

import sys

from benchmarks import conditions, journey, server, stores, stores_redis, versus

if __name__ == "__main__":
    conditions.main()
    journey.main()
    stores.main()
    stores_redis.main()
    versus.main([*sys.argv[1:], "--write"])
    server.main()
