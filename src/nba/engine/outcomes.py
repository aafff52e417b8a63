"""What comes of answers: outcomes and approvals, and what becomes of what was taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from nba import windows
from nba.book.contact import BUDGETS
from nba.book.model import Book, Budget, Limit
from nba.decide.contact import When, since_of
from nba.decide.history import ACCEPTANCES, REFUSALS
from nba.decide.offers import ANY_NUMBER, Claim
from nba.engine.given import Given, Noted, given_in
from nba.engine.standing import unknown_decision
from nba.errors import CaseError, StoreError, did_you_mean, python_type, with_help
from nba.state.reservation import Settlement, entry_id
from nba.state.store import Remembered, Store

__all__ = ["Outcomes", "Recorded"]

#: How often a record is made anew because somebody else has changed it meanwhile.
TRIES: Final = 50


class Recorded(NamedTuple):
    """What became of an outcome.

    *decision* is the id of the decision that it counts for: the first, where the answer was kept.
    *counted* is False where it was known already. *late* says that it came after the time for which
    the book waits. *unfunded* are the budgets that had not enough left for what had expired.
    """

    decision: str
    action: str
    outcome: str
    counted: bool
    late: bool = False
    unfunded: tuple[str, ...] = ()


class _Found(NamedTuple):
    """An answer to which something happens: its decision, its place there, and the answer."""

    row: Remembered
    place: int  # among the answers
    given: Given


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Records, at a time, what comes of the answers that a store remembers."""

    book: Book
    store: Store
    at: int
    now: int  # the clock's: nothing that others hold lapses before its time

    def record(
        self, id_: str, outcome: str, action: str | None = None, key: str | None = None
    ) -> Recorded:
        """Note an outcome of an answer. Raises CaseError for what is not known."""
        book = self.book
        if outcome not in book.known_outcomes:
            help_ = did_you_mean(str(outcome), book.known_outcomes)
            raise CaseError(with_help(f"there is no outcome `{outcome}`", help_), ["outcome"])
        if not isinstance(key, str | None):
            raise CaseError(f"`key` is a string, not {python_type(key)}", ["key"])
        for _ in range(TRIES):
            row, place, given = found = _find(self.store, id_, action)
            at = max(self.at, row.at)  # the clocks of two machines may differ
            noted = Noted.of(row)
            late = book.attribution is not None and at >= row.at + book.attribution.within
            name = key or ""
            same = (place, outcome, name)
            if any((one[0], one[1], one[3]) == same for one in noted.outcomes):
                before = tuple(noted.unfunded.get(place, ()))
                return Recorded(row.id, given.action, outcome, False, late, before)
            noted.outcomes.append((place, outcome, at, name))
            when = min(at, max(self.now, row.at))
            settlements = [
                *self._settled(found, outcome, when),
                *self._tallied(found, outcome, name),
            ]
            done = self.store.amend(row.id, row.revision, noted.text(), when, settlements)
            if done is not None:
                unfunded = _unfunded(settlements, done)
                self._note_unfunded(found, unfunded, when)
                return Recorded(row.id, given.action, outcome, True, late, unfunded)
        raise StoreError("others change this decision faster than it is read")

    def approve(
        self, id_: str, by: str, role: str, action: str | None = None, *, agreed: bool = True
    ) -> Recorded:
        """Approve of what is given, or refuse it. Raises CaseError where the role may not."""
        for name, text in (("by", by), ("role", role)):
            if not isinstance(text, str) or not text:
                raise CaseError(f"`{name}` is a string that is not empty, not {text!r}", [name])
        verdict = "approved" if agreed else "refused"
        for _ in range(TRIES):
            row, place, given = found = _find(self.store, id_, action)
            answered = given.answered
            if answered is None or answered.approval is None or answered.gesture is None:
                raise CaseError(f"nothing of decision `{id_}` waits for an approval")
            if answered.approval == verdict:
                return Recorded(row.id, given.action, verdict, counted=False)
            if answered.approval != "pending":
                raise CaseError(f"`{given.action}` was {answered.approval} already")
            _check_authority(self.book, given.action, role, answered.gesture)
            noted = Noted.of(row)
            noted.approvals[place], noted.by[place] = verdict, f"{by} ({role})"
            at = max(min(self.at, self.now), row.at)
            came = {self.book.meaning_of(name) for name, _ in answered.outcomes}
            settlements: list[Settlement] = []
            if not agreed:  # it will not be given; but who was told of it, was contacted
                told = came - {"no_response"}
                settlements = [
                    _settle("release", found, claim)
                    for account, claim in given.claims
                    if account.startswith(BUDGETS) or (claim.expires is not None and not told)
                ]
            elif came.intersection(ACCEPTANCES):
                settlements = [
                    _settle("commit", found, _renewed(self.book, given, claim, at))
                    for account, claim in given.claims
                    if account.startswith(BUDGETS)
                    and not _counted(found, claim, _renewed(self.book, given, claim, at), at)
                ]
            done = self.store.amend(row.id, row.revision, noted.text(), at, settlements)
            if done is not None:
                unfunded = _unfunded(settlements, done)
                return Recorded(row.id, given.action, verdict, counted=True, unfunded=unfunded)
        raise StoreError("others change this decision faster than it is read")

    # --- what becomes of what was taken

    def _note_unfunded(self, found: _Found, names: tuple[str, ...], at: int) -> None:
        """Write down which budgets had not enough left, so that it can be told again."""
        for _ in range(TRIES if names else 0):
            row = self.store.decision(found.row.id)
            if row is None:
                return
            noted = Noted.of(row)
            noted.unfunded[found.place] = list(names)
            if self.store.amend(row.id, row.revision, noted.text(), at) is not None:
                return

    def _settled(self, found: _Found, outcome: str, at: int) -> Iterator[Settlement]:
        means = self.book.meaning_of(outcome)
        answered = found.given.answered
        came = {self.book.meaning_of(name) for name, _ in answered.outcomes} if answered else set()
        unapproved = answered is not None and answered.approval not in (None, "approved")
        used_up = bool(came.intersection(ACCEPTANCES)) and not unapproved
        for account, claim in found.given.claims:
            renewed = _renewed(self.book, found.given, claim, at)
            if not account.startswith(BUDGETS):
                in_window = found.row.at > renewed.asked.since
                if means != "no_response" and in_window:
                    yield _settle("commit", found, claim)
            elif means in REFUSALS:
                if not used_up:
                    yield _settle("release", found, claim)
            elif (
                means in ACCEPTANCES and not unapproved and not _counted(found, claim, renewed, at)
            ):
                yield _settle("commit", found, renewed)

    def _tallied(self, found: _Found, outcome: str, key: str) -> Iterator[Settlement]:
        """Yield the places that an outcome itself takes."""
        counted = (outcome, self.book.meaning_of(outcome))
        entry = f"{entry_id(found.row.id, found.given.place)}:{outcome}:{key}"
        for name, asked in found.given.tallies:
            if name in counted:
                yield Settlement("enter", entry, Claim(asked, 1, ANY_NUMBER))


def _counted(found: _Found, claim: Claim, renewed: Claim, at: int) -> bool:
    """Return whether what is reserved still counted in a window that is over by now."""
    reserved = claim.expires is not None and at < claim.expires
    return reserved and found.row.at <= renewed.asked.since


def _check_authority(book: Book, action: str, role: str, units: int) -> None:
    found = book.actions.get(action)
    authority = dict(found.gesture.authority) if found and found.gesture else {}
    if role not in authority:
        help_ = did_you_mean(role, authority)
        raise CaseError(with_help(f"`{role}` has no authority over `{action}`", help_), ["role"])
    if authority[role] < units:
        message = f"`{role}` may not give as much by `{action}`: ask a higher role"
        raise CaseError(message, ["role"])


def _find(store: Store, id_: str, action: str | None) -> _Found:
    """Return the answer that is meant, in the decision that it was first given in."""
    row = store.decision(id_)
    if row is None:
        raise unknown_decision(id_)
    answers = given_in(row)
    chosen = [n for n, one in enumerate(answers) if action in (None, one.action)]
    if not chosen:
        help_ = did_you_mean(str(action), [one.action for one in answers])
        message = with_help(f"`{action}` is no answer of decision `{id_}`", help_)
        raise CaseError(message, ["action"])
    given = answers[chosen[0]]
    if given.kept_from is not None:
        return _find(store, given.kept_from, given.action)
    return _Found(row, chosen[0], given)


def _renewed(book: Book, given: Given, claim: Claim, at: int) -> Claim:
    """Return a claim with the window as it is now, where the rule is still in the book."""
    account = claim.asked.account
    rules: Mapping[str, Limit | Budget]
    rules = book.budgets if account.startswith(BUDGETS) else book.limits
    rule = rules.get(account.partition("/")[2])
    if rule is None:
        return claim
    when = When(at, book.zone, windows.zone_or(given.zone, book.zone))
    since = max(claim.asked.since, since_of(rule.window, when))
    return claim._replace(asked=claim.asked._replace(since=since), expires=None)


def _settle(act: str, found: _Found, claim: Claim) -> Settlement:
    entry = entry_id(found.row.id, found.given.place)
    return Settlement(act, entry, claim)  # type: ignore[arg-type]


def _unfunded(settlements: list[Settlement], done: tuple[bool, ...]) -> tuple[str, ...]:
    return tuple(
        one.claim.asked.account.removeprefix(BUDGETS)
        for one, was_done in zip(settlements, done, strict=True)
        if not was_done and one.claim.asked.account.startswith(BUDGETS)
    )
