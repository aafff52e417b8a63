"""What lint calls impossible, or always so, is: no random case says otherwise."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.decide.strategies import PLAIN_ATOMS, PRESENCE_ATOMS, books, built, cases, conditions
from tests.decide.test_reference import decided

from nba.author.lint import actions, lint
from nba.author.lint import conditions as lint_conditions
from nba.author.lint.survey import Survey
from nba.decide.case import Case
from nba.decide.decision import head
from nba.decide.plan import plan_for
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
    return document


@given(strict_books(), st.lists(cases(), min_size=5, max_size=20))
def test_what_can_never_be_chosen_never_comes_to_arbitration(
    document: dict[str, Any], some: list[Case]
) -> None:
    """Whatever is handed in, the stages before stop it."""
    book = built(document).book
    never = {
        (target.action.id, target.channel.id) for target, _ in actions.impossible(Survey(book))
    }
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
