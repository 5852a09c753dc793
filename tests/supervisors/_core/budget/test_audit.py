"""An audit finds every line of a ledger that does not balance, and no other."""

import pytest

from supervisors._core.budget._audit import audit, unaccounted
from supervisors._core.budget._ledger import Ledger, Reservation


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.open("/", None, {"calls": 10})
    ledger.open("/a", "/", {"calls": 4})
    return ledger


def reserved(ledger: Ledger, amount: int) -> Reservation:
    answer = ledger.reserve("/a", {"calls": amount})
    assert isinstance(answer, Reservation)
    return answer


def test_a_ledger_that_is_kept_balances(ledger: Ledger) -> None:
    held = reserved(ledger, 3)
    ledger.spend("/a", {"calls": 1, "tokens": 7})
    assert list(audit(ledger, [held])) == []
    ledger.settle(held, {"calls": 2})
    ledger.close("/a")
    assert list(audit(ledger, [])) == []


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("reserved", "`calls` of /a: 4 billionths are reserved, and 3 are held"),
        ("granted", "`calls` of /a: 1 billionths are granted, and the accounts below have 0"),
        ("spent", "`calls` of /a: 1 billionths are spent, and 0 were used"),
        ("limit", "`calls` of /: 4 billionths are granted, and the accounts below have 5"),
    ],
)
def test_a_line_that_is_tampered_with_does_not(ledger: Ledger, harm: str, what: str) -> None:
    held = reserved(ledger, 3)
    line = ledger.account("/a").lines["calls"]
    setattr(line, harm, getattr(line, harm) + 1)
    assert what in list(audit(ledger, [held]))


def test_a_reservation_that_was_settled_twice_shows(ledger: Ledger) -> None:
    held = reserved(ledger, 3)
    ledger.settle(held, {"calls": 3})
    ledger.settle(held, {"calls": 3})
    assert list(audit(ledger, [])) == [
        "`calls` of /a: -3 billionths are reserved",
        "`calls` of /a: -3 billionths are reserved, and 0 are held",
    ]


def left_out(ledger: Ledger) -> dict[tuple[str, str], int]:
    return {key: amount for key, (_, amount) in unaccounted(ledger).items()}


def test_all_that_is_used_since_there_is_a_line_is_spent_over_every_close(ledger: Ledger) -> None:
    ledger.open("/a/b", "/a", {"calls": 2})
    ledger.spend("/a/b", {"calls": 3, "tokens": 5})
    ledger.set_limit("/", "tokens", 100)
    held = reserved(ledger, 1)
    ledger.settle(held, {"calls": 1, "tokens": 1})
    for closed in ("/a/b", "/a"):
        ledger.close(closed)
        assert {key: amount for key, amount in left_out(ledger).items() if amount} == {("/", "tokens"): 5}


def test_what_is_forgotten_when_an_account_closes_shows(ledger: Ledger) -> None:
    ledger.spend("/a", {"calls": 3})
    assert left_out(ledger) == {("/", "calls"): 0, ("/a", "calls"): 0}
    ledger.account("/a").lines["calls"].spent = 0
    ledger.close("/a")
    assert left_out(ledger) == {("/", "calls"): 3}
