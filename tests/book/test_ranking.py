"""Scorecards, weights, tiers, decision points and kill switches."""

import pytest
from tests.book.test_build import BOOK

from nba.book.build import build
from nba.book.model import Book, Covers, NoAction, Tier
from nba.book.source import parse
from nba.errors import BookError


def book(*texts: str) -> Book:
    """Return a book with these files, which has nothing wrong."""
    built = build([parse(BOOK, "b"), *(parse(text, f"{n}") for n, text in enumerate(texts))])
    assert built.warnings == []
    return built.book


def problems(*texts: str) -> list[tuple[str, str]]:
    """Return the codes and messages of what is wrong with these files."""
    with pytest.raises(BookError) as raised:
        book(*texts)
    return [(d.code, d.message) for d in raised.value.diagnostics]


def test_scorecards():
    """Lines with a condition, and lines with bands, which are kept in order."""
    text = """\
scorecards:
  risk:
    start: 5
    max: 10
    points:
      - {when: customer.vip, add: -2}
      - {band: customer.spend, points: {"100..": 3, "..0": 1, "(0..100)": 2}}
"""
    card = book(text).scorecards["risk"]
    assert (card.start, card.minimum, card.maximum) == (5.0, None, 10.0)
    first, second = card.points
    assert (first.when is not None, first.add, first.bands) == (True, -2.0, ())
    assert [(band.text, points) for band, points in second.bands] == [
        *(("..0", 1.0), ("(0..100)", 2.0), ("100..", 3.0)),
    ]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("{}", "wrong-value", "a line of a scorecard says how many points it gives"),
        ("{when: customer.vip}", "missing-key", "a line of a scorecard with `when` needs `add`"),
        ("{add: 1}", "missing-key", "a line of a scorecard with `add` needs `when`"),
        (
            "{band: customer.spend}",
            "missing-key",
            "with `band` needs `points`",
        ),
        ('{points: {"1": 1}}', "missing-key", "a line of a scorecard with `points` needs `band`"),
        ("{when: customer.vip, add: 1, band: customer.age}", "wrong-value", "do not go together"),
        ('{band: customer.age, points: {"x": 1}}', "wrong-value", "`x` is not a band"),
        ('{band: customer.age, points: {"0..2": 1, "1": 1}}', "wrong-value", "overlap"),
        ('{band: customer.age, points: {"0..1": 1, "1..2": 1}}', "wrong-value", "overlap"),
        ('{band: customer.vip, points: {"0": 1}}', "wrong-type", "this is a bool"),
    ],
)
def test_what_is_wrong_with_a_line(line, code, message):
    """Each once."""
    ((found, text),) = problems(f"scorecards:\n  risk:\n    points:\n      - {line}\n")
    assert found == code
    assert message in text


def test_touching_bands_do_not_overlap():
    """If one of them leaves the end out."""
    line = '{band: customer.spend, points: {"[0..1)": 1, "1..2": 2, "(2..)": 3}}'
    (found,) = book(f"scorecards: {{x: {{points: [{line}]}}}}\n").scorecards["x"].points
    assert [1.0 in band for band, _ in found.bands] == [False, True, False]
    assert [2.5 in band for band, _ in found.bands] == [False, False, True]


@pytest.mark.parametrize(
    ("field", "bands", "hole"),
    [
        ("spend", '"0..2": 1, "4..": 3', "`(2..4)`"),
        ("spend", '"[0..2)": 1, "(2..4]": 3', "`2`"),
        ("age", '"0..2": 1, "4..": 3', "`3`"),
        ("age", '"0..2": 1, "[5..7)": 3', "`3..4`"),
        ("spend", '"0..2": 1, "3..": 3', "`(2..3)`"),
        ("age", '"..2": 1, "(2..4)": 3, "4": 1', ""),
    ],
)
def test_a_hole_between_bands_is_warned_of(field, bands, hole):
    """What is in no band gives no points, which is seldom meant."""
    line = f"{{band: customer.{field}, points: {{{bands}}}}}"
    text = f"scorecards: {{x: {{points: [{line}]}}}}\n"
    warnings = build([parse(BOOK, "b"), parse(text, "f")]).warnings
    says = ", so it gives no points"
    if field == "spend" and ".." in hole:
        says = ": numbers between the bands give no points"
    expected = [f"no band holds {hole}{says}"] if hole else []
    assert [found.message for found in warnings] == expected


@pytest.mark.parametrize(
    ("tiers", "covered"),
    [
        ("[{name: a, covers: {kind: offer}}]", False),
        ("[{name: a, when: customer.vip}]", False),
        ("[{name: a, covers: {kind: offer}}, {name: b}]", True),
        ("[{name: a, covers: {channel: email}}, {name: b, covers: {channel: phone}}]", True),
        ("[{name: a, covers: {channel: email}}, {name: b, covers: {kind: offer}}]", False),
    ],
)
def test_tiers_that_leave_something_out_are_warned_of(tiers, covered):
    """What no tier covers is never chosen."""
    text = f"arbitration: {{tiers: {tiers}}}\n"
    warnings = build([parse(BOOK, "b"), parse(text, "f")]).warnings
    message = "no tier covers everything: what none covers is never chosen"
    assert [found.message for found in warnings] == ([] if covered else [message])


def test_scoring_is_the_sum_of_files():
    """Weights in an order that does not depend on it; one formula."""
    one = "scoring: {weights: [{add: 20 %}, {add: 10 %, covers: {kind: offer}}]}\n"
    two = "scoring:\n  priority: propensity * customer.spend + value\n  weights: [{add: -5 %}]\n"
    first, second = book(one, two), book(two, one)
    assert first.scoring == second.scoring
    assert first.version == second.version
    assert sorted(weight.add for weight in first.scoring.weights) == [-5.0, 10.0, 20.0]
    assert first.scoring.priority is not None
    assert first.scoring.priority.text == "propensity * customer.spend + value"
    assert problems(two, "scoring: {priority: value}\n") == [
        ("duplicate-id", "`priority` is given twice, first at 0:2:3")
    ]


def test_the_factors_are_known_in_the_formula_only():
    """Elsewhere they have no value yet."""
    text = "scoring: {weights: [{when: value > 1.0, add: 20 %}]}\n"
    assert [code for code, _ in problems(text)] == ["undeclared-name"]


def test_tiers_and_no_action():
    """In the order of the file; everything belongs to one where there are none."""
    assert book().tiers == (Tier("everything", None, Covers()),)
    assert book().no_action == NoAction()
    text = (
        "arbitration: {tiers: [{name: b}, {name: a, when: customer.vip}], no_action: {priority: 2}}"
    )
    found = book(f"{text}\n")
    assert [tier.name for tier in found.tiers] == ["b", "a"]
    assert found.no_action.priority == 2.0
    assert problems(f"{text}\n", "arbitration: {tiers: [{name: c}]}\n") == [
        ("order-split", "tiers stand in several files, first at 0:1:15")
    ]


def test_decision_points_and_kill_switches():
    """With what they show, and what they stop."""
    text = """\
decision_points:
  web: {channel: email, covers: {issue: care}, show: 3, at_most_per: {group: 1}}
kill_switch:
  - {title: b, covers: {action: call}}
  - {title: a, covers: {action: call}}
"""
    found = book(text)
    point = found.decision_points["web"]
    assert (point.channel, point.show, point.at_most_per) == ("email", 3, {"group": 1})
    assert [stop.title for stop in found.kill_switch] == ["a", "b"]
