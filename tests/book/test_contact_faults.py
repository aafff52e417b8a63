"""What is wrong with contact policies, budgets and gestures: the code, the place, what to do."""

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.book.test_build import meant
from tests.book.test_contact_policy import MAIN, REST, action, loaded

from nba.book.build import build
from nba.book.source import parse
from nba.errors import BookError, Diagnostic

FAULTS = Path(__file__).with_name("contact_faults.txt")
#: How each sort of thing is written.
FORMS = {
    "limit": "contact_policy: {limits: [{id: x, at_most: 1, window: {rolling: 7d}, @}]}\n",
    "window": "contact_policy: {limits: [{id: x, at_most: 1, window: @}]}\n",
    "suppression": "contact_policy: {suppress: [{@}]}\n",
    "calendar": "calendars: {c: {@}}\n",
    "budget": "budgets: {b: {@}}\n",
    "gesture": action("gesture: {@}"),
    "action": action("@"),
    "file": "@\n",
}


class Fault(NamedTuple):
    """A file, and what is said about it."""

    text: str
    found: str


def faults() -> list[Fault]:
    """Return the cases of the file."""
    lines = FAULTS.read_text(encoding="utf-8").splitlines()
    found = []
    for block in "\n".join(line for line in lines if line[:1] != "#").strip().split("\n\n"):
        first, *said = block.split("\n")
        sort, _, text = first.partition(": ")
        found.append(Fault(FORMS[sort].replace("@", text), "\n".join(map(str.strip, said))))
    return found


def found_in(*texts: str, main: str = MAIN) -> list[Diagnostic]:
    """Return what is found in these files beside the world of the tests."""
    try:
        return loaded(*texts, main=main).warnings
    except BookError as error:
        return list(error.diagnostics)


def said(found: Diagnostic) -> str:
    """Return a diagnostic as the file has it."""
    doubt = "" if found.severity == "error" else "doubt "
    first = f"{doubt}{found.code} at {meant(found.where)}: {found.message}"
    return f"{first}\n{found.help}" if found.help else first


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.text.strip()[:70])
def test_what_is_wrong(fault):
    """One thing, at its place, and what to do about it."""
    assert [said(found) for found in found_in(fault.text)] == [fault.found]


def test_a_month_needs_a_reach_of_a_month():
    """And without a reach nothing is forgotten."""
    text = "contact_policy: {limits: [{id: x, at_most: 1, window: {calendar: month}}]}\n"
    short = MAIN.replace("reach: 400d", "reach: 30d")
    messages = [found.message for found in found_in(text, main=short)]
    assert "the window is longer than the book's `reach`, 30d" in messages
    without = MAIN.replace("reach: 400d\n", "")
    assert found_in(text.replace("calendar: month", "rolling: 5000d"), main=without) == []


def test_the_zone_of_customers_who_have_none():
    """It would always be the book's."""
    rest = REST.replace("timezone: string, ", "")
    text = "calendars: {c: {timezone: customer.timezone, open: {mon: 08:00-20:00}}}\n"
    with pytest.raises(BookError) as raised:
        build([parse(MAIN, "0"), parse(rest, "1"), parse(text, "2")])
    (found,) = raised.value.diagnostics
    assert (found.code, found.message) == (
        *("undeclared-name", "`customer.timezone` is not declared"),
    )
    assert found.help == "declare it as `timezone: string` in the context, or write `book`"


def test_what_has_no_cents():
    """Nor what has three decimals."""
    text = "budgets: {b: {amount: 10.5}}\n"
    (found,) = found_in(text, main=f"{MAIN}currency: JPY\n")
    assert found.message == "`10.5` has more decimals than JPY, which has none"
    assert found.help == "write `10`"
    assert loaded("budgets: {b: {amount: 1.234}}\n", main=f"{MAIN}currency: KWD\n").warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "contact_policy: {limits: [{id: x, per: household, at_most: 1, window: {rolling: 7d}}]}\n",
        "budgets: {b: {count: 1, per: household}}\n",
        action("gesture: {ladder: [{amount: 1}], budgets: b}")
        + "budgets: {b: {amount: 1, per: household}}\n",
    ],
)
def test_the_household_of_a_book_without_one(text):
    """There is nobody to count for."""
    main = MAIN.replace("household: customer.household\n", "")
    rest = REST.replace(", per: household", "")
    with pytest.raises(BookError) as raised:
        build([parse(main, "0"), parse(rest, "1"), parse(text, "2")])
    (found,) = raised.value.diagnostics
    assert (found.code, found.message, meant(found.where), found.help) == (
        "missing-key",
        "the book does not say what a household is",
        "household",
        "add `household:` with a customer field to the file that has `book:`",
    )


@pytest.mark.parametrize(
    "text",
    [
        "ladder: [{amount: 20}, {amount: 10}], budgets: own",
        "ladder: [{amount: 20}, {amount: 10}], at_most: customer.bill",
        "ladder: [{amount: customer.bill}, {amount: 10}]",
        "ladder: [{when: customer.vip, amount: 5}, {amount: 10}]",
        "ladder: [{amount: 20}], authority: {agent: 0, team_lead: 50}",
        "ladder: [{when: customer.vip, amount: 20}, {amount: 5}], authority: {agent: 20}",
        "ladder: [{amount: 0.01}], at_most: 0.01",
    ],
)
def test_what_is_not_doubted(text):
    """A ladder goes down, and a role may give more than there is."""
    assert found_in(action(f"gesture: {{{text}}}")) == []


#: Another action gives something.
GIVES = action("gesture: {ladder: [{amount: 5}]}").replace("{x:", "{y:")
NONE = "`gesture.amount` is what a gesture gives, and the action `x` has none"
LATER = "`gesture.amount` is chosen later, and is not known here"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("say: 'You get {gesture.amount:money}'", NONE),
        ("say: [{when: gesture.amount > 5.0, text: Hi}]", NONE),
        ("value: gesture.amount * 2.0", NONE),
        ("propensity: gesture.amount / 100.0", NONE),
        ("eligible: gesture.amount > 5.0", LATER),
        ("suitable: [{any: [customer.vip, {not: gesture.amount > 5.0}]}]", LATER),
        ("defer_if: gesture.amount > 5.0", LATER),
        ("once_per: 'gesture.amount > 5.0 ? 1 : 2'", LATER),
    ],
)
def test_what_another_action_gives(text, message):
    """It is known only where it is given, and only after it was chosen."""
    (found,) = found_in(GIVES, action(text))
    assert (found.code, found.message) == ("undeclared-name", message)
    assert "gesture.amount" in meant(found.where)


@pytest.mark.parametrize(
    "text",
    [
        "policies: {p: {block_when: gesture.amount > 5.0}}\n",
        "channels: {sms: {consent: gesture.amount > 5.0}}\n",
        "issues: {other: {applicable: gesture.amount > 5.0}}\n",
    ],
)
def test_what_is_given_is_not_known_to_other_rules(text):
    """They are asked before."""
    (found,) = found_in(GIVES, text)
    assert (found.code, found.message) == ("undeclared-name", LATER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "contact_policy: {limits: [{id: a, at_most: 1, window: {rolling: 7d}}]}\n",
            "two limits are called `a`",
        ),
        ("attribution: {within: 30d}\n", "`attribution` is given twice"),
        ("on_store_failure: no_action\n", "`on_store_failure` is given twice"),
    ],
)
def test_what_is_given_in_two_files(text, message):
    """The second is told to go."""
    (found,) = found_in(text, text)
    assert (found.code, found.message) == ("duplicate-id", message)
    assert found.where is not None
    assert found.where.file == "3.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "outcomes: {came: 5}\ncontact_policy: {suppress: [{after: came, for: 1d}]}\n",
        action("takes: mine, gesture: {ladder: [{amount: 5}], budgets: mine}")
        + "budgets: {mine: 5}\n",
        "calendars: {c: 5}\nchannels: {sms: {open: c}}\n",
        "contact_policy: {limits: [{id: x, at_most: x, window: {rolling: 7x}}]}\n",
    ],
)
def test_one_mistake_is_told_once(text):
    """What refers to something faulty is not wrong itself."""
    found = found_in(text)
    assert len(found) == (2 if "7x" in text else 1)


def test_a_rung_above_every_authority_is_passed_over_by_roles():
    """So what comes after it is not doubted; it is itself."""
    (found,) = found_in(
        action("gesture: {ladder: [{amount: 20}, {amount: 10}], authority: {a: 15}}")
    )
    assert found.message == "no role may give `20`: the highest authority is `15.00`"
