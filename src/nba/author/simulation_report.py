"""A simulation for people: who gets what, what stops the rest, what it takes, who is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from nba import money
from nba.author.funnel import STAGES
from nba.author.report import ROWS, Block, Report, Table, first, left_out, share
from nba.author.simulation import Simulation, Spent
from nba.decide.decision import CODES

__all__ = ["simulation_report"]

_DAYS: Final = 31
_APART: Final = 10


def simulation_report(found: Simulation) -> Report:
    """Return the report of a simulation."""
    report = Report(f"What {found.book.name or found.book.id} does for a population")
    report.add("", *_heading(found))
    if not found.cases:
        report.add("Left out", *left_out(found.left_out))
        return report
    report.add("Answers by action", _counted("action", found.actions, found.cases))
    report.add(
        "Answers by channel",
        _counted("channel", found.channels, found.channels.total()),
        _counted("direction", found.directions, found.directions.total()),
    )
    report.add("Who gets nothing, and why", *_nothing(found))
    report.add("The funnel", *_funnel(found))
    report.add("Budgets", *_budgets(found))
    report.add("Who is under-served", *_served(found))
    report.add("Equal treatment", *_equality(found))
    report.add("Left out", *left_out(found.left_out))
    return report


def _heading(found: Simulation) -> Iterator[str]:
    yield f"Book `{found.book.id}`, version `{found.book.version}`."
    if not found.cases:
        yield "There was no case to decide."
        return
    most = max(found.contacts.values(), default=0)
    gestures = money.decimal_of(found.units, found.book.currency)
    yield (
        f"{found.cases:,} cases of {len(found.customers):,} customers, one after the other: "
        f"{found.answered:,} with an answer ({share(found.answered, found.cases)}). "
        f"{found.contacts.total():,} contacts (outbound answers), at most {most} for one customer. "
        f"{found.gestures:,} gestures, together {gestures:,} {found.book.currency}."
    )
    yield "Nothing was kept. Answers count as given and taken up, so that limits and budgets fill."


def _counted(noun: str, counts: Counter[str], whole: int) -> Table:
    order = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rows = [(name, count, share(count, whole)) for name, count in order]
    return first((noun, "answers", "of all"), rows)


def _nothing(found: Simulation) -> Iterator[Block]:
    if not found.nothing:
        yield "Nobody: every case has an answer."
        return
    order = sorted(found.nothing.items(), key=lambda one: (-one[1], one[0]))
    rows = [(code, count, share(count, found.cases), CODES[code]) for code, count in order]
    yield Table(("how far the best got", "cases", "of all", "which means"), rows)
    stops = sorted(found.stops.items(), key=lambda one: (-one[1], one[0]))
    special = [(code, count) for code, count in stops if ":" in code][:ROWS]
    if special:
        yield Table(("by which rule", "cases"), special)
    if found.deferred:
        yield f"In {found.deferred:,} cases it is to be asked again later."


def _funnel(found: Simulation) -> Iterator[Block]:
    yield f"Where each action was dropped in {found.cases:,} cases, and how often it was an answer."
    stages = {action: found.funnel.stages(action) for action in found.funnel.codes}
    used = [name for name in STAGES if name != "answer" and any(s[name] for s in stages.values())]
    order = sorted(stages, key=lambda action: (-stages[action]["answer"], action))
    rows: list[tuple[str | int, ...]] = [
        (action, *(stages[action][name] for name in used), stages[action]["answer"])
        for action in order
    ]
    yield Table(("action", *used, "answer"), rows)
    rules = sorted(found.funnel.rules().items(), key=lambda one: (-one[1], one[0]))
    special = [(code, count) for code, count in rules if ":" in code]
    yield first(("what stops most", "times"), special)


def _budgets(found: Simulation) -> Iterator[Block]:
    currency = found.book.currency
    spent = list(found.budgets.values())
    rows = [
        (
            one.id,
            one.allowed,
            one.shown(one.units, currency),
            one.answers,
            one.refused,
            f"{one.since:%Y-%m-%d %H:%M}" if one.since else "-",
        )
        for one in spent
    ]
    yield Table(("budget", "there is", "taken", "answers", "refused", "first"), rows)
    taken = [one for one in spent if one.days]
    if taken:
        yield _by_day(taken, currency)


def _by_day(taken: list[Spent], currency: str) -> Table:
    days = sorted({day for one in taken for day in one.days})
    rows = [
        (day.isoformat(), *(one.shown(one.days[day], currency) for one in taken)) for day in days
    ]
    return first(("taken on", *(one.id for one in taken)), rows, _DAYS, "days")


def _served(found: Simulation) -> Iterator[Block]:
    served = found.served
    yield (
        f"{served.under:,} of {served.cases:,} cases ({share(served.under, served.cases)}) have no "
        f"answer of a priority of at least {served.least:g}; {served.nothing:,} have none at all."
    )
    apart = served.apart()[:_APART]
    rows = [
        (
            f"{one.field}: {one.value}",
            one.under,
            f"{one.share_under:.1%}".replace("%", " %"),
            f"{one.share_others:.1%}".replace("%", " %"),
            f"{one.lift:.2f}",
        )
        for one in apart
    ]
    yield Table(("who", "under-served", "share of them", "share of others", "lift"), rows)
    if rows:
        yield (
            "The lift says how many times as likely those are to be under-served. It is where to "
            "look, and no cause."
        )


def _equality(found: Simulation) -> Iterator[Block]:
    if found.equality is None:
        return
    for path, count in found.equality.otherwise.items():
        flips = [one for one in found.equality.flips() if one.path == path]
        yield (
            f"`{path}`: {count:,} of {found.equality.cases:,} cases "
            f"({share(count, found.equality.cases)}) would get something else with another value."
        )
        rows = [
            (
                one.value,
                one.instead,
                one.cases,
                one.action,
                one.channel,
                one.gesture,
                f"{one.money:+,}" if one.money else "0",
                ", ".join(one.examples[:3]),
            )
            for one in flips
            if one.otherwise
        ]
        header = ("value", "instead", "cases", "action", "channel", "gesture", "money", "such as")
        yield Table(header, rows)
