"""Which row was hit, and why an action that a table chooses was not chosen, in sentences."""

from tests.book.test_tables import TABLE, loaded

from nba.engine import Engine

ROW = "(it is {}, by row {} of `next_step`, rules/next.csv:{}) - rules/book.yaml:{}"


def told(customer: dict[str, object], action: str, table: str = TABLE) -> list[str]:
    """Return what is said of an action for a customer."""
    engine = Engine(loaded(table=table))
    account = engine.explain(engine.decide("c-1", customer=customer)).account(action)
    return [account.code, *account.sentences]


def test_an_action_that_another_row_keeps_out():
    """The row that is hit, and its line."""
    gold = {"tier": "gold", "months": 6}
    needs = "needs: Action of the table 'Next step' is mail "
    assert told(gold, "mail") == ["inapplicable", needs + ROW.format("call", 1, 2, 15)]
    engine = Engine(loaded())
    decision = engine.decide("c-1", customer=gold)
    assert decision.action == "call"
    fits = "It fits now: Action of the table 'Next step' is call "
    assert fits + ROW.format("call", 1, 2, 14) in decision.why()


def test_no_row_holds():
    """Then no action is chosen, and what is unknown says so."""
    code, sentence = told({"tier": "bronze", "months": 3}, "call")
    assert code == "inapplicable"
    assert "(it is none, as no row of `next_step` holds)" in sentence


def test_all_rows_of_a_table_that_collects():
    """By their numbers, with the place of the first."""
    table = TABLE.replace("    file", "    hit: collect\n    file")
    gold = {"tier": "gold", "months": 6}
    engine = Engine(loaded(table=table))
    (sentence,) = [line for line in engine.decide("c-1", customer=gold).why() if "fits" in line]
    assert "by rows 1, 2 of `next_step`, rules/next.csv:2" in sentence
