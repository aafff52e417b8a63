"""`nba show`: what is in a book, in words, each with its place."""

from pathlib import Path

from tests.cli.conftest import Run, line_of


def test_a_book_has_an_overview(nba: Run):
    """Its actions by issue and group, then what bears on them."""
    ran = nba("show", "rules")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("book small: A small book\n\nactions\n")
    place = f"rules/book.yaml:{line_of('call_back:')}"
    assert f"\n      `call_back`: Call back  {place}\n" in ran.out
    assert "\npolicies\n  `no_selling`  rules/book.yaml:" in ran.out
    assert "\ntiers\n  `help first`" in ran.out


def test_an_action_is_shown_with_all_that_bears_on_it(nba: Run):
    """Its own rules and those of others, in words."""
    ran = nba("show", "rules", "upgrade")
    assert (ran.code, ran.err) == (0, "")
    head, *rest = ran.out.splitlines()
    assert head == f"action upgrade: Something bigger  rules/book.yaml:{line_of('upgrade:')}"
    assert f"  customer tier is gold  rules/book.yaml:{line_of('eligible:')}" in rest
    stop = "  `no_selling`, while interaction intent is cancel"
    assert f"{stop}  rules/book.yaml:{line_of('no_selling:')}" in rest
    assert "  email: to contact them needs: customer consent email is true" in ran.out
    assert "  value: 0.1 times customer lifetime value" in ran.out
    assert "\ntests that name it\n  good customers get more  rules/tests.yaml:" in ran.out


def test_json_has_the_same(nba: Run):
    """A list, since an id may belong to two things."""
    (found,) = nba("show", "rules", "no_selling", "--json").json()
    assert (found["kind"], found["id"]) == ("policy", "no_selling")
    sections = {each["heading"]: each["lines"] for each in found["sections"]}
    place = f"rules/book.yaml:{line_of('upgrade:')}"
    assert sections["actions"] == [{"says": "`upgrade`: Something bigger", "where": place}]
    assert nba("show", "rules", "--json").json()[0]["kind"] == "book"


def test_an_id_of_two_things_shows_both(nba: Run, folder: Path):
    """A condition may be called like a moment."""
    (folder / "rules/more.yaml").write_text("conditions: {upgrade: customer.tier == 'gold'}\n")
    assert [each["kind"] for each in nba("show", "rules", "upgrade", "--json").json()] == [
        "action",
        "condition",
    ]


def test_a_slip_is_explained(nba: Run):
    """What was meant is near."""
    ran = nba("show", "rules", "upgrad")
    assert ran == (
        2,
        "",
        "error: the book has nothing called `upgrad`\n  help: did you mean `upgrade`?\n",
    )
    assert nba("show", "rules", "").code == 2
    assert "help: `nba show rules` says what it has\n" in nba("show", "rules", "qqq").err


def test_a_broken_book_is_not_shown(nba: Run, folder: Path):
    """Its errors are."""
    (folder / "rules/more.yaml").write_text("conditions: {a: customer.teir == 'gold'}\n")
    ran = nba("show", "rules")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean `customer.tier`?" in ran.err
