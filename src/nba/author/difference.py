"""Why two books give a customer something else: what each says of the answers of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from nba.author.kinds import SUBJECTS
from nba.author.rule_changes import RuleChange
from nba.author.uses import expressions_in
from nba.book.model import Book
from nba.decide.because import line_of
from nba.decide.decision import CODES, Candidate, head
from nba.decide.explain import ActionAccount, Explanation, explain_treatment
from nba.engine.account import EngineAccount
from nba.errors import Place
from nba.lang.normal import reads

__all__ = ["because", "told"]

#: Where that is declared which conditions read, by how its names begin.
_SECTIONS: Final = {
    "condition": "conditions",
    "scorecard": "scorecards",
    "table": "tables",
    "signal": "signals",
    "moment": "moments",
    "evidence": "moments",
    "corridor": "corridors",
    "relationship": "relationship",
}


def told(account: EngineAccount) -> tuple[str, ...]:
    """Return what a book gives in a case, first what, then the words, then why."""
    first, *why = account.why()
    best = next(iter(account.answer.ranked), None)
    if best is None:
        return (first, *why)
    lines = [f"{first.removesuffix('.')}, {_given(best)}." if best.gesture else first]
    if best.say:
        lines.append(f'We say: "{" ".join(best.say.split())}"')
    return (*lines, *why)


def _given(best: Candidate) -> str:
    gift = best.gesture
    assert gift is not None  # noqa: S101 - who asks has looked
    pending = " once approved" if gift.approval == "pending" else ""
    return f"{gift.amount} {gift.currency}{pending}"


def because(
    old: EngineAccount, new: EngineAccount, changes: Iterable[RuleChange], change: str
) -> Iterator[str]:
    """Yield sentences on what made the difference: which rule, and what of it is another now.

    *changes* are those between the books, *change* is what is different for the customer.
    """
    was, is_ = (next(iter(one.answer.ranked), None) for one in (old, new))
    names = dict.fromkeys(best.action for best in (was, is_) if best is not None)
    rules = {(one.section, one.id): one for one in changes}
    sides = _Side(old), _Side(new)
    subjects: dict[tuple[str, str], None] = {}
    for name in names:
        before, now = (side.account(name) for side in sides)
        book = next(side.book for side in reversed(sides) if name in side.book.actions)
        subjects |= _rules_on(name, book)
        for code in (one.code for one in (before, now) if one):
            subjects |= _subject(code)
        if _same(before, now):
            continue
        # what an answer has for itself was said where the answer was
        if was is None or name != was.action:
            yield f"before, {_became(name, before, 'old')}"
        if is_ is None or name != is_.action:
            yield f"now, {_became(name, now, 'new')}"
    if change == "channel" and was and is_:
        for when, account, best in (("now", new, was), ("before", old, is_)):
            code, sentence = _on_channel(account, best)
            yield f"{when}, {sentence}"
            subjects |= _subject(code)
    for key in _with_what_they_read(subjects, sides[1].book, sides[0].book):
        if key in rules:
            yield f"changed: {rules[key]}"


class _Side:
    """One of the books, and what it says of every action."""

    def __init__(self, account: EngineAccount) -> None:
        self.book: Book = account.answer.plan.book
        self._found: Explanation = account.explanation()

    def account(self, action: str) -> ActionAccount | None:
        """Return what became of an action; None where the book does not have it."""
        return self._found.account(action) if action in self.book.actions else None


def _same(before: ActionAccount | None, now: ActionAccount | None) -> bool:
    """Tell whether both books say the same of an action, wherever that stands."""
    if before is None or now is None:
        return before is now
    return (before.code, before.sentences) == (now.code, now.sentences)


def _became(name: str, account: ActionAccount | None, which: str) -> str:
    if account is None:
        return f"the {which} book has no action `{name}`"
    why = _why(account.sentences, account.code, account.where)
    return f"`{name}` is `{account.code}`: {why}"


def _why(reasons: Sequence[str], code: str, where: Place) -> str:
    """Return sentences on a code, with the place of the rule if they do not say it."""
    text, place = "; ".join(reasons) or CODES[head(code)], line_of(where)
    return text if place in text else f"{text} - {place}"


def _on_channel(account: EngineAccount, best: Candidate) -> tuple[str, str]:
    """Return the code of the treatment that the other book chose, and what it says of it."""
    name = f"`{best.action}` on {best.channel}"
    judged, ranking = account.literally()
    code = ranking.codes.get((best.action, best.channel))
    if code is None:
        return "", f"{name} is not in the book"
    reasons, place = explain_treatment(judged, ranking, best.action, best.channel)
    return code, f"{name} is `{code}`: {_why(reasons, code, place)}"


def _rules_on(name: str, book: Book) -> dict[tuple[str, str], None]:
    """Return the rules that every answer of an action depends on."""
    action = book.actions[name]
    budgets: Sequence[str] = (*action.takes, *(action.gesture.budgets if action.gesture else ()))
    return dict.fromkeys(
        [
            ("actions", name),
            ("groups", action.group),
            ("issues", action.issue),
            *(("budgets", budget) for budget in budgets),
            ("scoring", ""),
            ("arbitration", ""),
        ]
    )


def _subject(code: str) -> dict[tuple[str, str], None]:
    """Return the rule that a code names, if it does."""
    kind, _, rest = code.partition(":")
    section = SUBJECTS.get(kind)
    if section in ("limits", "suppressions"):
        return {("contact_policy", ""): None}  # where rule files have them
    return {(section, rest.partition(":")[0]): None} if section else {}


def _with_what_they_read(rules: Iterable[tuple[str, str]], *books: Book) -> list[tuple[str, str]]:
    """Return rules, each once, followed by those that they read: conditions, scorecards, signals.

    They are looked up in the first of the *books* that has them.
    """
    found: dict[tuple[str, str], None] = {}
    pending = list(rules)
    while pending:
        key = pending.pop(0)
        if key in found:
            continue
        found[key] = None
        book = next((book for book in books if _part(book, *key) is not None), None)
        for one in expressions_in(_part(book, *key)) if book else ():
            for path in sorted(reads(one.tree)):
                kind, _, name = path.partition(".")
                section = _SECTIONS.get(kind)
                if section is not None:
                    pending.append((section, name.partition(".")[0]))
    return list(found)


def _part(book: Book, section: str, name: str) -> object:
    """Return a part of a book by its section, and by its id where it has one."""
    if section == "arbitration":
        return book.tiers
    whole = getattr(book, section, None)
    return whole.get(name) if isinstance(whole, Mapping) else whole
