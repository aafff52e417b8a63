"""`# nba: allow`: which line a comment is about."""

from hypothesis import given
from hypothesis import strategies as st

from nba.author.lint.allowed import without_allowed
from nba.book.source import parse
from nba.errors import Diagnostic, Place

ALLOW = "# nba: allow never-true"
LINES = st.sampled_from(["a: 1", f"b: 2 {ALLOW}", ALLOW, "# of no matter", ""])


@given(st.lists(LINES, max_size=8))
def test_a_comment_alone_is_about_the_next_line_that_is_none(lines: list[str]) -> None:
    """One at the end of a line is about that line."""
    source = parse("\n".join(lines), "b.yaml")
    for number, line in enumerate(lines, 1):
        found = Diagnostic("never-true", "never", "", Place("b.yaml", number, 1), "warning")
        above = lines[: number - 1]
        while above and above[-1].startswith("#"):
            if above.pop() == ALLOW:
                above = [ALLOW]
                break
        stacked = above[-1:] == [ALLOW]
        allowed = not line.startswith("#") and (ALLOW in line or stacked)
        assert (found not in without_allowed([found], [source])) is allowed
