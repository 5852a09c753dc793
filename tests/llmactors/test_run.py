"""`ActorSystem.run`: a system as a whole program, its signals and its exit status."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "support" / "running_main.py"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Programs that are ended after the test, whatever became of it."""
    programs: list[subprocess.Popen[str]] = []
    yield programs
    for program in programs:
        program.kill()
        program.communicate()


def start(started: list[subprocess.Popen[str]], *how: str) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, PROGRAM, *how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    started.append(program)
    return program


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 129)])
def test_a_start_that_takes_long_says_what_it_waits_for(
    started: list[subprocess.Popen[str]], number: signal.Signals, status: int
) -> None:
    program = start(started, "slow start")
    assert program.stderr is not None
    told = next(line for line in program.stderr if "still_starting" in line)
    assert "actors=['/']" in told
    program.send_signal(number)
    program.communicate(timeout=20)
    assert program.returncode == status


def wait_for(program: subprocess.Popen[str], line: str) -> None:
    assert program.stdout is not None
    for said in program.stdout:
        if said.strip() == line:
            return
    pytest.fail(f"the program ended before it said {line!r}")


@pytest.mark.parametrize(
    ("how", "status", "last"),
    [
        ("leave", 0, "stopped"),
        ("crash", 1, "stopped"),
        ("bad start", 1, ""),
        ("exit at start", 1, ""),
    ],
)
def test_the_exit_status_says_how_the_root_ended(
    started: list[subprocess.Popen[str]], how: str, status: int, last: str
) -> None:
    out, err = start(started, how).communicate(timeout=20)
    assert (started[0].returncode, out.splitlines()[-1:]) == (status, [last] if last else [])
    if how == "crash":
        assert err.index("KeyError: 'root cause'") < err.index("ValueError: what it led to"), "the root cause first"
    elif status:
        assert "system_did_not_start" in err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("how", ["stay", "spin"])
def test_the_first_signal_stops_in_order(
    started: list[subprocess.Popen[str]], how: str, number: signal.Signals, status: int
) -> None:
    program = start(started, how)
    wait_for(program, "up")
    program.send_signal(number)
    out, _ = program.communicate(timeout=20)
    assert (program.returncode, out.splitlines()) == (status, ["stopping Shutdown", "stopped"])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_second_signal_kills(started: list[subprocess.Popen[str]], number: signal.Signals, status: int) -> None:
    program = start(started, "slow stop")
    wait_for(program, "up")
    program.send_signal(number)
    wait_for(program, "stopping Shutdown")
    program.send_signal(signal.SIGTERM)
    out, _ = program.communicate(timeout=20)
    assert (program.returncode, out) == (status, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_stops_a_system_that_is_still_starting(
    started: list[subprocess.Popen[str]], number: signal.Signals, status: int
) -> None:
    program = start(started, "slow start")
    wait_for(program, "starting")
    program.send_signal(number)
    out, _ = program.communicate(timeout=20)
    assert (program.returncode, out) == (status, "")


@pytest.mark.parametrize("way", ["tell", "ask"])
@pytest.mark.parametrize("how", ["plain", "first_step", "suspended"])
def test_an_interrupt_in_the_middle_of_a_handler_stops_the_rest_in_order(
    started: list[subprocess.Popen[str]], how: str, way: str
) -> None:
    out, err = start(started, "interrupt", how, way).communicate(timeout=20)
    assert started[0].returncode == 9, err
    assert out.splitlines() == ["stopping Crash", "stopping Shutdown", "interrupted"]
