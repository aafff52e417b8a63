"""Model back to a document: the canonical rule file of a book, and from it the version.

Loading what is dumped gives an equal book. The version is the hash of this document, so it
changes with anything that changes what the book decides or says, and with nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nba.book.cells import quoted
from nba.book.dump_contact import action_contact, contact_sections
from nba.book.model import (
    GATES,
    Action,
    Book,
    Briefing,
    Corridor,
    Gates,
    Issue,
    Mention,
    Moment,
    Pattern,
    Point,
    Row,
    Scorecard,
    Signal,
    Slot,
    Step,
    Table,
    Text,
    Tier,
    Treatment,
    Validity,
)
from nba.book.spelling import (
    condition_text,
    covers_text,
    expression_text,
    length_text,
    percent_text,
)
from nba.book.window import window_text
from nba.lang.context import FieldSpec
from nba.lang.plain import plain_value, put
from nba.lang.types import EnumType, ObjectType, Type
from nba.lang.values import Timestamp

__all__ = ["to_document", "with_version"]

_TYPES = {"double": "number"}


def with_version(book: Book) -> Book:
    """Return the book with its version: the first 16 hex digits of the SHA-256 of its document.

    The text of the document is JSON with sorted keys. It is written one action after the other:
    the documents of all of them would be as large as the book again.
    """
    written = {name: _json(section) for name, section in _document(book, {}).items()}
    written["actions"] = _object(
        {
            name: _json(_without_nothing(_action(action, book.currency)))
            for name, action in book.actions.items()
        }
    )
    text = _object(written)
    return replace(book, version=hashlib.sha256(text.encode()).hexdigest()[:16])


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _object(written: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{_json(key)}: {written[key]}' for key in sorted(written))}}}"


def to_document(book: Book) -> dict[str, Any]:
    """Return the book as one rule file, without tests, owners and places."""
    actions = {name: _action(action, book.currency) for name, action in book.actions.items()}
    return _document(book, actions)


def _document(book: Book, actions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the book as one rule file, with the documents of *actions*."""
    found = {
        "format": 1,
        "book": book.id,
        "title": book.title,
        "timezone": book.timezone,
        "currency": book.currency,
        "household": book.household,
        **_gates(book.gates),
        "reach": length_text(book.reach),
        "events": {name: _declarations(kind.fields) for name, kind in book.events.items()},
        "outcome_event": book.outcome_event,
        "on_profile_failure": "refuse" if book.on_profile_failure == "refuse" else None,
        "interaction_event": None
        if book.interaction_event is None
        else {
            "event": book.interaction_event.event,
            "data": {
                path: expression_text(found) for path, found in book.interaction_event.data.items()
            },
        },
        "signals": {name: _signal(signal) for name, signal in book.signals.items()},
        "moments": {name: _moment(moment) for name, moment in book.moments.items()},
        "corridors": {name: _corridor(found) for name, found in book.corridors.items()},
        "relationship": None
        if book.relationship is None
        else {
            "title": book.relationship.title,
            "start": book.relationship.start,
            "points": [_point(point) for point in book.relationship.points],
        },
        "briefing": _briefing(book.briefing),
        "context": _declarations(book.fields),
        **contact_sections(book),
        "channels": {
            name: {
                "title": channel.title,
                "direction": channel.direction,
                "cost": channel.cost,
                "consent": condition_text(channel.consent),
                "open": channel.open,
                "when_closed": channel.when_closed,
            }
            for name, channel in book.channels.items()
        },
        "conditions": {name: condition_text(found) for name, found in book.conditions.items()},
        "policies": {
            name: {
                "title": policy.title,
                "covers": covers_text(policy.covers),
                "block_when": condition_text(policy.block_when),
                "enabled": policy.enabled,
            }
            for name, policy in book.policies.items()
        },
        "issues": {name: _level(issue) for name, issue in book.issues.items()},
        "groups": {name: _level(group) for name, group in book.groups.items()},
        "actions": actions,
        "scorecards": {name: _scorecard(card) for name, card in book.scorecards.items()},
        "tables": {name: _table(table) for name, table in book.tables.items()},
        "scoring": {
            "priority": expression_text(book.scoring.priority),
            "weights": [
                {
                    "when": condition_text(w.when),
                    "covers": covers_text(w.covers),
                    "add": percent_text(w.add),
                }
                for w in book.scoring.weights
            ],
        },
        "arbitration": {
            "tiers": [_tier(tier) for tier in book.tiers],
            "no_action": {"title": book.no_action.title, "priority": book.no_action.priority},
        },
        "decision_points": {
            name: {
                "title": point.title,
                "channel": point.channel,
                "covers": covers_text(point.covers),
                "show": point.show,
                "at_most_per": dict(point.at_most_per),
            }
            for name, point in book.decision_points.items()
        },
        "kill_switch": [
            {"covers": covers_text(stop.covers), "title": stop.title} for stop in book.kill_switch
        ],
    }
    document: dict[str, Any] = _without_nothing(found)
    return document


def _without_nothing(value: Any) -> Any:
    """Leave out what is None: a key that is absent means the same."""
    kind = type(value)
    if kind is dict:
        return {
            key: inner if type(inner) is str else _without_nothing(inner)  # as most are
            for key, inner in value.items()
            if inner is not None
        }
    return [_without_nothing(inner) for inner in value] if kind is list else value


def _level(level: Issue) -> dict[str, Any]:
    return {
        "title": level.title,
        "lever": percent_text(level.lever),
        "tags": list(level.tags),
        **_gates(level.gates),
        **_validity(level.validity),
    }


def _action(action: Action, currency: str) -> dict[str, Any]:
    return {
        "title": action.title,
        "group": action.group,
        "kind": action.kind,
        "lever": percent_text(action.lever),
        "tags": list(action.tags),
        "channels": {treatment.channel: _treatment(treatment) for treatment in action.treatments},
        **action_contact(action, currency),
        **_gates(action.gates),
        **_validity(action.validity),
    }


def _treatment(treatment: Treatment) -> dict[str, Any]:
    return {
        "value": expression_text(treatment.value),
        "propensity": expression_text(treatment.propensity),
        "suggests": treatment.suggests,
        "defer_if": condition_text(treatment.defer_if),
        "say": None if treatment.say is None else [_text(text) for text in treatment.say],
        **_gates(treatment.gates),
        **_validity(treatment.validity),
    }


def _text(text: Text) -> dict[str, Any]:
    written = [
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else _slot(part)
        for part in text.parts
    ]
    return {"when": condition_text(text.when), "text": "".join(written)}


def _slot(slot: Slot) -> str:
    space = " " if slot.expression.text.startswith("{") else ""  # `{{` is a brace to be read
    return f"{{{space}{slot.expression.text}{f':{slot.format}' if slot.format else ''}}}"


def _scorecard(card: Scorecard) -> dict[str, Any]:
    return {
        "title": card.title,
        "start": card.start,
        "min": card.minimum,
        "max": card.maximum,
        "points": [_point(point) for point in card.points],
    }


def _point(point: Point) -> dict[str, Any]:
    if point.band is None:
        return {"when": condition_text(point.when), "add": point.add}
    return {
        "band": expression_text(point.band),
        "points": {band.text: points for band, points in point.bands},
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "hit": table.hit,
        "no_row": table.no_row,
        "inputs": {found.name: expression_text(found.expression) for found in table.inputs},
        "outputs": {
            found.name: {"enum": list(found.values)} if found.kind == "enum" else found.kind
            for found in table.outputs
        },
        "rows": [_row(row, table) for row in table.rows],
    }


def _row(row: Row, table: Table) -> dict[str, Any]:
    asked = {
        column.name: cell.text
        for column, cell in zip(table.inputs, row.cells, strict=True)
        if cell is not None
    }
    gives = {
        column.name: quoted(value) if isinstance(value, str) else value
        for column, value in zip(table.outputs, row.gives, strict=True)
        if value is not None
    }
    return {**asked, **gives}


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "name": tier.name,
        "when": condition_text(tier.when),
        "covers": covers_text(tier.covers),
    }


def _gates(gates: Gates) -> dict[str, Any]:
    return {
        name: [condition_text(condition) for condition in getattr(gates, name)] for name in GATES
    }


def _validity(validity: Validity) -> dict[str, Any]:
    return {
        "enabled": validity.enabled,
        "valid_from": None if validity.start is None else str(Timestamp(validity.start)),
        "valid_until": None if validity.end is None else str(Timestamp(validity.end)),
    }


# --- the journey


def _signal(signal: Signal) -> dict[str, Any]:
    of_types = signal.expression is None
    return {
        "title": signal.title,
        signal.kind: list(signal.events) if of_types else expression_text(signal.expression),
        "of": None if of_types else list(signal.events),
        "where": condition_text(signal.where),
        "by": expression_text(signal.by),
        # a length alone, as everybody writes it
        "within": length_text(signal.window.length) or window_text(signal.window),
        "half_life": length_text(signal.half_life),
        "per": length_text(signal.per),
    }


def _moment(moment: Moment) -> dict[str, Any]:
    patterns = [_pattern(pattern) for pattern in moment.patterns]
    found = {"title": moment.title, "severity": moment.severity, "briefing": moment.briefing}
    return found | (patterns[0] if len(patterns) == 1 else {"any": patterns})


def _pattern(pattern: Pattern) -> dict[str, Any]:
    steps = [_step(step) for step in pattern.steps]
    forms: dict[str, dict[str, Any]] = {
        "sequence": {"sequence": steps},
        "at_least": {"at_least": pattern.count, **(steps[0] or {})} if steps else {},
        "after": {"after": steps[0] if steps else None},
    }
    return {
        **forms[pattern.kind],
        "expect": _step(pattern.expect),
        "by": expression_text(pattern.by),
        "within": length_text(pattern.within),
        "unless": _steps(pattern.unless),
        "until": _steps(pattern.until),
        "linger": length_text(pattern.linger or None),
        "lasts": length_text(pattern.lasts),
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {"event": step.event, "as": step.alias, "where": condition_text(step.where)}


def _steps(steps: Sequence[Step]) -> list[dict[str, Any] | None] | None:
    return [_step(step) for step in steps] or None


def _corridor(corridor: Corridor) -> dict[str, Any]:
    stages = [
        {
            "id": stage.id,
            "title": stage.title,
            "enter": _step(stage.enter),
            "expect": _step(stage.expect),
            "within": length_text(stage.within),
            "by": expression_text(stage.by),
        }
        for stage in corridor.stages
    ]
    return {"title": corridor.title, "stages": stages, "until": _steps(corridor.until)}


# --- the briefing


def _briefing(briefing: Briefing | None) -> dict[str, Any] | None:
    if briefing is None:
        return None
    return {
        "lines": briefing.lines,
        "moments": _texts(briefing.moments),
        "unresolved": _mentions(briefing.unresolved),
        "promises": _mentions(briefing.promises),
        "contacts": _mentions(briefing.contacts),
        "tried": _texts(briefing.tried),
        "facts": [_text(text) for text in briefing.facts],
        "words": {name: _text(text)["text"] for name, text in briefing.words.items()},
    }


def _mentions(mentions: Sequence[Mention]) -> dict[str, Any]:
    return {
        mention.event: {
            "where": condition_text(mention.where),
            "until": _steps(mention.until),
            "within": length_text(mention.within),
            "at_most": mention.at_most,
            "text": _texts(mention.text),
        }
        for mention in mentions
    }


def _texts(texts: Sequence[Text]) -> list[dict[str, Any]] | None:
    return [_text(text) for text in texts] or None


# --- the declared world


def _declarations(specs: Sequence[FieldSpec]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for spec in specs:
        put(found, spec.path.split("."), _declaration(spec))
    return found


def _declaration(spec: FieldSpec) -> dict[str, Any]:
    return {
        **_type(spec.type),
        "min": spec.minimum,
        "max": spec.maximum,
        "default": plain_value(spec.default),
        "title": spec.title or None,
        "private": spec.private or None,
    }


def _type(kind: Type) -> dict[str, Any]:
    if isinstance(kind, EnumType):
        return {"enum": list(kind.values)}
    if kind.args and isinstance(kind.args[0], ObjectType):
        return {"list": {name: _type(inner) for name, inner in kind.args[0].fields.items()}}
    return {"type": _type_text(kind)}


def _type_text(kind: Type) -> str:
    inner = ", ".join(map(_type_text, kind.args))
    name = _TYPES.get(kind.name, kind.name)
    return f"{name}({inner})" if inner else name
