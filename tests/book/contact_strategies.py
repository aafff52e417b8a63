"""Contact in random rule books: calendars, limits, suppression, budgets, gestures, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from nba.lang.syntax import parse
from nba.lang.tree import Literal

__all__ = ["ContactWriter"]

CALENDARS: Final = ("always", "office")
ZONES: Final = ("book", "customer.timezone", "America/New_York", "+05:30")
OPEN: Final[tuple[dict[str, str], ...]] = (
    {"mon-fri": "08:00-20:00", "sat": "09:00-12:00, 13:00-17:00"},
    {"every_day": "00:00-24:00"},
    {"sun": "13:00-17:00,08:00-12:00"},
)
OUTCOMES: Final = ("presented", "clicked", "accepted", "rejected", "complained", "no_response")
OWN: Final = ("came_back", "visited_shop")
MEANS: Final = ("accepted", "rejected", "resolved")
LENGTHS: Final = ("90s", "30min", "36 h", "24h", "7d", "2w")
PER: Final = ("customer", "book", "customer.timezone", "customer.preferred_channel")
ROLES: Final = ("agent", "team_lead")
ONCE: Final = ("customer.household", "interaction.intent", "interaction.transfers", "now")


class ContactWriter:
    """Writes these sections for a *book* that is being written; and what actions say of them."""

    def __init__(self, book: Any, *, household: bool) -> None:
        self.book = book
        self.random: Random = book.random
        self.calendars = [name for name in CALENDARS if book.maybe()]
        self.outcomes = [name for name in OWN if book.maybe(4)]
        self.money = [f"money_{n}" for n in book.some(2)]
        self.counted = [f"count_{n}" for n in book.some(2)]
        self.per = (*PER, "household") if household else PER

    def sections(self) -> dict[str, Any]:
        """Write the sections."""
        found: dict[str, Any] = {
            "calendars": {name: self._calendar() for name in self.calendars},
            "outcomes": {name: self._outcome() for name in self.outcomes},
            "budgets": {name: self._budget({"amount": self._sum()}) for name in self.money},
        }
        for name in self.counted:
            found["budgets"][name] = self._budget({"count": self.random.randrange(1000)})
        of_book: dict[str, Callable[[], Any]] = {
            "contact_policy": self._policy,
            "attribution": self._attribution,
            "on_store_failure": self._failure,
            "on_profile_failure": lambda: self.random.choice(("without", "refuse")),
        }
        return found | self._keys(of_book, 2)

    def _keys(self, choices: Mapping[str, Callable[[], Any]], one_in: int = 3) -> dict[str, Any]:
        found: dict[str, Any] = self.book.keys(choices, one_in)
        return found

    def _length(self) -> str:
        return self.random.choice(LENGTHS)

    def _sum(self) -> float:
        return self.random.choice((0, 50, 12.5, 0.01, 5000.0))

    # --- calendars and outcomes

    def _calendar(self) -> dict[str, Any]:
        more = {
            "timezone": lambda: self.random.choice(ZONES),
            "closed": lambda: ["2026-12-25", "2026-03-02", "2026-12-25"],
        }
        return {"open": self.random.choice(OPEN), **self._keys(more, 2)}

    def opening(self) -> dict[str, Callable[[], Any]]:
        """Return what a channel may say of its hours."""
        if not self.calendars:
            return {}
        return {
            "open": lambda: self.random.choice(self.calendars),
            "when_closed": lambda: self.random.choice(("defer", "drop")),
        }

    def _outcome(self) -> dict[str, Any]:
        of_outcome = {
            "title": lambda: "an outcome",
            "means": lambda: self.random.choice(MEANS),
        }
        return self._keys(of_outcome, 2)

    def _some_outcome(self) -> str:
        return self.random.choice((*OUTCOMES, *self.outcomes))

    def _attribution(self) -> dict[str, Any]:
        silences = ("no_response", "rejected", "complained", "maybe_later")
        otherwise = {"otherwise": lambda: self.random.choice(silences)}
        return {"within": self._length(), **self._keys(otherwise)}

    def _failure(self) -> Any:
        return self.random.choice(("no_action", {}, {"without_limits_for": self.book.covers()}))

    # --- limits and suppression

    def _policy(self) -> dict[str, Any]:
        return {
            "limits": [self._limit(f"limit_{n}") for n in self.book.some(3)],
            "suppress": [self._suppression(n) for n in self.book.some(2)],
        }

    def _window(self) -> dict[str, Any]:
        if self.book.maybe():
            return {"rolling": self._length()}
        unit = self.random.choice(("day", "week", "month"))
        more: dict[str, Callable[[], Any]] = {"timezone": lambda: self.random.choice(ZONES)}
        if unit == "week":
            more["week_start"] = lambda: self.random.choice(("monday", "saturday", "sunday"))
        return {"calendar": unit, **self._keys(more, 2)}

    def _limit(self, name: str) -> dict[str, Any]:
        counts = self.random.choice(("presented", "decided", self._some_outcome()))
        more: dict[str, Callable[[], Any]] = {
            "title": lambda: "enough",
            "covers": self.book.covers,
            "per": lambda: self.random.choice(self.per),
            "on_limit": lambda: self.random.choice(("drop", "defer", "next_treatment")),
        }
        if counts == "presented":
            more["confirm_within"] = self._length
        found = {"id": name, "at_most": self.random.randrange(4), "window": self._window()}
        found |= self._keys(more, 2)
        if counts != "presented" or self.book.maybe():
            found["counts"] = counts
        if exempt := self.book.covers():
            found["exempt"] = exempt
            found |= self._keys({"count_exempt": self.book.maybe})
        return found

    def _suppression(self, number: int) -> dict[str, Any]:
        after = [self._some_outcome(), self._some_outcome()]
        same = ("treatment", "action", "group", "issue", "channel", "any")
        more: dict[str, Callable[[], Any]] = {
            "title": lambda: "a pause",
            "same": lambda: self.random.choice(same),
            "within": self._length,
            "covers": self.book.covers,
        }
        found = {"for": self._length(), **self._keys(more, 2)}
        if number or self.book.maybe():
            found["id"] = f"pause_{number}"
        found["after"] = after[0] if self.book.maybe() else after
        if "within" in found:
            found["at_least"] = self.random.randrange(1, 4)
        return found

    # --- budgets and gestures

    def _budget(self, what: dict[str, Any]) -> dict[str, Any]:
        more = {
            "title": lambda: "a budget",
            "per": lambda: self.random.choice(self.per),
            "window": self._window,
            "reserve_for": self._length,
        }
        return what | self._keys(more, 2)

    def action(self) -> dict[str, Any]:
        """Write what an action says of contact; its wording may tell what it gives."""
        more: dict[str, Callable[[], Any]] = {
            "once_per": lambda: self.random.choice(ONCE),
            "do_within": self._length,
            "keep_for": self._length,
        }
        if self.counted:
            more["takes"] = lambda: self.random.choice((self.counted, self.counted[0]))
        found = self._keys(more)
        if self.book.maybe(3):
            found["gesture"] = self._gesture()
            texts = ("{gesture.amount:money} for you", "{gesture.amount + 1.0}")
            values = ("20.0 - gesture.amount", "default(gesture.amount, 5.0)")
            found |= self._keys(
                {
                    "say": lambda: self.random.choice(texts),
                    "value": lambda: self.random.choice(values),
                },
            )
        return found

    def _gesture(self) -> dict[str, Any]:
        more: dict[str, Callable[[], Any]] = {
            "at_most": self._given,
            "if_unaffordable": lambda: self.random.choice(("next_rung", "drop")),
            "authority": lambda: {role: self._sum() for role in ROLES if self.book.maybe()},
            "not_again_within": self._length,
        }
        if self.money:
            more["budgets"] = lambda: self.random.choice((self.money, self.money[0]))
        ladder = [
            {"amount": self._given(), **self._keys({"when": self.book.condition})}
            for _ in range(self.random.randrange(1, 4))
        ]
        return {"ladder": ladder, **self._keys(more, 2)}

    def _given(self) -> Any:
        """Write an amount, which as a literal is one that can be given."""
        plain = (10, 20.5, 0.05, "40.0 + customer.value", "0.5 * customer.value")
        if self.book.maybe():
            return self.random.choice(plain)
        number = self.book.expression(self.random.choice(("double", "int")))
        return 5 if isinstance(parse(number), Literal) else number
