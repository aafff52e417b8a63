"""Exit codes: what a shell or a pipeline is told."""

from __future__ import annotations

from typing import Final

from nba.errors import BookError

__all__ = ["EXPLAINED", "FAILED", "INTERRUPTED", "NOBODY_READS", "OK", "WRONG_USAGE", "of_book"]

OK: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130  # as shells have it: 128 and the number of the signal
NOBODY_READS: Final = 141

EXPLAINED: Final = """\
exit codes:
  0  all is well
  1  the book has errors, a test failed, or an expression is wrong or has no value
  2  wrong usage, or a file that cannot be read"""

_NO_BOOK: Final = frozenset({"no-files", "not-readable"})


def of_book(error: BookError) -> int:
    """Return the exit code for a book that cannot be used: because of what it says, or unread."""
    return WRONG_USAGE if {found.code for found in error.diagnostics} <= _NO_BOOK else FAILED
