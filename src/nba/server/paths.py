"""What stands on which path. An id is one step of it, percent-encoded, whatever is in it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from starlette.types import ASGIApp

from nba.server.bounds import Receive
from nba.server.resource import Resource, Scope, Send, Unknown

__all__ = ["Paths"]

Steps = tuple[str, ...]


class Paths:
    """An ASGI application that hands each request to the resource of its path, or to *unknown*.

    *living* is the application that begins and ends with it.
    """

    def __init__(
        self, resources: Mapping[str, Resource], unknown: Unknown, living: ASGIApp
    ) -> None:
        self._unknown = unknown
        self._living = living
        self._plain = {path: one for path, one in resources.items() if "{" not in path}
        self._with_ids = {
            tuple(path.split("/")): one for path, one in resources.items() if "{" in path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._living(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._unknown(scope, receive, send)
            return
        path: str = scope["path"]
        root: str = scope.get("root_path", "")  # where the application is mounted
        resource: Resource | Unknown | None = None
        if b"%" not in (scope.get("raw_path") or b""):  # mostly a path is meant as it is written
            resource = self._plain.get(path.removeprefix(root))
        if resource is None:
            resource = self._by_steps(_steps(scope, root), scope)
        await resource(scope, receive, send)

    def _by_steps(self, steps: Steps, scope: Scope) -> Resource | Unknown:
        plain = self._plain.get("/".join(steps))
        if plain is not None and not any("/" in step for step in steps):
            return plain
        for wanted, resource in self._with_ids.items():
            ids = _ids(wanted, steps)
            if ids:
                scope["path_params"] = ids
                return resource
        return self._unknown


def _steps(scope: Scope, root: str) -> Steps:
    """Return the steps of a path below *root*, each as it is meant; none of what is no text."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None:  # some servers do not give it: then a `/` ends a step in any case
        return tuple(scope["path"].removeprefix(root).split("/"))
    try:
        steps = [unquote(step, errors="strict") for step in raw.decode("ascii").split("/")]
    except UnicodeDecodeError:
        return ()
    return ("", *steps[root.count("/") + 1 :])


def _ids(wanted: Steps, steps: Steps) -> dict[str, str]:
    """Return the ids in the steps of a path, by name; none where it is another path."""
    if len(wanted) != len(steps):
        return {}
    ids = {}
    for name, step in zip(wanted, steps, strict=True):
        if name.startswith("{") and step:
            ids[name[1:-1]] = step
        elif name != step:
            return {}
    return ids
