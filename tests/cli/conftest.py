"""A small book in a folder of its own, and the command line run in it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nba.cli import main

BOOK = """\
format: 1
book: small
title: A small book

context:
  customer:
    tier: {enum: [bronze, gold]}
    name: string
    lifetime_value: {type: number, min: 0}
    consent: {email: bool}
  interaction:
    intent: {enum: [none, billing, cancel], default: none}

channels:
  phone: {title: Telephone, cost: 4}
  chat: {direction: inbound, cost: 1}
  email: {consent: customer.consent.email == true}

issues:
  service: {tags: [service]}
  sales: {tags: [marketing]}
groups:
  service/help: {}
  sales/more: {}

policies:
  no_selling: {covers: {tag: marketing}, block_when: interaction.intent == 'cancel'}

arbitration:
  tiers:
    - {name: help first, when: interaction.intent != 'none', covers: {tag: service}}
    - {name: everything else}

decision_points:
  web_home: {channel: email, show: 2}

actions:
  call_back:
    title: Call back
    group: service/help
    kind: proactive_contact
    applicable: interaction.intent == 'billing'
    value: 10
    channels: [phone, chat]
    say: "Hello {customer.name}.\\nI own it from here."
  upgrade:
    title: Something bigger
    group: sales/more
    kind: offer
    eligible: customer.tier == 'gold'
    value: 0.1 * customer.lifetime_value
    channels: [email, phone]
"""

TESTS = """\
tests:
  - name: a question about a bill is answered
    customer: {name: Ann}
    interaction: {channel: chat, intent: billing}
    expect: {action: call_back, channel: chat, says: I own it}
  - name: good customers get more
    customer: {tier: gold, lifetime_value: 500, consent: {email: true}}
    expect: {action: upgrade, channel: email}
"""

CASE: dict[str, Any] = {
    "id": "c-1",
    "now": "2026-03-02T10:00:00Z",
    "customer": {"tier": "gold", "name": "Ann", "lifetime_value": 500, "consent": {"email": True}},
    "interaction": {"channel": "chat", "intent": "billing"},
}


def line_of(text: str) -> int:
    """Return the line of the book that begins with *text*."""
    return next(n for n, line in enumerate(BOOK.split("\n"), 1) if line.strip().startswith(text))


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what it wrote, as data."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a book in `rules/` and a case in `case.json`."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "book.yaml").write_text(BOOK, encoding="utf-8")
    (tmp_path / "rules" / "tests.yaml").write_text(TESTS, encoding="utf-8")
    (tmp_path / "case.json").write_text(json.dumps(CASE, indent=1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nba(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line: `nba("check", "rules")`, with the text of standard input as `stdin`."""

    def run(*argv: str, stdin: str | bytes = "") -> Ran:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        code = main(argv)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
