"""What values a field may have, as far as that is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nba.lang.context import Shape
from nba.lang.types import BOOL, EnumType

__all__ = ["Domains", "domains_of"]


class Domains(NamedTuple):
    """By path: all *values* of a field, where they are known; the *ranges* of some numbers."""

    values: Mapping[str, tuple[object, ...]]
    ranges: Mapping[str, tuple[float, float]]


def domains_of(shape: Shape) -> Domains:
    """Return what is declared of the fields of a context."""
    # what is read and computed is of its type; only what is read has a value of an enum surely
    values: dict[str, tuple[object, ...]] = {
        spec.path: spec.type.values for spec in shape.inputs if isinstance(spec.type, EnumType)
    }
    ranges = {}
    for spec in (*shape.inputs, *shape.derived):
        if spec.type == BOOL:
            values[spec.path] = (True, False)
        if spec.minimum is not None and spec.maximum is not None and spec.minimum < spec.maximum:
            ranges[spec.path] = (spec.minimum, spec.maximum)
    return Domains(values, ranges)
