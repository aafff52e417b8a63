"""A comparison for people: what changes for whom, in tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from nba import money
from nba.author.comparison import CHANGES, NOTHING, Comparison, SegmentCount, Side
from nba.author.report import (
    ROWS,
    Item,
    Listing,
    Report,
    Table,
    first,
    left_out,
    share,
    signed,
)

__all__ = ["comparison_report"]

_RULES: Final = 40


def comparison_report(found: Comparison) -> Report:
    """Return the report of a comparison."""
    changed = found.changed.total()
    report = Report(f"What changes from {found.old.book.name} to {found.new.book.name}")
    report.add("", *_heading(found), _verdict(found, changed))
    if changed:
        report.add("What is different", _kinds(found, changed), _transitions(found))
    report.add("Totals", _totals(found))
    report.add("Answers by channel", _counted("channel", found.old.channels, found.new.channels))
    report.add("Answers by action", _counted("action", found.old.actions, found.new.actions))
    report.add("Why there is no answer", _counted("code", found.old.reasons, found.new.reasons))
    for path in found.segments:
        report.add(f"By `{path}`", _segments(found, path))
    report.add("Customers with the largest change", *_explained(found))
    report.add("Rules that are different", *_rules(found))
    report.add("Left out", *left_out(found.left_out))
    return report


def _heading(found: Comparison) -> Iterator[str]:
    old, new = found.old.book, found.new.book
    if old.id == new.id:
        yield f"Book `{old.id}`, from version `{old.version}` to `{new.version}`."
    else:
        yield f"From book `{old.id}` {old.version} to book `{new.id}` {new.version}."


def _verdict(found: Comparison, changed: int) -> str:
    people = f"{found.people:,} customer{'' if found.people == 1 else 's'}"
    if not found.cases:
        return "There was no case to decide."
    once = found.cases == found.people
    among = people if once else f"{found.cases:,} cases of {people}"
    if not changed:
        return f"Nothing changes for {among}." if once else f"Nothing changes in {among}."
    part = f"{changed:,} of {among}"
    percent = share(changed, found.cases)
    if once:
        return f"Something else for {part} ({percent})."
    return f"Something else in {part} ({percent})."


def _kinds(found: Comparison, changed: int) -> Table:
    rows = [
        (title, found.changed[name], share(found.changed[name], found.cases))
        for name, title in CHANGES.items()
        if found.changed[name]
    ]
    rows.append(("together", changed, share(changed, found.cases)))
    return Table(("what changes", "cases", "of all"), rows)


def _transitions(found: Comparison) -> Table:
    moved = found.moved()
    rows = [(old or NOTHING, new or NOTHING, n, share(n, found.cases)) for old, new, n in moved]
    stayed = found.cases - sum(n for *_, n in moved)
    more = f"The same action in {stayed:,} cases."
    if len(rows) > ROWS:
        rest = sum(n for *_, n in moved[ROWS:])
        more = f"And {rest:,} cases in {len(rows) - ROWS} other transitions. {more}"
    return Table(("from", "to", "cases", "of all"), rows[:ROWS], more)


def _totals(found: Comparison) -> Table:
    old, new = found.old, found.new
    rows: list[tuple[str, str, str, str]] = [
        _total("cases with an answer", old.all.answered, new.all.answered),
        _total("contacts (outbound answers)", old.all.contacts, new.all.contacts),
        ("contacts per customer", *_rates(found)),
        _total("most contacts of one customer", old.most_contacts, new.most_contacts),
        _total("gestures", old.all.gestures, new.all.gestures),
        ("gestures together", *_money(old, new)),
    ]
    return Table(("", "old", "new", "difference"), rows)


def _total(title: str, old: int, new: int) -> tuple[str, str, str, str]:
    return title, f"{old:,}", f"{new:,}", signed(new - old)


def _rates(found: Comparison) -> tuple[str, str, str]:
    people = found.people or 1
    old, new = found.old.all.contacts / people, found.new.all.contacts / people
    return f"{old:.3f}", f"{new:.3f}", f"{new - old:+.3f}" if new != old else "0"


def _money(old: Side, new: Side) -> tuple[str, str, str]:
    shown = [f"{side.gestures:,} {side.book.currency}" for side in (old, new)]
    if old.book.currency != new.book.currency:
        return shown[0], shown[1], "another currency"
    return shown[0], shown[1], _difference(new.gestures - old.gestures)


def _difference(amount: Decimal) -> str:
    return f"{amount:+,}" if amount else "0"


def _counted(noun: str, old: Mapping[str, int], new: Mapping[str, int]) -> Table:
    names = {*old, *new}
    order = sorted(names, key=lambda n: (-max(old.get(n, 0), new.get(n, 0)), n))
    rows = [
        (name, old.get(name, 0), new.get(name, 0), signed(new.get(name, 0) - old.get(name, 0)))
        for name in order
    ]
    return first((noun, "old", "new", "difference"), rows)


def _segments(found: Comparison, path: str) -> Table:
    counts = [count for _, count in sorted(found.segments[path].items())]
    if len(counts) > ROWS:  # those with the most changes, in their order
        most = sorted(counts, key=lambda one: (-one.changed, -one.cases, one.segment))[:ROWS]
        shown = sorted(most, key=lambda one: one.segment)
    else:
        shown = counts
    rows = [
        (
            one.segment.label,
            one.cases,
            one.changed,
            share(one.changed, one.cases),
            signed(one.new.answered - one.old.answered),
            signed(one.new.contacts - one.old.contacts),
            _more_money(found, one),
        )
        for one in shown
    ]
    header = (path, "cases", "changed", "of them", "answers", "contacts", "gestures")
    more = f"And {len(counts) - ROWS:,} more." if len(counts) > ROWS else ""
    return Table(header, rows, more)


def _more_money(found: Comparison, one: SegmentCount) -> str:
    old, new = found.old.book.currency, found.new.book.currency
    if old != new:
        return "-"
    return _difference(money.decimal_of(one.new.units, new) - money.decimal_of(one.old.units, old))


def _explained(found: Comparison) -> Iterator[Listing]:
    for one in found.explained:
        where = f" (decision `{one.where}`)" if one.where else ""
        items: list[Item] = [_gets("old", one.old), _gets("new", one.new), *one.because]
        yield Listing(f"Customer `{one.customer or 'nobody'}`{where}: {CHANGES[one.change]}", items)


def _gets(name: str, lines: Sequence[str]) -> Item:
    first, *why = lines
    return (f"{name}: {first}", *why)


def _rules(found: Comparison) -> Iterator[str | Listing]:
    shown = [str(change) for change in found.rules[:_RULES]]
    if len(found.rules) > _RULES:
        shown.append(f"and {len(found.rules) - _RULES} more")
    if shown:
        yield Listing(f"{len(found.rules):,} in all:", shown)
    else:
        yield "None: the two books decide alike."
