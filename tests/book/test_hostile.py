"""Books that nobody would write are built or explained, in bounded time, and never crash."""

import time

import pytest
from tests.book.test_build import BOOK

from nba.book.build import build
from nba.book.source import parse
from nba.errors import BookError

MANY = 10_000


def deep(levels: int, opening: str, closing: str, atom: str = "customer.vip") -> str:
    """Return a condition in many groups."""
    return f"conditions:\n  deep: {opening * levels}{atom}{closing * levels}\n"


def lines(line: str, head: str, many: int = MANY) -> str:
    """Return a head with many lines below it, `{n}` and `{next}` standing for their numbers."""
    return f"{head}\n" + "".join(f"{line.format(n=n, next=n + 1)}\n" for n in range(many))


def named(line: str) -> str:
    """Return many named conditions."""
    return lines(f"  c_{{n}}: {line}", "conditions:")


def action(line: str) -> str:
    """Return an action with one line more."""
    keys = ("title: x", "group: care/one", "kind: offer", "channels: [phone]", line)
    return "actions:\n  x:\n" + "".join(f"    {key}\n" for key in keys)


def card(points: str) -> str:
    """Return a scorecard with one line."""
    return f"scorecards:\n  x:\n    points:\n      - {points}\n"


LIMITS = "contact_policy:\n  limits:"
PAUSE = "contact_policy:\n  suppress:"
ACTIONS = "  a_{n}: {{title: A, group: care/one, kind: offer, channels: [phone], value: {n}}}"
WIDE = lines("      - customer.age == {n}", "conditions:\n  wide:\n    any:", 5000)
HUGE = "9" * 39
FIELD = "context:\n  customer:\n    x: "
TEXTS = {
    # numbers
    "an int beyond 64 bits": f"decision_points: {{x: {{show: {HUGE}}}}}\n",
    "points beyond 64 bits": card(f"{{when: true, add: {HUGE}}}"),
    "an int of a megabyte": f"channels: {{x: {{cost: {'9' * 1_000_000}}}}}\n",
    "an expression of one int": f"scoring: {{priority: {HUGE}}}\n",
    "a long int in an expression": f"conditions: {{x: 'customer.age > {'9' * 5000}'}}\n",
    "a large double": "channels: {x: {cost: 1e308}}\nscorecards: {x: {points: [], start: 1e999}}\n",
    "a percentage of many digits": f"issues: {{x: {{lever: {'9' * 400} %}}}}\n",
    "a bound beyond doubles": f"{FIELD}{{type: int, min: {HUGE}, max: {HUGE}}}\n",
    "a default beyond 64 bits": f"{FIELD}{{type: int, default: {HUGE}}}\n",
    "a year of many digits": f"issues: {{x: {{valid_from: {'9' * 12}-01-01}}}}\n",
    "the first day": "issues: {x: {valid_from: 0001-01-01, valid_until: 0001-01-01}}\n",
    "a band of many digits": card(f"{{band: 1, points: {{{HUGE}: 1}}}}"),
    "an amount beyond doubles": f"budgets: {{x: {{amount: {HUGE}}}}}\n",
    "an amount of many decimals": "budgets: {x: {amount: 0.1234567890123456789}}\n",
    "a tiny amount": f"{action('gesture: {ladder: [{amount: 5e-324}], at_most: 1e308}')}",
    "an amount that is none": f"{action('gesture: {ladder: [{amount: 1e999}]}')}",
    "a limit beyond 64 bits": f"{LIMITS}\n    - {{id: x, at_most: {HUGE}, window: {{}}}}\n",
    "a window of many digits": f"budgets: {{x: {{count: 1, window: {{rolling: {HUGE}d}}}}}}\n",
    "hours of many digits": f"calendars: {{x: {{open: {{mon: {HUGE}-{HUGE}}}}}}}\n",
    "the first and last days": "calendars: {x: {open: {mon: 00:00-24:00}, closed: [0001-01-01, "
    "9999-12-31, 0000-00-00]}}\n",
    # many
    "many conditions": named("customer.age > {n}"),
    "many that need the next": named("condition.c_{next}"),
    "one large circle": named("condition.c_{next}").replace(f"c_{MANY}", "c_0"),
    "many circles": named("condition.c_{n}"),
    "many unknown names": named("customer.x_{n} > 1"),
    "many empty values": named(""),
    "many fields": lines("    f_{n}: number", "context:\n  customer:"),
    "many unknown keys": lines("k_{n}: 1", ""),
    "many bad ids": lines("  Bad-{n}: true", "policies:"),
    "many wrong values": lines("  i_{n}: {n}", "issues:"),
    "many actions": lines(ACTIONS, "actions:"),
    "many unknown groups": lines(ACTIONS, "actions:").replace("care/one", "care/x"),
    "many covered": lines("        - x_{n}", "kill_switch:\n  - covers:\n      action:"),
    "many tiers": lines("    - {{name: t_{n}, when: customer.vip}}", "arbitration:\n  tiers:"),
    "many bands": lines("          {n}: 1", f"{card('band: customer.age')}        points:"),
    "many tests": lines("- {{name: t, at: web, expect: {{action: cal_{n}}}}}", "tests:"),
    "a wide condition": WIDE,
    "a wide condition with a fault in each": WIDE.replace("customer.age", "customer.agee"),
    "many limits": lines("    - {{id: l_{n}, at_most: 1, window: {{rolling: 7d}}}}", LIMITS),
    "many limits of one name": lines("    - {{id: x, at_most: 1, window: {{}}}}", LIMITS),
    "many outcomes": lines("  o_{n}: {{means: accepted}}", "outcomes:"),
    "many unknown outcomes": lines("      - o_{n}", f"{PAUSE}\n    - for: 1d\n      after:"),
    "many pauses of one name": lines("    - {{after: rejected, for: 1d}}", PAUSE),
    "many budgets": lines("  b_{n}: {{count: {n}, per: household}}", "budgets:"),
    "many hours": f"calendars: {{x: {{open: {{mon: '{', '.join(['00:00-00:01'] * MANY)}'}}}}}}\n",
    "many days": lines("      d_{n}: 08:00-20:00", "calendars:\n  x:\n    open:"),
    "many closed days": lines("      - 2026-01-{n}", "calendars:\n  x:\n    closed:"),
    "many rungs": action("gesture:") + lines("        - {{amount: {n}}}", "      ladder:"),
    "many roles": action("gesture:") + lines("        r_{n}: {n}.001", "      authority:"),
    # deep
    "deep nots": deep(60, "{not: ", "}"),
    "deep nots over deep nots": deep(60, "{not: ", "}", f"'{'!' * 60}customer.vip'"),
    "deep alls": deep(30, "{all: [customer.vip, ", "]}"),
    "too deep alls": deep(60, "{all: [customer.vip, ", "]}"),
    "deep parentheses": f"conditions: {{x: '{'(' * 2000}customer.vip{')' * 2000}'}}\n",
    "deep lists": f"conditions: {{x: {'[' * 60}{']' * 60}}}\n",
    "deep fields": f"context: {{customer: {'{a: ' * 55}int{'}' * 55}}}\n",
    "deep types": f"{FIELD}{'list(' * 3000}int{')' * 3000}\n",
    "deep unknown keys": f"x: {'{a: ' * 60}1{'}' * 60}\n",
    # strange
    "a wording of braces": action(f"say: '{'{' * 200_001}'"),
    "a wording of quotes": action(f'say: "{{{chr(39) * 200_001}}}"'),
    "a key of a megabyte": f"? {'x' * 1_000_000}\n: 1\n",
    "an id of a megabyte": f"policies:\n  ? {'x' * 1_000_000}\n  : {{covers: {{action: y}}}}\n",
    "a name of a megabyte": f"kill_switch: [{{covers: {{action: {'y' * 1_000_000}}}}}]\n",
    "keys with breaks": '"a\\nb": 1\n"[key]": 2\nactions: {"[key]": {"[key]": 3}, "\\n": 4}\n',
    "empty keys": "'': 1\nactions: {'': {'': 2}}\ncontext: {'': {'': 3}, customer: {'': {'': 4}}}",
    "numbers as keys": "1: 2\nactions: {1: {2: 3}}\nscorecards: {x: {points: [{1: 2}]}}\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_book_is_built_or_explained(name):
    """The bound is generous: what must not happen is minutes, or a crash."""
    before = time.process_time()
    try:
        found = build([parse(BOOK, "book.yaml"), parse(TEXTS[name], "hostile.yaml")]).warnings
    except BookError as error:
        found = list(error.diagnostics)
    assert len(found) < 500
    assert all(len(diagnostic.render()) < 1000 for diagnostic in found)
    assert time.process_time() - before < 30
