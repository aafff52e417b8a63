"""`nba schema`: the JSON Schema that editors read."""

from tests.cli.conftest import Run

from nba.book.documents import schema


def test_the_schema_is_printed_as_json(nba: Run):
    """It is that of the documents, and names the dialect it is written in."""
    ran = nba("schema")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json() == schema()
    assert ran.json()["$schema"].startswith("https://json-schema.org/")


def test_it_takes_no_arguments(nba: Run):
    """There is one schema."""
    assert nba("schema", "rules").code == 2
