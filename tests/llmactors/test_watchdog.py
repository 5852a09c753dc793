"""Guarantee 13 on the loop: a handler that never returns is found, named and interrupted."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import pytest
from waiting import until

from llmactors import ActorSystem, Watchdog

PROGRAM = Path(__file__).parents[1] / "support" / "stuck_main.py"
pytestmark = pytest.mark.timeout(180)  # programs that are waited for
PLACES = pytest.mark.parametrize("place", ["main", "thread"])
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the sentinel needs Linux")


def ran(kind: str, place: str = "main", hard: float = 0.3) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), kind, place, str(hard)], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("kind", "place"), [("spin", "main"), ("sleep", "main"), ("async", "main"), ("spin", "thread")]
)
def test_code_that_does_not_return_is_interrupted_and_the_system_lives(kind: str, place: str) -> None:
    done = ran(kind, place, hard=1.5)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert "HandlerTimeoutError" in first or "ran longer than its limit of 1.5 s" in first
    assert "/stuck" in first
    assert last == "pong"
    assert "handler_is_slow" in done.stderr
    assert "in do" in done.stderr  # the stack names the handler


def test_a_slow_handler_is_reported_and_left_alone() -> None:
    done = ran("slow", hard=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["spun", "pong"]
    assert "handler_is_slow" in done.stderr
    assert "handler_interrupted" not in done.stderr


def test_one_that_swallows_three_interrupts_ends_the_process_with_its_name() -> None:
    done = ran("swallow")
    assert done.returncode == 70, done.stderr
    assert done.stdout.splitlines() == ["swallowed"] * 3
    assert "does not return and it swallowed three interrupts" in done.stderr
    assert "/stuck" in done.stderr


@on_linux
@pytest.mark.parametrize(("kind", "place"), [("deadlock", "main"), ("deadlock", "thread"), ("match", "thread")])
def test_code_in_c_that_never_lets_go_of_the_lock_ends_the_process_with_its_name(kind: str, place: str) -> None:
    done = ran(kind, place)
    assert done.returncode == 70, done.stderr
    assert "/stuck` does not return and never lets go of the interpreter's lock" in done.stderr
    assert f"in {kind}\n" in done.stderr  # the stack names the handler


@on_linux
def test_code_in_c_that_looks_after_signals_is_interrupted_and_the_system_lives() -> None:
    done = ran("match", hard=1.5)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith("HandlerTimeoutError")
    assert "/stuck" in first
    assert last == "pong"
    assert "handler_interrupted" in done.stderr


@on_linux
def test_one_that_swallows_such_interrupts_ends_the_process_too() -> None:
    done = ran("rematch")
    assert done.returncode == 70, done.stderr
    assert "/stuck` does not return" in done.stderr
    assert "in rematch\n" in done.stderr


@PLACES
def test_code_in_c_that_keeps_the_lock_for_a_while_is_left_alone(place: str) -> None:
    done = ran("nap", place, hard=2.0)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["slept", "pong"]), done.stderr
    assert "handler_interrupted" not in done.stderr


@PLACES
@pytest.mark.parametrize("kind", ["traced", "pydevd", "monitored", "debugged_in_c"])
def test_nothing_is_interrupted_while_a_debugger_is_at_work(kind: str, place: str) -> None:
    if kind == "monitored" and sys.version_info < (3, 12):
        pytest.skip("Python 3.12 has sys.monitoring")
    done = ran(kind, place)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["spun", "pong"]), done.stderr
    assert "handler_interrupted" not in done.stderr


@pytest.mark.slow
@on_linux
@PLACES
async def test_time_in_which_the_process_was_stopped_does_not_count(place: str) -> None:
    process = await begun("stopped", place, hard=3.0)
    process.send_signal(signal.SIGSTOP)
    await until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    await asyncio.sleep(5)  # that it lasts is what is tested: longer than the hard limit and what comes after it
    process.send_signal(signal.SIGCONT)
    out, err = await process.communicate(b"go on\n")
    assert (process.returncode, out.splitlines()) == (0, [b"went on", b"pong"]), err
    assert b"handler_interrupted" not in err


@pytest.mark.slow
def test_a_healthy_actor_under_heavy_load_is_never_interrupted() -> None:
    done = ran("load", hard=1.0)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["carried", "pong"]), done.stderr
    assert "handler_interrupted" not in done.stderr


@on_linux
async def test_the_sentinel_goes_with_its_system() -> None:
    for wanted in (True, False):
        async with ActorSystem(watchdog=Watchdog(sentinel=wanted)):
            assert len(sentinels_of(os.getpid())) == wanted
        assert not sentinels_of(os.getpid())


@on_linux
async def test_the_sentinel_goes_with_a_process_that_is_killed() -> None:
    process = await begun("stopped", "main", hard=60)
    (sentinel,) = sentinels_of(process.pid)
    process.kill()
    await process.communicate()
    await until(lambda: not sentinel.is_running())


async def begun(kind: str, place: str, hard: float) -> asyncio.subprocess.Process:
    """Begin the program, until its handler runs."""
    arguments = [str(PROGRAM), kind, place, str(hard)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"at work\n"
    return process


def sentinels_of(pid: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(pid).children() if "_sentinel.py" in " ".join(one.cmdline())]


@pytest.mark.parametrize(("soft", "hard"), [(0, 1), (2, 1), (-1, 1), (float("nan"), 1)])
def test_limits_that_make_no_sense_are_refused(soft: float, hard: float) -> None:
    with pytest.raises(ValueError, match="soft"):
        Watchdog(soft=soft, hard=hard)
