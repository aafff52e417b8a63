"""A workload as the text of a rule file, as business users would write it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.peers.expressions import CEL
from benchmarks.workload import Field, Rule, Workload

__all__ = ["as_book"]

_HEAD = """\
format: 1
book: workload
channels:
  app: {direction: both}
issues:
  sales: {title: Sales}
groups:
  sales/offers: {title: Offers}
"""


def as_book(workload: Workload) -> str:
    """Return a rule file with the fields and the actions of a workload, all on one channel."""
    return "\n".join([_HEAD, *_context(workload.fields), "actions:", *_actions(workload.rules)])


def _context(fields: tuple[Field, ...]) -> Iterator[str]:
    yield "context:"
    yield "  customer:"
    for field in fields:
        match field.kind:
            case "categorical":
                yield f"    {field.name}: {{enum: {json.dumps(field.values)}}}"
            case "number":
                yield f"    {field.name}: {{type: number, min: 0, max: {field.scale}}}"
            case "boolean":
                yield f"    {field.name}: bool"


def _actions(rules: tuple[Rule, ...]) -> Iterator[str]:
    for rule in rules:
        terms = "".join(f" + {weight!r} * customer.{field}" for field, weight in rule.terms)
        yield f"  {rule.id}:"
        yield f"    title: Offer {rule.id}"
        yield "    group: sales/offers"
        yield "    kind: offer"
        yield "    channels: [app]"
        yield "    eligible:"
        for atom in rule.atoms:
            yield f"      - {json.dumps(CEL.atom(atom._replace(field=f'customer.{atom.field}')))}"
        yield f"    value: {rule.base!r}{terms}"
