"""The overview of a book: what is in it, section by section, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from nba.author.description import Description, Line, Section
from nba.author.rule_words import RuleWords, named, titled
from nba.book.model import Book
from nba.book.rules import NOWHERE

__all__ = ["overview"]


def overview(book: Book) -> Description:
    """Return what is in a book: its catalogue first, then what bears on it."""
    words = RuleWords(book)
    sections: dict[str, list[Line]] = {"actions": list(_catalogue(book))}
    for name in (
        "moments",
        "signals",
        "corridors",
        "conditions",
        "scorecards",
        "tables",
        "policies",
    ):
        parts = getattr(book, name)
        if name == "conditions":
            sections[name] = [Line(f"`{id_}`", one.place) for id_, one in parts.items()]
        else:
            sections[name] = [Line(named(one), one.place) for one in parts.values()]
    sections |= {
        "limits": [
            Line(f"`{one.id}`: {titled(one.title, words.limit(one))}", one.place)
            for one in book.limits.values()
        ],
        "suppression": [
            Line(f"`{one.id}`: {titled(one.title, words.suppression(one))}", one.place)
            for one in book.suppressions.values()
        ],
        "budgets": [
            Line(f"`{one.id}`: {titled(one.title, words.budget(one))}", one.place)
            for one in book.budgets.values()
        ],
        "tiers": [Line(f"`{one.name}`", one.place) for one in book.tiers],
        "decision points": [Line(named(one), one.place) for one in book.decision_points.values()],
        "channels": [
            Line(f"{named(one)}, {one.direction}", one.place) for one in book.channels.values()
        ],
        "calendars": [Line(f"`{one.id}`", one.place) for one in book.calendars.values()],
        "events": [Line(f"`{one.id}`", one.place) for one in book.events.values()],
        "kill switch": [
            Line(f"{words.covers(one.covers)}{f': {one.title}' if one.title else ''}", one.place)
            for one in book.kill_switch
        ],
    }
    shown = tuple(Section(heading, tuple(lines)) for heading, lines in sections.items() if lines)
    return Description("book", book.id, book.title, NOWHERE, shown)


def _catalogue(book: Book) -> Iterator[Line]:
    for issue in book.issues.values():
        yield Line(named(issue), issue.place)
        for group in book.groups.values():
            if group.id.partition("/")[0] != issue.id:
                continue
            yield Line(f"  {named(group)}", group.place)
            for action in book.actions.values():
                if action.group == group.id:
                    yield Line(f"    {named(action)}", action.place)
