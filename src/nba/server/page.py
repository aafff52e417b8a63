"""The page at `/docs`: the OpenAPI document for people. It asks no other host for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

from nba.server.problems import PROBLEMS

__all__ = ["HEADERS", "PAGE"]


def _filled(text: str) -> str:
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{title}</td></tr>'
        for code, (status, title) in PROBLEMS.items()
    )
    return text.replace("<!-- problems -->", rows)


def _policy(text: str) -> str:
    """Return what the page may load: its own script and style, by their hashes."""
    found = {}
    for tag in ("script", "style"):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        found[tag] = f"{tag}-src 'sha256-{digest}'"
    return (
        f"default-src 'none'; {found['script']}; {found['style']}; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


_TEXT: Final = _filled(files("nba.server").joinpath("docs.html").read_text(encoding="utf-8"))
PAGE: Final = _TEXT.encode()
HEADERS: Final = ((b"content-security-policy", _policy(_TEXT).encode()),)
