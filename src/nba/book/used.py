"""What tests say is used up of budgets and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nba import money
from nba.book.amounts import minor_units
from nba.book.contact import Budget, Limit
from nba.book.findings import At, Findings, short

__all__ = ["used_up"]


class Accounted(Protocol):
    """What a book counts, as far as tests name it; *counted* are all ids, of faulty ones too."""

    @property
    def budgets(self) -> Mapping[str, Budget]: ...

    @property
    def limits(self) -> Mapping[str, Limit]: ...

    @property
    def counted(self) -> frozenset[str]: ...

    @property
    def currency(self) -> str: ...


def used_up(
    given: Mapping[str, Any], at: At, declared: Accounted, findings: Findings
) -> dict[str, Any]:
    """Return what is used, by budget or limit, as plain data; what is wrong is reported."""
    found: dict[str, Any] = {}
    for name, amount in given.items():
        here = at / name
        budget, limit = declared.budgets.get(name), declared.limits.get(name)
        if name not in declared.counted:
            findings.unknown("budget or limit", name, declared.counted, here, key=True)
        elif budget and limit:
            message = f"`{short(name)}` is a budget and a limit"
            help_ = "give one of them another id"
            findings.report("wrong-value", message, help_, here.key_place)
        elif budget and budget.money:
            if _is_amount(amount):
                units = minor_units(amount, declared.currency, here.place, findings)
                found[name] = f"{money.decimal_of(units, declared.currency):f}"
            else:
                message = f"what is used of `{name}` is an amount, not `{short(str(amount))}`"
                findings.report("wrong-value", message, "write `10`", here.place)
        elif type(amount) is not int or not 0 <= amount <= money.MOST:
            message = f"what is used of `{short(name)}` is a count, not `{short(str(amount))}`"
            findings.report("wrong-value", message, "write `10`", here.place)
        else:
            found[name] = amount
    return found


def _is_amount(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= money.MOST
