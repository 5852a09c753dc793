"""Money is conserved, nothing is promised twice, and nothing is overspent that was reserved."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from supervisors._core.budget._ledger import Ledger, Refusal, Reservation


@pytest.fixture
def ledger() -> Ledger:
    """A team with 100 calls, of which one member has 30, and another none of its own."""
    ledger = Ledger()
    assert ledger.open("/team", None, {"calls": 100}) is None
    assert ledger.open("/team/a", "/team", {"calls": 30}) is None
    assert ledger.open("/team/b", "/team", {}) is None
    return ledger


def left(ledger: Ledger, name: str) -> int:
    return ledger.account(name).lines["calls"].available


def reserve(ledger: Ledger, name: str, calls: int) -> Reservation:
    reserved = ledger.reserve(name, {"calls": calls})
    assert isinstance(reserved, Reservation)
    return reserved


def test_what_a_child_is_granted_comes_out_of_its_parent_s(ledger: Ledger) -> None:
    assert (left(ledger, "/team"), left(ledger, "/team/a")) == (70, 30)
    assert ledger.open("/team/c", "/team", {"calls": 71}) == Refusal("/team", "calls", 100, 70, 71)
    assert "/team/c" not in ledger
    assert left(ledger, "/team") == 70


def test_what_was_not_spent_returns_with_the_end(ledger: Ledger) -> None:
    ledger.spend("/team/a", {"calls": 10})
    ledger.close("/team/a")
    assert left(ledger, "/team") == 90
    assert ledger.account("/team").used == {"calls": 10}


def test_one_without_an_allowance_draws_on_the_nearest_above(ledger: Ledger) -> None:
    ledger.settle(reserve(ledger, "/team/b", 70), {"calls": 50})
    assert left(ledger, "/team") == 20
    assert ledger.reserve("/team/b", {"calls": 21}) == Refusal("/team", "calls", 100, 20, 21)


def test_a_reservation_that_does_not_fit_is_refused_whole_and_changes_nothing(ledger: Ledger) -> None:
    assert ledger.set_limit("/team", "usd", 5) is None
    assert ledger.reserve("/team/a", {"usd": 2, "calls": 31}) == Refusal("/team/a", "calls", 30, 30, 31)
    assert ledger.account("/team").lines["usd"].available == 5


def test_a_reservation_is_not_there_for_others_until_it_is_settled(ledger: Ledger) -> None:
    held = reserve(ledger, "/team/a", 30)
    assert ledger.reserve("/team/a", {"calls": 1}) == Refusal("/team/a", "calls", 30, 0, 1)
    ledger.settle(held, {"calls": 12})
    assert left(ledger, "/team/a") == 18
    assert ledger.account("/team/a").used == {"calls": 12}


def test_what_nobody_limits_is_only_counted(ledger: Ledger) -> None:
    ledger.settle(ledger.reserve("/team/a", {"tokens": 10**9}), {"tokens": 400})  # type: ignore[arg-type]
    assert ledger.spend("/team/a", {"tokens": 5}) == ()
    assert ledger.account("/team/a").used == {"tokens": 405}


def test_what_is_billed_beyond_a_reservation_is_an_overdraft_that_the_line_above_pays(ledger: Ledger) -> None:
    ledger.settle(reserve(ledger, "/team/a", 30), {"calls": 45})
    line = ledger.account("/team/a").lines["calls"]
    assert (line.overdraft, line.available, left(ledger, "/team")) == (15, 0, 55)
    ledger.close("/team/a")
    assert left(ledger, "/team") == 55


def test_a_parent_that_cannot_pay_is_overdrawn_too(ledger: Ledger) -> None:
    assert ledger.spend("/team/a", {"calls": 130}) == ("calls",)
    assert ledger.account("/team").lines["calls"].overdraft == 30
    assert ledger.reserve("/team/b", {"calls": 1}) == Refusal("/team", "calls", 100, 0, 1)


def test_measured_spending_says_when_nothing_is_left(ledger: Ledger) -> None:
    assert ledger.spend("/team/a", {"calls": 29}) == ()
    assert ledger.spend("/team/a", {"calls": 1}) == ("calls",)


@pytest.mark.parametrize(
    ("limit", "refused", "team"),
    [(40, None, 60), (100, None, 0), (101, Refusal("/team", "calls", 100, 70, 71), 70), (10, None, 90)],
)
def test_a_limit_is_changed_with_what_the_parent_has(
    ledger: Ledger, limit: int, refused: Refusal | None, team: int
) -> None:
    ledger.spend("/team/a", {"calls": 10})
    assert ledger.set_limit("/team/a", "calls", limit) == refused
    assert left(ledger, "/team") == team


def test_a_limit_cannot_be_set_below_what_is_gone(ledger: Ledger) -> None:
    ledger.spend("/team/a", {"calls": 10})
    assert ledger.set_limit("/team/a", "calls", 9) == Refusal("/team/a", "calls", 30, 20, 21)


def test_a_higher_limit_first_pays_for_the_overdraft(ledger: Ledger) -> None:
    ledger.spend("/team/a", {"calls": 45})
    assert ledger.set_limit("/team/a", "calls", 50) is None
    assert (left(ledger, "/team/a"), left(ledger, "/team")) == (5, 50)
    assert ledger.account("/team/a").lines["calls"].overdraft == 0


def test_a_limit_given_later_takes_over_what_was_granted_below(ledger: Ledger) -> None:
    assert ledger.open("/team/b/x", "/team/b", {"calls": 20}) is None
    assert ledger.set_limit("/team/b", "calls", 19) == Refusal("/team/b", "calls", 19, 19, 20)
    assert ledger.set_limit("/team/b", "calls", 50) is None
    assert (left(ledger, "/team"), left(ledger, "/team/b"), left(ledger, "/team/b/x")) == (20, 30, 20)
    ledger.close("/team/b/x")
    assert left(ledger, "/team/b") == 50
    ledger.close("/team/b")
    assert left(ledger, "/team") == 70


def test_the_first_limit_of_a_resource_takes_over_too(ledger: Ledger) -> None:
    assert ledger.set_limit("/team/a", "usd", 5) is None
    assert ledger.set_limit("/team", "usd", 4) == Refusal("/team", "usd", 4, 4, 5)
    assert ledger.set_limit("/team", "usd", 8) is None
    assert ledger.account("/team").lines["usd"].available == 3
    ledger.close("/team/a")
    assert ledger.account("/team").lines["usd"].available == 8


AMOUNT = st.integers(0, 60)


class Books(RuleBasedStateMachine):
    """Random accounts and spending: whatever happens, the books balance."""

    accounts = Bundle("accounts")
    reservations = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.names: dict[str, str | None] = {}
        self.held: dict[str, list[Reservation]] = {}
        self.spent = 0

    @rule(target=accounts, parent=st.none() | accounts, limit=st.none() | AMOUNT)
    def open(self, parent: str | None, limit: int | None) -> str:
        name = f"n{len(self.names)}"
        parent = parent if parent in self.ledger else None
        refusal = self.ledger.open(name, parent, {} if limit is None else {"x": limit})
        self.names[name] = parent
        self.held[name] = []
        if refusal is not None:
            assert refusal.available < refusal.asked
            assert name not in self.ledger
        return name

    @rule(target=reservations, name=accounts, amount=AMOUNT)
    def reserve(self, name: str, amount: int) -> Any:
        if name not in self.ledger:
            return None
        reserved = self.ledger.reserve(name, {"x": amount})
        if isinstance(reserved, Refusal):
            assert reserved.available < amount
            return None
        self.held[name].append(reserved)
        return reserved

    @precondition(lambda self: any(self.held.values()))
    @rule(reservation=consumes(reservations), spent=AMOUNT)
    def settle(self, reservation: Any, spent: int) -> None:
        if reservation is not None:
            self.held[reservation.account].remove(reservation)
            self.ledger.settle(reservation, {"x": spent})
            self.spent += spent

    @rule(name=accounts, amount=AMOUNT)
    def spend(self, name: str, amount: int) -> None:
        if name in self.ledger:
            self.ledger.spend(name, {"x": amount})
            self.spent += amount

    @rule(name=accounts, limit=AMOUNT)
    def set_limit(self, name: str, limit: int) -> None:
        if name in self.ledger:
            self.ledger.set_limit(name, "x", limit)

    @rule(name=accounts)
    def close(self, name: str) -> None:
        below = [each for each in self.ledger if each.parent == name]
        top = self.names[name] is None
        if name in self.ledger and not below and not self.held[name] and not top:
            self.ledger.close(name)

    @invariant()
    def every_line_balances_and_nothing_is_negative(self) -> None:
        for account in self.ledger:
            line = account.lines.get("x")
            if line is not None:
                parts = (line.granted, line.reserved, line.spent, line.available, line.overdraft)
                assert min(parts) >= 0, (account.name, line)
                assert line.limit + line.overdraft == line.granted + line.reserved + line.spent + line.available

    @invariant()
    def what_is_granted_is_what_the_lines_below_have(self) -> None:
        for account in self.ledger:
            line = account.lines.get("x")
            if line is not None:
                below = [each.lines["x"] for each in self.ledger if "x" in each.lines]
                mine = [each for each in below if each.source == account.name]
                assert line.granted == sum(each.limit + each.overdraft for each in mine)

    @invariant()
    def what_is_used_is_what_was_spent(self) -> None:
        assert sum(account.used.get("x", 0) for account in self.ledger) == self.spent

    @invariant()
    def what_is_reserved_is_what_is_held(self) -> None:
        held = [each for reservations in self.held.values() for each in reservations]
        lines = [account.lines["x"] for account in self.ledger if "x" in account.lines]
        assert sum(line.reserved for line in lines) == sum(each.amounts["x"] for each in held if each.lines)


TestBooks = Books.TestCase


def test_an_account_under_nobody_ends_without_returning_anything() -> None:
    ledger = Ledger()
    assert ledger.open("/alone", None, {"calls": 10}) is None
    ledger.spend("/alone", {"calls": 3})
    ledger.close("/alone")
    assert "/alone" not in ledger
