"""What actions are worth beside each other: between which bounds, and on which scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nba.author.lint.reasoning import doubt, listed
from nba.author.lint.survey import Survey
from nba.book.model import Treatment
from nba.errors import Diagnostic

__all__ = ["unlike_scales"]

#: A value that is never above this is most likely a share or a score.
_SHARE: Final = 1.0
#: A value that is never below this is most likely money.
_MONEY: Final = 100.0


def unlike_scales(survey: Survey) -> Iterator[Diagnostic]:
    """Yield values from 0 to 1 in a book in which others are in hundreds."""
    small: dict[str, tuple[Treatment, float]] = {}
    large: tuple[float, str] = (0.0, "")
    for action, treatment, _ in survey.targets:
        low, high = survey.factor(treatment.value)
        if low >= _MONEY:
            large = max(large, (low, action.id))
        if 0.0 < high <= _SHARE:
            small.setdefault(action.id, (treatment, high))
    if not small or large[0] < _MONEY:
        return
    given = [action for action, (treatment, _) in small.items() if treatment.value is not None]
    first = given[0] if given else next(iter(small))
    treatment, _ = small[first]
    highest = max(high for _, high in small.values())
    worth = f"at most {highest:g}" if given else "1, since it is not given"
    message = f"the value of {listed(small)} is {worth}; that of `{large[1]}` is at least"
    message += f" {large[0]:g}, so they are hardly on one scale"
    help_ = "give all values in one unit, such as the expected gain in euros"
    place = treatment.value.place if treatment.value else survey.book.actions[first].place
    yield doubt("unlike-scales", message, help_, place)
