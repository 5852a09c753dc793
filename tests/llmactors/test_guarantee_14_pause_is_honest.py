"""Guarantee 14: pause takes effect after the message in hand, or at its next checkpoint."""

import asyncio
from typing import Any

import pytest
from keepers import Counter, Keeper, keeper, turns
from virtual import VirtualSystem, run

from llmactors import Actor, ActorRef, ActorSystem, Ended, Exit, Shutdown, Started, message
from llmactors.errors import ActorEndedError, AskTimeoutError


class Worker(Actor):
    def __init__(self) -> None:
        self.steps = 0
        self.stopped: list[Exit] = []
        self.gate = asyncio.Event()

    @message(timeout=1e6)
    async def work(self, steps: int) -> int:
        for _ in range(steps):
            await self.context.checkpoint()
            self.steps += 1
            await asyncio.sleep(0)
        return self.steps

    @message
    async def wait(self) -> str:
        await self.gate.wait()
        return "waited"

    @message
    def count(self) -> int:
        return self.steps

    def on_stop(self, exit: Exit) -> None:
        self.stopped.append(exit)


async def test_a_pause_takes_effect_after_the_message_in_hand() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Worker)
        first = asyncio.create_task(ref.ask(Worker.wait()))
        second = asyncio.create_task(ref.ask(Worker.count()))
        await turns()
        ref.pause()
        await turns()
        assert ref.state == "pausing"
        ref.actor.gate.set()
        assert await first == "waited"
        await turns()
        assert (ref.state, second.done()) == ("paused", False)
        ref.resume()
        assert await second == 0


async def test_a_pause_takes_effect_at_the_next_checkpoint() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Worker)
        ask = asyncio.create_task(ref.ask(Worker.work(100)))
        await turns(20)
        ref.pause()
        await turns()
        steps = ref.actor.steps
        await turns()
        assert 0 < steps == ref.actor.steps < 100
        assert ref.state == "paused", "at a checkpoint nothing runs"
        ref.resume()
        assert await ask == 100
        assert ref.state == "idle"


async def test_a_checkpoint_lets_others_run_even_if_nobody_is_paused() -> None:
    class Busy(Actor):
        @message
        async def spin(self) -> int:
            for turn in range(10_000):
                await self.context.checkpoint()
                if DONE:
                    return turn
            return -1

    DONE: list[int] = []  # noqa: N806 - a constant to those inside
    async with ActorSystem() as system:
        ref = await system.spawn(Busy)
        asyncio.get_running_loop().call_later(0.001, DONE.append, 1)
        assert await ref.ask(Busy.spin()) >= 0


async def test_paused_messages_notices_and_timers_wait_and_asks_run_to_their_deadline() -> None:
    async with ActorSystem() as system:
        actor, other = await keeper(system), await system.spawn(Counter)
        ref = actor.context.self_ref
        actor.context.monitor(other)
        actor.context.send_after(0.0, "timer")
        ref.pause()
        ref.tell("message")
        other.stop()
        await other.wait_ended()
        with pytest.raises(AskTimeoutError):
            await ref.ask("question", timeout=0.01)  # type: ignore[call-overload]  # any value may be a message
        assert actor.heard == []
        assert ref.state == "paused"
        ref.resume()
        await actor.hears(str, 2)
        await turns()
        assert len(actor.heard) == 3


@pytest.mark.parametrize("how", ["stop", "kill", "discard"])
@pytest.mark.parametrize("at", ["idle", "checkpoint"])
async def test_a_paused_actor_obeys_stop_and_kill(how: str, at: str) -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Worker)
        await owner.hears(Started)
        actor: Worker = slot.ref.actor
        ask = asyncio.create_task(slot.ref.ask(Worker.work(1_000))) if at == "checkpoint" else None
        await turns()
        slot.ref.pause()
        await turns()
        getattr(slot, how)()
        if how == "discard":
            await slot.ref.wait_ended()
        else:
            await owner.hears(Ended)
        assert actor.stopped == ([Shutdown()] if how == "stop" else [])
        if ask is not None:
            with pytest.raises(ActorEndedError):
                await ask


async def test_a_paused_child_that_dies_comes_back_paused() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Worker)
        await owner.hears(Started)
        slot.ref.pause()
        ask = asyncio.create_task(slot.ref.ask(Worker.count()))
        await turns()
        slot.kill()
        await owner.hears(Ended)
        slot.revive()
        await owner.hears(Started, 2)
        await turns()
        assert (slot.ref.state, slot.ref.paused, ask.done()) == ("paused", True, False)
        slot.ref.resume()
        assert await ask == 0


class Beginner(Actor):
    """Tells how far it has come."""

    def __init__(self, steps: list[str], waits: bool) -> None:
        self.steps, self.waits = steps, waits
        steps.append("made")

    async def on_start(self) -> None:
        if self.waits:
            await self.context.checkpoint()
        self.steps.append("started")

    @message
    def work(self) -> str:
        self.steps.append("worked")
        return "worked"


@pytest.mark.parametrize("waits", [False, True])
async def test_a_child_that_comes_back_paused_begins_and_on_start_may_wait_for_the_resume(waits: bool) -> None:
    async with ActorSystem() as system:
        steps: list[str] = []
        owner = await keeper(system)
        slot = owner.opens(Beginner, steps, waits)
        await owner.hears(Started)
        slot.ref.pause()
        slot.kill()
        await owner.hears(Ended)
        del steps[:]
        slot.revive()
        ask = asyncio.create_task(slot.ref.ask(Beginner.work()))
        await turns()
        assert steps == (["made"] if waits else ["made", "started"])
        assert (slot.ref.state, ask.done()) == ("starting" if waits else "paused", False)
        slot.ref.resume()
        assert await ask == "worked"
        assert steps == ["made", "started", "worked"]


async def test_pausing_and_resuming_twice_is_once() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Counter)
        for order in (ref.pause, ref.pause, ref.resume, ref.resume):
            order()
        await turns()
        assert await ref.ask(Counter.add(1)) == 1


class Supervisor(Keeper):
    pausable = False


async def test_pausing_an_owner_that_is_not_pausable_pauses_its_actors_at_every_depth_and_never_itself() -> None:
    async with ActorSystem() as system:
        top = (await system.spawn(Supervisor)).actor
        middle = top.opens(Supervisor, name="middle")
        leaf = top.opens(Counter, name="leaf")
        spawned = top.context.spawn(Counter)
        await top.hears(Started, 2)
        deep = middle.ref.actor.opens(Counter, name="deep")
        await deep.ref
        top.context.self_ref.pause()
        await turns()
        refs: list[ActorRef[Any]] = [leaf.ref, spawned, deep.ref]
        assert [ref.state for ref in refs] == ["paused"] * 3
        for supervisor in (top, middle.ref.actor):
            supervisor.heard.clear()
            supervisor.context.self_ref.tell("still here")
            await supervisor.hears(str)
        late = [top.opens(Counter, name="late").ref, top.context.spawn(Counter), top.opens(Supervisor, name="sub").ref]
        await turns()
        assert [ref.state for ref in late] == ["paused", "paused", "idle"]
        below = late[2].actor.opens(Counter).ref
        await turns()
        assert below.state == "paused", "what is opened under a paused supervisor is paused, however deep"
        top.context.self_ref.resume()
        await turns()
        assert {ref.state for ref in (*refs, *late, below)} == {"idle"}


def test_paused_time_counts_for_no_limit() -> None:
    class Limited(Actor):
        @message(limit=5.0, timeout=1e6)
        async def work(self) -> str:
            for _ in range(3):
                await asyncio.sleep(1)
                await self.context.checkpoint()
            return "done"

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Limited)
        ask = asyncio.create_task(ref.ask(Limited.work()))
        await asyncio.sleep(1.5)
        ref.pause()
        await asyncio.sleep(1_000)
        ref.resume()
        assert await ask == "done"
        await system.stop()

    run(main())
