"""What all tests share: how long the random ones search, and that measurements are shown.

`NBA_LONG=1` searches long; the rest of the time a run of all tests takes minutes. What a test
records as `measured` is printed at the end of the run, also with `-n`.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]  # runs pytest in projects of its own

settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=False,
    print_blob=True,
)
settings.register_profile(
    "long",
    settings.get_profile("default"),
    max_examples=10_000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("long" if os.environ.get("NBA_LONG") == "1" else "default")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `measured`, and how much of the conformance suite passed."""
    passed: dict[str, list[int]] = {}
    lines: list[str] = []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", []):
                if name == "measured":
                    lines.append(str(value))
                elif name == "conformance":
                    counts = passed.setdefault(str(value), [0, 0])
                    counts[0] += outcome == "passed"
                    counts[1] += 1
    if passed:
        files = (f"{file} {good}/{total}" for file, (good, total) in sorted(passed.items()))
        good, total = (sum(counts[i] for counts in passed.values()) for i in (0, 1))
        lines.append(f"conformance: {good}/{total} on both paths; {', '.join(files)}")
    if lines:
        terminalreporter.section("measured")
        for line in sorted(lines):
            terminalreporter.write_line(line)
