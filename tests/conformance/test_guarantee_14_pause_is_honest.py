import asyncio

import pytest
from conforming import Gate, Journal, Probe
from waiting import until

from llmactors import ActorRef, ActorSystem, Shutdown
from llmactors.errors import AskTimeoutError
from llmactors.hosts import HostConfig
from supervisors import Supervisor, child


async def test_paused_messages_queue_up_and_are_handled_after_the_resume(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    probe.pause()
    for number in range(3):
        assert probe.tell(Probe.note(number))
    with pytest.raises(AskTimeoutError):
        await probe.ask(Probe.seen(), timeout=0.05)
    assert probe.state == "paused"
    probe.resume()
    assert await probe.ask(Probe.seen()) == [0, 1, 2]


async def test_an_actor_that_is_paused_and_resumed_at_once_goes_on(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    for number in range(3):
        probe.pause()
        probe.tell(Probe.note(number))
        probe.resume()
    assert await probe.ask(Probe.seen()) == [0, 1, 2]
    probe.pause()
    probe.resume()
    probe.pause()
    with pytest.raises(AskTimeoutError):
        await probe.ask(Probe.seen(), timeout=0.05)
    assert probe.state == "paused"
    probe.resume()
    probe.pause()
    probe.resume()
    assert await probe.ask(Probe.seen()) == [0, 1, 2]


async def test_a_pause_that_another_thread_takes_back_at_once_is_taken_back(
    system: ActorSystem, host: HostConfig
) -> None:
    probe = await system.spawn(Probe, host=host)
    probe.pause()
    await asyncio.to_thread(probe.resume)
    assert await probe.ask(Probe.seen()) == []


async def test_a_pause_takes_effect_after_the_message_in_hand(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    probe = await system.spawn(Probe, host=host)
    asking = asyncio.create_task(probe.ask(Probe.hold(gate)))
    await gate.ask(Gate.arrivals(1))
    probe.pause()
    probe.tell(Probe.note(1))
    await until(lambda: probe.state == "pausing")
    await gate.ask(Gate.open())
    assert await asking == "held"
    with pytest.raises(AskTimeoutError):
        await probe.ask(Probe.seen(), timeout=0.05)
    assert probe.state == "paused"
    probe.resume()
    assert await probe.ask(Probe.seen()) == [1]


async def test_a_pause_takes_effect_at_a_checkpoint(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    probe = await system.spawn(Probe, host=host)
    asking = asyncio.create_task(probe.ask(Probe.pass_two(gate)))
    await gate.ask(Gate.arrivals(1))
    probe.pause()
    await gate.ask(Gate.open())
    with pytest.raises(AskTimeoutError):
        await gate.ask(Gate.arrivals(2), timeout=0.1)
    probe.resume()
    await gate.ask(Gate.arrivals(2))
    await gate.ask(Gate.open())
    assert await asking == "passed"


async def test_a_paused_actor_obeys_a_stop_and_runs_its_on_stop(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, journal, host=host)
    probe.pause()
    probe.stop()
    assert await probe.wait_ended() == Shutdown()
    assert await journal.ask(Journal.entries(1)) == [("stopped", "Shutdown")]


async def test_pausing_a_supervisor_pauses_its_actors_and_not_itself(host: HostConfig) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        root, probe = system.root, system.ref(App.probe)
        assert root is not None
        root.pause()
        assert (await root.ask(App.count_children())).active == 1
        with pytest.raises(AskTimeoutError):
            await probe.ask(Probe.seen(), timeout=0.05)
        root.resume()
        assert await probe.ask(Probe.seen()) == []


async def test_a_paused_child_that_dies_comes_back_paused(host: HostConfig) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        probe = system.ref(App.probe)
        probe.pause()
        probe.kill()
        with pytest.raises(AskTimeoutError):
            await probe.ask(Probe.seen(), timeout=0.2)
        assert (probe.state, probe.usage().restarts) == ("paused", 1)
        probe.resume()
        assert await probe.ask(Probe.seen()) == []
