"""Reading a context of which little is given: what is given is looked up, not all that may be.

What is read is what the reader of all fields makes of it (`nba.lang.context`); random tests hold
the two equal. A context with anything to complain about is for that one, which says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["UNFIT", "SparseReader"]

#: What a value is that may not fit.
UNFIT: Final = object()
#: Returns a value as its field has it, the default where it is None; UNFIT where it may not fit.
Fit = Callable[[Any], object]
#: By name: the slot of a field, and what makes its value; or those of an inner object.
Fields = dict[str, Any]


class SparseReader:
    """Reads into slots: *fits* are by path, in the order of the slots, *defaults* are their own."""

    def __init__(self, fits: Mapping[str, Fit], defaults: Sequence[object]) -> None:
        self._fresh = [*defaults]
        #: what is given by a name of its own beside the roots; with more, it takes as long
        self._few = len(fits) // 4
        self._roots: Fields = {}
        for slot, (path, fit) in enumerate(fits.items()):
            *owners, name = path.split(".")
            fields = self._roots
            for owner in owners:
                fields = fields.setdefault(owner, {})
            fields[name] = (slot, fit)

    def read(self, roots: Mapping[str, Any]) -> list[object] | None:
        """Return the slots of a context; None where much is given, or not all fits."""
        waiting: list[tuple[Mapping[str, Any], Fields]] = []
        few = self._few
        for name, fields in self._roots.items():
            value = roots.get(name)
            if value is None:
                continue
            if value.__class__ is not dict or fields.__class__ is not dict:
                return None
            waiting.append((value, fields))
            few -= len(value)
        if few < 0:
            return None
        slots = self._fresh.copy()
        for given, known in waiting:
            for name, value in given.items():
                field = known.get(name)
                if field.__class__ is tuple:
                    slot, fit = field
                    slots[slot] = found = fit(value)
                    if found is UNFIT:
                        return None
                elif field is None or value.__class__ is not dict:
                    return None
                else:
                    waiting.append((value, field))  # it is gone through in this loop, too
        return slots
