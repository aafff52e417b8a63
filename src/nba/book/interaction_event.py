"""Which event an interaction is when it is recorded, and what its fields say then."""

from __future__ import annotations

from nba.book import documents, model
from nba.book.expressions import Expressions
from nba.book.findings import At, short
from nba.book.journey import JourneySections
from nba.errors import did_you_mean
from nba.lang.findings import a
from nba.lang.types import DOUBLE, DYN, INT

__all__ = ["interaction_event"]


def interaction_event(
    document: documents.InteractionEvent | None,
    at: At,
    journey: JourneySections,
    expressions: Expressions,
) -> model.InteractionEvent | None:
    """Return the event that an interaction is; what is wrong with it is reported.

    Its *expressions* read what is known when it is recorded, and nothing of the journey.
    """
    if document is None:
        return None
    journey.reading("event", document.event, at / "event")
    kind = journey.types.get(document.event)
    types = {spec.path: spec.type for spec in kind.fields} if kind else {}
    data: dict[str, model.Expression] = {}
    for path, value in document.data.items():
        here = at / "data" / path
        if kind and path not in types:
            message = f"`{kind.id}.{short(path)}` is not declared"
            help_ = did_you_mean(path, types)
            expressions.findings.report("undeclared-name", message, help_, here.key_place)
            continue
        wanted = types.get(path, DYN)
        allowed = (DOUBLE, INT) if wanted == DOUBLE else (wanted,)
        found = expressions.expression(value, here, () if wanted == DYN else allowed)
        if found is None:
            continue
        if wanted.args and wanted != found.tree.type != DYN:
            message = f"this is {a(found.tree.type)}, not {a(wanted)}"
            expressions.findings.report("wrong-type", message, "", here.place)
        data[path] = found
    return model.InteractionEvent(document.event, data, at.key_place)
