"""What a condition costs as generated code, beside the same written by hand.

By hand means a lambda on the nested dicts of a context that is complete and well-typed: it would
raise on a missing field. The generated code reads slots, and says *unknown* where one is empty.
Reading a context into slots happens once per decision, however many conditions it has, so it is
measured by itself.

All are timed in turns within one run; what counts is the ratio. `python -m benchmarks.conditions`
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nba.lang.check import Environment, check
from nba.lang.context import FieldSpec, Shape
from nba.lang.functions import BOOK_FUNCTIONS
from nba.lang.python import Program
from nba.lang.syntax import parse
from nba.lang.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, EnumType, ObjectType, list_of

EVENT = ObjectType("journey.events", fields={"type": STRING, "resolved": BOOL})
SHAPE = Shape(
    (
        FieldSpec("now", TIMESTAMP),
        FieldSpec("customer.tier", EnumType("string", values=("bronze", "gold", "platinum"))),
        FieldSpec("customer.email", STRING),
        FieldSpec("customer.churn_risk", DOUBLE, minimum=0, maximum=1),
        FieldSpec("customer.value", DOUBLE),
        FieldSpec("consent.email_opt_out", BOOL),
        FieldSpec("interaction.sentiment", DOUBLE),
        FieldSpec("interaction.transfers", INT),
        FieldSpec("journey.contacts_7d", INT),
        FieldSpec("journey.last_contact", TIMESTAMP),
        FieldSpec("journey.events", list_of(EVENT)),
    )
)
CONTEXT: dict[str, Any] = {
    "now": datetime(2026, 3, 2, 10, tzinfo=UTC),
    "customer": {"tier": "gold", "email": "a@example.com", "churn_risk": 0.7, "value": 0.6},
    "consent": {"email_opt_out": False},
    "interaction": {"sentiment": -0.2, "transfers": 3},
    "journey": {
        "contacts_7d": 4,
        "last_contact": datetime(2026, 2, 25, 9, tzinfo=UTC),
        "events": [
            {"type": kind, "resolved": resolved}
            for kind, resolved in (
                ("contact", True),
                ("complaint", True),
                ("contact", False),
                ("complaint", False),
                ("contact", True),
            )
        ],
    },
}
H72 = timedelta(hours=72)

Condition = Callable[[Any], Any]

#: The condition, and the same by hand.
CONDITIONS: dict[str, Condition] = {
    "customer.tier in ['gold', 'platinum'] && journey.contacts_7d >= 3": (
        lambda c: c["customer"]["tier"] in ("gold", "platinum") and c["journey"]["contacts_7d"] >= 3
    ),
    "has(customer.email) && !consent.email_opt_out": (
        lambda c: "email" in c["customer"] and not c["consent"]["email_opt_out"]
    ),
    "interaction.sentiment < -0.4 || interaction.transfers > 2": (
        lambda c: c["interaction"]["sentiment"] < -0.4 or c["interaction"]["transfers"] > 2
    ),
    "now - journey.last_contact > duration('72h')": (
        lambda c: c["now"] - c["journey"]["last_contact"] > H72
    ),
    "journey.events.exists(e, e.type == 'complaint' && !e.resolved)": (
        lambda c: any(
            e["type"] == "complaint" and not e["resolved"] for e in c["journey"]["events"]
        )
    ),
    "0.4 * customer.churn_risk + 0.6 * customer.value > 0.5": (
        lambda c: 0.4 * c["customer"]["churn_risk"] + 0.6 * c["customer"]["value"] > 0.5
    ),
}


def generated(conditions: Sequence[str]) -> list[Condition]:
    """Return the generated code of each condition: whether it surely holds."""
    environment = Environment(names=SHAPE.names(), book=True)
    program = Program(lambda path: f"c[{SHAPE.slots[path]}]", BOOK_FUNCTIONS, "None")
    names = [program.holds(check(parse(text), environment, expect=[BOOL])) for text in conditions]
    built = program.build()
    return [built[name] for name in names]


def timed(function: Condition, argument: object, calls: int) -> float:
    """Return the nanoseconds of one call, averaged over *calls*."""
    repeat = range(calls)
    start = time.perf_counter_ns()
    for _ in repeat:
        function(argument)
    return (time.perf_counter_ns() - start) / calls


def in_turns(functions: Sequence[tuple[Condition, object]], rounds: int, calls: int) -> list[float]:
    """Return the fastest time of each function, all measured in turns: noise only ever adds."""
    best = [math.inf] * len(functions)
    for _ in range(rounds):
        for place, (function, argument) in enumerate(functions):
            best[place] = min(best[place], timed(function, argument, calls))
    return best


def main() -> None:
    """Measure, and print one line for each condition and what they come to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conditions")
    parser.add_argument("--rounds", type=int, default=60, help="turns of each measurement")
    parser.add_argument("--calls", type=int, default=5_000, help="calls in each turn")
    options = parser.parse_args()

    slots, problems = SHAPE.read(CONTEXT)
    nothing, _ = SHAPE.read({})
    codes = generated(list(CONDITIONS))
    for text, code, by_hand in zip(CONDITIONS, codes, CONDITIONS.values(), strict=True):
        if not (code(slots) is True and by_hand(CONTEXT) is True and code(nothing) is False):
            raise SystemExit(f"the two disagree about {text}")
    if problems:
        raise SystemExit(f"the context is not well-typed: {problems[0]}")

    work: list[tuple[Condition, object]] = [(bool, None), (SHAPE.read, CONTEXT)]
    for code, by_hand in zip(codes, CONDITIONS.values(), strict=True):
        work += [(by_hand, CONTEXT), (code, slots), (code, nothing)]
    empty, reading, *rest = in_turns(work, options.rounds, options.calls)
    rows = [rest[place : place + 3] for place in range(0, len(rest), 3)]

    print("conditions: nanoseconds per evaluation, fastest of the turns")
    print(f"{'by hand':>9} {'generated':>9} {'ratio':>6} {'no data':>8}")
    for text, (hand, code_, absent) in zip(CONDITIONS, rows, strict=True):
        print(f"{hand:9.0f} {code_:9.0f} {code_ / hand:6.2f} {absent:8.0f}  {text}")
    ratio = math.exp(math.fsum(math.log(row[1] / row[0]) for row in rows) / len(rows))
    print(f"geometric mean of the ratios: {ratio:.2f} (wanted: at most 1.50)")
    print(f"calling `bool` on nothing: {empty:.0f} ns, contained in each of the above")
    print(
        f"reading this context into slots, once per decision: {reading:.0f} ns for "
        f"{len(SHAPE.inputs)} fields and {len(CONTEXT['journey']['events'])} events"
    )


if __name__ == "__main__":
    main()
