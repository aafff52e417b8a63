"""Names and types: what a rule book is told about each mistake, word for word."""

from __future__ import annotations

import pytest
from tests.lang.contexts import SHAPE

from nba.errors import Diagnostic, ExpressionError
from nba.lang import check as type_of
from nba.lang import tree
from nba.lang.check import Environment, check
from nba.lang.syntax import locate_in, parse
from nba.lang.types import BOOL, DOUBLE, INT, STRING, EnumType, ObjectType, Type, list_of

INTERACTION = ObjectType(
    "interaction",
    fields={
        "wait_seconds": DOUBLE,
        "intent": EnumType("string", values=("none", "billing", "cancel")),
        "email": BOOL,
    },
)
BOOK = Environment({**SHAPE.names(), "interaction": INTERACTION}, book=True)


def checked(text: str, *expect: Type, warnings: list[Diagnostic] | None = None) -> tree.Node:
    """Return the typed tree of a condition of a rule book."""
    locate = locate_in(text)
    return check(parse(text, locate), BOOK, locate, expect=expect or [BOOL], warnings=warnings)


def found(text: str, *expect: Type) -> list[tuple[str, str, str, str]]:
    """Return code, place in the text, message and help of everything that is wrong."""
    with pytest.raises(ExpressionError) as caught:
        checked(text, *expect)
    said = []
    for diagnostic in caught.value.diagnostics:
        where = diagnostic.where
        assert where is not None
        part = where.text[where.column - 1 : where.column - 1 + where.width]
        said.append((diagnostic.code, part, diagnostic.message, diagnostic.help))
    return said


# --- names


@pytest.mark.parametrize(
    ("text", "written", "help_"),
    [
        ("customer.teir == 'gold'", "customer.teir", "did you mean `customer.tier`?"),
        ("custmer.tier == 'gold'", "custmer.tier", "did you mean `customer.tier`?"),
        ("tier == 'gold'", "tier", "did you mean `customer.tier`?"),
        (
            "customer.consent.emial",
            "customer.consent.emial",
            "did you mean `customer.consent.email`?",
        ),
        ("customer.emial", "customer.emial", "did you mean `customer.consent.email`?"),
        ("consent.email", "consent.email", "did you mean `customer.consent.email`?"),
        ("intraction.email", "intraction.email", "did you mean `interaction.email`?"),
        (
            "customer.wait_seconds > 3",
            "customer.wait_seconds",
            "did you mean `interaction.wait_seconds`?",
        ),
        ("wait_seconds > 3", "wait_seconds", "did you mean `interaction.wait_seconds`?"),
        ("customer.tags.exists(tag, tg == 'a')", "tg", "did you mean `tag`?"),
        ("customer.events.exists(e, type == 'contact')", "type", "did you mean `e.type`?"),
        (
            "interaction.zzz == 1",
            "interaction.zzz",
            "`interaction` has `wait_seconds`, `intent`, `email`",
        ),
        (
            "customer.zzz == 1",
            "customer.zzz",
            (
                "`customer` has `tier`, `age`, `visits`, `value`, `risk`, `name`, `zone`, `vip`, "
                "`vulnerable`, `joined`, `patience`, `tags` and 10 more"
            ),
        ),
        (
            "zzz == 1",
            "zzz",
            "text goes in quotes: 'zzz'. Declared are `now`, `customer`, `interaction`",
        ),
        ("customer.tier == gold", "gold", "text goes in quotes: write `'gold'`"),
        (
            "customer.vip == None",
            "None",
            "write `has(customer.email)` to ask whether a field is there",
        ),
        ("has(customer.emial)", "customer.emial", "did you mean `customer.consent.email`?"),
    ],
)
def test_undeclared_names(text: str, written: str, help_: str) -> None:
    """The nearest sibling, or the same leaf elsewhere, or what was probably meant."""
    message = f"`{written}` is not declared"
    assert found(text) == [("undeclared-name", written, message, help_)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer.events.exists(e, e.typ == 'contact')",
         ("undeclared-name", "e.typ", "`typ` is not declared in `events`",
          "did you mean `type`?")),
        ("customer.consent == 'a'",
         ("wrong-type", "customer.consent",
          "`customer.consent` holds several fields and is no value of its own",
          "name one of its fields: `customer.consent.email`, `customer.consent.at`")),
        ("customer.vip == True",
         ("spelling", "True", "`True` is spelled `true` here", "write `true`")),
        ("customer.vip == yes",
         ("spelling", "yes", "`yes` is spelled `true` here", "write `true`")),
        ("customer.vip == Off",
         ("spelling", "Off", "`Off` is spelled `false` here", "write `false`")),
        ("customer.name.length > 3",
         ("wrong-type", "customer.name.length", "a string has no field `length`",
          "write `size(…)`")),
        ("customer.vip.yes == 3",
         ("wrong-type", "customer.vip.yes", "a bool has no field `yes`", "")),
    ],
)  # fmt: skip
def test_fields(text: str, said: tuple[str, str, str, str]) -> None:
    """What is no field, and what is no value."""
    assert found(text) == [said]


# --- enums


@pytest.mark.parametrize(
    ("text", "part", "field", "help_"),
    [
        ("customer.tier == 'glod'", "'glod'", "`customer.tier`", "did you mean `'gold'`?"),
        ("'glod' != customer.tier", "'glod'", "`customer.tier`", "did you mean `'gold'`?"),
        ("customer.tier in ['gold', 'x']", "'x'", "`customer.tier`",
         "choose from `'bronze'`, `'gold'`, `'silver'`"),
        ("customer.events.exists(e, e.type == 'complant')", "'complant'", "this field",
         "did you mean `'complaint'`?"),
    ],
)  # fmt: skip
def test_values_of_an_enum(text: str, part: str, field: str, help_: str) -> None:
    """Text that a field never has is a mistake, wherever the field stands."""
    assert found(text) == [("not-in-enum", part, f"`{part}` is not a value of {field}", help_)]


@pytest.mark.parametrize(
    "text",
    [
        "default(customer.tier, 'none') == 'none'",
        "(customer.vip ? customer.tier : 'none') == 'none'",
        "customer.tier == customer.name",
        "customer.tier.startsWith('go')",
    ],
)
def test_text_that_came_from_an_enum(text: str) -> None:
    """Joined with other text it may be any text."""
    assert checked(text).type == BOOL


# --- spellings, numbers and times


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not(customer.vip)",
         ("spelling", "not(customer.vip)", "`not` is not a function here", "write `!(…)`")),
        ("since(customer.joined) > '5 days'",
         ("spelling", "'5 days'", "`'5 days'` is text, not a duration", "write `days(5)`")),
        ("'2 Weeks' < since(customer.joined)",
         ("spelling", "'2 Weeks'", "`'2 Weeks'` is text, not a duration", "write `days(14)`")),
        ("since(customer.joined) > '72h'",
         ("spelling", "'72h'", "`'72h'` is text, not a duration", "write `hours(72)`")),
        ("since(customer.joined) > '30 seconds'",
         ("spelling", "'30 seconds'", "`'30 seconds'` is text, not a duration",
          "write `duration('30s')`")),
        ("customer.joined > '5 days'",
         ("spelling", "'5 days'", "`'5 days'` is text, not a duration", "write `now - days(5)`")),
        ("customer.joined < '2026-01-01'",
         ("wrong-type", "'2026-01-01'", "`'2026-01-01'` is text, not a timestamp",
          "write `timestamp('2026-01-01T00:00:00Z')`")),
        ("customer.joined < 2026-12-31",
         ("wrong-type", "2026-12-31", "`2026-12-31` is a subtraction, not a date",
          "write `timestamp('2026-12-31T00:00:00Z')`")),
        ("customer.tags.contains('x')",
         ("wrong-type", "customer.tags.contains('x')",
          "`contains` looks in text, this is a list", "write `'x' in customer.tags`")),
        ("customer.joined < 'soon'",
         ("wrong-type", "'soon'", "`'soon'` is text, not a timestamp",
          "write `timestamp('2026-03-01T00:00:00Z')`")),
        ("customer.joined < customer.name",
         ("wrong-type", "customer.joined < customer.name",
          "a string cannot be compared with a timestamp", "read it as one: `timestamp(…)`")),
        ("customer.joined > days(3)",
         ("wrong-type", "customer.joined > days(3)",
          "a timestamp cannot be compared with a duration",
          "`since(t)` is how long ago a time is")),
        ("since(customer.joined) > 3",
         ("wrong-type", "since(customer.joined) > 3",
          "a duration cannot be compared with an int",
          "say of what: `days(3)`, `hours(2)` or `minutes(5)`")),
        ("customer.joined + 3 > now",
         ("wrong-type", "customer.joined + 3", "`+` does not take a timestamp and an int",
          "say of what: `days(3)`, `hours(2)` or `minutes(5)`")),
        ("since(customer.name) > days(3)",
         ("wrong-type", "since(customer.name)", "`since` does not take (string)",
          "it takes (timestamp)")),
        ("customer.age > 2.5",
         ("int-beside-double", "customer.age", "`customer.age` is an int beside a number",
          "write `double(customer.age)`")),
        ("size(customer.tags) * 0.1 > 1.0",
         ("int-beside-double", "size(customer.tags)", "this is an int beside a number",
          "write `double(…)`")),
        ("customer.age in [1.5]",
         ("int-beside-double", "customer.age", "`customer.age` is an int beside a number",
          "write `double(customer.age)`")),
        ("customer.age == '5'",
         ("wrong-type", "customer.age == '5'", "an int cannot be compared with a string",
          "write `5` without quotes")),
        ("customer.vip == 'yes'",
         ("wrong-type", "customer.vip == 'yes'", "a bool cannot be compared with a string",
          "write `true` or `false` without quotes")),
        ("customer.name == null",
         ("wrong-type", "customer.name == null", "a string cannot be compared with null",
          "ask whether it is there: `has(customer.name)`")),
        ("1 < customer.age < 5",
         ("wrong-type", "1 < customer.age < 5", "a bool cannot be compared with an int",
          "comparisons do not chain: write `a < b && b < c`")),
        ("customer.tier == 'gold' || 'silver'",
         ("wrong-type", "'silver'", "this is a string, where true or false is needed",
          "write the whole comparison again, or `x in ['a', 'b']`")),
        ("customer.age ? true : false",
         ("wrong-type", "customer.age", "this is an int, where true or false is needed",
          "compare it with something, such as `customer.age > 3`")),
        ("(customer.vip ? customer.age : customer.value) > 1.0",
         ("wrong-type", "(customer.vip ? customer.age : customer.value)",
          "the two results of `? :` differ in type: an int and a number",
          "write `double(…)` around the int")),
        ("default(customer.age, 'x') == 1",
         ("wrong-type", "default(customer.age, 'x')",
          "the two arguments of `default` differ in type: an int and a string", "")),
        ("[1, 'a'].size() > 1",
         ("wrong-type", "[1, 'a']", "the items of a list differ in type: an int and a string",
          "")),
        ("'a' in customer.name",
         ("wrong-type", "'a' in customer.name",
          "`in` looks in a list or a map, this is a string", "write `text.contains('a')`")),
        ("'a' in customer.counts",
         ("wrong-type", "'a' in customer.counts", "a string is never in a list(int)",
          "numbers are written without quotes; `double('1.5')` reads a number from text")),
        ("customer.tags['a'] == 'b'",
         ("wrong-type", "customer.tags['a']",
          "the items of a list are found by an int, not a string", "")),
        ("customer.points[1] == 1",
         ("wrong-type", "customer.points[1]",
          "the keys of a map(string, int) are no ints", "")),
        ("customer.name.exists(e, e == 'a')",
         ("wrong-type", "customer.name", "`exists` goes over a list or a map, this is a string",
          "")),
        ("size(customer.age) > 3",
         ("wrong-type", "size(customer.age)", "`size` does not take (int)",
          "it takes (bytes) or (list) or (map) or (string)")),
        ("-customer.name == 'a'",
         ("wrong-type", "-customer.name", "`-` does not take (string)",
          "it takes (int) or (number)")),
    ],
)  # fmt: skip
def test_types(text: str, said: tuple[str, str, str, str]) -> None:
    """Each says what was found, and where possible what to write instead."""
    assert found(text) == [said]


@pytest.mark.parametrize(
    ("text", "name", "help_"),
    [
        ("customer.name.startswith('a')", "startswith", "did you mean `startsWith`?"),
        ("SIZE(customer.name) > 3", "SIZE", "did you mean `size`?"),
        ("now.getHour() > 3", "getHour", "did you mean `getHours`?"),
        ("contains(customer.name, 'a')", "contains", "write `x.contains(…)`"),
        ("customer.joined.since() > days(3)", "since", "write `since(x)`"),
        ("len(customer.tags) > 3", "len", "write `size(x)`"),
        ("coalesce(customer.age, 0) > 3", "coalesce", "write `default(x, y)`"),
        ("sets.intersect(customer.tags, ['a'])", "sets.intersect",
         "did you mean `sets.intersects`?"),
        ("frobnicate(1) == 2", "frobnicate", ""),
    ],
)  # fmt: skip
def test_unknown_functions(text: str, name: str, help_: str) -> None:
    """A near name, the other form, or this language's name for it."""
    ((code, _, message, said),) = found(text)
    assert (code, message, said) == ("unknown-function", f"there is no function `{name}`", help_)


# --- literals that are tried out


@pytest.mark.parametrize(
    ("text", "part", "message", "help_"),
    [
        ("customer.name.matches('(')", "'('", "`(` is not a pattern: missing ): (", ""),
        ("timestamp('yesterday') > now", "'yesterday'",
         "`yesterday` is not a time such as 2026-03-01T10:00:00Z",
         "write `timestamp('2026-03-01T10:00:00Z')`"),
        ("timestamp('2026-13-01T00:00:00Z') > now", "'2026-13-01T00:00:00Z'",
         "`2026-13-01T00:00:00Z` is not a time such as 2026-03-01T10:00:00Z",
         "write `timestamp('2026-03-01T10:00:00Z')`"),
        ("duration('5 days') > customer.patience", "'5 days'",
         "`5 days` is not a duration such as 36h or 90s", "write `days(5)`"),
        ("duration('x') > customer.patience", "'x'",
         "`x` is not a duration such as 36h or 90s", "write `duration('36h')`, or `days(3)`"),
        ("now.getHours('Europe/Dubln') > 3", "'Europe/Dubln'",
         "`Europe/Dubln` is not a time zone", "write a zone such as `'Europe/Dublin'`"),
        ("int('x') > 1", "'x'", "`x` is not a whole number", ""),
        ("1 / 0 == 1", "1 / 0", "division by zero", ""),
        ("1.0 / 0 == 1.0", "1.0 / 0", "division by zero", ""),
        ("9223372036854775807 + 1 == 1", "9223372036854775807 + 1",
         "an int overflows 64 bits", ""),
        ("days(100000000) > customer.patience", "100000000", "a duration is out of range", ""),
    ],
)  # fmt: skip
def test_literals_are_tried_out(text: str, part: str, message: str, help_: str) -> None:
    """What can never have a value is refused when the book is loaded."""
    assert found(text) == [("bad-literal", part, message, help_)]


# --- the whole


@pytest.mark.parametrize(
    ("text", "kind", "help_"),
    [
        ("customer.age", "an int", "compare it with something, such as `customer.age > 3`"),
        ("customer.name", "a string",
         "compare it with something, such as `customer.name == '…'`"),
        ("customer.joined", "a timestamp",
         "compare it with something, such as `since(customer.joined) < days(3)`"),
        ("customer.tags", "a list(string)",
         "ask about its items, such as `size(customer.tags) > 0`"),
        ("1 + 2", "an int", "compare it with something, such as `x > 3`"),
    ],
)  # fmt: skip
def test_a_condition_is_true_or_false(text: str, kind: str, help_: str) -> None:
    """A value is no condition, and what would make one of it depends on its type."""
    assert found(text) == [("not-a-condition", text, f"this is {kind}, not a condition", help_)]


def test_what_is_expected() -> None:
    """An expression is held against the types it may have; a literal is read as the first."""
    assert found("customer.name", DOUBLE) == [
        ("wrong-type", "customer.name", "this is a string, not a number", "")
    ]
    assert (
        found("customer.tags", STRING, INT)[0][2]
        == "this is a list(string), not a string or an int"
    )
    node = checked("3", DOUBLE, INT)
    assert isinstance(node, tree.Literal)
    assert (type(node.value), node.type) == (float, DOUBLE)


def test_everything_wrong_is_said_at_once() -> None:
    """Nobody has to load a book five times."""
    said = found(
        "customer.teir == 'gold' && customer.tier == 'glod' && customer.age > 2.5 "
        "&& since(customer.joined) > '5 days' && len(customer.tags) > 3"
    )
    assert [code for code, *_ in said] == [
        "undeclared-name",
        "not-in-enum",
        "int-beside-double",
        "spelling",
        "unknown-function",
    ]
    assert [part for _, part, *_ in said] == [
        "customer.teir",
        "'glod'",
        "customer.age",
        "'5 days'",
        "len(customer.tags)",
    ]


def test_one_mistake_is_said_once() -> None:
    """What could not be resolved does not lead to more errors around it."""
    assert len(found("(customer.zzz + 1) * 2.5 > customer.value && has(customer.qqq)")) == 2


def test_a_division_of_ints_is_warned_of() -> None:
    """It is allowed, and seldom meant."""
    warnings: list[Diagnostic] = []
    checked("customer.visits / 2 > 1", warnings=warnings)
    (warning,) = warnings
    assert str(warning) == (
        "expression:1:1: a division of two ints drops the remainder. "
        "help: write `double(a) / double(b)` if you mean a fraction"
    )
    assert (warning.code, warning.severity) == ("int-division", "warning")


@pytest.mark.parametrize(
    "text",
    [
        "customer.value > 2",
        "40 + 0.05 * customer.value > 3",
        "customer.value in [1, 2]",
        "(customer.vip ? 1 : 2) * customer.value > 1",
        "(customer.vip ? 1 : customer.value) > 1.0",
        "default(customer.value, 0) > 1",
        "default(customer.value, customer.vip ? 0 : 1) > 1",
        "customer.scores[0] + 1 > 2",
        "customer.scores.map(s, s * 2)[0] > 2",
        "[1, 2.5].exists(x, x > customer.value)",
        "max(customer.scores) > 3",
        "size(customer.tags) > 2",
    ],
)
def test_an_int_literal_beside_a_double_is_read_as_one(text: str) -> None:
    """The one leniency of rule books, wherever the double comes from."""
    node = checked(text)
    calls = [part for part in tree.walk(node) if isinstance(part, tree.Call)]
    assert all(call.overload for call in calls), "and the types are sure"


# --- dynamic use


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x", "dyn"),
        ("x.y[0]", "dyn"),
        ("x + 1", "int"),
        ("[1, 2u]", "list(dyn)"),
        ("[]", "list(dyn)"),
        ("{'a': 1}", "map(string, int)"),
        ("[[], [1]]", "list(list(int))"),
        ("x ? 1 : 'a'", "dyn"),
        ("x['a'] + 'b'", "string"),
        ("dyn([1]) + [1]", "list(dyn)"),
        ("type(1)", "type(int)"),
        ("1 < 1.0", "bool"),
        ("[1].map(i, string(i))", "list(string)"),
    ],
)
def test_deduced_types(text: str, kind: str) -> None:
    """What is not declared is dynamic, and says nothing about what it meets."""
    assert str(type_of(text)) == kind


def test_a_declared_type_has_to_be_one() -> None:
    """The types given to `check` are read like any other text."""
    with pytest.raises(ExpressionError, match="`strin` is not a type"):
        type_of("x", {"x": "strin"})
    assert str(type_of("x.map(e, e.size())", {"x": "list(string)"})) == "list(int)"
    assert str(type_of("x", {"x": list_of(INT)})) == "list(int)"


def test_presence_of_a_type_is_refused() -> None:
    """`has` of something that is no field at all."""
    with pytest.raises(ExpressionError, match="`has` takes a field, this is a type"):
        type_of("has(google.protobuf.Timestamp)")
