"""Workers held to the limits of their slots, by control groups where there are some, and without them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hogs import Hog
from performers import Keeper, Probe
from waiting import until

from llmactors import ActorRef, ActorSystem, limits
from llmactors.hosts import Loop, Process, Thread
from llmactors.hosts.process import _pulse
from llmactors.hosts.process.limits import _means as means
from llmactors.hosts.process.limits._cgroups import PREFIX, find


@pytest.fixture(params=["cgroup", "duty cycle"])
def way(request: Any, monkeypatch: Any) -> Iterator[str]:
    if request.param == "duty cycle":
        monkeypatch.setenv(means.SWITCH, "off")
    else:
        found = find()
        found.remove()
        if "cpu" not in found.controllers:
            pytest.skip("this machine lets us limit no CPU time by control groups")
    yield request.param
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{os.getpid()}"))


@pytest.fixture
async def system(way: str) -> AsyncIterator[ActorSystem]:
    del way
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def hog(system: ActorSystem) -> ActorRef[Hog]:
    return await system.spawn(Hog, host=Process())


async def test_what_holds_a_worker_is_told(way: str, hog: ActorRef[Hog]) -> None:
    told = limits.enforcement(hog)
    assert told.cpu.startswith(way)
    assert str(told) == ("duty cycle + rlimit" if way == "duty cycle" else f"{told.cpu}+memory")
    assert told.weights == ("" if way == "duty cycle" else told.cpu.removesuffix(" cpu"))


async def test_a_throttled_worker_gets_its_share_and_all_there_is_when_that_is_lifted(
    system: ActorSystem, hog: ActorRef[Hog]
) -> None:
    del system
    limits.throttle(hog, 0.2)
    assert await hog.ask(Hog.spin(0.2)) >= 0.7  # at least: what others take of the machine makes it only longer
    assert limits.measure(hog).held_back
    limits.throttle(hog, None)
    assert await hog.ask(Hog.spin(0.01)) < 5
    limits.measure(hog)
    assert not limits.measure(hog).held_back


async def test_the_limits_of_a_slot_hold_its_next_life_too(system: ActorSystem) -> None:
    probe = await system.spawn(Probe)
    keeper = await system.spawn(Keeper, probe, Process(), Hog, revivals=1)
    hog: ActorRef[Hog] = await keeper.actor.slot.ref
    limits.throttle(hog, 0.1)
    before = hog.usage().pid
    hog.kill()
    assert await hog.ask(Hog.spin(0.1), timeout=60) >= 0.5
    assert hog.usage().pid != before


async def test_standing_still_counts_for_no_limit_of_a_handler(hog: ActorRef[Hog], monkeypatch: Any) -> None:
    monkeypatch.setattr(_pulse, "PERIOD", 0.05)
    limits.throttle(hog, 0.1)
    assert await hog.ask(Hog.spin_within_its_limit(0.25)) == "done"


async def test_a_worker_that_stands_still_is_not_taken_for_a_stopped_one(hog: ActorRef[Hog], monkeypatch: Any) -> None:
    monkeypatch.setattr(_pulse, "PERIOD", 0.05)
    monkeypatch.setattr(_pulse, "PATIENCE", 0.2)
    limits.throttle(hog, 0.01)
    pid = hog.usage().pid
    assert await hog.ask(Hog.spin(0.03)) > 0.5
    assert hog.usage().pid == pid


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_throttled_worker_can_be_stopped_and_killed_at_once(hog: ActorRef[Hog], end: str) -> None:
    limits.throttle(hog, 0.005)
    hog.tell(Hog.spin(0.05))
    await until(lambda: limits.measure(hog).held_back)
    getattr(hog, end)()
    async with asyncio.timeout(8):
        await hog.wait_ended()


async def test_what_a_worker_starts_is_counted_and_throttled_with_it(hog: ActorRef[Hog]) -> None:
    await hog.ask(Hog.spin_below(0.2))
    assert limits.measure(hog).cpu >= 0.2
    assert await hog.ask(Hog.begin_below(2)) == 2
    assert limits.measure(hog).processes == 3
    pid = hog.usage().pid
    assert pid is not None
    limits.throttle(hog, 0.005)
    hog.tell(Hog.spin_for_ever())
    await until(lambda: limits.measure(hog).held_back)
    below = psutil.Process(pid).children(recursive=True)
    if limits.enforcement(hog).cpu == "duty cycle":
        await until(lambda: all(one.status() == psutil.STATUS_STOPPED for one in below))
    hog.kill()


async def test_one_that_somebody_kills_while_it_stands_still_leaves_nothing(hog: ActorRef[Hog]) -> None:
    limits.throttle(hog, 0.005)
    hog.tell(Hog.spin_for_ever())
    await until(lambda: limits.measure(hog).held_back)
    pid = hog.usage().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await hog.wait_ended()
    assert not psutil.pid_exists(pid)


# -- the other hosts ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", [Loop(), Thread()], ids=["loop", "thread"])
async def test_an_actor_without_a_process_of_its_own_is_not_held_from_outside(host: Any) -> None:
    async with ActorSystem() as system:
        hog = await system.spawn(Hog, host=host)
        limits.throttle(hog, 0.1)
        await hog.ask(Hog.spin(0.01))
        seen = limits.measure(hog)
        assert seen.cpu > 0
        assert (seen.processes, seen.held_back, limits.has_process(hog)) == (0, False, False)
        assert str(limits.enforcement(hog)) == "gate + samples"


# -- our directory -----------------------------------------------------------------------------------------------
def test_the_groups_of_a_system_that_was_killed_are_swept_by_the_next(tmp_path: Path) -> None:
    found = find()
    found.remove()
    if not found.controllers:
        pytest.skip("this machine lets us limit nothing by control groups")
    program = tmp_path / "program.py"
    program.write_text(
        "import asyncio\n"
        "from hogs import Hog\n"
        "from llmactors import ActorSystem, limits\n"
        "from llmactors.hosts import Process\n"
        "async def main():\n"
        "    async with ActorSystem() as system:\n"
        "        hog = await system.spawn(Hog, host=Process())\n"
        "        limits.throttle(hog, 0.1)\n"
        "        print('up', flush=True)\n"
        "        await hog.ask(Hog.spin_for_ever(), timeout=60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[4] / "support"), *sys.path])
    with subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        left = list(Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{process.pid}"))
        assert left
        process.kill()
    found = find()
    found.remove()
    assert len(left) >= len(found.controllers)
    for _ in range(1_000):  # its workers are killed by the reaper, which may take a moment
        if not any(directory.exists() for directory in left):
            break
        find().remove()
    assert not any(directory.exists() for directory in left)
