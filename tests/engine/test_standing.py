"""How a decision stands, and why one of the log was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.contacts import BOOK, Clock, world

from nba import CaseError, Engine, UnknownDecisionError
from nba.book.build import build
from nba.book.source import parse
from nba.record.log import DecisionLog
from nba.record.reading import record_in

PRIVATE = BOOK.replace("wants_more: {type: bool,", "wants_more: {type: bool, private: true,")


def test_an_unknown_decision_has_no_standing() -> None:
    """A preview, no answer, or an invention: it says which it may be."""
    care = world()
    preview = care.decide(channel="chat", customer={"wants_more": True}, commit=False)
    for id_ in (preview.id, care.decide().id, "d-0"):
        with pytest.raises(UnknownDecisionError, match="was a preview or gave no answer"):
            care.engine.standing(id_)


def test_what_came_of_a_kept_answer_is_told_of_both() -> None:
    """Outcomes and approvals are those of the decision that gave it first."""
    care = world()
    care.missed("a-1")
    first = care.decide(channel="chat", role="agent", n=2)
    kept = care.decide(channel="email", role="agent")
    care.engine.record(kept.id, "clicked", key="twice")
    care.engine.record(first.id, "presented", action="call_back")
    care.engine.approve(kept.id, "Ann", "team_lead", agreed=False)
    one, two = care.engine.standing(first.id).answers
    (three,) = care.engine.standing(kept.id).answers
    assert (one.action, one.kept_from, one.approved_by) == (
        "apology_credit",
        None,
        "Ann (team_lead)",
    )
    assert one.gesture is not None
    assert (str(one.gesture.amount), one.gesture.approval) == ("20.00", "refused")
    assert [(came.outcome, came.key) for came in one.outcomes] == [("clicked", "twice")]
    assert [came.outcome for came in two.outcomes] == ["presented"]
    assert (three.kept_from, three.outcomes, three.gesture) == (first.id, one.outcomes, one.gesture)
    assert care.engine.standing(first.id).to_dict()["answers"][1]["action"] == "call_back"


@pytest.mark.parametrize("name", ["log.jsonl", "log.db"])
def test_a_decision_of_the_log_is_explained(tmp_path: Path, name: str) -> None:
    """As the engine that made it explains it, with and without an answer."""
    with open_engine(BOOK, tmp_path / name) as engine:
        for number in range(20):
            customer = {"wants_more": number % 2 == 0, "tier": "gold"}
            made = engine.decide(f"c-{number}", customer=customer, interaction={"channel": "chat"})
            decision, found = engine.explain_logged(made.id)
            assert (decision, decision.id, decision.diagnostics) == (
                made,
                made.id,
                made.diagnostics,
            )
            assert found == engine.explain(made)
            assert decision.codes() == made.codes()
        with pytest.raises(UnknownDecisionError, match="is in the log"):
            engine.explain_logged("d-0")


def open_engine(book: str, path: Path | None) -> Engine:
    """Open an engine that logs."""
    log = DecisionLog.open(path) if path is not None else None
    return Engine(build([parse(book, "book.yaml")]), clock=Clock(), log=log)


def test_what_cannot_be_explained_says_why(tmp_path: Path) -> None:
    """Without a log, by another book, and where what a rule read is private."""
    path = tmp_path / "log.db"
    with pytest.raises(CaseError, match="keeps no decision log"):
        world().engine.explain_logged("d-0")
    with open_engine(PRIVATE, path) as engine:
        made = engine.decide("c", customer={"wants_more": True}, interaction={"channel": "chat"})
        with pytest.raises(CaseError, match=r"private, since `customer.wants_more` was left out"):
            engine.explain_logged(made.id)
    with (
        open_engine(BOOK, path) as other,
        pytest.raises(CaseError, match=r"other version, since version \w+ of the book made it"),
    ):
        other.explain_logged(made.id)


def test_the_last_record_with_an_id_is_found(tmp_path: Path) -> None:
    """Also where the log was cut, and where text looks like an id."""
    path = tmp_path / "log.jsonl"
    with open_engine(BOOK, path) as engine:
        ids = [engine.decide(f'"id":"d-{n}"', customer={"tier": "gold"}).id for n in range(50)]
    with path.open("a") as file:
        file.write('{"format":1,"id":"d-cut","cust')
    for id_ in ids:
        found = record_in(path, id_)
        assert found is not None
        assert found.id == id_
    assert record_in(path, "d-cut") is None
    assert record_in(path, "d-7") is None
    path.write_text("")
    assert record_in(path, "d-7") is None
