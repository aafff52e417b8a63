"""Findings: nothing twice, in the order of files, and an end to them."""

import pytest

from nba.book import findings as module
from nba.book.findings import At, Findings, Mends, TooManyError, short
from nba.book.source import parse
from nba.errors import Diagnostic, Place

SOURCE = parse("a: [x, y, z]\nb:\n  c: {d: 1}\n", "f.yaml")


def test_positions():
    """A position knows what stands there, and where."""
    at = At(SOURCE) / "b" / "c"
    assert at.path == ("b", "c")
    assert at.value == {"d": 1}
    assert (at.place.line, at.place.column) == (3, 6)
    assert (at.key_place.line, at.key_place.column) == (3, 3)
    assert (At(SOURCE) / "a" / 1).value == "y"
    assert (At(SOURCE) / "a" / "x").value is None
    assert (At(SOURCE) / "zzz" / 5).value is None


def test_a_name_is_a_key_or_an_item():
    """Channels of an action are written either way."""
    at = At(SOURCE)
    assert (at / "a").named("z").path == ("a", 2)
    assert (at / "b" / "c").named("d").path == ("b", "c", "d")
    assert (at / "a").named("nothing").path == ("a", "nothing")


def test_positions_after_items_were_cut():
    """The document has fewer items than the file, and they stand where they stood."""
    mends = Mends()
    mends.note(("a", 0))
    mends.positions["a",] = [1, 2]
    at = At(SOURCE, (), mends) / "a"
    assert [(at / place).value for place in range(2)] == ["y", "z"]
    assert at.named("z").path == ("a", 2)
    assert at.faulty
    assert At(SOURCE, (), mends).faulty
    assert At(SOURCE, ("a", 0), mends).faulty
    assert not At(SOURCE, ("a", 1), mends).faulty
    assert not At(SOURCE, ("b",), mends).faulty


def test_each_finding_counts_once_and_stands_in_its_place():
    """Those without a place come last."""
    findings = Findings()
    places = [Place("b.yaml", 1, 1), Place("a.yaml", 10, 1), Place("a.yaml", 9, 5), None]
    for place in [*places, *places]:
        findings.report("wrong-value", "x", "", place)
    findings.unknown("tier", "x" * 90, ["y"], At(SOURCE, ("b",)))
    ordered = findings.ordered()
    assert [d.where and (d.where.file, d.where.line) for d in ordered] == [
        *(("a.yaml", 9), ("a.yaml", 10), ("b.yaml", 1)),
        *(("f.yaml", 3), None),
    ]
    assert len(ordered[3].message) < 80
    assert ordered[3].help == "choose from `y`"


def test_there_is_an_end(monkeypatch):
    """To errors with an error, to warnings in silence."""
    monkeypatch.setattr(module, "MAX_ERRORS", 2)
    monkeypatch.setattr(module, "MAX_WARNINGS", 1)
    findings = Findings()
    for n in range(5):
        findings.report("int-division", str(n), warning=True)
    findings.add([Diagnostic("wrong-value", "a"), Diagnostic("wrong-value", "b")])
    with pytest.raises(TooManyError):
        findings.report("wrong-value", "c")
    assert [d.message for d in findings.ordered()][:3] == ["0", "a", "b"]
    assert findings.ordered()[3].code == "too-many"


def test_short():
    """A name of a megabyte does not make a message of one."""
    assert short("x" * 40) == "x" * 40
    assert short("x" * 41) == "x" * 39 + "…"
