"""The telco example and the book in rules/, on a generated sample and on the real data."""

import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from examples import demo
from examples.telco import customers, run

import nba
from nba.author.coverage import Coverage
from nba.author.testing import chosen_tests, run_test, run_tests

ROOT = Path(__file__).resolve().parents[2]
TELCO = ROOT / "examples/telco/rules"
CANDIDATES = ("chosen", "outranked", "below_no_action")


@pytest.fixture(scope="module")
def engine():
    """Return an engine for the telco book."""
    return nba.Engine.open(TELCO)


@pytest.fixture(scope="module", params=["sample", "real"])
def rows(request):
    """Return the lines of the data set, as they are in the file."""
    if request.param == "sample":
        return customers.generate()
    path = customers.data_file()
    if path is None:
        pytest.skip("telco_churn.csv.gz is absent; NBA_DATA names the folder that holds it")
    return customers.rows_of(path)


@pytest.fixture(scope="module")
def decided(engine, rows):
    """Return the lines by customer, and the run over all of them."""
    data = customers.telco(rows, "rows of a test")
    return {row["customerID"]: row for row in rows}, run.decide_all(engine, data)


# Every customer


def test_every_customer_gets_one_decision_and_nothing_is_wrong_with_their_data(decided):
    """What the book declares must fit every line of the file."""
    rows, done = decided
    assert len(done.decisions) == len(rows) == 7_043
    assert {decision.customer for decision in done.decisions} == set(rows)
    assert not [decision for decision in done.decisions if decision.diagnostics]


def test_counts_add_up(decided):
    """Nobody is counted twice, and nobody is lost."""
    _, done = decided
    actions = Counter(decision.action for decision in done.decisions)
    reasons = Counter(decision.reason for decision in done.decisions)
    assert sum(actions.values()) == len(done.decisions)
    assert reasons["chosen"] + actions[None] == len(done.decisions)
    listed = run.by(done.decisions, lambda decision: str(decision.action))
    assert {name: len(found) for name, found in listed} == {str(k): v for k, v in actions.items()}


def test_every_action_wins_somewhere_and_many_are_left_in_peace(engine, decided):
    """A book in which everybody is contacted has no sense of proportion."""
    _, done = decided
    actions = Counter(decision.action for decision in done.decisions)
    assert set(actions) == {*engine.book.actions, None}
    assert 0.2 <= actions[None] / len(done.decisions) <= 0.5


def test_each_action_has_one_code_and_only_the_answer_is_chosen(engine, decided):
    """A code for every action is what makes an explanation complete."""
    _, done = decided
    for decision in done.decisions:
        codes = decision.codes()
        assert codes.keys() == engine.book.actions.keys()
        assert [name for name, code in codes.items() if code == "chosen"] == [
            candidate.action for candidate in decision.ranked
        ]


# Checked by hand, from the lines of the file alone


def risk(row):
    """Return the risk that somebody leaves, as the scorecard of the book describes it."""
    months, internet = int(row["tenure"]), row["InternetService"]
    points = 5
    points += {"Month-to-month": 20, "One year": 0, "Two year": -10}[row["Contract"]]
    points += {"Fiber optic": 15, "DSL": 0, "No": -10}[internet]
    for most, more in ((6, 20), (12, 10), (24, 4), (48, 0), (72, -8)):
        if months <= most:
            points += more
            break
    points += 8 if row["PaymentMethod"] == "Electronic check" else 0
    points += 5 if row["TechSupport"] == "No" else 0
    points += 5 if row["OnlineSecurity"] == "No" else 0
    points += 3 if row["PaperlessBilling"] == "Yes" else 0
    points += 3 if row["SeniorCitizen"] == "1" else 0
    return max(1, min(90, points))


def fiber_support_call(row):
    """Judge the call to fiber customers who have no support."""
    if row["InternetService"] != "Fiber optic" or row["TechSupport"] == "Yes":
        return "ineligible"
    if int(row["tenure"]) > 24:
        return "inapplicable"
    return "unsuitable" if risk(row) < 40 else "candidate"


def loyalty_credit(row):
    """Judge the credit for those who stayed for years and may leave."""
    if int(row["tenure"]) < 36:
        return "ineligible"
    return "unsuitable" if risk(row) < 30 else "candidate"


def two_year_price(row):
    """Judge the price for those whose year runs out."""
    if row["Contract"] != "One year":
        return "ineligible"
    if int(row["tenure"]) < 12:
        return "inapplicable"
    return "unsuitable" if risk(row) < 15 else "candidate"


def streaming_price(row):
    """Judge the offer that goes only by app and e-mail."""
    if row["StreamingTV"] != "Yes" or row["StreamingMovies"] != "Yes":
        return "ineligible"
    if row["Contract"] != "Month-to-month":
        return "ineligible"
    if risk(row) < 25:
        return "unsuitable"
    return "candidate" if row["PaperlessBilling"] == "Yes" else "no_channel:consent"


def family_lines(row):
    """Judge an offer that a policy stops for those who may leave."""
    if risk(row) >= 40:
        return "blocked:no_selling_to_those_about_to_leave"
    if int(row["tenure"]) < 6 or row["PhoneService"] == "No" or row["MultipleLines"] == "Yes":
        return "ineligible"
    return "inapplicable" if row["Dependents"] == "No" else "candidate"


def welcome(row):
    """Judge the welcome of those who had no bill yet."""
    return "inapplicable" if row["TotalCharges"].strip() else "candidate"


@pytest.mark.parametrize(
    "judge",
    [fiber_support_call, loyalty_credit, two_year_price, streaming_price, family_lines, welcome],
)
def test_plain_python_over_the_lines_of_the_file_agrees(decided, judge):
    """Six actions, every customer: the code is the one that a person would work out."""
    rows, done = decided
    action = judge.__name__
    seen: Counter[str] = Counter()
    for decision in done.decisions:
        code = decision.codes()[action]
        seen[expected := judge(rows[decision.customer])] += 1
        assert (code in CANDIDATES) if expected == "candidate" else (code == expected), (
            f"{decision.customer}: {code}, but by hand {expected}"
        )
    assert len(seen) > 1


def test_the_winner_has_the_highest_priority_of_its_tier(engine, rows):
    """Asked for many answers, the engine gives them best first, and the first is the answer."""
    for row in random.Random(7).sample(rows, 200):
        customer = customers.from_row(row)
        best = engine.decide("c", customer=customer, now=run.NOW, commit=False)
        many = engine.decide("c", customer=customer, now=run.NOW, n=20, commit=False)
        assert many.ranked[:1] == best.ranked
        tiers = [candidate.tier for candidate in many.ranked]
        assert tiers == sorted(tiers, key=[tier.name for tier in engine.book.tiers].index)
        for one, other in zip(many.ranked, many.ranked[1:], strict=False):
            assert one.tier != other.tier or one.priority >= other.priority
        assert all(candidate.priority > 14 for candidate in many.ranked)


# The sample


def test_the_sample_has_the_shares_of_the_real_data():
    """Who has no data sees much the same."""
    rows = customers.generate()

    def share(column, value):
        return sum(row[column] == value for row in rows) / len(rows)

    assert share("Contract", "Month-to-month") == pytest.approx(0.550, abs=0.03)
    assert share("Contract", "Two year") == pytest.approx(0.241, abs=0.03)
    assert share("InternetService", "Fiber optic") == pytest.approx(0.440, abs=0.03)
    assert share("PaymentMethod", "Electronic check") == pytest.approx(0.336, abs=0.03)
    assert share("TechSupport", "Yes") == pytest.approx(0.290, abs=0.04)
    assert share("PaperlessBilling", "Yes") == pytest.approx(0.592, abs=0.03)
    assert share("SeniorCitizen", "1") == pytest.approx(0.162, abs=0.03)
    assert share("Churn", "Yes") == pytest.approx(0.265, abs=0.04)
    assert 0 < share("TotalCharges", " ") < 0.005
    months = sorted(int(row["tenure"]) for row in rows)
    assert months[len(rows) // 2] == pytest.approx(29, abs=4)
    assert (months[0], months[-1]) == (0, 72)


def test_the_sample_is_the_same_every_time():
    """A seed is part of the shape."""
    assert customers.generate(50) == customers.generate(50)
    assert customers.generate(50) != customers.generate(50, seed=1)


def test_the_sample_has_the_columns_and_words_of_the_real_data():
    """The same reader reads both."""
    path = customers.data_file()
    if path is None:
        pytest.skip("telco_churn.csv.gz is absent; NBA_DATA names the folder that holds it")
    real, sample = customers.rows_of(path), customers.generate()
    assert list(real[0]) == list(sample[0])
    for column in real[0]:
        words = {row[column] for row in real}
        if len(words) < 10:
            assert {row[column] for row in sample} == words, column


# The command


@pytest.mark.parametrize("present", [True, False])
def test_the_command_says_which_data_it_used(monkeypatch, tmp_path, capsys, present):
    """On the generated sample nothing is said about who left: nobody did."""
    if present and customers.data_file() is None:
        pytest.skip("telco_churn.csv.gz is absent; NBA_DATA names the folder that holds it")
    monkeypatch.chdir(ROOT)
    if not present:
        monkeypatch.setenv("NBA_DATA", str(tmp_path))
    demo.main()
    printed = capsys.readouterr().out
    assert ("generated customers" in printed) is not present
    assert ("left us" in printed) is present
    assert printed.count("=== ") == 3
    assert "(p50)" in printed
    assert "call_back_with_named_agent: chosen" in printed
    assert max(map(len, printed.splitlines())) <= 100


# Books


@pytest.mark.parametrize("folder", ["rules", "examples/telco/rules"])
def test_a_book_loads_without_warnings_and_its_tests_pass(folder):
    """The books that ship must be examples."""
    engine = nba.Engine.open(ROOT / folder)
    assert engine.warnings == ()
    results = run_tests(engine)
    assert [str(f) for result in results for f in result.failures] == []
    assert len(results) >= 20


@pytest.mark.parametrize("folder", ["rules", "examples/telco/rules"])
def test_each_action_of_a_book_wins_in_one_of_its_tests(folder):
    """An action that no test sees is an action that nobody reads."""
    engine = nba.Engine.open(ROOT / folder)
    won = {test.expect.get("action") for test in engine.book.tests}
    won |= {name for test in engine.book.tests for name in test.expect.get("ranked") or ()}
    assert engine.book.actions.keys() - won == set()


@pytest.mark.parametrize("folder", ["rules", "examples/telco/rules"])
def test_the_tests_of_a_book_reach_all_of_it(folder):
    """Every rule and every row, and everything that can come of it."""
    engine = nba.Engine.open(ROOT / folder)
    found = Coverage(engine.book)
    for test in chosen_tests(engine.book):
        run_test(engine, test, found)
    assert [f"{rule.what}: {rule.missing}" for rule in found.unreached] == []
    assert found.percent == 100.0
    assert found.rules.all >= len(engine.book.actions)


def test_the_shipped_book_is_as_large_as_a_small_real_one():
    """Channels, issues, actions of every kind."""
    book = nba.Engine.open(ROOT / "rules").book
    assert len(book.channels) >= 5
    assert len(book.issues) >= 4
    assert len(book.actions) >= 25
    assert len({action.kind for action in book.actions.values()}) == 5
    assert len(book.tests) >= 60
    for action in book.actions.values():
        assert all(treatment.say for treatment in action.treatments), action.id


def test_examples_of_dates_have_not_passed_unseen():
    """An offer with an end is tested inside and outside of its season."""
    book = nba.Engine.open(ROOT / "rules").book
    offer = book.actions["winter_streaming"]
    days = [
        date.fromisoformat(str(test.case["now"])[:10])
        for test in book.tests
        if "winter_streaming" in str(test.expect)
    ]
    first, last = map(date.fromisoformat, (offer.validity.from_text, offer.validity.until_text))
    assert any(first <= day <= last for day in days)
    assert any(day > last for day in days)
