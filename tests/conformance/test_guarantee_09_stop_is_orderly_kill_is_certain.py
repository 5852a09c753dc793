import asyncio

import pytest
from conforming import Gate, Journal, Probe, Stubborn

from llmactors import ActorRef, ActorSystem, Killed, Shutdown
from llmactors.hosts import HostConfig
from supervisors import Supervisor, child


async def test_stop_lets_the_message_in_hand_finish_and_runs_on_stop(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate], journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, journal, host=host)
    asking = asyncio.create_task(probe.ask(Probe.hold(gate)))
    await gate.ask(Gate.arrivals(1))
    probe.stop()
    await gate.ask(Gate.open())
    assert await asking == "held"
    assert await probe.wait_ended() == Shutdown()
    assert await journal.ask(Journal.entries(1)) == [("stopped", "Shutdown")]


async def test_who_stops_an_actor_may_wait_for_its_end(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    assert await probe.stop() == Shutdown()
    assert probe.state == "discarded"


async def test_a_restart_is_not_waited_for(host: HostConfig) -> None:
    class App(Supervisor):
        journal = child(Journal)
        probe = child(Probe, host=host)

    async with ActorSystem(App) as own:
        journal = own.ref(App.journal)
        journal.tell(Journal.write("before"))
        await journal.ask(Journal.entries(1))
        assert await own.ref(App.probe).ask(Probe.stop_another(journal)) == "Shutdown"
        journal.tell(Journal.write("after"))
        assert await journal.ask(Journal.entries(1)) == ["after"]
        assert await own.ref(App.probe).stop() == Shutdown()
        assert await own.ref(App.probe).ask(Probe.echo("back")) == "back"


async def test_stop_with_drain_handles_what_is_queued_first(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate], journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, journal, host=host)
    probe.tell(Probe.hold(gate))
    last = asyncio.create_task(probe.ask(Probe.echo("the last one")))
    await gate.ask(Gate.arrivals(1))
    probe.stop(drain=True)
    await gate.ask(Gate.open())
    assert await last == "the last one"
    assert await probe.wait_ended() == Shutdown()


async def test_on_stop_runs_after_a_crash(system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]) -> None:
    probe = await system.spawn(Probe, journal, host=host)
    await journal.ask(Journal.watch(probe))
    probe.tell(Probe.fail("no disk"))
    assert await journal.ask(Journal.entries(2)) == [("stopped", "Crash"), ("down", "Crash")]


async def test_on_stop_does_not_run_after_a_kill(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, journal, host=host)
    await journal.ask(Journal.watch(probe))
    probe.kill()
    assert await journal.ask(Journal.entries(1)) == [("down", "Killed")]


async def test_a_kill_ends_an_actor_with_a_message_in_hand(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate], journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    probe.tell(Probe.hold(gate))
    await gate.ask(Gate.arrivals(1))
    probe.kill("enough")
    assert await probe.wait_ended() == Killed("enough")


async def test_an_actor_that_does_not_stop_in_its_time_is_killed(host: HostConfig) -> None:
    class App(Supervisor):
        journal = child(Journal)
        stubborn = child(Stubborn, shutdown=0.05, host=host)

    async with ActorSystem(App) as system:
        stubborn = system.ref(App.stubborn)
        await system.ref(App.journal).ask(Journal.watch(stubborn))
        assert system.root is not None
        await system.root.ask(App.terminate_child("stubborn"))
        assert await system.ref(App.journal).ask(Journal.entries(1)) == [("down", "Killed")]


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_the_end_of_a_permanent_child_by_its_ref_is_an_end_like_any_other(host: HostConfig, how: str) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        probe = system.ref(App.probe)
        getattr(probe, how)()
        await probe.ask(Probe.seen())
        assert probe.usage().restarts == 1


async def test_terminate_child_ends_the_slot_s_life_for_good(host: HostConfig) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        assert system.root is not None
        await system.root.ask(App.terminate_child("probe"))
        (row,) = await system.root.ask(App.which_children())
        assert (row.ref, row.state) == (None, "down")
