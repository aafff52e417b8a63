"""Which types go together: assignability with type parameters, and the join of two types.

The algorithm is that of cel-go's checker: a parameter such as the element type of `[]` is
found by what it meets, and a more general meeting replaces a more special one.
"""

from __future__ import annotations

from nba.lang.types import DYN, STRING, EnumType, Type

__all__ = ["Substitution"]


class Substitution:
    """What the type parameters met so far stand for."""

    def __init__(self) -> None:
        self.found: dict[Type, Type] = {}
        self._fresh = 0

    @property
    def any(self) -> bool:
        """Whether there are parameters at all."""
        return self._fresh > 0

    def fresh(self) -> Type:
        """Return a parameter that occurs nowhere else."""
        self._fresh += 1
        return Type(f"${self._fresh}")

    def instance(self, signature: tuple[Type, ...]) -> tuple[Type, ...]:
        """Return *signature* with its parameters renamed apart."""
        renamed: dict[Type, Type] = {}
        return tuple(self._renamed(kind, renamed) for kind in signature)

    def _renamed(self, kind: Type, renamed: dict[Type, Type]) -> Type:
        if kind.is_param:
            if kind not in renamed:
                renamed[kind] = self.fresh()
            return renamed[kind]
        if not kind.args:
            return kind
        return Type(kind.name, tuple(self._renamed(one, renamed) for one in kind.args))

    def assign_all(self, given: list[Type], wanted: tuple[Type, ...]) -> bool:
        """Return whether values of the types *given* fit *wanted*; if not, nothing is kept."""
        before = dict(self.found)
        if len(given) == len(wanted) and all(map(self._assign, given, wanted)):
            return True
        self.found = before
        return False

    def join(self, left: Type, right: Type) -> Type | None:
        """Return the type that covers both, or None when they do not go together."""
        return _general(left, right) if self.assign_all([left], (right,)) else None

    def resolve(self, kind: Type, *, params: bool = False) -> Type:
        """Return *kind* with what its parameters stand for; those unknown become `dyn`.

        With *params* those unknown stay parameters.
        """
        if kind.is_param:
            known = self.found.get(kind)
            if known is None:
                return kind if params else DYN
            return self.resolve(known, params=params)
        if not kind.args:
            return kind
        return Type(kind.name, tuple(self.resolve(a, params=params) for a in kind.args))

    def _assign(self, given: Type, wanted: Type) -> bool:
        if given is wanted:
            return True
        if wanted.is_param:
            fits, known = self._substitute(given, wanted)
            if fits or known:
                return fits
        if given.is_param:
            return self._substitute(wanted, given)[0]
        if DYN in (given, wanted):
            return True
        if "wrapper" in (given.name, wanted.name):
            return self._assign_wrapper(given, wanted)
        if {given.name, wanted.name} == {"optional_type", "null_type"}:
            return True
        if given.name != wanted.name or len(given.args) != len(wanted.args):
            return False
        return given.name == "type" or all(map(self._assign, given.args, wanted.args))

    def _assign_wrapper(self, given: Type, wanted: Type) -> bool:
        if "null_type" in (given.name, wanted.name):
            return True
        inner = [kind.args[0] if kind.name == "wrapper" else kind for kind in (given, wanted)]
        return self._assign(*inner)

    def _substitute(self, kind: Type, param: Type) -> tuple[bool, bool]:
        """Return whether *kind* can stand for *param*, and whether something already did."""
        if kind == param:
            return True, True
        known = self.found.get(param)
        if known is not None:
            if kind == known:
                return True, True
            if not self._assign(kind, known):
                return False, True
            general = _general(kind, known)
            if not self._mentions(general, param):
                self.found[param] = general
            return True, True
        if self._mentions(kind, param):
            return False, False
        self.found[param] = kind
        return True, False

    def _mentions(self, kind: Type, param: Type) -> bool:
        if kind == param:
            return True
        if kind.is_param and kind in self.found:
            return self._mentions(self.found[kind], param)
        return any(self._mentions(inner, param) for inner in kind.args)


def _general(left: Type, right: Type) -> Type:
    """Return the least type that covers both, which are assignable to one another."""
    if left == DYN or left.is_param:
        return left
    if right == DYN or right.is_param:
        return right
    if left.name != right.name:  # what may be null beside null, or a wrapper beside what it wraps
        return right if left.name == "null_type" or right.name == "wrapper" else left
    if isinstance(left, EnumType) or isinstance(right, EnumType):
        values = [kind.values if isinstance(kind, EnumType) else () for kind in (left, right)]
        return left if values[0] == values[1] else STRING
    if not left.args or left.name == "type":
        return left
    return Type(left.name, tuple(map(_general, left.args, right.args)))
