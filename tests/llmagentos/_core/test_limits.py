"""Limits as a person writes them."""

import pytest

from llmagentos._core.limits import read_limits
from supervisors import Allowance, Budget, Ceiling, Rate, SpecError


@pytest.mark.parametrize(
    ("word", "limit"),
    [
        ("cpu=0.25", Rate(cpu=0.25)),
        ("messages=100", Rate(messages=100)),
        ("tokens=6000/minute", Rate(tokens=6_000, per="minute")),
        ("calls=150", Allowance(calls=150)),
        ("usd=2.5", Allowance(usd=2.5)),
        ("wall=2h", Allowance(wall="2h")),
        ("cpu_seconds=30", Allowance(cpu_seconds=30)),
        ("memory=512MiB", Ceiling(memory="512 MiB")),
        ("storage=1000", Ceiling(storage=1_000)),
        ("processes=4", Ceiling(processes=4)),
    ],
)
def test_a_word_is_a_rate_a_ceiling_or_an_allowance(word: str, limit: Rate | Ceiling | Allowance) -> None:
    assert read_limits([word]) == Budget(limit)


@pytest.mark.parametrize(
    "word",
    [
        "cpu",
        "=3",
        "cpu=",
        "cpu=lots",
        "cpu=0",
        "calls=-1",
        "tokens=5/moon",
        "wall=soon",
        "a b=3",
        "per=3",
        "burst=3/minute",
        "calls=nan",
        "memory=lots",
        "memory=0",
        "processes=2MiB",
    ],
)
def test_what_is_no_limit_is_refused_with_what_would_be(word: str) -> None:
    with pytest.raises(SpecError, match="cannot be"):
        read_limits([word])


def test_the_same_twice_is_refused() -> None:
    with pytest.raises(SpecError, match="two Allowances"):
        read_limits(["calls=1", "calls=2"])
