"""The OpenAPI document (3.1), made from the endpoints and the types of their messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from nba import __version__
from nba.server import messages
from nba.server.endpoint import JSON, Endpoint
from nba.server.keys import SCOPES
from nba.server.problems import PROBLEMS, RETRY_AFTER

__all__ = ["document"]

_PROBLEM: Final = "application/problem+json"
_REF: Final = "#/components/schemas/{name}"
_ID: Final = re.compile(r"\{(\w+)\}")
_IDS: Final = {"decisions": "The id of a decision", "customers": "Any name of a customer"}
_HEADERS: Final[dict[str, Any]] = {
    "Retry-After": {
        "description": "Seconds after which it may be worth asking again",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "How to say who asks",
        "required": True,
        "schema": {"type": "string"},
    },
}


def document(endpoints: Iterable[Endpoint], *, keyed: bool) -> dict[str, Any]:
    """Return the document of *endpoints*; *keyed* says that API keys are needed."""
    listed = list(endpoints)
    types = [messages.Problem]
    for one in listed:
        types += [kind for kind in (one.takes, one.gives, one.asks) if kind is not None]
    found, components = msgspec.json.schema_components(types, ref_template=_REF)
    schemas = dict(zip(map(str, types), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        operation = _operation(one, schemas, keyed=keyed)
        paths.setdefault(one.path, {})[one.method.lower()] = operation
    components.pop("DueQuery", None)  # its parts stand with the operation
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "nba: the next best action",
            "version": __version__,
            "description": (
                "Decides the next best action for customers, by rules that people can read. "
                "Everything that goes wrong is answered with a problem document (RFC 9457)."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }
    if keyed:
        listing = "; ".join(f"`{name}`: {what}" for name, what in SCOPES.items())
        told["components"]["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": f"An API key. Its scopes say what it may do. {listing}",
            }
        }
    return told


def _operation(one: Endpoint, schemas: dict[str, Any], *, keyed: bool) -> dict[str, Any]:
    about = [one.about] if one.about else []
    if keyed and one.scope not in (None, "any"):
        about.append(f"Needs the scope `{one.scope}`.")
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": " ".join(about) or one.summary,
        "security": [{"key": []}] if keyed and one.scope is not None else [],
        "responses": {},
    }
    if parameters := list(_parameters(one)):
        found["parameters"] = parameters
    if one.takes is not None:
        content: dict[str, Any] = {"schema": schemas[str(one.takes)]}
        if one.examples:
            content["examples"] = {name: {"value": one} for name, one in one.examples.items()}
        found["requestBody"] = {"required": True, "content": {JSON: content}}
    good: dict[str, Any] = {"description": one.summary}
    if one.status != 204:
        schema = schemas[str(one.gives)] if one.gives else {"type": "string"}
        good["content"] = {one.content: {"schema": schema}}
    if one.explains:
        good["headers"] = {
            "Preference-Applied": {
                "description": "`explain` where that was preferred",
                "schema": {"type": "string"},
            }
        }
    found["responses"][str(one.status)] = good
    for status, codes in sorted(_failures(one, keyed=keyed).items()):
        if status == 503 and one.name == "ready":
            found["responses"]["503"] = {**good, "description": "The server ends"}
            continue
        found["responses"][str(status)] = _failure(status, codes)
    return found


def _parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    for name in _ID.findall(one.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"{_IDS[one.path.split('/')[2]]}, percent-encoded: `/` is `%2F`",
            "schema": {"type": "string", "minLength": 1, "maxLength": 500},
        }
    if one.asks is not None:
        _, parts = msgspec.json.schema_components([one.asks], ref_template=_REF)
        for name, schema in parts[one.asks.__name__]["properties"].items():
            kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
            yield {
                "name": name,
                "in": "query",
                "required": False,
                "schema": kinds[0] if kinds else schema,
            }
    if one.writes:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same for the same request: then it may be sent again",
            "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
        }
    if one.explains:
        yield {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "description": "`explain` for the reasons too",
            "schema": {"type": "string", "examples": ["explain"]},
        }


def _failures(one: Endpoint, *, keyed: bool) -> dict[int, list[str]]:
    """Return the codes of what can go wrong, by status."""
    codes = [*one.fails, "internal", "too-slow"]
    if one.scope is not None:
        codes += ["overloaded", "forbidden"]
        if keyed:
            codes.append("unauthenticated")
    if one.takes is not None:
        codes += ["bad-json", "too-deep", "slow-body", "too-large", "unsupported-media-type"]
        codes.append("wrong-input")
    if one.writes or "{" in one.path:
        codes.append("wrong-input")
    if one.name == "ready":
        codes.append("overloaded")
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        found.setdefault(PROBLEMS[code][0], []).append(code)
    return found


def _failure(status: int, codes: list[str]) -> dict[str, Any]:
    titles = "; or ".join(f"`{code}`: {PROBLEMS[code][1].lower()}" for code in codes)
    found: dict[str, Any] = {
        "description": titles,
        "content": {_PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
    names = ["Retry-After"] if any(code in RETRY_AFTER for code in codes) else []
    names += ["WWW-Authenticate"] if status == 401 else []
    if names:
        found["headers"] = {name: _HEADERS[name] for name in names}
    return found
