"""Serves a rule book over HTTP, for other services.

Without API keys only this machine is served. The book is read again when its files change; one
with errors never replaces the one that decides. What happens is written to standard error, a line
of JSON for each thing. SIGTERM and Ctrl-C end it, once what is under way is done.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from nba.cli.arguments import Arguments, count
from nba.cli.codes import OK
from nba.cli.output import CommandError
from nba.errors import CaseError, StoreError

__all__ = ["arguments", "loaded", "run"]


def arguments(parser: Arguments) -> None:
    """Add the arguments of `nba serve`."""
    parser.add_argument("book", metavar="BOOK", help="the folder with the rule files, or one file")
    help_ = "where events and decisions are kept, such as sqlite:///nba.db; by default in memory"
    parser.add_argument("--store", metavar="URL", help=help_)
    help_ = "the decision log, which explains decisions later: a .db or .jsonl file"
    parser.add_argument("--log", metavar="FILE", help=help_)
    help_ = "the file with API keys, see `nba key`; by default the variable NBA_API_KEYS"
    parser.add_argument("--keys", metavar="FILE", help=help_)
    parser.add_argument("--host", metavar="ADDRESS", help="where to listen, by default 127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, help="the port, by default 8080")
    parser.add_argument(
        "--workers", metavar="N", type=count, help="so many processes, by default 1"
    )
    help_ = "the origin of web pages that may ask; may be given several times"
    parser.add_argument("--cors", metavar="ORIGIN", action="append", help=help_)
    parser.add_argument("--no-watch", action="store_true", help="do not reload when files change")
    parser.add_argument("--quiet", action="store_true", help="write no line for each request")
    help_ = "the largest body in bytes, by default 2097152"
    parser.add_argument("--max-body", metavar="BYTES", type=int, help=help_)
    help_ = "how many requests are under way at once in a process, by default 256"
    parser.add_argument("--max-requests", metavar="N", type=count, help=help_)


def run(args: argparse.Namespace) -> int:
    """Serve until told to end."""
    serving: Any = loaded("nba.server.serving")
    given = {
        "store": args.store,
        "log": args.log,
        "keys": args.keys,
        "host": args.host,
        "port": args.port,
        "workers": args.workers,
        "body": args.max_body,
        "at_once": args.max_requests,
    }
    settings = serving.Serving(
        book=args.book,
        cors=tuple(args.cors or ()),
        watch=not args.no_watch,
        requests=not args.quiet,
        **{name: value for name, value in given.items() if value is not None},
    )
    try:
        code: int = serving.serve(settings)
    except CaseError as error:
        raise CommandError.of(error) from None
    except StoreError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        message = f"`{settings.host}:{settings.port}` cannot be listened on"
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"{message}: {reason}", "choose another one by `--port`") from None
    return code or OK


def loaded(name: str) -> Any:
    """Return a module of the server. Raises CommandError where its packages are missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "nba":
            raise
        message = f"a server needs the package `{error.name}`"
        raise CommandError(message, "run `pip install nba[server]`") from None
