"""A slot's gate: the owner withholds the go-ahead for messages, and for nothing else."""

import asyncio
from typing import Any

import pytest
from keepers import Counter, Keeper, keeper, turns
from virtual import VirtualSystem, now, run

from llmactors import ActorSystem, Ended, Shutdown, Started, Usage


def test_a_gate_holds_messages_back_until_the_time_it_names() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        asked: list[float] = []

        def gate(usage: Usage, at: float) -> float | None:
            assert usage.mailbox >= 1
            asked.append(at)
            return 10.0 if at < 10 else None

        slot.gate = gate
        slot.ref.tell(Counter.add(1))
        await turns()
        assert slot.ref.state == "throttled"
        assert await slot.ref.ask(Counter.add(1), timeout=50) == 2
        assert asked[0] == 0
        assert asked[1:] == [pytest.approx(10)] * len(asked[1:]), "it is not asked before the time it named"
        assert now() == pytest.approx(10)
        slot.gate = None
        assert await slot.ref.ask(Counter.add(1)) == 3
        await system.stop()

    run(main())


async def test_signals_get_through_a_gate() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        slot.gate = lambda _usage, at: at + 3600
        slot.ref.tell(Counter.add(1))
        await turns()
        slot.stop()
        assert (await owner.hears(Ended)).exit == Shutdown()


async def test_a_gate_that_raises_is_its_owners_crash_and_stops_nobody_else() -> None:
    class Owner(Keeper):
        pass

    def gate(_usage: Usage, _now: float) -> float | None:
        raise OSError("gate")

    with pytest.raises(OSError, match="gate"):  # noqa: PT012 - the end of the block is what raises
        async with ActorSystem() as system:
            ref, other = await system.spawn(Owner), await system.spawn(Counter)
            actor: Any = ref.actor
            slot = actor.opens(Counter)
            await actor.hears(Started)
            slot.gate = gate
            slot.ref.tell(Counter.add(1))
            await turns()
            assert await other.ask(Counter.add(1)) == 1


def test_a_system_that_closes_leaves_no_timer_of_a_gate() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        owner = await keeper(system)
        slot = owner.opens(Counter)
        await owner.hears(Started)
        slot.gate = lambda _usage, at: at + 1e6
        slot.ref.tell(Counter.add(1))
        await turns()
        assert slot.ref.state == "throttled"
        await system.stop()
        scheduled = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert [timer for timer in scheduled if not timer.cancelled()] == []

    run(main())
