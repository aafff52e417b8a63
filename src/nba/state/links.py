"""Which name leads to which, in memory."""

from __future__ import annotations

from collections.abc import Iterable

from nba.errors import CaseError

__all__ = ["Links"]


class Links:
    """Which name leads to which, as it was said; the names form trees with a customer on top."""

    def __init__(self) -> None:
        self.towards: dict[str, str] = {}
        self._leading: dict[str, set[str]] = {}

    def customer_of(self, name: str) -> str:
        """Return the last of the chain from a name."""
        while (after := self.towards.get(name)) is not None:
            name = after
        return name

    def names_of(self, customer: str) -> list[str]:
        """Return a customer and all names that lead there."""
        found = [customer]
        if customer in self._leading:
            for name in found:
                found += self._leading.get(name, ())
        return found

    def customers(self) -> Iterable[str]:
        """Return whom some name leads to."""
        return self._leading.keys() - self.towards.keys()

    def link(self, identity: str, customer: str) -> bool:
        """Make a name lead to another; return whether it did not already. Raises CaseError."""
        if self.towards.get(identity) == customer:
            return False
        if identity == customer:
            raise CaseError(f"`{identity}` cannot be linked to itself")
        name: str | None = customer
        while name is not None:
            if name == identity:
                raise CaseError(
                    f"`{identity}` cannot be linked to `{customer}`, which leads to `{identity}` "
                    f"already: unlink `{customer}` first"
                )
            name = self.towards.get(name)
        self.unlink(identity)
        self.towards[identity] = customer
        self._leading.setdefault(customer, set()).add(identity)
        return True

    def unlink(self, identity: str) -> None:
        """Make a name lead nowhere."""
        before = self.towards.pop(identity, None)
        if before is not None:
            self._leading[before].remove(identity)
            if not self._leading[before]:
                del self._leading[before]
