"""What lint calls impossible, or always so, is: no random case says otherwise."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.decide.strategies import PLAIN_ATOMS, PRESENCE_ATOMS, books, built, cases, conditions
from tests.decide.test_reference import decided

from nba.author.lint import conditions as lint_conditions
from nba.author.lint import lint, missing, rivals
from nba.author.lint.survey import Survey
from nba.decide.case import Case
from nba.decide.decision import head
from nba.decide.planner import plan_for
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.reference import judge

#: Codes of the stages that lint reasons about.
STOPPED = {
    *("unavailable", "ineligible", "blocked", "inapplicable", "unsuitable"),
    *("no_channel", "deferred"),
}


@st.composite
def strict_books(draw: st.DrawFn) -> dict[str, Any]:
    """Draw books with many conditions, so that some exclude or repeat each other."""
    document = draw(books())
    gates = st.lists(conditions(PLAIN_ATOMS | PRESENCE_ATOMS), max_size=3)
    for section in ("issues", "actions"):
        for level in document[section].values():
            level["eligible"] = [*level.get("eligible", []), *draw(gates)]
    if draw(st.booleans()):
        for action in document["actions"].values():
            action |= {"kind": "offer", "applicable": ["interaction.sentiment < 0"]}
    return document


@given(strict_books(), st.lists(cases(), min_size=5, max_size=20))
def test_what_can_never_be_chosen_never_comes_to_arbitration(
    document: dict[str, Any], some: list[Case]
) -> None:
    """Whatever is handed in, the stages before stop it."""
    book = built(document).book
    survey = Survey(book)
    targets = [survey.targets[number] for number in survey.impossible]
    never = {(target.action.id, target.channel.id) for target in targets}
    if not never:
        return
    plan = plan_for(book)
    for case in some:
        codes = decided(plan, case).codes()
        for treatment in never:
            assert head(codes[treatment]) in STOPPED, (treatment, codes[treatment])


@given(strict_books(), st.lists(cases(), min_size=5, max_size=20))
def test_what_is_decided_is_decided_so(document: dict[str, Any], some: list[Case]) -> None:
    """A condition that is never false, or never true, or follows from another."""
    book = built(document).book
    survey = Survey(book)
    always = list(lint_conditions.decided(survey, holds=True))
    never = list(lint_conditions.decided(survey, holds=False))
    implied = list(lint_conditions.implied(survey))
    if not (always or never or implied):
        return
    plan = plan_for(book)
    for case in some:
        fields = book.shape.known(decided(plan, case).view.slots)

        def verdict(condition: Any, fields: dict[str, object] = fields) -> bool | None:
            return judge(condition.tree, fields, BOOK_FUNCTIONS)

        assert all(verdict(condition) is not False for condition in always)
        assert all(verdict(condition) is not True for condition in never)
        for condition, _, other in implied:
            assert verdict(other) is not True or verdict(condition) is True


@given(strict_books())
def test_lint_never_fails(document: dict[str, Any]) -> None:
    """Whatever a valid book says."""
    for found in lint(built(document).book):
        assert found.severity == "warning"
        assert found.where is not None


@st.composite
def ranked_books(draw: st.DrawFn) -> dict[str, Any]:
    """Draw books in which priorities are mostly constant, and nothing is shown second."""
    document = draw(books())
    document["scoring"].pop("priority", None)
    document["decision_points"] = {"screen": {"channel": "chat"}}
    plain = st.sampled_from([1, 5, 20, 33.25, "customer.risk * 40", "customer.vip ? 5.0 : 50.0"])
    some = st.lists(st.sampled_from(["customer.vip", "customer.value > 0", "customer.value > 10"]))
    for action in document["actions"].values():
        action |= {"value": draw(plain), "eligible": draw(some), "lever": "0 %"}
        action.pop("say", None)
        action["channels"] = draw(
            st.lists(st.sampled_from(["app", "chat"]), min_size=1, unique=True)
        )
    return document


@given(ranked_books(), st.lists(cases(), min_size=5, max_size=20))
def test_what_never_comes_first_never_does(document: dict[str, Any], some: list[Case]) -> None:
    """Neither before another that is always better, nor before doing nothing."""
    book = built(document).book
    survey = Survey(book)
    never = {name for name, _ in rivals.worthless(survey)}
    never |= {action.id for action, _ in rivals.never_first(survey)}
    if not never:
        return
    plan = plan_for(book)
    for case in some:
        if case.at != "page":
            ranked = decided(plan, case, 1).ranked
            assert not ranked or ranked[0].action not in never


@given(strict_books(), st.lists(cases(), min_size=5, max_size=20))
def test_what_goes_out_only_while_somebody_is_there(
    document: dict[str, Any], some: list[Case]
) -> None:
    """Without an interaction, what is unknown then stops it."""
    book = built(document).book
    survey = Survey(book)
    rules = missing.Unguarded(survey)
    stopped = [
        (target.action.id, target.channel.id)
        for number, target in enumerate(survey.targets)
        if target.channel.direction != "inbound" and rules.stopping(number, target)
    ]
    if not stopped:
        return
    plan = plan_for(book)
    for case in some:
        if case.interaction is None:
            codes = decided(plan, case).codes()
            assert all(head(codes[treatment]) in STOPPED for treatment in stopped)
