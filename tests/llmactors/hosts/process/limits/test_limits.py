"""Limits of real processes: by control groups where this machine allows them, and by stopping and continuing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from waiting import until

from llmactors.hosts.process.limits._cgroups import PREFIX, Cgroups, Group, find
from llmactors.hosts.process.limits._duty import DutyCycle
from llmactors.hosts.process.limits._meter import Meter, cpu_seconds, tree

SPIN = "while True: pass"
SPIN_BELOW = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SPIN!r}]).wait()"


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SPIN]) as process:
        yield process
        process.kill()


@pytest.fixture
def busy_below() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SPIN_BELOW]) as process:
        yield process
        for one in psutil.Process(process.pid).children(recursive=True):
            one.kill()
        process.kill()


async def test_the_meter_counts_a_process_and_all_below_it(busy_below: subprocess.Popen[bytes]) -> None:
    await until(lambda: len(tree(busy_below.pid)) == 2)
    meter = Meter(busy_below.pid)
    before, spinner = meter.read(), tree(busy_below.pid)[1]
    own = cpu_seconds(spinner)
    await until(lambda: cpu_seconds(spinner) > own + 0.05)
    assert meter.read() >= before + 0.05


async def test_what_those_below_had_used_stays_counted_when_they_end(busy_below: subprocess.Popen[bytes]) -> None:
    await until(lambda: len(tree(busy_below.pid)) == 2)
    meter, spinner = Meter(busy_below.pid), tree(busy_below.pid)[1]
    await until(lambda: cpu_seconds(spinner) > 0.05)
    before = meter.read()
    os.kill(spinner, signal.SIGKILL)
    await until(lambda: spinner not in tree(busy_below.pid))
    assert meter.read() >= before


def test_the_time_of_a_process_that_is_gone_is_an_error() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with pytest.raises(ProcessLookupError):
        cpu_seconds(gone.pid)


async def test_a_duty_cycle_stops_a_busy_process_with_all_below_it_and_lets_it_go_on_at_its_end(
    busy_below: subprocess.Popen[bytes],
) -> None:
    await until(lambda: len(tree(busy_below.pid)) == 2)
    spinner = psutil.Process(tree(busy_below.pid)[1])
    cycle = DutyCycle(busy_below.pid, asyncio.get_running_loop(), time.monotonic)
    cycle.set_share(0.001)
    await until(lambda: spinner.status() == psutil.STATUS_STOPPED)
    await until(lambda: cycle.stood_still > 0.0)
    cycle.set_share(None)
    await until(lambda: spinner.status() != psutil.STATUS_STOPPED)
    stood = cycle.stood_still
    assert stood > 0.0
    cycle.end()
    assert cycle.stood_still == stood


async def test_a_duty_cycle_holds_a_process_to_its_share(busy: subprocess.Popen[bytes]) -> None:
    cycle, meter = DutyCycle(busy.pid, asyncio.get_running_loop(), time.monotonic), Meter(busy.pid)
    await until(lambda: meter.read() > 0.05)
    cycle.set_share(0.2)
    begun, used = time.monotonic(), meter.read()
    await until(lambda: meter.read() >= used + 0.3)
    assert time.monotonic() - begun >= 1.0  # at least: what others take of the machine makes it only longer
    cycle.end()


async def test_a_duty_cycle_of_a_process_that_has_ended_does_no_harm(busy: subprocess.Popen[bytes]) -> None:
    cycle = DutyCycle(busy.pid, asyncio.get_running_loop(), time.monotonic)
    cycle.set_share(0.001)
    await until(lambda: psutil.Process(busy.pid).status() == psutil.STATUS_STOPPED)
    busy.kill()
    busy.wait()
    cycle.end()


# -- control groups ------------------------------------------------------------------------------------------
@pytest.fixture
def cgroups() -> Iterator[Cgroups]:
    found = find()
    if found.controllers != ("cpu", "memory"):
        pytest.skip(f"this machine lets us limit {found.controllers or 'nothing'} by control groups")
    yield found
    found.remove()


async def test_a_group_holds_a_process_to_its_share(cgroups: Cgroups, busy: subprocess.Popen[bytes]) -> None:
    group, meter = cgroups.group("busy"), Meter(busy.pid)
    group.set_cpu(0.2)
    group.add(busy.pid)
    begun, used = time.monotonic(), meter.read()
    await until(lambda: meter.read() >= used + 0.3)
    assert time.monotonic() - begun >= 1.0
    group.set_cpu(None)
    busy.kill()
    busy.wait()
    group.remove()


def test_what_takes_more_memory_than_its_group_may_is_killed_by_the_kernel(cgroups: Cgroups) -> None:
    group = cgroups.group("greedy")
    group.set_memory(64 * 2**20)
    code = "import sys; sys.stdin.read(1); kept = [bytearray(8 << 20) for _ in range(100)]"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        group.add(process.pid)
        process.communicate(b"x")
    assert process.returncode == -signal.SIGKILL
    assert group.out_of_memory() >= 1
    group.set_memory(None)
    group.remove()


def test_a_group_knows_what_it_holds(cgroups: Cgroups) -> None:
    group = cgroups.group("holds")
    code = "import sys; sys.stdin.read(1); kept = bytearray(32 << 20); print('up', flush=True); sys.stdin.read(1)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:  # type: ignore[call-overload]
        group.add(process.pid)
        process.stdin.write(b"x")
        process.stdin.flush()
        process.stdout.readline()
        assert 32 * 2**20 <= group.memory() < 64 * 2**20
        process.communicate(b"x")
    group.remove()


def test_what_a_dead_process_left_is_swept_away(cgroups: Cgroups) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = {directory for directory in Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{os.getpid()}") if directory.is_dir()}
    left = [directory.with_name(f"{PREFIX}{dead.pid}") for directory in ours]
    for directory in left:
        (directory / "worker").mkdir(parents=True)
    assert left
    find()
    assert not any(directory.exists() for directory in left)
    assert str(cgroups).startswith("cgroup v")


def test_what_one_with_our_process_id_left_is_swept_away(cgroups: Cgroups) -> None:
    ours = {directory for directory in Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{os.getpid()}") if directory.is_dir()}
    left = [directory / "worker-1" for directory in ours]
    for directory in left:
        directory.mkdir()
    assert left
    find()
    assert all(directory.exists() for directory in ours)
    assert not any(directory.exists() for directory in left)
    assert cgroups.controllers


@pytest.mark.parametrize(
    ("version", "weight", "told"),
    [(1, None, "1024"), (1, 1.0, "1024"), (1, 0.5, "512"), (1, 0.0001, "2"), (2, None, "100"), (2, 0.254, "25")],
)
def test_a_group_is_told_its_weight_by_either_interface(
    tmp_path: Path, version: int, weight: float | None, told: str
) -> None:
    Group({"cpu": tmp_path}, {"cpu": version}).set_weight(weight)
    (file,) = tmp_path.iterdir()
    assert (file.name, file.read_text()) == ("cpu.shares" if version == 1 else "cpu.weight", told)


def test_a_machine_without_control_groups_has_none(tmp_path: Path) -> None:
    found = find(tmp_path)
    assert found.controllers == ()
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text("31 23 0:28 / /nowhere rw - cgroup cgroup rw,cpu\n")
    (tmp_path / "self/cgroup").write_text("1:cpu:/\n0::/\n")
    assert find(tmp_path).controllers == ()


def test_version_2_is_used_where_our_group_passes_its_controllers_on(tmp_path: Path) -> None:
    own = tmp_path / "groups" / "user"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.subtree_control").write_text("cpu memory\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text(f"31 23 0:28 / {tmp_path}/groups rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "self/cgroup").write_text("0::/user\n")
    found = find(tmp_path)
    assert str(found) == "cgroup v2 cpu+memory"
    group = found.group("w")
    group.set_cpu(0.25)
    group.set_memory(2**20)
    group.add(7)
    below = own / f"{PREFIX}{os.getpid()}" / "w"
    assert (below / "cpu.max").read_text() == "12500 50000"
    assert (below / "memory.max").read_text() == str(2**20)
    assert (below / "cgroup.procs").read_text() == "7"
    group.set_cpu(None)
    group.set_memory(None)
    assert (below / "cpu.max").read_text() == "max 50000"
    assert (below / "memory.max").read_text() == "max"
    (below / "memory.current").write_text("5000\n")
    (below / "memory.stat").write_text("anon 1\nfile 3000\nshmem 500\n")
    (below / "memory.events").write_text("low 0\noom_kill 2\n")
    assert (group.memory(), group.out_of_memory()) == (2_500, 2)
