"""How far long work is: a line on the terminal that goes away again."""

from __future__ import annotations

import time
from collections.abc import Callable

from nba.cli.output import Page, errors, results

__all__ = ["Progress"]

PATIENCE = 1.0  # seconds before anything is shown
PACE = 0.2  # seconds between two changes


class Progress:
    """Counts what is done, on stderr; silent where that is no terminal.

    Where results are written *meanwhile*, it is silent too if they go to a terminal.
    """

    def __init__(
        self,
        noun: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        meanwhile: bool = True,
    ) -> None:
        self.noun = noun
        self.clock = clock
        self.page: Page = errors()
        self.active = self.page.terminal and not (meanwhile and results().terminal)
        self.count = 0
        self.start = clock()
        self.next = self.start + PATIENCE

    def step(self, share: float | None = None) -> None:
        """Count one more; *share* of all that there is to do, where that is known."""
        self.count += 1
        if self.active and (now := self.clock()) >= self.next:
            self.next = now + PACE
            rate = self.count / (now - self.start)
            part = f", {share:.0%} of the file" if share is not None else ""
            self.show(f"{self.count:,} {self.noun}{part}, {rate:,.0f} a second")

    def clear(self) -> None:
        """Take the line away."""
        if self.active:
            self.show("")

    def show(self, text: str) -> None:
        """Replace the line."""
        self.page.write(f"\r\x1b[K{text}")
        if self.page.stream is not None:
            self.page.stream.flush()
