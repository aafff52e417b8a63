"""The verbs of an engine for asyncio: what waits for a store waits in a thread, not in the loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial, update_wrapper
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

__all__ = ["THREADS", "Threads", "asynchronous"]

#: How many verbs of one engine run at once where an engine does not say.
THREADS: Final = 8

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Up to *most* threads, begun when they are first needed."""

    def __init__(self, most: int = THREADS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, function: Callable[[], R]) -> R:
        """Return what a function returns, once a thread was free for it.

        A wait that is cancelled before a thread was free does nothing. After that the function goes
        on to its end, and what it does is done.
        """
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="nba")
            pool = self._pool
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(pool, context.run, function)

    def close(self) -> None:
        """End the threads, when what they do is done."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()


class _Threaded(Protocol):
    @property
    def threads(self) -> Threads: ...


E = TypeVar("E", bound=_Threaded)


def asynchronous(
    verb: Callable[Concatenate[E, P], R],
) -> Callable[Concatenate[E, P], Coroutine[Any, Any, R]]:
    """Return a verb of an engine as one that is awaited: the same in a thread of the engine."""

    async def awaited(self: E, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.threads.run(partial(verb, self, *args, **kwargs))

    update_wrapper(awaited, verb)
    awaited.__name__ = f"a{verb.__name__}"
    awaited.__doc__ = f"Do as `{verb.__name__}` does, and wait without blocking the event loop."
    return awaited
