"""The briefing: what happened, on which channel, when in words, and nothing twice."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.strategies import books, cases

from nba import BookError, Case, Decision, Engine, Event
from nba.book.build import Built, build
from nba.book.dump import to_document
from nba.book.source import parse

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)  # a Wednesday
BOOK: dict[str, Any] = yaml.safe_load("""
format: 1
book: care
timezone: Europe/Dublin
reach: 400d
context:
  customer: {tier: {enum: [bronze, gold]}, timezone: string, vulnerable: bool}
  interaction: {steps_tried: list(string)}
events:
  contact: {topic: string, resolved: bool}
  appointment_booked: {appointment: string, slot_to: timestamp}
  technician_arrived: {appointment: string}
  credit_given: {amount: number}
moments:
  repeat_contact:
    title: The same problem brought the customer back
    severity: high
    sequence:
      - {event: contact, as: first, where: first.resolved == false}
      - {event: contact, as: again, where: again.topic == first.topic}
    within: 7d
    lasts: 72h
  often: {at_least: 2, event: contact, as: one, within: 30d, lasts: 30d, severity: low}
  technician_missed:
    severity: high
    after: {event: appointment_booked, as: booked}
    expect: {event: technician_arrived, as: arrived,
             where: arrived.appointment == booked.appointment}
    by: booked.slot_to
    lasts: 30d
channels: {phone: {title: Phone}, email: {title: E-mail}, chat: {}}
issues: {service: {}}
groups: {service/help: {}}
actions: {listen: {title: Listen, group: service/help, kind: guidance, channels: [chat]}}
""")
SECTION: dict[str, Any] = yaml.safe_load("""
unresolved:
  contact:
    where: event.resolved == false
    until: {event: contact, as: later, where: later.topic == event.topic && later.resolved}
    text: "{when}, {channel}: {event.topic}, not resolved"
promises:
  appointment_booked:
    until: {event: technician_arrived, as: came, where: came.appointment == event.appointment}
    text: "Promised {when}: a technician by {event.slot_to:date}"
  credit_given: {text: "Given {when}: {event.amount:money}"}
facts:
  - "{customer.tier} customer"
  - {when: customer.vulnerable, text: Depends on the line}
""")


def built(briefing: dict[str, Any] | None = None, **sections: Any) -> Built:
    """Build the book with this section."""
    document = deepcopy(BOOK) | sections | ({"briefing": briefing} if briefing is not None else {})
    return build([parse(json.dumps(document), "book.yaml")])


def contact(ago: timedelta, channel: str | None = "phone", **data: Any) -> Event:
    """Return a contact so long ago."""
    return Event("contact", "c-1", channel, NOW - ago, {"topic": "billing", **data})


def briefed(engine: Engine, *events: Event, now: datetime = NOW, **given: Any) -> list[str]:
    """Return the briefing of a customer with this journey."""
    return engine.decide("c-1", events=events, now=now, **given).briefing


DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


# --- what is told


def test_an_email_after_yesterdays_call_names_the_call() -> None:
    """Without any section: every contact is one conversation."""
    engine = Engine(built())
    found = briefed(engine, contact(DAY), interaction={"channel": "email"})
    assert found == ["Yesterday, Phone: billing"]


def test_the_order() -> None:
    """Moments, what is unresolved, what was tried, promises and gestures, contacts, facts."""
    found = briefed(
        Engine(built(SECTION)),
        contact(3 * DAY, "chat", resolved=False),
        contact(DAY + HOUR, resolved=False, topic="slow_wifi"),
        contact(2 * DAY, "email"),
        Event(
            "appointment_booked",
            "c-1",
            "phone",
            NOW - HOUR,
            {"appointment": "a-1", "slot_to": (NOW + 2 * DAY).isoformat()},
        ),
        customer={"tier": "gold", "vulnerable": True},
        interaction={"channel": "chat", "steps_tried": ["restart_modem", "line_test"]},
    )
    assert found == [
        "The same problem brought the customer back (2 days ago)",
        "Often (yesterday)",
        "Yesterday, Phone: slow wifi, not resolved",
        "3 days ago, chat: billing, not resolved",
        "Already tried: restart modem and line test",
        "Promised an hour ago: a technician by 6 March 2026",
        "2 days ago, E-mail: billing",
    ]


def test_facts_come_last_and_unknown_ones_not_at_all() -> None:
    """A fact that cannot be filled in disappears."""
    engine = Engine(built(SECTION))
    assert briefed(engine, customer={"tier": "gold", "vulnerable": True}) == [
        "gold customer",
        "Depends on the line",
    ]
    assert briefed(engine, customer={"vulnerable": False}) == []


def test_severity_goes_before_the_newest() -> None:
    """Of equal ones the newest comes first."""
    slot = {"appointment": "a-1", "slot_to": (NOW - 2 * HOUR).isoformat()}
    found = briefed(
        Engine(built(moments=BOOK["moments"], briefing={"contacts": {}})),
        contact(2 * DAY, resolved=False),
        contact(DAY),
        Event("appointment_booked", "c-1", None, NOW - 2 * DAY, slot),
    )
    assert found == [
        "Technician missed (2 hours ago)",
        "The same problem brought the customer back (yesterday)",
        "Often (yesterday)",
    ]


def test_what_is_resolved_or_kept_is_not_told() -> None:
    """A later event ends it; one about something else does not."""
    slot = {"appointment": "a-1", "slot_to": (NOW + DAY).isoformat()}
    booked = Event("appointment_booked", "c-1", None, NOW - 3 * DAY, slot)
    came = Event("technician_arrived", "c-1", None, NOW - DAY, {"appointment": "a-1"})
    other = Event("technician_arrived", "c-1", None, NOW - DAY, {"appointment": "a-2"})
    engine = Engine(built(SECTION | {"contacts": {}}, moments={}))
    promise = "Promised 3 days ago: a technician by 5 March 2026"
    assert briefed(engine, booked, other) == [promise]
    assert briefed(engine, booked, other, came) == []
    open_ = contact(4 * DAY, resolved=False)
    told = "4 days ago, Phone: billing, not resolved"
    assert briefed(engine, open_, contact(DAY, topic="move", resolved=True)) == [told]
    assert briefed(engine, open_, contact(DAY, resolved=True)) == []
    assert briefed(engine, open_, contact(5 * DAY, resolved=True)) == [told]


def test_nothing_is_said_twice() -> None:
    """Neither an event under two headings, nor two lines that read the same."""
    engine = Engine(built(SECTION, moments={}))
    assert briefed(engine, contact(DAY, resolved=False), contact(DAY + HOUR, resolved=False)) == [
        "Yesterday, Phone: billing, not resolved"
    ]
    assert briefed(engine, contact(DAY), contact(DAY + HOUR)) == ["Yesterday, Phone: billing"]


def test_what_is_not_known_is_left_out_of_the_line() -> None:
    """The default texts say as much as they can; a text of the book's own must be complete."""
    events = (
        contact(DAY, None),
        Event("contact", "c-1", "chat", NOW - 2 * DAY),
        Event("contact", "c-1", None, NOW - 3 * DAY),
    )
    assert briefed(Engine(built(moments={})), *events) == [
        "Yesterday: billing",
        "2 days ago, chat: contact",
        "3 days ago: contact",
    ]
    own = {"contacts": {"contact": {"text": "{channel} {event.topic}"}}}
    assert briefed(Engine(built(own, moments={})), *events) == []


def test_how_many() -> None:
    """`at_most` of a type, `lines` in all; the place of what was tried is kept."""
    events = [contact(day * DAY, topic=f"t{day}") for day in range(1, 9)]
    assert len(briefed(Engine(built(moments={})), *events)) == 3
    most = {"contacts": {"contact": {"at_most": 7}}}
    engine = Engine(built(most | {"lines": 4, "facts": ["{customer.tier}"]}, moments={}))
    assert len(briefed(engine, *events, customer={"tier": "gold"})) == 4
    crowded = {"unresolved": most["contacts"], "lines": 2}
    found = briefed(
        Engine(built(crowded, moments={})), *events, interaction={"steps_tried": ["reset"]}
    )
    assert found == ["Yesterday, Phone: t1, not resolved", "Already tried: reset"]


def test_one_of_several_events_ends_it() -> None:
    """What was promised is kept, or is no promise any more."""
    ends = [
        {"event": "technician_arrived", "as": "came"},
        {"event": "credit_given", "as": "given", "where": "given.amount > 5.0"},
    ]
    told = {"contacts": {}, "promises": {"appointment_booked": {"until": ends, "text": "promised"}}}
    engine = Engine(built(told, moments={}))
    slot = {"appointment": "a-1", "slot_to": (NOW + DAY).isoformat()}
    booked = Event("appointment_booked", "c-1", None, NOW - 3 * DAY, slot)
    assert briefed(engine, booked) == ["promised"]
    came = Event("technician_arrived", "c-1", None, NOW - DAY, {"appointment": "a-1"})
    small, large = (Event("credit_given", "c-1", None, NOW, {"amount": a}) for a in (5.0, 6.0))
    assert briefed(engine, booked, small) == ["promised"]
    assert briefed(engine, booked, came) == briefed(engine, booked, large) == []


def test_the_topic_is_told_as_without_the_section() -> None:
    """Where a book only says how many contacts, and where a topic is one of a list."""
    events = {"contact": {"topic": {"enum": ["billing", "move"]}, "resolved": "bool"}}
    said = {"contacts": {"contact": {"at_most": 3, "within": "60d"}}}
    for section in (None, said):
        found = briefed(Engine(built(section, events=events, moments={})), contact(DAY, None))
        assert found == ["Yesterday: billing"]


def test_the_shipped_book_tells_of_nothing_that_is_over() -> None:
    """Nor twice of what is: helper moments are not told of."""
    engine = Engine.open("rules")
    slot = {"appointment": "a-1", "slot_to": (NOW + DAY).isoformat()}
    order = {"order": "o-1", "promised": (NOW + DAY).isoformat()}
    outage = {"outage": "x-1", "until": (NOW + DAY).isoformat()}
    begun = [
        Event("appointment_booked", "c-1", None, NOW - DAY, slot),
        Event("order_placed", "c-1", None, NOW - DAY, order),
        Event("outage_started", "c-1", None, NOW - DAY, outage),
        Event("complaint_opened", "c-1", None, NOW - DAY, {"case": "k-1"}),
    ]
    found = engine.decide("c-1", events=begun, now=NOW)
    helpers = {"complaint_not_forgotten", "complaint_open", "outage_untold"}
    assert set(found.moments) == helpers | {"outage_now"}
    assert found.briefing == [
        "They lost their service (yesterday)",
        "Yesterday: a complaint, still open",
        "Promised yesterday: a technician by 5 March 2026, 10:00",
        "Promised yesterday: service again by 5 March 2026, 10:00",
        "Promised yesterday: order o-1 by 5 March 2026",
    ]
    over = [
        Event("appointment_moved", "c-1", None, NOW - HOUR, {"appointment": "a-1"}),
        Event("order_cancelled", "c-1", None, NOW - HOUR, {"order": "o-1"}),
        Event("outage_ended", "c-1", None, NOW - HOUR, {"outage": "x-1"}),
        Event("complaint_closed", "c-1", None, NOW - HOUR, {"case": "k-1"}),
    ]
    found = engine.decide("c-1", events=[*begun, *over], now=NOW)
    assert found.moments == ["complaint_not_forgotten", "outage_over"]
    assert found.briefing == ["Their service came back (an hour ago)"]


def test_the_shipped_book_names_the_topic_of_a_contact() -> None:
    """Of one that was resolved, and of one of which that is unknown."""
    engine = Engine.open("rules")
    found = briefed(engine, contact(DAY), contact(2 * DAY, topic="move", resolved=True))
    assert found == ["Yesterday, Phone: billing", "2 days ago, Phone: move"]


def test_a_moment_may_be_for_rules_alone() -> None:
    """It is open, and nobody is told."""
    moments = deepcopy(BOOK["moments"])
    moments["often"]["briefing"] = False
    engine = Engine(built({"contacts": {}}, moments={"often": moments["often"]}))
    assert briefed(engine, contact(DAY), contact(2 * DAY)) == []


def test_within() -> None:
    """What is longer ago is not told, and the edge is that of every window."""
    engine = Engine(built({"contacts": {"contact": {"within": "2d"}}}, moments={}))
    assert briefed(engine, contact(2 * DAY)) == []
    assert briefed(engine, contact(2 * DAY - timedelta(seconds=1))) == [
        "2 days ago, Phone: billing"
    ]


def test_every_type_is_a_contact_where_none_is_called_so() -> None:
    """A book with other words for what happens has a briefing too."""
    events = {"visit": {}, "order_placed": {"topic": "string"}}
    engine = Engine(built(events=events, moments={}))
    found = briefed(
        engine, Event("visit", "c-1", "chat", NOW - DAY), Event("order_placed", "c-1", None, NOW)
    )
    assert found == ["Just now: order placed", "Yesterday, chat: visit"]
    assert briefed(Engine(built(events={}, moments={})), customer={"tier": "gold"}) == []


def test_another_language() -> None:
    """All words are the book's."""
    section = yaml.safe_load("""
    contacts: {contact: {text: "{when}, {channel}: {event.topic}"}}
    moments: "{title}, offen ({when})"
    tried: "Schon versucht: {interaction.steps_tried}"
    words: {yesterday: gestern, days: "vor {n} Tagen", and: und}
    """)
    found = briefed(
        Engine(built(section)),
        contact(DAY),
        contact(3 * DAY),
        interaction={"steps_tried": ["a", "b", "c"]},
    )
    assert found == [
        "Often, offen (gestern)",
        "Schon versucht: a, b und c",
        "Gestern, Phone: billing",
        "Vor 3 Tagen, Phone: billing",
    ]


# --- when


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "Just now"),
        (timedelta(seconds=59), "Just now"),
        (timedelta(minutes=1), "A minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (HOUR, "An hour ago"),
        (2 * HOUR - timedelta(seconds=1), "An hour ago"),
        (10 * HOUR, "10 hours ago"),
        (10 * HOUR + timedelta(seconds=1), "Yesterday"),
        (34 * HOUR, "Yesterday"),
        (34 * HOUR + timedelta(seconds=1), "2 days ago"),
        (13 * DAY, "13 days ago"),
        (14 * DAY, "2 weeks ago"),
        (60 * DAY, "8 weeks ago"),
        (61 * DAY, "2 months ago"),
        (399 * DAY, "13 months ago"),
    ],
)
def test_when(ago: timedelta, words: str) -> None:
    """The clock within the hour, hours within the day, then days of the calendar."""
    assert briefed(Engine(built()), contact(ago)) == [f"{words}, Phone: billing"]


def test_whose_yesterday() -> None:
    """The customer's zone where it is known and one, else the book's."""
    engine = Engine(built())
    at = Event("contact", "c-1", None, datetime(2026, 3, 3, 23, tzinfo=UTC))
    now = datetime(2026, 3, 4, 4, tzinfo=UTC)

    def when(**customer: str) -> str:
        return briefed(engine, at, now=now, customer=customer)[0].partition(":")[0]

    assert when() == "Yesterday"
    assert when(timezone="Nowhere/None") == "Yesterday"
    assert when(timezone="Asia/Tokyo") == "5 hours ago"
    assert when(timezone="America/New_York") == "5 hours ago"


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        # the day of 23 hours, 29 March 2026: the clock goes from 01:00 to 02:00
        ("2026-03-28T23:30:00+00:00", "2026-03-29T23:30:00+01:00", "Yesterday"),
        ("2026-03-28T23:59:59+00:00", "2026-03-30T00:00:00+01:00", "2 days ago"),
        ("2026-03-29T00:00:00+00:00", "2026-03-29T23:59:59+01:00", "22 hours ago"),
        ("2026-03-29T00:00:00+00:00", "2026-03-30T00:00:00+01:00", "Yesterday"),
        # the day of 25 hours, 25 October 2026: from 02:00 back to 01:00
        ("2026-10-25T00:00:00+01:00", "2026-10-25T23:59:59+00:00", "24 hours ago"),
        ("2026-10-24T23:00:00+01:00", "2026-10-25T23:30:00+00:00", "Yesterday"),
        ("2026-10-25T00:00:00+01:00", "2026-10-26T00:00:00+00:00", "Yesterday"),
        ("2026-10-24T23:59:59+01:00", "2026-10-26T00:00:00+00:00", "2 days ago"),
    ],
)
def test_days_on_which_the_clock_changes(then: str, now: str, words: str) -> None:
    """A day of the calendar is not always 24 hours long."""
    event = Event("contact", "c-1", None, datetime.fromisoformat(then))
    assert briefed(Engine(built()), event, now=datetime.fromisoformat(now)) == [f"{words}: contact"]


# --- the section


def test_dumped_and_read_again() -> None:
    """The section has all that there is to say, and counts in the version."""
    for section in (None, SECTION, {"words": {"and": "und"}, "lines": 3}):
        first = built(section).book
        second = build([parse(json.dumps(to_document(first)), "book.yaml")]).book
        assert second == first
        assert second.version == first.version
    assert built({"lines": 3}).book.version != built().book.version


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("{contacts: {contat: {}}}", "unknown-id"),
        ("{contacts: {contact: {where: event.topics == 'x'}}}", "undeclared-name"),
        ("{contacts: {contact: {text: '{title}'}}}", "undeclared-name"),
        ("{contacts: {contact: {at_most: 0}}}", "wrong-value"),
        ("{contacts: {contact: {within: soon}}}", "wrong-value"),
        ("{unresolved: {contact: {until: {event: no, as: later}}}}", "unknown-id"),
        ("{unresolved: {contact: {until: {event: contact, as: event}}}}", "duplicate-id"),
        (
            "{unresolved: {contact: {until: {event: contact, as: l, where: customer.vulnerable}}}}",
            "undeclared-name",
        ),
        ("{facts: ['{customer.tear}']}", "undeclared-name"),
        ("{facts: [{when: customer.tier, text: x}]}", "not-a-condition"),
        ("{facts: gold}", "wrong-value"),
        ("{tried: '{moments:date}'}", "wrong-type"),
        ("{words: {days: '{m} days'}}", "undeclared-name"),
        ("{words: {day: x}}", "unknown-key"),
        ("{lines: 8}", "wrong-value"),
        ("{line: 3}", "unknown-key"),
    ],
)
def test_mistakes_are_found_at_load(section: str, code: str) -> None:
    """Each with its place, and alone."""
    text = json.dumps(BOOK)[:-1] + f",\n'briefing': {section}}}"
    with pytest.raises(BookError) as error:
        build([parse(text, "book.yaml")])
    (found,) = error.value.diagnostics
    assert found.code == code
    assert found.where
    assert found.where.line == 2


def test_one_file_has_it() -> None:
    """Two would not know of each other."""
    files = [json.dumps(BOOK | {"briefing": {}}), json.dumps({"briefing": {}})]
    with pytest.raises(BookError, match="given twice"):
        build([parse(text, f"{place}.yaml") for place, text in enumerate(files)])


# --- with the decision


def test_json_both_ways() -> None:
    """The briefing is part of what is told with why, and is there when it is read back."""
    decision = Engine(built()).decide("c-1", events=[contact(DAY)], now=NOW)
    assert "briefing" not in decision.to_dict()
    assert decision.to_dict(why=True)["briefing"] == ["Yesterday, Phone: billing"]
    back = Decision.from_json(decision.to_json(why=True))
    assert back.briefing == decision.briefing
    assert Decision.from_json(decision.to_json()).briefing == []


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any] | None:
    """Draw a section for the random books, or none."""
    conditions = st.sampled_from(
        ["event.resolved == false", "event.wait > 1", "customer.vip", "signal.all > 1"]
    )
    texts = st.sampled_from(
        [
            "{when}, {channel}: {event.topic}",
            "{event.wait:number} {customer.name}",
            [{"when": "event.wait > 2", "text": "{customer.tags}"}, {"text": "{what}"}],
        ]
    )
    until = {"event": "contact", "as": "later", "where": "later.topic == event.topic"}

    def mention() -> dict[str, Any]:
        found: dict[str, Any] = {"at_most": draw(st.integers(1, 7))}
        for key, strategy in (("where", conditions), ("text", texts), ("until", st.just(until))):
            if draw(st.booleans()):
                found[key] = draw(strategy)
        return found

    if draw(st.booleans()):
        return None
    return {
        "lines": draw(st.integers(1, 7)),
        "unresolved": {"contact": mention()} if draw(st.booleans()) else {},
        "promises": {"booked": {"text": "{event.due:date}"}, "done": {}},
        "contacts": {"contact": mention()},
        "moments": draw(st.sampled_from(["{title} {when}", "{evidence.repeat.again.topic}"])),
        "tried": "{interaction.intent}",
        "facts": ["{customer.tier}", {"when": "customer.vip", "text": "{customer.since:date}"}],
    }


@given(books(), sections(), st.lists(cases(), min_size=1, max_size=5))
def test_seven_lines_at_most_the_same_each_time(
    document: dict[str, Any], section: dict[str, Any] | None, some: list[Case]
) -> None:
    """No case makes it fail; asking has no effect, and asking again gives the same."""
    more = document | ({"briefing": section} if section else {})
    found = build([parse(json.dumps(more), "book.yaml")])
    one, other = Engine(found), Engine(found)
    for case in some:
        decision = one.decide_case(case)
        before = decision.to_dict(codes=True)
        lines = decision.briefing
        assert len(lines) <= (section or {"lines": 7})["lines"]
        assert len(set(lines)) == len(lines)
        assert all(line.strip() and "\n" not in line for line in lines)
        assert decision.briefing == lines
        assert decision.to_dict(codes=True) == before
        again = Case(
            case.id, case.customer, case.interaction, decision.now, case.role, case.at, case.events
        )
        assert other.decide_case(again).briefing == lines
