"""Random rule books that are valid, as documents; and random cases for them, which need not be.

A book is small and has everything: conditions at every level and in every form, over fields that
are often unknown; policies, weights, scorecards, tiers, decision points, kill switches, dates,
wordings, several treatments. Both are written with a `random.Random` that Hypothesis hands over
and can shrink; a long run may take a plain one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from math import inf
from random import Random
from typing import Any, Final

from hypothesis import strategies as st
from tests.book.contact_strategies import ContactWriter
from tests.book.journey_strategies import NOW, JourneyWriter, event
from tests.lang.strategies import SHAPE, Writer, context, fields_of

from nba.book.build import Built, build
from nba.book.dump import _declarations, _without_nothing
from nba.book.source import parse
from nba.errors import ExpressionError
from nba.lang.check import Environment, check
from nba.lang.context import Shape
from nba.lang.syntax import parse as parse_expression
from nba.lang.types import BOOL, DOUBLE, INT, EnumType, ObjectType, Type, parse_type

__all__ = ["built", "case", "cases", "document", "documents", "shuffled", "split"]

INTENTS: Final = ("none", "billing", "cancel")
CHANNELS: Final = ("app", "chat", "email", "phone")
KINDS: Final = ("proactive_contact", "channel_suggestion", "goodwill_gesture", "offer", "guidance")
TAGS: Final = ("marketing", "service", "urgent")
STAGES: Final = ("eligible", "applicable", "suitable")
CONSENTS: Final = ("customer.consent.email == true", "customer.vip", "has(customer.consent.at)")
#: Conditions that often hold, so that some treatments come through to the end.
LIKELY: Final = (
    "default(customer.vip, true)",
    "customer.age >= 0 || !has(customer.age)",
    "now > timestamp('2020-01-01T00:00:00Z')",
    "interaction.intent != 'cancel'",
    "!customer.vulnerable || interaction.present",
)
FIELDS: Final = _without_nothing(
    _declarations([spec for spec in SHAPE.inputs if spec.path != "now"])
)
MORE_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "customer": {
        "preferred_channel": {"enum": "$channels"},
        "household": "string",
        "timezone": {"type": "string", "default": "Europe/Dublin"},
    },
    "interaction": {
        "intent": {"enum": list(INTENTS), "default": "none"},
        "sentiment": {"type": "number", "min": -1, "max": 1},
        "transfers": {"type": "int", "default": 0, "title": "how often they were passed on"},
    },
}


def built(document: Mapping[str, Any], *others: Mapping[str, Any]) -> Built:
    """Build the book that one or more documents describe."""
    files = (document, *others)
    texts = (json.dumps(file, ensure_ascii=False) for file in files)
    return build([parse(text, f"{n}.yaml") for n, text in enumerate(texts)])


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Valid rule books, each as one rule file."""
    return st.randoms(use_true_random=False).map(document)


def cases(book: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Cases for a book, with much that is null, absent or of the wrong type."""
    shape = built(book).book.shape
    return st.randoms(use_true_random=False).map(lambda random: case(random, book, shape))


def case(random: Random, book: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return a case for a book of that *shape*, as plain data with Python's own times in it."""
    given = context(random, shape)
    points = [*book.get("decision_points", {}), None, None]
    return {
        "id": random.choice(("c-1", "c-2")),
        "customer": given.get("customer", {}),
        "interaction": random.choice((given.get("interaction", {}), None, {})),
        "now": NOW + timedelta(hours=random.randrange(-1000, 1000)),
        "at": random.choice(points),
        "events": [
            event(random, book["channels"])
            for _ in range(random.randrange(6) if "events" in book else 0)
        ],
    }


def document(random: Random) -> dict[str, Any]:
    """Return a valid rule book, which may be changed."""
    return copy.deepcopy(_Book(random).write())


class _Book:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.channels = random.sample(CHANNELS, random.randrange(1, 5))
        self.issues = random.sample(("care", "sales", "loyalty"), random.randrange(1, 4))
        self.groups = [
            f"{issue}/{name}"
            for issue in self.issues
            for name in random.sample(("one", "two"), random.randrange(1, 3))
        ]
        self.actions = [f"action_{n}" for n in range(random.randrange(1, 6))]
        self.fields = {kind: list(paths) for kind, paths in fields_of(SHAPE).items()}
        self.fields["string"] += ["interaction.intent", "interaction.channel"]
        self.fields["double"] += ["interaction.sentiment"]
        self.fields["int"] += ["interaction.transfers"]
        self.fields["bool"] += ["interaction.present"]
        interaction = {
            "present": BOOL,
            "channel": EnumType("string", values=tuple(self.channels)),
            "intent": EnumType("string", values=INTENTS),
            "sentiment": DOUBLE,
            "transfers": INT,
        }
        self.names: dict[str, Type] = {
            **SHAPE.names(),
            "interaction": ObjectType("interaction", fields=interaction),
        }

    def write(self) -> dict[str, Any]:
        some = self.some
        found: dict[str, Any] = {
            "format": 1,
            "book": "random",
            "timezone": self.random.choice(("UTC", "Europe/Dublin", "+05:30")),
            "context": {
                root: {**FIELDS.get(root, {}), **MORE_FIELDS[root]} for root in MORE_FIELDS
            },
        }
        if self.maybe():
            found |= {"title": "A random book", "currency": self.random.choice(("GBP", "KWD"))}
        if self.maybe():
            found["household"] = "customer.household"
        self.contact = ContactWriter(self, household="household" in found)
        found["channels"] = {name: self.channel() for name in self.channels}
        found |= JourneyWriter(self).journey() if self.maybe() else {}
        found |= self.named()  # from here on, expressions use what is named
        found |= self.gates()
        found |= self.contact.sections()
        found["issues"] = {name: self.level() for name in self.issues}
        found["groups"] = {name: self.level() for name in self.groups}
        found["actions"] = {name: self.action() for name in self.actions}
        found["policies"] = {f"policy_{n}": self.policy() for n in some(2)}
        found["scoring"] = {"weights": [self.weight() for _ in some(3)]}
        if self.maybe(4):
            found["scoring"]["priority"] = self.formula()
        found["arbitration"] = {"tiers": [self.tier(n) for n in some(3)]}
        if self.maybe():
            found["arbitration"]["no_action"] = {"priority": self.random.choice((0, 0.5, 20))}
        found["decision_points"] = {f"point_{n}": self.point() for n in some(2)}
        found["kill_switch"] = []
        if self.maybe(6):
            found["kill_switch"] = [{"covers": self.covers(), "title": "stop"} for _ in some(3)]
        if self.maybe():
            expected = {"action": self.random.choice((*self.actions, "none"))}
            found["tests"] = [{"name": "a test", "customer": {"age": 40}, "expect": expected}]
        return found

    # --- chance

    def maybe(self, one_in: int = 2) -> bool:
        return self.random.randrange(one_in) == 0

    def some(self, most: int) -> range:
        return range(self.random.randrange(most + 1))

    def keys(self, choices: Mapping[str, Callable[[], Any]], one_in: int = 3) -> dict[str, Any]:
        """Return some of the keys, each with a value of its own."""
        return {key: make() for key, make in choices.items() if self.maybe(one_in)}

    def declare(self, path: str, kind: str) -> None:
        """Let expressions use a name."""
        self.fields.setdefault(kind, []).append(path)
        self.names[path] = parse_type(kind)

    # --- conditions and expressions

    def expression(self, kind: str, depth: int = 2) -> str:
        """Write an expression that checks: some never have a value, and are errors."""
        writer = Writer(self.random, self.fields, dynamic=0)
        environment = Environment(self.names, book=True)
        while True:
            text = writer.write(kind, self.random.randrange(depth + 1))
            try:
                check(parse_expression(text), environment)
            except ExpressionError:
                continue
            return text

    def number(self) -> Any:
        plain = self.random.choice((0, 1, 5, 2.5, 0.1, "40.0 + customer.value", "customer.risk"))
        return plain if self.maybe() else self.expression(self.random.choice(("double", "int")))

    def amount(self) -> Any:
        return self.within(self.number(), inf)

    def probability(self) -> Any:
        return self.within(self.number(), 1.0)

    def within(self, number: Any, highest: float) -> Any:
        """Return a number that, where it is a literal, is from 0 to *highest*."""
        try:
            literal = float(str(number).strip("()"))
        except ValueError:
            return number
        return number if 0 <= literal <= highest else 0.5

    def condition(self, depth: int = 2) -> Any:
        pick = self.random.randrange(12)
        if pick > 7:
            return self.random.choice(LIKELY)
        if depth == 0 or pick > 3:
            return self.expression("bool")
        if pick == 0:
            return self.random.choice((True, False, "true", "customer.vip == true"))
        if pick == 1:
            return {"not": self.condition(depth - 1)}
        return {"all" if pick == 2 else "any": self.conditions(depth - 1)}

    def conditions(self, depth: int = 1) -> list[Any]:
        return [self.condition(depth) for _ in range(self.random.randrange(1, 4))]

    def named(self) -> dict[str, Any]:
        """Write named conditions and scorecards; each uses only those before it."""
        found: dict[str, Any] = {"conditions": {}, "scorecards": {}}
        for n in self.some(2):
            found["conditions"][f"named_{n}"] = self.condition()
            self.declare(f"condition.named_{n}", "bool")
            found["scorecards"][f"card_{n}"] = self.scorecard()
            self.declare(f"scorecard.card_{n}", "double")
        return found

    def gates(self) -> dict[str, Any]:
        single_or_list = self.condition if self.maybe(4) else self.conditions
        return self.keys(dict.fromkeys(STAGES, single_or_list), 6)

    # --- wordings

    def wording(self) -> Any:
        if self.maybe():
            return self.text()
        return [
            {"text": self.text(), **self.keys({"when": self.condition})}
            for _ in range(self.random.randrange(1, 3))
        ]

    def text(self) -> str:
        pieces = [self.random.choice(("Dear ", "{{", "}}", "it's ", "", "é: ", self.slot()))]
        pieces += [self.slot() for _ in self.some(1)]
        return "".join(pieces).strip() or "Dear"

    def slot(self) -> str:
        kind, form = self.random.choice(
            (
                *(("string", ""), ("int", ""), ("double", ":money"), ("double", ": number")),
                *(("timestamp", ":date"), ("timestamp", ":time"), ("timestamp", "")),
            )
        )
        text = self.expression(kind, 1)
        return f"{{{' ' if text.startswith('{') else ''}{text}{form}}}"

    # --- the catalogue

    def channel(self) -> dict[str, Any]:
        return self.keys(
            {
                "title": lambda: "a channel",
                "direction": lambda: self.random.choice(("inbound", "outbound", "both")),
                "cost": lambda: self.random.choice((0, 0.01, 4)),
                "consent": lambda: self.random.choice(CONSENTS),
                **self.contact.opening(),
            }
        )

    def validity(self) -> dict[str, Any]:
        days = ("2026-01-01", "2026-03-02", "2026-03-02T10:00:00Z", "2026-02-28T23:30:00+01:00")
        ends = ("2026-03-02", "2026-12-31", "2026-03-02T10:00:00.5Z", "9999-12-31")
        return self.keys(
            {
                "enabled": lambda: not self.maybe(4),
                "valid_from": lambda: self.random.choice(days),
                "valid_until": lambda: self.random.choice(ends),
            },
            12,
        )

    def level(self) -> dict[str, Any]:
        of_level = {"title": lambda: "a level", "lever": self.percent, "tags": self.tags}
        return self.keys(of_level) | self.gates() | self.validity()

    def percent(self) -> str:
        return self.random.choice(("20 %", "-30 %", "12.5%", "+5 %", "0 %", "-100 %"))

    def tags(self) -> list[str]:
        return self.random.sample(TAGS, self.random.randrange(3))

    def treatment(self) -> dict[str, Any]:
        of_treatment = {
            "value": self.amount,
            "propensity": self.probability,
            "say": self.wording,
            "defer_if": self.condition,
        }
        return self.keys(of_treatment) | self.gates() | self.validity()

    def action(self) -> dict[str, Any]:
        kind = self.random.choice(KINDS)
        names = self.random.sample(self.channels, self.random.randrange(1, len(self.channels) + 1))
        channels: Any = names
        if self.maybe():
            channels = {name: self.treatment() if self.maybe() else None for name in names}
        found = {
            "title": self.random.choice(("An action", "Ein Schritt für Sie")),
            "group": self.random.choice(self.groups),
            "kind": kind,
            "channels": channels,
            **self.keys({"lever": self.percent, "tags": self.tags}),
            **self.treatment(),
            **self.contact.action(),
        }
        if kind == "channel_suggestion":
            found["suggests"] = self.random.choice(self.channels)
        return found

    def covers(self) -> dict[str, Any]:
        def some_of(names: Sequence[str]) -> Any:
            if self.maybe():
                return self.random.choice(names)
            return self.random.sample(names, self.random.randrange(1, len(names) + 1))

        choices: dict[str, Sequence[str]] = {
            "issue": self.issues,
            "group": self.groups,
            "action": self.actions,
            "channel": self.channels,
            "tag": TAGS,
            "kind": KINDS,
            "direction": ("inbound", "outbound"),
        }
        return {key: some_of(names) for key, names in choices.items() if self.maybe(4)}

    def policy(self) -> dict[str, Any]:
        return {
            "block_when": {"not": self.condition()},
            **self.keys({"covers": self.covers, "title": lambda: "a stop"}),
            **self.keys({"enabled": lambda: False}, 8),
        }

    # --- ranking

    def scorecard(self) -> dict[str, Any]:
        low_high = self.random.choice(({}, {"min": 0}, {"max": 10.5}, {"min": -5, "max": 5}))
        return {"points": [self.line() for _ in self.some(3)], "start": 1.5, **low_high}

    def line(self) -> dict[str, Any]:
        if self.maybe():
            return {"when": self.condition(1), "add": self.random.choice((5, -2.5, 0))}
        bands = self.random.choice((("0", "1..2", "3.."), ("[0..1)", "[1..10)"), ("..0", "(0..9]")))
        number = self.expression(self.random.choice(("double", "int")))
        return {"band": number, "points": {band: self.random.choice((1, -2)) for band in bands}}

    def formula(self) -> str:
        return self.random.choice(
            (
                "propensity * value",
                "context_weight * lever * (value + 1)",
                "value - customer.risk * 10",
                "value / context_weight",
                "propensity > 0.5 ? value : -1.0",
            )
        )

    def weight(self) -> dict[str, Any]:
        of_weight = {"when": self.condition, "covers": self.covers}
        return {"add": self.percent(), **self.keys(of_weight)}

    def tier(self, number: int) -> dict[str, Any]:
        of_tier = {"when": self.condition, "covers": self.covers}
        return {"name": f"tier {number}", **self.keys(of_tier, 2)}

    def point(self) -> dict[str, Any]:
        limits = ("issue", "group", "channel", "kind")
        return self.keys(
            {
                "title": lambda: "a place",
                "channel": lambda: self.random.choice(self.channels),
                "covers": self.covers,
                "show": lambda: self.random.randrange(1, 4),
                "at_most_per": lambda: {self.random.choice(limits): self.random.randrange(1, 3)},
            },
            2,
        )


# --- the same book, written otherwise

_ORDERED: Final = (
    *("sequence", "tiers", "points", "say", "ladder", "enum", *STAGES, "all", "any", "tests"),
)


def shuffled(random: Random, value: Any, key: str = "") -> Any:
    """Return a document that means the same, with keys and unordered lists in another order."""
    if isinstance(value, dict):
        keys = random.sample(list(value), len(value))
        return {name: shuffled(random, value[name], name) for name in keys}
    if isinstance(value, list):
        items = [shuffled(random, item) for item in value]
        return items if key in _ORDERED else random.sample(items, len(items))
    return value


def split(random: Random, book: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a document as several files that together mean the same, in any order."""
    whole = (
        "reach",
        "interaction_event",
        "outcome_event",
        "relationship",
        "format",
        "book",
        "title",
        "timezone",
        "currency",
        "household",
        "attribution",
        "on_store_failure",
        "on_profile_failure",
        *STAGES,
    )
    main = {key: value for key, value in book.items() if key in whole}
    files: list[dict[str, Any]] = [main, {}, {}]
    for name, section in book.items():
        if name in whole:
            continue
        if isinstance(section, list):
            for item in section:
                random.choice(files).setdefault(name, []).append(item)
        else:
            for key, value in section.items():
                random.choice(files).setdefault(name, {})[key] = value
    return random.sample(files, len(files))
