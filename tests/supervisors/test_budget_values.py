"""What can be said as a budget, and what is refused with its remedy."""

from typing import Any

import pytest

from supervisors._budget import Allowance, Budget, Ceiling, OnExceeded, OnExhausted, Rate
from supervisors._quantity import BILLION
from supervisors.errors import SpecError

MIB = 2**20


def test_a_budget_is_read_back_as_paces_ceilings_and_allowances() -> None:
    budget = Budget(
        Rate(cpu=0.5),
        Rate(tokens=6_000, per="minute", burst=500),
        Ceiling(memory="512 MiB", soft=0.5),
        Allowance(calls=100, wall="2h", on_exhausted="stop"),
    )
    assert {name: (pace.rate, pace.burst) for name, pace in budget.paces.items()} == {
        "cpu": (0.5, 0.025),
        "tokens": (100.0, 500.0),
    }
    height, then = budget.ceilings["memory"]
    assert (height.soft, height.hard, then) == (256 * MIB, 512 * MIB, OnExceeded.RESTART)
    assert budget.allowances == {
        "calls": (100 * BILLION, OnExhausted.STOP),
        "wall": (7_200 * BILLION, OnExhausted.STOP),
    }


def test_a_rate_lets_a_twenty_fifth_of_a_second_s_amount_go_at_once_and_one_at_least() -> None:
    assert Rate(messages=1_000).paces["messages"].burst == 40
    assert Rate(messages=2).paces["messages"].burst == 1


def test_limits_are_equal_when_they_say_the_same() -> None:
    assert Rate(cpu=0.5) == Rate(cpu=0.5)
    assert Budget(Ceiling(memory="1 KiB")) == Budget(Ceiling(memory=1024))
    assert Allowance(usd=1) != Allowance(usd=1, on_exhausted="escalate")


@pytest.mark.parametrize(
    ("make", "field", "words"),
    [
        (Rate, "rate", "name a resource"),
        (lambda: Rate(cpu=0), "rate.cpu", "above 0"),
        (lambda: Rate(cpu=True), "rate.cpu", "above 0"),
        (lambda: Rate(cpu=float("inf")), "rate.cpu", "above 0"),
        (lambda: Rate(cpu=0.5, per="minute"), "per", "cores"),
        (lambda: Rate(tokens=1, per="fortnight"), "per", "such as 'minute'"),
        (lambda: Rate(tokens=1, calls=1, burst=3), "burst", "for one resource"),
        (lambda: Rate(tokens=1, burst=-1), "burst", "0 or more"),
        (Ceiling, "ceiling", "name a resource"),
        (lambda: Ceiling(tokens=3), "ceiling", "memory, gpu_memory, storage, processes"),
        (lambda: Ceiling(memory="lots"), "ceiling.memory", "'512 MiB'"),
        (lambda: Ceiling(memory=0), "ceiling.memory", "'512 MiB'"),
        (lambda: Ceiling(processes="3 kB"), "ceiling.processes", "whole number"),
        (lambda: Ceiling(memory=1, soft=0), "soft", "part of the ceiling"),
        (lambda: Ceiling(memory=1, on_exceeded="explode"), "on_exceeded", "'restart', 'stop'"),  # type: ignore[arg-type]
        (Allowance, "allowance", "name a resource"),
        (lambda: Allowance(tokens=-1), "allowance.tokens", "0 or more"),
        (lambda: Allowance(wall="soon"), "wall", "'2h'"),
        (lambda: Allowance(calls=1, on_exhausted="cry"), "on_exhausted", "'pause', 'stop', 'escalate'"),  # type: ignore[arg-type]
        (Budget, "budget", "at least one"),
        (lambda: Budget(0.5), "budget", "Rate(...)"),  # type: ignore[arg-type]
        (lambda: Budget(Rate(cpu=1), Rate(cpu=2)), "budget", "two Rates"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(make: Any, field: str, words: str) -> None:
    with pytest.raises(SpecError, match="cannot be") as refused:
        make()
    assert refused.value.field == field
    assert words in str(refused.value)
