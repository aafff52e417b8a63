"""The command line: `nba check`, `nba test`, `nba decide` and their like.

Results go to standard output, errors to standard error. A command is a module of this package,
and what it needs is loaded only when it is asked for.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from nba import __version__
from nba.cli.codes import INTERRUPTED, NOBODY_READS, OK, WRONG_USAGE, of_book
from nba.cli.commands import COMMANDS, command, parser_of, usage
from nba.cli.output import CommandError, counted, errors, results
from nba.errors import BookError, did_you_mean, errors_in

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv*, by default the program's own, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _guarded(sys.argv[1:] if argv is None else argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return NOBODY_READS
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _silence()
        reason = (error.strerror or str(error)).lower()
        errors().stopped(CommandError(f"the output cannot be written: {reason}"))
        return WRONG_USAGE
    return code


def _guarded(argv: Sequence[str]) -> int:
    """Run a command; say what is wrong where it cannot go on."""
    try:
        return _run(argv)
    except CommandError as fault:
        errors().stopped(fault)
        return WRONG_USAGE
    except BookError as error:
        page = errors()
        page.diagnostics(error.diagnostics)
        count = len(errors_in(error.diagnostics))
        page.line(f"\n{counted(count, 'error')} in the book")
        return of_book(error)
    except SystemExit as end:  # argparse has shown its help
        return int(end.code or 0)


def _run(argv: Sequence[str]) -> int:
    name, *rest = argv or [""]
    if name in ("-h", "--help") or (name == "help" and not rest):
        results().line(usage())
        return OK
    if name in ("-V", "--version"):
        results().line(f"nba {__version__}")
        return OK
    if name == "help":
        name, rest = rest[0], ["--help"]
    if not name:
        errors().line(usage())
        return WRONG_USAGE
    if name not in COMMANDS:
        if name.startswith("-"):
            raise CommandError(f"`{name}` stands before the command", "write `nba COMMAND` first")
        help_ = did_you_mean(name, COMMANDS) or "`nba help` lists the commands"
        raise CommandError(f"`{name}` is not a command", help_)
    return command(name).run(parser_of(name).read(rest))


def _silence() -> None:
    """Let nothing more be written where it cannot be, not even when Python ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return
