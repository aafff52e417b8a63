"""The contract, third part: decisions, what they take, and what becomes of it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.state.contract import STORES, row

from nba.decide.contact import Asked
from nba.decide.offers import Claim
from nba.errors import CaseError
from nba.state.known import Kept
from nba.state.reservation import EVER, Alternative, Granted, Settlement, Taking, entry_id
from nba.state.store import Remembered, Store

NAMES: Final = "abc"
#: Accounts, whose they are (None: the customer's), and how long what was entered counts.
ACCOUNTS: Final[tuple[tuple[str, str | None, int | None], ...]] = (
    ("weekly", None, 4),
    ("pool", "", None),
    ("pool", "house", 6),
    ("ever", None, None),
)


def asked(place: int, at: int) -> Asked:
    """Return an account as it is asked for at a time."""
    account, owner, length = ACCOUNTS[place]
    return Asked(account, owner, EVER if length is None else at - length)


def claim(account: str = "pool", amount: int = 1, at_most: int = 2, **more: Any) -> Claim:
    """Return a claim on the book's account."""
    return Claim(
        Asked(account, more.pop("owner", ""), more.pop("since", EVER)), amount, at_most, **more
    )


def taking(id: str, *claims: tuple[Claim, ...], at: int = 10, n: int = 1, **more: Any) -> Taking:
    """Return a decision with an alternative for each of the claims."""
    alternatives = tuple(Alternative(each, f"answer {place}") for place, each in enumerate(claims))
    customer, version = more.pop("customer", "c"), more.pop("version", 0)
    return Taking(id, customer, version, at, n, alternatives, "text")


def used(
    store: Store, account: str = "pool", owner: str | None = "", at: int = 10, since: int = EVER
) -> int:
    """Return what counts on an account."""
    return store.recall("c", at, [Asked(account, owner, since)]).used[0]


def test_the_first_that_fits_is_granted_and_remembered(store: Store) -> None:
    """The second alternative, as the first wants too much; the third is not looked at."""
    found = store.take(taking("d", (claim(amount=3),), (claim(),), (claim(),)))
    assert found == Granted((1,), ((0, 0),))
    assert used(store) == 1
    kept = Remembered("d", "c", 10, "text", (1,), ("answer 1",))
    assert store.decision("d") == kept
    assert store.recall("c", 10).decisions == (kept,)
    assert "c" in set(store.customers())


def test_nothing_is_done_where_nothing_fits(store: Store) -> None:
    """No place is taken by halves, and nothing is remembered."""
    both = (claim("one"), claim("two", amount=9))
    assert store.take(taking("d", both)) == Granted((), ((0, 1),))
    assert (used(store, "one"), used(store, "two"), store.decision("d")) == (0, 0, None)
    assert store.recall("c", 10).version == 0


def test_what_was_chosen_on_an_old_memory_is_stale(store: Store) -> None:
    """An event or a decision in between makes it so; then nothing is done."""
    assert store.take(taking("d", (claim(),), version=7)).stale
    store.take(taking("d1", (claim(),)))
    assert store.take(taking("d2", (claim(),))) == Granted(stale=True)
    version = store.recall("c", 10).version
    store.append("c", [row("e", 5)])
    assert store.take(taking("d2", (claim(),), version=version)).stale
    assert used(store) == 1
    version = store.recall("c", 10).version
    assert store.take(taking("d2", (claim(),), version=version)).granted == (0,)


def test_a_decision_that_is_sent_again_is_told_again(store: Store) -> None:
    """As after a connection was lost before the answer came."""
    first = store.take(taking("d", (claim(amount=9),), (claim(),)))
    assert store.take(taking("d", (claim(amount=9),), (claim(),))).granted == first.granted
    assert used(store) == 1


def test_several_answers_are_counted_each(store: Store) -> None:
    """Three are asked for and two fit; the labels say how many of a kind there may be."""
    one = (claim(),)
    assert store.take(taking("d", one, one, one, n=3)) == Granted((0, 1), ((2, 0),))
    labels: Any = (("call_back", 1),)
    alternatives = tuple(Alternative((), str(place), labels) for place in range(2))
    more = Alternative((), "2", (("write", 1),))
    found = store.take(Taking("e", "x", 0, 10, 3, (*alternatives, more), ""))
    assert found.granted == (0, 2)


def test_what_is_only_reserved_comes_back(store: Store) -> None:
    """From the time on at which it expires, unless it is committed before."""
    store.take(taking("d", (claim(expires=20),)))
    assert (used(store, at=19), used(store, at=20)) == (1, 0)
    commit = Settlement("commit", entry_id("d", 0), claim())
    assert store.amend("d", 0, "more", 19, [commit]) == (True,)
    assert used(store, at=20) == 1
    assert store.decision("d") == Remembered("d", "c", 10, "more", (0,), ("answer 0",), 1)


def test_a_commit_that_comes_late_claims_anew(store: Store) -> None:
    """It is refused where somebody else has it by now; the text is kept all the same."""
    store.take(taking("d1", (claim(amount=2, expires=20),)))
    store.take(taking("d2", (claim(expires=20),), customer="other"))
    assert store.decision("d2") is None
    store.take(taking("d2", (claim(expires=30),), customer="other", at=25))
    late = Settlement("commit", entry_id("d1", 0), claim(amount=2))
    assert store.amend("d1", 0, "late", 26, [late]) == (False,)
    assert used(store, at=26) == 1
    changed = store.decision("d1")
    assert changed
    assert (changed.text, changed.revision) == ("late", 1)
    assert store.amend("d1", 1, "later", 31, [late]) == (True,)
    assert used(store, at=99) == 2


def test_release_and_enter(store: Store) -> None:
    """What is released may be taken by others; what is entered counts, whatever is allowed."""
    store.take(taking("d", (claim(amount=2),)))
    entry = entry_id("d", 0)
    assert store.amend("d", 0, "", 11, [Settlement("release", entry, claim(amount=2))]) == (True,)
    assert used(store) == 0
    assert store.amend("d", 1, "", 11, [Settlement("release", entry, claim())]) == (True,)
    many = Settlement("enter", entry, claim("clicks", amount=5))
    assert store.amend("d", 2, "", 12, [many]) == (True,)
    assert store.amend("d", 3, "", 13, [many]) == (True,)
    assert (used(store, "clicks", since=11), used(store, "clicks", since=12)) == (5, 0)


def test_amending_an_old_revision_does_nothing(store: Store) -> None:
    """Nor does amending what nobody remembers."""
    store.take(taking("d", (claim(),)))
    release = Settlement("release", entry_id("d", 0), claim())
    assert store.amend("d", 1, "x", 11, [release]) is None
    assert store.amend("nothing", 0, "x", 11, [release]) is None
    assert used(store) == 1
    version = store.recall("c", 10).version
    assert store.amend("d", 0, "x", 11) == ()
    assert store.recall("c", 10).version != version


def test_windows_are_open_at_their_start(store: Store) -> None:
    """(since, ...]: an entry at `since` does not count any more."""
    store.take(taking("d", (claim(owner=None, since=3),)))
    assert [used(store, owner=None, since=at) for at in (9, 10)] == [1, 0]
    full = taking("e", (claim(owner=None, since=9, at_most=1),), version=store.version("c"))
    assert store.take(full).refused == ((0, 0),)
    fits = full._replace(alternatives=(Alternative((claim(owner=None, since=10, at_most=1),), ""),))
    assert store.take(fits).granted == (0,)


def test_a_merged_customer_has_one_account_and_one_memory(store: Store) -> None:
    """What both took counts for both; undoing the merge takes it apart again."""
    mine = claim("weekly", owner=None, at_most=2)
    for name in "ab":
        assert store.take(taking(f"d-{name}", (mine,), customer=name)).granted
    store.link("a", "b")
    memory = store.recall("a", 10, [mine.asked])
    assert (memory.customer, memory.used) == ("b", (2,))
    assert [found.id for found in memory.decisions] == ["d-a", "d-b"]
    third = taking("d-3", (mine,), customer="a", version=memory.version)
    assert store.take(third) == Granted((), ((0, 0),))
    store.unlink("a")
    assert store.recall("a", 10, [mine.asked]).used == (1,)
    assert store.take(third).stale
    release = Settlement("release", entry_id("d-a", 0), mine)
    assert store.amend("d-a", 0, "", 11, [release]) == (True,)
    assert store.recall("a", 11, [mine.asked]).used == (0,)
    assert store.recall("b", 11, [mine.asked]).used == (1,)


def test_an_owner_is_no_customer(store: Store) -> None:
    """A household that is called like a customer has another account."""
    both = (claim(owner="c"), claim(owner=None))
    assert store.take(taking("d", both)).granted == (0,)
    assert used(store, owner="c") == used(store, owner=None) == 1


def test_forgetting_a_customer_leaves_only_counts(store: Store) -> None:
    """Under all names; the book's and the household's accounts keep what was taken."""
    store.append("mail", [row("e", 5)])
    store.link("mail", "c")
    store.set_deadlines("c", [(50, "m", "opened")])
    claims = (claim(), claim(owner="house"), claim("weekly", owner=None))
    store.take(taking("d", claims, version=store.version("c")))
    store.forget("mail")
    for name in ("c", "mail"):
        memory = store.recall(name, 10, [Asked("weekly", None, EVER)])
        assert (memory.customer, memory.version, tuple(memory.decisions)) == (name, 0, ())
        assert (len(memory.timeline), memory.used) == (0, (0,))
    assert store.decision("d") is None
    assert list(store.customers()) == []
    assert store.due(99)[0] == []
    assert (used(store), used(store, owner="house")) == (1, 1)
    assert store.append("c", [row("e", 5)]) == [row("e", 5)]


def test_times_that_64_bits_do_not_hold(store: Store) -> None:
    """They count as the nearest ones that they do hold; the rows keep what they have."""
    early, late = -(10**19), 10**19
    store.append("c", [row("late", late), row("early", early), row("now", 5)])
    assert [found["at"] for found in store.journey("c").rows] == [early, 5, late]
    store.set_deadlines("c", [(early, "m", "opened"), (late, "m", "closed")])
    assert [due.change for due in store.due(late)[0]] == ["opened", "closed"]
    one = claim(since=early, expires=late)
    assert store.take(taking("d", (one,), at=5, version=store.version("c"))).granted
    assert store.recall("c", 6, [one.asked]).used == (1,)
    assert store.recall("c", early, [one.asked]).decisions[0].id == "d"
    again = Settlement("commit", entry_id("d", 0), one)
    assert store.amend("d", 0, "more", late, [again]) == (True,)
    assert store.recall("c", late, [one.asked]).used == (1,)
    assert store.take(taking("e", (one,), at=late, version=store.version("c"))).granted
    assert store.forget_before(early) == 0
    assert store.forget_before(late) == 2
    assert [found["at"] for found in store.journey("c").rows] == [late]
    assert [found.id for found in store.recall("c", late).decisions] == ["e"]


def test_what_is_old_is_forgotten_but_not_what_counts_for_ever(store: Store) -> None:
    """Decisions and the entries of windows go; those of a budget without a window stay."""
    claims = (claim("ever"), claim("weekly", owner=None, since=1))
    store.take(taking("d", claims))
    store.forget_before(10)
    assert store.decision("d") is not None
    store.forget_before(11)
    assert store.decision("d") is None
    assert (used(store, "ever"), used(store, "weekly", owner=None)) == (1, 0)
    assert store.version("c") == 0


# --- against a model


@dataclass
class Entry:
    """An entry of the model."""

    place: int
    holder: str
    entry: str
    at: int
    amount: int
    expires: int | None


CLAIMS = st.lists(
    st.tuples(
        st.integers(0, len(ACCOUNTS) - 1),
        st.integers(0, 3),
        st.integers(0, 5),
        st.none() | st.integers(1, 4),
    ),
    max_size=3,
    unique_by=lambda one: one[0],
)
ALTERNATIVES = st.lists(st.tuples(CLAIMS, st.booleans()), min_size=1, max_size=4)


class Machine(RuleBasedStateMachine):
    """One store and the model: lists of decisions and entries, and a clock that goes on."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.store = self.stack.enter_context(STORES[self.kind](Path(folder)))
        self.elsewhere = Kept(10**6)
        self.clock = 10
        self.links: dict[str, str] = {}
        self.decisions: dict[str, Remembered] = {}
        self.entries: list[Entry] = []
        self.count = 0

    def teardown(self) -> None:
        """Close the store."""
        self.stack.close()

    def customer_of(self, name: str) -> str:
        """Return the end of the chain."""
        return self.customer_of(self.links[name]) if name in self.links else name

    def on(self, place: int, customer: str) -> list[Entry]:
        """Return the entries that a customer finds on an account, counted or not."""
        of_customer = ACCOUNTS[place][1] is None
        return [
            one
            for one in self.entries
            if one.place == place and (not of_customer or self.customer_of(one.holder) == customer)
        ]

    def used(self, place: int, customer: str) -> int:
        """Return what counts now."""
        since = asked(place, self.clock).since
        return sum(
            one.amount
            for one in self.on(place, customer)
            if one.at > since and (one.expires is None or one.expires > self.clock)
        )

    def enters(self, place: int, customer: str, one: Entry) -> None:
        """Enter, unless it is there and counts."""
        if not self.live(place, customer, one.entry):
            self.entries.append(one)

    def live(self, place: int, customer: str, entry: str) -> list[Entry]:
        """Return the entry of that id, if it has not expired."""
        return [
            one
            for one in self.on(place, customer)
            if one.entry == entry and (one.expires is None or one.expires > self.clock)
        ]

    @rule()
    def go_elsewhere(self) -> None:
        """Go on in another process, which knows what it read when it was its turn."""
        store: Any = self.store
        if self.kind != "memory":
            store._kept, self.elsewhere = self.elsewhere, store._kept

    @rule(seconds=st.integers(0, 3))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock += seconds

    @rule(
        name=st.sampled_from(NAMES),
        alternatives=ALTERNATIVES,
        n=st.integers(1, 2),
        stale=st.integers(0, 5),
    )
    def take(self, name: str, alternatives: list[Any], n: int, stale: int) -> None:
        """Take what fits."""
        customer = self.customer_of(name)
        version = self.store.recall(name, self.clock).version
        self.count += 1
        key = f"d{self.count}"
        given = tuple(
            Alternative(
                tuple(
                    Claim(asked(place, self.clock), amount, most, length and self.clock + length)
                    for place, amount, most, length in claims
                ),
                f"{key} {number}",
                (("label", 1),) if labelled else (),
            )
            for number, (claims, labelled) in enumerate(alternatives)
        )
        wanted = Taking(key, name, version - (stale == 0), self.clock, n, given, "text")
        found = self.store.take(wanted)
        assert found.stale == (stale == 0)
        if found.stale:
            return
        granted: list[int] = []
        refused: list[tuple[int, int]] = []
        labelled = False
        for number, (claims, label) in enumerate(alternatives):
            if len(granted) == n or (label and labelled):
                continue
            misfits = [
                place
                for place, (account, amount, most, _) in enumerate(claims)
                if self.used(account, customer) + amount > most
            ]
            if misfits:
                refused.append((number, misfits[0]))
                continue
            granted.append(number)
            labelled = labelled or label
            for account, amount, _, length in claims:
                expires = length and self.clock + length
                one = Entry(account, customer, entry_id(key, number), self.clock, amount, expires)
                self.entries.append(one)
        assert found == Granted(tuple(granted), tuple(refused))
        if granted:
            answers = tuple(f"{key} {number}" for number in granted)
            made = Remembered(key, customer, self.clock, "text", tuple(granted), answers)
            self.decisions[key] = made
            assert self.store.take(wanted).granted == found.granted

    @rule(
        number=st.integers(0, 9),
        place=st.integers(0, len(ACCOUNTS) - 1),
        act=st.sampled_from(["commit", "commit", "release", "enter"]),
        amount=st.integers(0, 3),
        most=st.integers(0, 5),
    )
    def amend(self, number: int, place: int, act: Any, amount: int, most: int) -> None:
        """Settle an entry of a decision."""
        if not self.decisions:
            return
        key = sorted(self.decisions)[number % len(self.decisions)]
        before = self.decisions[key]
        customer = self.customer_of(before.recorded_as)
        entry = entry_id(key, before.granted[0])
        wanted = Settlement(act, entry, Claim(asked(place, self.clock), amount, most))
        since = wanted.claim.asked.since
        if any(one.entry == entry and one.at <= since for one in self.on(place, customer)):
            return  # it may be there still, or be forgotten
        found = self.store.amend(key, before.revision, f"text {self.count}", self.clock, [wanted])
        live = self.live(place, customer, entry)
        done = True
        if act == "release":
            self.entries = [one for one in self.entries if one not in live]
        elif live:
            live[0].expires = None
        elif act == "commit" and self.used(place, customer) + amount > most:
            done = False
        else:
            self.entries.append(Entry(place, customer, entry, self.clock, amount, None))
        assert found == (done,)
        text, revision = f"text {self.count}", before.revision + 1
        self.decisions[key] = before._replace(text=text, revision=revision)
        assert self.store.amend(key, before.revision, "", self.clock) is None

    @rule(identity=st.sampled_from(NAMES), customer=st.sampled_from(NAMES))
    def link(self, identity: str, customer: str) -> None:
        """Link, or unlink where it would be a circle."""
        try:
            self.store.link(identity, customer)
        except CaseError:
            self.store.unlink(identity)
            self.links.pop(identity, None)
        else:
            self.links[identity] = customer

    @rule(name=st.sampled_from(NAMES), seldom=st.integers(0, 4))
    def forget(self, name: str, seldom: int) -> None:
        """Forget somebody."""
        if seldom:
            return
        customer = self.customer_of(name)
        gone = {other for other in NAMES if self.customer_of(other) == customer}
        self.store.forget(name)
        self.decisions = {
            key: made for key, made in self.decisions.items() if made.recorded_as not in gone
        }
        self.entries = [
            one
            for one in self.entries
            if ACCOUNTS[one.place][1] is not None or one.holder not in gone
        ]
        self.links = {a: b for a, b in self.links.items() if a not in gone}

    @rule(back=st.integers(0, 8))
    def forget_before(self, back: int) -> None:
        """Forget what is old."""
        instant = self.clock - back
        self.store.forget_before(instant)
        self.decisions = {key: made for key, made in self.decisions.items() if made.at >= instant}
        self.entries = [
            one for one in self.entries if one.at >= instant or ACCOUNTS[one.place][2] is None
        ]

    @invariant()
    def same(self) -> None:
        """Hold everything that can be read against the model."""
        every = [asked(place, self.clock) for place in range(len(ACCOUNTS))]
        for name in NAMES:
            memory = self.store.recall(name, self.clock, every)
            customer = self.customer_of(name)
            assert memory.customer == customer
            alike = [other for other in NAMES if self.customer_of(other) == customer]
            assert sorted(self.store.known_as(name)) == alike
            assert self.store.known_as(name)[0] == customer
            assert memory.used == tuple(
                self.used(place, customer) for place in range(len(ACCOUNTS))
            )
            theirs = [
                made
                for made in self.decisions.values()
                if self.customer_of(made.recorded_as) == customer
            ]
            assert list(memory.decisions) == sorted(theirs, key=lambda made: (made.at, made.id))
            assert (memory.version == 0) == (not theirs)
        for key, made in self.decisions.items():
            assert self.store.decision(key) == made


@pytest.mark.parametrize("kind", STORES)
def test_a_store_takes_as_the_model_does(kind: str) -> None:
    """Whatever is taken, settled, merged and forgotten, in whatever order."""
    machine = type("Machine", (Machine,), {"kind": kind})
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=40))
