"""Which types go together, and what covers both."""

from __future__ import annotations

import pytest

from nba.lang.types import BOOL, DYN, INT, STRING, EnumType, Type, list_of, parse_type
from nba.lang.unify import Substitution

TIER = EnumType("string", values=("gold", "silver"))


@pytest.mark.parametrize(
    ("given", "wanted", "result"),
    [
        ("int", "int", "int"),
        ("int", "double", None),
        ("dyn", "int", "int"),
        ("int", "dyn", "dyn"),
        ("list(int)", "list($A)", "list(int)"),
        ("list(dyn)", "list(int)", "list(int)"),
        ("list(int)", "map(int, int)", None),
        ("map(string, int)", "map($A, $A)", None),
        ("map(string, string)", "map($A, $A)", "map(string, string)"),
        ("list($A)", "list(int)", "list(int)"),
        ("wrapper(int)", "int", "int"),
        ("null", "wrapper(int)", "wrapper(int)"),
        ("null", "int", None),
    ],
)
def test_assignable(given: str, wanted: str, result: str | None) -> None:
    """A value fits, or does not and nothing is kept; a parameter stands for what it met."""
    types = Substitution()
    goal = parse_type(wanted)
    fits = types.assign_all([parse_type(given)], (goal,))
    assert fits is (result is not None)
    if result:
        assert str(types.resolve(goal)) == result
    else:
        assert types.found == {}


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("int", "int", "int"),
        ("int", "dyn", "dyn"),
        ("int", "string", None),
        ("list(int)", "list(dyn)", "list(dyn)"),
        ("map(dyn, int)", "map(string, dyn)", "map(dyn, dyn)"),
        ("null", "wrapper(int)", "wrapper(int)"),
    ],
)
def test_what_covers_both(left: str, right: str, result: str | None) -> None:
    """Part by part the more general, and nothing where the two do not go together."""
    for one, other in ((left, right), (right, left)):
        found = Substitution().join(parse_type(one), parse_type(other))
        assert (found and str(found)) == result


def test_an_enum_beside_other_text_is_text() -> None:
    """What is joined with other text may be any text, so its values can no longer be checked."""
    join = Substitution().join
    assert isinstance(join(TIER, TIER), EnumType)
    assert not isinstance(join(TIER, STRING), EnumType)
    assert not isinstance(join(STRING, TIER), EnumType)
    assert not isinstance(join(TIER, EnumType("string", values=("a",))), EnumType)
    nested = join(list_of(TIER), list_of(STRING))
    assert nested is not None
    assert not isinstance(nested.args[0], EnumType)


def test_instances_are_apart() -> None:
    """Two uses of one signature do not share their parameters."""
    types = Substitution()
    param = Type("$A")
    one, other = types.instance((param,)), types.instance((param,))
    assert types.assign_all([INT], one)
    assert types.assign_all([BOOL], other)
    assert (types.resolve(one[0]), types.resolve(other[0])) == (INT, BOOL)


def test_a_parameter_is_not_part_of_itself() -> None:
    """An endless type is refused rather than built."""
    types = Substitution()
    param = types.fresh()
    assert not types.assign_all([list_of(param)], (param,))
    assert types.resolve(param) == DYN
