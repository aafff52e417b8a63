"""Runs every benchmark: `python -m benchmarks [--rounds N]`."""

from __future__ import annotations

from benchmarks import conditions, journey

if __name__ == "__main__":
    conditions.main()
    journey.main()
