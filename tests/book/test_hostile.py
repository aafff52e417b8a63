"""Books that nobody would write are built or explained, in bounded time, and never crash."""

import time

import pytest
from tests.book.test_build import BOOK

from nba.book.build import build
from nba.book.source import parse
from nba.errors import BookError

MANY = 10_000
WIDE = "conditions:\n  wide:\n    any:\n" + "".join(
    f"      - customer.age == {n}\n" for n in range(5000)
)


def deep(levels: int, opening: str, closing: str, atom: str = "customer.vip") -> str:
    """Return a condition in many groups."""
    return f"conditions:\n  deep: {opening * levels}{atom}{closing * levels}\n"


def each(line: str, section: str = "conditions") -> str:
    """Return a section with many entries, `{n}` and `{next}` standing for their numbers."""
    lines = (line.format(n=n, next=n + 1) for n in range(MANY))
    return f"{section}:\n" + "".join(f"  {text}\n" for text in lines)


ACTION = "a_{n}: {{title: A, group: care/one, kind: offer, channels: [phone], value: {n}}}"
HUGE = "9" * 39
TEXTS = {
    # numbers
    "an int beyond 64 bits": f"decision_points: {{x: {{show: {HUGE}}}}}\n",
    "a value beyond 64 bits": f"scorecards: {{x: {{points: [{{when: true, add: {HUGE}}}]}}}}\n",
    "an int of a megabyte": f"channels: {{x: {{cost: {'9' * 1_000_000}}}}}\n",
    "an expression of one int": f"scoring: {{priority: {HUGE}}}\n",
    "a long int in an expression": f"conditions: {{x: 'customer.age > {'9' * 5000}'}}\n",
    "a large double": "channels: {x: {cost: 1e308}}\nscorecards: {x: {points: [], start: 1e999}}\n",
    "a percentage of many digits": f"issues: {{x: {{lever: {'9' * 400} %}}}}\n",
    "a bound beyond doubles": f"context: {{customer: {{x: {{type: int, min: {HUGE}, max: {HUGE}}}}}}}\n",
    "a default beyond 64 bits": f"context: {{customer: {{x: {{type: int, default: {HUGE}}}}}}}\n",
    "a year of many digits": f"issues: {{x: {{valid_from: {'9' * 12}-01-01}}}}\n",
    "the first day there is": "issues: {x: {valid_from: 0001-01-01, valid_until: 0001-01-01}}\n",
    "a band of many digits": f"scorecards: {{x: {{points: [{{band: 1, points: {{{HUGE}: 1}}}}]}}}}\n",
    # many
    "many conditions": each("c_{n}: customer.age > {n}"),
    "many that need the next": each("c_{n}: condition.c_{next}"),
    "one large circle": each("c_{n}: condition.c_{next}").replace(f"c_{MANY}", "c_0"),
    "many circles": each("c_{n}: condition.c_{n}"),
    "many fields": "context:\n  customer:\n"
    + each("f_{n}: number", "#").partition("\n")[2].replace("  f", "    f"),
    "many unknown names": each("c_{n}: customer.x_{n} > 1"),
    "many unknown keys": each("k_{n}: 1", "policies").replace("policies:\n", "").replace("  ", ""),
    "many bad ids": each("Bad-{n}: true"),
    "many empty values": each("c_{n}:"),
    "many wrong values": each("i_{n}: {n}", "issues"),
    "many actions": each(ACTION, "actions"),
    "many unknown groups": each(ACTION, "actions").replace("care/one", "care/x"),
    "many covered": "kill_switch:\n  - covers:\n      action: ["
    + ", ".join(f"x{n}" for n in range(MANY))
    + "]\n",
    "many tiers": "arbitration:\n  tiers:\n"
    + each("- {{name: t_{n}, when: customer.vip}}", "#").partition("\n")[2],
    "many bands": "scorecards: {x: {points: [{band: customer.age, points: {"
    + ", ".join(f"{n}: 1" for n in range(MANY))
    + "}}]}}\n",
    "many files' worth of tests": "tests:\n"
    + each("- {{name: t, at: web, expect: {{action: cal_{n}}}}}", "#").partition("\n")[2],
    "a wide condition": WIDE,
    "a wide condition with a fault in each": WIDE.replace("customer.age", "customer.agee"),
    # deep
    "deep nots": deep(60, "{not: ", "}"),
    "deep nots over deep nots": deep(60, "{not: ", "}", f"'{'!' * 60}customer.vip'"),
    "deep alls": deep(30, "{all: [customer.vip, ", "]}"),
    "too deep alls": deep(60, "{all: [customer.vip, ", "]}"),
    "deep parentheses": f"conditions: {{x: '{'(' * 2000}customer.vip{')' * 2000}'}}\n",
    "deep lists": f"conditions: {{x: {'[' * 60}{']' * 60}}}\n",
    "deep fields": f"context: {{customer: {'{a: ' * 55}int{'}' * 55}}}\n",
    "deep types": f"context: {{customer: {{x: '{'list(' * 3000}int{')' * 3000}'}}}}\n",
    "deep unknown keys": f"x: {'{a: ' * 60}1{'}' * 60}\n",
    # strange
    "a long wording": "actions:\n  x: {title: x, group: care/one, kind: offer, channels: [phone], say: '"
    + "{" * 200_001
    + "'}\n",
    "a wording of many strings": 'actions:\n  x: {title: x, group: care/one, kind: offer, channels: [phone], say: "{'
    + "'" * 200_001
    + '"}\n',
    "a key of a megabyte": f"{'x' * 1_000_000}: 1\n",
    "an id of a megabyte": f"policies: {{? {'x' * 1_000_000} : {{covers: {{action: {'y' * 100_000}}}, block_when: true}}}}\n",
    "keys with breaks": '"a\\nb": 1\n"[key]": 2\nactions: {"[key]": {"[key]": 3}, "\\n": 4}\n',
    "empty keys": "'': 1\nactions: {'': {'': 2}}\ncontext: {'': {'': 3}, customer: {'': {'': 4}}}\n",
    "numbers as keys": "1: 2\nactions: {1: {2: 3}}\nscorecards: {x: {points: [{1: 2}]}}\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_book_is_built_or_explained(name):
    """The bound is generous: what must not happen is minutes, or a crash."""
    before = time.process_time()
    try:
        warnings = build([parse(BOOK, "book.yaml"), parse(TEXTS[name], "hostile.yaml")]).warnings
        assert len(warnings) < 300
    except BookError as error:
        assert 0 < len(error.diagnostics) < 500
        for found in error.diagnostics:
            assert len(found.render()) < 5000
    assert time.process_time() - before < 30
