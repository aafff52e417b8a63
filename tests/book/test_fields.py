"""Declarations of fields: what they mean, and what is wrong with them."""

import json
from datetime import UTC
from typing import Any

import pytest

from nba.book.fields import Fields, declared_fields
from nba.book.findings import At, Findings
from nba.book.source import parse
from nba.lang.context import FieldSpec
from nba.lang.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    EnumType,
    ObjectType,
    Type,
    list_of,
    map_of,
)
from nba.lang.values import Duration, Timestamp

CHANNELS = ("email", "phone")


def declared(text: str) -> tuple[dict[str, FieldSpec], list[str]]:
    """Return the fields that a mapping below `customer` declares, and the messages."""
    source = parse(f"customer: {text}", "f.yaml")
    findings = Findings()
    at = At(source, ("customer",))
    data: Any = source.data
    specs = declared_fields(data["customer"], "customer", at, findings, channels=CHANNELS, zone=UTC)
    return {spec.path: spec for spec in specs}, [d.message for d in findings.ordered()]


def field(text: str) -> FieldSpec:
    """Return the one field that `x: text` declares without complaint."""
    specs, messages = declared(f"{{x: {text}}}")
    assert messages == []
    return specs["customer.x"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", STRING),
        ("bool", BOOL),
        ("number", DOUBLE),
        ("int", INT),
        ("timestamp", Type("timestamp")),
        ("duration", Type("duration")),
        ("list(string)", list_of(STRING)),
        ("' list( number ) '", list_of(DOUBLE)),
        ("'map(string, int)'", map_of(STRING, INT)),
        ("'map(string, list(bool))'", map_of(STRING, list_of(BOOL))),
        ("list(list(int))", list_of(list_of(INT))),
        ("{type: number}", DOUBLE),
        ("{enum: [a, b]}", EnumType("string", values=("a", "b"))),
        ("{type: string, enum: [a, b]}", EnumType("string", values=("a", "b"))),
        ("{enum: $channels}", EnumType("string", values=CHANNELS)),
    ],
)
def test_types(text, kind):
    """Short and long forms."""
    found = field(text).type
    assert found == kind
    assert getattr(found, "values", None) == getattr(kind, "values", None)


def test_objects_and_lists_of_objects():
    """A mapping declares fields below its name; `list:` the fields of each item."""
    specs, messages = declared("{consent: {email: bool, sms: {type: bool, default: false}}}")
    assert messages == []
    assert specs["customer.consent.sms"].default is False
    assert list(specs) == ["customer.consent.email", "customer.consent.sms"]
    items = field("{list: {amount: number, tier: {enum: [a]}}}").type.args[0]
    assert isinstance(items, ObjectType)
    assert items.fields["amount"] == DOUBLE
    specs, messages = declared("{device: {type: {enum: [a, b]}, model: string}}")
    assert (list(specs), messages) == (["customer.device.type", "customer.device.model"], [])


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("{type: number, default: 1}", 1.0),
        ("{type: int, default: 1}", 1),
        ("{type: timestamp, default: 2026-03-01}", Timestamp(1772323200_000000000)),
        ("{type: duration, default: 90s}", Duration(90_000000000)),
        ("{type: list(string), default: [a]}", ["a"]),
        ("{type: 'map(string, number)', default: {a: 1}}", {"a": 1.0}),
        ("{list: {a: number}, default: [{a: 1}]}", [{"a": 1.0}]),
        ("{enum: [a, b], default: b}", "b"),
        ("{type: bool, default: false}", False),
    ],
)
def test_defaults_are_read_as_values_are(text, default):
    """With the type that conditions see."""
    found = field(text).default
    assert found == default
    assert type(found) is type(default)


def test_bounds_and_titles():
    """They say more about a field than its type."""
    found = field("{type: int, min: 0, max: 150, title: age in years}")
    assert (found.minimum, found.maximum, found.title) == (0.0, 150.0, "age in years")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("float", "`float` is not a type"),
        ("5", "`customer.x` needs a type"),
        ("''", "`customer.x` needs a type"),
        ("'map(int, string)'", "`map(int, string)` is not a type"),
        ("list(strin)", "`list(strin)` is not a type"),
        (f"{'list(' * 9}int{')' * 9}", "is not a type"),
        (f"{'list(' * 5000}int{')' * 5000}", "is not a type"),
        ("{}", "`customer.x` declares nothing"),
        ("{min: 0}", "the field `customer.x` needs `type`"),
        ("{type: number, enum: [a]}", "`type` and `enum` exclude each other"),
        ("{enum: [a], list: {a: int}}", "`enum` and `list` exclude each other"),
        ("{enum: []}", "the values of `customer.x` must be a list of words"),
        ("{enum: [a, 1]}", "the values of `customer.x` must be a list of words"),
        ("{enum: [a, b, a]}", "`a` is listed twice"),
        ("{enum: $chanels}", "the values of `customer.x` must be a list of words"),
        ("{list: {}}", "`list` of `customer.x` must be a mapping of fields"),
        ("{list: string}", "`list` of `customer.x` must be a mapping of fields"),
        ("{list: {a: {b: int}}}", "`customer.x.a.b` says too much"),
        ("{list: {a: {type: int, default: 1}}}", "`customer.x.a` says too much"),
        ("{list: {a: flot}}", "`flot` is not a type"),
        ("{type: number, unit: EUR}", "`unit` is not a key of a field"),
        ("{type: number, title: 5}", "`title` must be text"),
        ("{type: number, min: a}", "`min` must be a number"),
        ("{type: number, min: true}", "`min` must be a number"),
        ("{type: number, max: .inf}", "`max` must be a number"),
        ("{type: string, max: 5}", "`max` is for numbers only"),
        ("{type: number, min: 2, max: 1}", "`min` is above `max`"),
        ("{type: number, min: 2, default: 1}", "the default of `customer.x` does not fit"),
        ("{enum: [a], default: b}", "the default of `customer.x` does not fit"),
        ("{type: int, default: 1.5}", "the default of `customer.x` does not fit"),
    ],
)
def test_what_is_wrong(text, message):
    """One finding each, and the field is declared all the same, so that others can use it."""
    specs, (found,) = declared(f"{{x: {text}}}")
    assert message in found
    assert list(specs) == ["customer.x"]


def test_a_field_whose_type_cannot_be_told_is_dynamic():
    """What uses it is then not wrong as well."""
    specs, _ = declared("{x: float, y: {enum: 5}, z: {type: number, min: a}}")
    assert [spec.type for spec in specs.values()] == [DYN, DYN, DOUBLE]


@pytest.mark.parametrize("name", ["a-b", "1a", "a b", "é", "a.b", ""])
def test_names_that_no_expression_could_use(name):
    """They would be declared in vain."""
    specs, (message,) = declared(json.dumps({name: "string"}))
    assert specs == {}
    assert "cannot be the name of a field" in message


def test_unknown_channels_are_any_text():
    """Where the channels cannot be read, no name of one is wrong."""
    source = parse("customer: {x: {enum: $channels}}", "f.yaml")
    data: Any = source.data
    at = At(source, ("customer",))
    specs = declared_fields(data["customer"], "customer", at, Findings(), channels=None, zone=UTC)
    assert specs == [FieldSpec("customer.x", STRING)]


def test_fields_of_several_files_are_one_world():
    """Unless two of them declare the same."""
    source = parse("{a: {b: int}, c: int, d: {e: int}}", "f.yaml")
    findings = Findings()
    fields = Fields(findings)
    at = At(source)
    fields.add([FieldSpec("customer.a.b", INT), FieldSpec("customer.c", INT)], at)
    fields.add([FieldSpec("customer.a.d", INT)], at)
    assert findings.ordered() == []
    clashes = ("customer.a.b", "customer.c.d", "customer.a", "interaction.present")
    for path in clashes:
        fields.add([FieldSpec(path, INT)], at)
    assert len(findings.ordered()) == len(clashes)
    assert all(found.code == "duplicate-id" for found in findings.ordered())
    assert sorted(fields.by_path) == ["customer.a.b", "customer.a.d", "customer.c"]


def test_a_private_field_is_one_by_its_declaration() -> None:
    """It says so with `true`; whatever else it says stays."""
    assert field("{type: string, private: true}") == FieldSpec("customer.x", STRING, private=True)
    assert not field("{type: string, private: false}").private
    found = field("{type: number, min: 0, default: 1, title: t, private: true}")
    assert found == FieldSpec("customer.x", DOUBLE, 1.0, 0.0, None, "t", private=True)
    assert field("{list: {amount: number}, private: true}").private


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{type: string, private: yes}", "`private` is `true` or `false`"),
        ("{private: true}", "the field `customer.x` needs `type`"),
        ("{list: {who: {type: string, private: true}}}", "`customer.x.who` says too much"),
    ],
)
def test_what_is_private_is_said_plainly(text: str, said: str) -> None:
    """Of a field as a whole, in one word."""
    _, messages = declared(f"{{x: {text}}}")
    assert any(said in message for message in messages), messages


def test_a_field_can_be_called_private() -> None:
    """It is a name like any other where it does not say `true`."""
    specs, messages = declared("{x: {private: bool}}")
    assert (list(specs), messages) == (["customer.x.private"], [])
