"""Runs every benchmark: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

from benchmarks import conditions, journey, stores, stores_redis

if __name__ == "__main__":
    conditions.main()
    journey.main()
    stores.main()
    stores_redis.main()
