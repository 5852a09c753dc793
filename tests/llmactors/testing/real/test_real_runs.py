"""The same tests with real processes: killed, stopped, without room on the disk."""

from pathlib import Path
from typing import Any

import pytest
from netting import Net, Nets, Store

from llmactors.errors import ActorEndedError
from llmactors.testing import (
    At,
    Faults,
    Injected,
    LifeEnded,
    Resolved,
    SimulationError,
    SimulationFailedError,
    World,
    simulate,
)
from llmactors.testing._laws import LAWS
from llmactors.testing._real._run import play_for_real
from llmactors.testing._sim._playing import Outcome, Program
from llmactors.testing._sim._quiet import quiet

pytestmark = pytest.mark.slow


def run(test: Any, faults: Faults | None = None, seed: int = 0) -> Outcome:
    with quiet():
        outcome = play_for_real(Program(test=test, root=Nets, faults=faults or Faults(), laws=LAWS), seed)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.broken is None, outcome.broken
    return outcome


async def no_job_is_lost(world: World) -> None:
    jobs = [world.ask(Nets.nets, Net.predict(number), timeout=30) for number in range(20)]
    await world.kill(Nets.nets, after="taken")
    await world.heal()
    assert await world.settle(jobs, within=30) == [number * number for number in range(20)]


@pytest.mark.parametrize("level", ["plain", "sim", "real"])
def test_the_same_test_and_plan_run_at_every_level(level: Any) -> None:
    simulate(Nets, faults=Faults(kill=Nets.nets, rate=0.02), runs=20, level=level)(no_job_is_lost)()


def test_a_worker_is_really_killed_when_it_has_the_message_in_hand() -> None:
    async def kills(world: World) -> None:
        before = await world.ask(Nets.nets, Net.pid())
        job = world.ask(Nets.nets, Net.predict(7), timeout=30)
        killed = await world.kill(Nets.nets, after="taken")
        assert await job == 49
        pids = {await world.ask(Nets.nets, Net.pid()) for _ in range(4)}
        assert killed.startswith("/nets/")
        assert pids
        world.note(f"it was {before}")

    history = run(kills).history
    assert any(isinstance(event, LifeEnded) and "SIGKILL" in event.exit for event in history)
    assert any(isinstance(event, Injected) and event.fault == "kill" for event in history)


def test_a_kill_that_was_ordered_is_done_before_its_test_goes_on_and_may_heal() -> None:
    async def kills(world: World) -> None:
        job = world.ask(Nets.nets, Net.predict(7), timeout=30)
        await world.kill(Nets.nets, after="taken")
        await world.heal()
        assert await job == 49

    history = run(kills).history
    assert any(isinstance(event, LifeEnded) and "SIGKILL" in event.exit for event in history)


def test_faults_by_chance_are_done_to_real_workers_and_laws_are_held_to() -> None:
    async def works(world: World) -> None:
        jobs = [world.ask(Nets.nets, Net.predict(number), timeout=30) for number in range(30)]
        await world.settle(jobs, within=30)

    outcome = run(works, Faults(kill=At(Nets.nets, rate=1.0), most=2))
    assert sum(isinstance(event, Injected) for event in outcome.history) == 2
    assert sum(isinstance(event, Resolved) and event.outcome == "answered" for event in outcome.history) == 30


def test_a_crash_of_a_worker_is_an_abort() -> None:
    async def crashes(world: World) -> None:
        job = world.ask(Nets.nets, Net.predict(2), timeout=30)
        await world.crash(Nets.nets)
        assert await job == 4

    assert any(isinstance(event, LifeEnded) and "SIGABRT" in event.exit for event in run(crashes).history)


def test_a_worker_that_is_stopped_goes_on_where_it_was() -> None:
    async def freezes(world: World) -> None:
        async with world.frozen(Nets.apart) as stopped:
            assert stopped == ["/apart"]
            job = world.ask(Nets.apart, Store.keep(1), timeout=30)
            await world.advance(0.2)
            assert not job.done()
        assert await job == 1

    run(freezes)


def test_a_kill_at_once_needs_no_message() -> None:
    async def kills(world: World) -> None:
        assert await world.ask(Nets.apart, Store.keep(1), timeout=30) == 1
        assert await world.kill(Nets.apart) == "/apart"
        await world.eventually("it is up again", lambda: world.ref(Nets.apart).usage().restarts == 1)
        assert await world.ask(Nets.apart, Store.keep(2), timeout=30) == 1

    assert any(isinstance(event, LifeEnded) and "SIGKILL" in event.exit for event in run(kills).history)


def test_a_worker_without_room_on_the_disk_cannot_write(tmp_path: Path) -> None:
    async def writes(world: World) -> None:
        said = [await world.ask(Nets.apart, Store.write(str(tmp_path / f"{n}")), timeout=30) for n in range(3)]
        assert said[0] == "written" or said[-1] != "written"
        assert "OSError" in said

    run(writes, Faults(disk_full=At(Nets.apart, nth=1)))


def test_actors_on_the_loop_are_cut_off_as_in_the_simulator() -> None:
    async def crashes(world: World) -> None:
        with pytest.raises(ActorEndedError):
            await world.ask(Nets.store, Store.keep(1), timeout=30)
        assert await world.ask(Nets.store, Store.keep(2), timeout=30) == 1

    run(crashes, Faults(crash=At(Nets.store, nth=1)))


def test_a_failure_is_told_as_it_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @simulate(Nets, level="real", runs=1)
    async def fails(world: World) -> None:
        assert await world.ask(Nets.apart, Store.keep(1)) == 2

    with pytest.raises(SimulationFailedError, match="not the smallest"):
        fails()


def test_hosts_that_cannot_be_watched_are_refused() -> None:
    from llmactors.hosts import Thread

    async def spawns(world: World) -> None:
        with pytest.raises(SimulationError, match="cannot be watched"):
            await world.system.spawn(Store, host=Thread())

    run(spawns)
