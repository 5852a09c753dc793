"""Guarantee 13 on the loop: a handler that never returns is found, named and interrupted."""

import subprocess
import sys
from pathlib import Path

import pytest

from llmactors import Watchdog

PROGRAM = Path(__file__).parents[1] / "support" / "stuck_main.py"


def ran(kind: str, place: str = "main") -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), kind, place], capture_output=True, text=True, timeout=40, check=False
    )


@pytest.mark.parametrize(
    ("kind", "place"), [("spin", "main"), ("sleep", "main"), ("async", "main"), ("spin", "thread")]
)
def test_code_that_does_not_return_is_interrupted_and_the_system_lives(kind: str, place: str) -> None:
    done = ran(kind, place)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert "HandlerTimeoutError" in first or "ran longer than its limit of 0.3 s" in first
    assert "/stuck" in first
    assert last == "pong"
    assert "handler_is_slow" in done.stderr
    assert "in do" in done.stderr  # the stack names the handler


def test_a_slow_handler_is_reported_and_left_alone() -> None:
    done = ran("slow")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["slow", "pong"]
    assert "handler_is_slow" in done.stderr
    assert "handler_interrupted" not in done.stderr


def test_one_that_swallows_three_interrupts_ends_the_process_with_its_name() -> None:
    done = ran("swallow")
    assert done.returncode == 70, done.stderr
    assert done.stdout.splitlines() == ["swallowed"] * 3
    assert "does not return and it swallowed three interrupts" in done.stderr
    assert "/stuck" in done.stderr


@pytest.mark.parametrize(("soft", "hard"), [(0, 1), (2, 1), (-1, 1), (float("nan"), 1)])
def test_limits_that_make_no_sense_are_refused(soft: float, hard: float) -> None:
    with pytest.raises(ValueError, match="soft"):
        Watchdog(soft=soft, hard=hard)
