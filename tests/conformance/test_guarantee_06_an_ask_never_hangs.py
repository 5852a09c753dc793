import asyncio
import math
from typing import Any

import pytest
from conforming import Gate, Journal, Probe

from llmactors import ActorRef, ActorSystem, Crash, Killed, Shutdown
from llmactors.errors import ActorDownError, ActorEndedError, AskTimeoutError, UnhandledMessageError
from llmactors.hosts import HostConfig
from supervisors import Backoff, Supervisor, child


async def test_an_ask_ends_with_the_answer(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    assert await probe.ask(Probe.echo("hello")) == "hello"


@pytest.mark.parametrize("timeout", [math.nan, -math.inf, "5"])
async def test_a_time_that_never_comes_is_no_timeout(system: ActorSystem, host: HostConfig, timeout: Any) -> None:
    probe = await system.spawn(Probe, host=host)
    probe.pause()
    with pytest.raises(ValueError, match=r"timeout=.*: a time is a number of seconds"):
        await probe.ask(Probe.seen(), timeout=timeout)
    with pytest.raises(ValueError, match=r"timeout=.*: a time is a number of seconds"):
        await probe.send(Probe.note(1), timeout=timeout)
    with pytest.raises(AskTimeoutError):
        await probe.ask(Probe.seen(), timeout=0.05)


@pytest.mark.parametrize("timeout", [0, -1, -1e300])
async def test_a_time_that_is_up_already_is_a_timeout_at_once(
    system: ActorSystem, host: HostConfig, timeout: float
) -> None:
    probe = await system.spawn(Probe, host=host)
    probe.pause()
    with pytest.raises(AskTimeoutError):
        await probe.ask(Probe.seen(), timeout=timeout)


async def test_none_is_a_message_like_any_other(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    with pytest.raises(UnhandledMessageError, match="NoneType"):
        await probe.ask(None)  # type: ignore[call-overload]  # it is no message of this actor, and is told so
    probe.tell(None)
    assert await probe.ask(Probe.seen()) == []
    assert system.dead_letters.counts == {"unhandled": 2}
    assert await probe.stop(drain=True) == Shutdown()


async def test_a_declared_error_is_an_answer_and_the_actor_lives_on(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    await probe.ask(Probe.note(1))
    with pytest.raises(KeyError, match="nowhere"):
        await probe.ask(Probe.find("nowhere"))
    assert await probe.ask(Probe.seen()) == [1]


async def test_a_declared_error_under_tell_is_a_dead_letter(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    probe.tell(Probe.find("nowhere"))
    await probe.ask(Probe.seen())
    assert system.dead_letters.counts["unheard"] == 1


async def test_an_ask_ends_when_its_time_is_up_and_the_actor_lives_on(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    probe = await system.spawn(Probe, host=host)
    with pytest.raises(AskTimeoutError) as failure:
        await probe.ask(Probe.hold(gate), timeout=0.05)
    assert isinstance(failure.value, TimeoutError)
    assert await probe.ask(Probe.echo(1)) == 1


async def test_a_crash_ends_the_ask_in_hand_with_its_error_as_the_cause(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    with pytest.raises(ActorEndedError) as failure:
        await probe.ask(Probe.fail("the disk is full"))
    await probe.wait_ended()
    assert isinstance(failure.value.exit, Crash)
    assert "the disk is full" in str(failure.value.__cause__)
    await probe.wait_ended()


async def test_a_kill_ends_the_ask_in_hand_at_once(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate], journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    asking = asyncio.create_task(probe.ask(Probe.hold(gate)))
    await gate.ask(Gate.arrivals(1))
    probe.kill("enough")
    with pytest.raises(ActorEndedError) as failure:
        await asking
    assert failure.value.exit == Killed("enough")


async def test_with_redeliver_the_ask_in_hand_is_answered_by_the_next_life(host: HostConfig) -> None:
    class App(Supervisor):
        gate = child(Gate)
        probe = child(Probe, host=host, redeliver=1)

    async with ActorSystem(App) as system:
        gate, probe = system.ref(App.gate), system.ref(App.probe)
        asking = asyncio.create_task(probe.ask(Probe.hold(gate)))
        await gate.ask(Gate.arrivals(1))
        probe.kill()
        await gate.ask(Gate.arrivals(2))
        await gate.ask(Gate.open())
        assert await asking == "held"


async def test_a_queued_ask_waits_for_the_next_life_and_when_down_fail_does_not(host: HostConfig) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host, backoff=Backoff(initial=0.2, jitter=0.0))

    async with ActorSystem(App) as system:
        probe = system.ref(App.probe)
        with pytest.raises(ActorEndedError):
            await probe.ask(Probe.fail("once"))
        with pytest.raises(ActorDownError):
            await probe.ask(Probe.seen(), when_down="fail")
        assert await probe.ask(Probe.seen()) == []
