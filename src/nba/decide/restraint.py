"""Why not, in sentences: what was done before, limits, hours, gestures and budgets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from nba import money
from nba.book.model import Action, Budget, Expression, Limit, Treatment
from nba.decide.because import Facts, line_of
from nba.decide.contact import free_again, suppressed_until, suppressing, used_of
from nba.decide.decision import UNKNOWN_MARK, Candidate
from nba.decide.derived import number_of
from nba.decide.history import Answered
from nba.decide.wording import shown
from nba.errors import Place
from nba.lang.values import Duration, Timestamp
from nba.lang.words import listed, value_in_words

__all__ = ["RESTRAINTS", "Restraint"]

#: The codes that are told here, and what else than a field decides on them.
RESTRAINTS: Final[Mapping[str, str]] = {
    "once": "it depends on what was done before",
    "put_right": "it depends on what was done before",
    "suppressed": "it depends on what came of it before",
    "limited": "it depends on what was done before",
    "deferred": "it depends on the hours",
    "no_gesture": "what it may give is computed",
    "no_authority": "it depends on who asks",
    "unaffordable": "it depends on what is left of the budget",
}

Said = tuple[list[str], Place]


class Restraint:
    """Tells why an action was not chosen though its conditions held, and what is kept or given."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.judged = facts.judged
        self.book = facts.book

    def reasons(self, action: Action, treatment: Treatment, code: str) -> Said:
        """Say why a treatment has one of these codes, and where the rule stands."""
        kind, _, subject = code.removesuffix(UNKNOWN_MARK).partition(":")
        match kind:
            case "once":
                return self._once(action)
            case "put_right":
                return self._put_right(action)
            case "suppressed":
                return self._suppressed(action, treatment, subject)
            case "limited":
                return self._limited(self.book.limits[subject])
            case "deferred":
                return self._deferred(treatment)
            case "unaffordable":
                return self._unaffordable(action, treatment, self.book.budgets[subject])
        return self._ladder(action, kind)

    def closed(self, treatment: Treatment) -> Said:
        """Say that a channel is closed, and when it opens."""
        channel = self.book.channels[treatment.channel]
        calendar = self.book.calendars[str(channel.open)]
        zone = self.judged.when.zone(calendar.zone)
        opens = calendar.hours.next_open(self.judged.now, zone)
        until = f", until {self.time(opens)}" if opens is not None else ""
        name = channel.title or channel.id
        sentence = f"{name} is closed by the hours `{calendar.id}`{until}"
        return [f"{sentence} - {line_of(calendar.place)}"], calendar.place

    def factor(self, action: Action, name: str) -> Expression | None:
        """Return the expression of `at_most`, or of the first `amount` that is meant."""
        gesture = action.gesture
        if gesture is None or name == "at_most":
            return gesture.at_most if gesture else None
        meant = (rung for rung in gesture.ladder if self.judged.selects(rung.when))
        return next((rung.amount for rung in meant if self._bad(rung.amount)), None)

    def kept(self, best: Candidate) -> list[str]:
        """Say of an answer that is kept of which decision it is, and until when."""
        if best.kept_from is None:
            return []
        kept = self.judged.kept[best.action]
        until = f", until {self.time(kept.keep_until)}" if kept.keep_until else ""
        given = f"decision {best.kept_from}, of {self.time(kept.at)}"
        return [f"It is still the answer of {given}{until}."]

    def given(self, best: Candidate) -> list[str]:
        """Say of an answer what it gives, and by when it is to be done."""
        sentences = []
        if (gift := best.gesture) is not None:
            amount = shown(float(gift.amount), "money", gift.currency, self.judged.when.book)
            states = {"pending": ", and somebody has to approve of it", "approved": ", as approved"}
            sentences.append(f"It gives {amount}{states.get(gift.approval or '', '')}.")
        if best.due is not None:
            sentences.append(f"It is to be done by {self.time(best.due)}.")
        return sentences

    def time(self, instant: int) -> str:
        """Return a time as the clocks of the book have it."""
        zone = self.judged.when.book
        day, hour = (
            shown(Timestamp(instant), form, self.book.currency, zone) for form in ("date", "time")
        )
        return f"{day}, {hour}"

    # --- what was done before

    def _past(self, action: Action) -> list[Answered]:
        past = [one for one in self.judged.history.answers if one.action == action.id]
        return [one for one in past if one.stands(self.judged.now)]

    def _done(self, one: Answered) -> str:
        return f"on {self.time(one.at)}, by {one.channel} (decision {one.decision})"

    def _once(self, action: Action) -> Said:
        expression = action.once_per
        if expression is None:
            return [], action.place
        key = self.judged.key(action)
        where = f" - {line_of(expression.place)}"
        if key is None:
            needs = listed([f"`{path}`" for path in self.facts.missing(expression.tree)], "and")
            what = f"it is done once for each `{expression.text}`, which is unknown"
            return [f"{what}{f': needs {needs}' if needs else ''}{where}"], expression.place
        done = next(one for one in reversed(self._past(action)) if one.once == key)
        return [f"it was done for `{key}` already, {self._done(done)}{where}"], expression.place

    def _put_right(self, action: Action) -> Said:
        again = (action.gesture and action.gesture.not_again_within) or 0
        last = max(self._past(action), key=lambda one: one.at)
        until = f"not again until {self.time(last.at + again)}"
        sentence = f"it was put right {self._done(last)}, and {until}"
        return [f"{sentence} - {line_of(action.place)}"], action.place

    def _suppressed(self, action: Action, treatment: Treatment, name: str) -> Said:
        rule, history, now = self.book.suppressions[name], self.judged.history, self.judged.now
        until = suppressed_until(rule, action, treatment.channel, history, now) or now
        title = f" ({rule.title})" if rule.title else ""
        where = f" - {line_of(rule.place)}"
        sentences = [f"they are left in peace until {self.time(until)} by `{name}`{title}{where}"]
        for one, times in suppressing(rule, action, treatment.channel, history):
            if until - rule.length in times:
                at = until - rule.length
                came = next(
                    outcome
                    for (means, when), outcome in zip(one.outcomes, one.recorded_as, strict=True)
                    if when == at and {means, outcome} & set(rule.after)
                )
                what = f"`{one.action}` by {one.channel}, of {self.time(one.at)}"
                sentences.append(f"`{came}` came of {what}, on {self.time(at)}")
                break
        return sentences, rule.place

    def _limited(self, limit: Limit) -> Said:
        known, whose = self.judged.owner(limit.per)
        title = f" ({limit.title})" if limit.title else ""
        where = f" - {line_of(limit.place)}"
        if not known:
            return [f"the limit `{limit.id}`{title} needs {self._who(limit)}{where}"], limit.place
        used = used_of(limit, self.book, self.judged.history, self.judged.when)
        per = {"customer": "the customer", "book": "everybody"}.get(limit.per, f"`{whose}`")
        count = f"{used} of {limit.at_most} for {per} {self._window(limit)}"
        if used < limit.at_most:
            count += ", and others took what was left"
        sentences = [f"the limit `{limit.id}`{title}: {count}{where}"]
        free = free_again(limit, self.judged.history, self.judged.when)
        if free is not None and used >= limit.at_most:
            sentences.append(f"there is a place again on {self.time(free)}")
        return sentences, limit.place

    def _window(self, rule: Limit | Budget) -> str:
        window = rule.window
        if window.calendar is not None:
            return "today" if window.calendar == "day" else f"this {window.calendar}"
        if window.length is not None:
            return f"in {value_in_words(Duration(window.length))}"
        return "ever"

    # --- hours

    def _deferred(self, treatment: Treatment) -> Said:
        condition = treatment.defer_if
        channel = self.book.channels[treatment.channel]
        outbound = self.judged.direction(treatment) == "outbound"
        if outbound and channel.open is not None:
            calendar = self.book.calendars[channel.open]
            zone = self.judged.when.zone(calendar.zone)
            if not calendar.hours.is_open(self.judged.now, zone):
                return self.closed(treatment)
        if condition is None:
            return [], treatment.place
        return [f"it waits while {self.facts.because(condition)}"], condition.place

    # --- what may be given

    def _ladder(self, action: Action, kind: str) -> Said:
        gesture = action.gesture
        if gesture is None:
            return [], action.place
        if kind == "no_authority":
            role, most = max(gesture.authority, key=lambda each: each[1])
            sentence = f"it gives more than anybody may: `{role}` up to {self._money(most)}"
            return [f"{sentence} - {line_of(action.place)}"], action.place
        most_given = math.inf
        sentences = []
        if gesture.at_most is not None:
            most_given = number_of(gesture.at_most, self.judged.fields) or 0.0
        for rung in gesture.ladder:
            where = f" - {line_of(rung.place)}"
            amount = number_of(rung.amount, self.judged.fields)
            if rung.when is not None and not self.judged.selects(rung.when):
                sentences.append(f"a rung needs: {self.facts.because(rung.when)}")
            elif amount is not None and amount > most_given and gesture.at_most is not None:
                allowed = f"`{gesture.at_most.text}`, which is {most_given:g}"
                sentences.append(f"a rung gives {amount:g}, above {allowed}{where}")
            elif amount is not None:
                sentences.append(f"a rung gives {amount:g}, which is nothing{where}")
        return sentences, gesture.ladder[0].place

    def _who(self, rule: Limit | Budget) -> str:
        """Return what it needs to know per whom a rule counts."""
        if self.judged.nobody:
            return "the `id` of the customer"
        return f"`{self.book.household if rule.per == 'household' else rule.per}`"

    def _bad(self, amount: Expression) -> bool:
        found = number_of(amount, self.judged.fields)
        return found is None or not math.isfinite(found) or found < 0

    def _unaffordable(self, action: Action, treatment: Treatment, budget: Budget) -> Said:
        known, _ = self.judged.owner(budget.per)
        title = f" ({budget.title})" if budget.title else ""
        where = f" - {line_of(budget.place)}"
        if not known:
            needs = f"needs {self._who(budget)}"
            return [f"the budget `{budget.id}`{title} {needs}{where}"], budget.place
        used = used_of(budget, self.book, self.judged.history, self.judged.when)
        left = max(0, budget.amount - used)
        of = f"{self._units(budget, left)} of {self._units(budget, budget.amount)} left"
        need = f"the budget `{budget.id}`{title} has {of} {self._window(budget)}"
        least = min(self._needed(action, treatment, budget), default=0)
        wants = f", and it needs {self._units(budget, least)}" if least else ""
        faster = ": other answers took it" if least and left >= least else ""
        return [f"{need}{wants}{faster}{where}"], budget.place

    def _needed(self, action: Action, treatment: Treatment, budget: Budget) -> list[int]:
        if budget.id in action.takes:
            return [1]
        scored = self.judged.judge_treatment(action, treatment)
        options = () if isinstance(scored, str) else scored.options
        return [option.units for option in options if option]

    def _units(self, budget: Budget, units: int) -> str:
        return self._money(units) if budget.money else str(units)

    def _money(self, units: int) -> str:
        amount = float(money.decimal_of(units, self.book.currency))
        return shown(amount, "money", self.book.currency, self.judged.when.book)
