"""Pools whose workers handle batches."""

import asyncio
from typing import Any

import pytest
from troupe import FaultError, settle
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorRef, message
from llmactors.errors import ActorEndedError
from supervisors import Supervisor, pool


class Batching(Actor):
    """Answers four at a time, in a second."""

    @message.batched(4, within=1.0, timeout=100.0)
    async def predict(self, xs: list[int]) -> list[tuple[str, int]]:
        """Answer who predicted, and together with how many; a negative one breaks it."""
        await asyncio.sleep(1.0)
        if min(xs) < 0:
            raise FaultError
        return [(self.context.name, len(xs))] * len(xs)

    @message
    def mark(self) -> str:
        """Be asked for something else."""
        return self.context.name


class Batches(Supervisor):
    """Two that handle batches, without and with redelivery."""

    nets = pool(Batching, size=2)
    careful = pool(Batching, size=2, redeliver=1)


def predictions(nets: ActorRef[Any], *xs: int) -> list[asyncio.Future[Any]]:
    return [asyncio.ensure_future(nets.ask(Batching.predict(x))) for x in xs]


def test_a_worker_takes_a_whole_batch_and_the_next_worker_the_next() -> None:
    async def main() -> None:
        async with VirtualSystem(Batches) as system:
            nets = system.ref(Batches.nets)
            answers = await asyncio.gather(*predictions(nets, *range(10)))
            assert answers == [("batching-1", 4)] * 4 + [("batching-2", 4)] * 4 + [("batching-1", 2)] * 2
            assert now() == pytest.approx(3.0), "the last two wait a second for more"

    run(main())


def test_a_worker_that_gathers_is_given_what_comes_and_the_others_stay_free() -> None:
    async def main() -> None:
        async with VirtualSystem(Batches) as system:
            nets = system.ref(Batches.nets)
            first = predictions(nets, 1)
            await asyncio.sleep(0.5)
            second = predictions(nets, 2)
            await settle()
            assert await nets.ask(Batching.mark()) == "batching-2"
            assert await asyncio.gather(*first, *second) == [("batching-1", 2)] * 2
            assert now() == pytest.approx(2.0)

    run(main())


def test_what_finds_workers_gathering_and_none_free_waits_in_its_place() -> None:
    async def main() -> None:
        async with VirtualSystem(Batches) as system:
            nets = system.ref(Batches.nets)
            asked = predictions(nets, *range(5))  # four for one, and one for the other, which gathers
            await settle()
            mark = asyncio.ensure_future(nets.ask(Batching.mark(), timeout=100.0))
            await settle()
            asked += predictions(nets, *range(5, 10))
            assert [len_ for _, len_ in await asyncio.gather(*asked)] == [4] * 4 + [1] + [4] * 4 + [1]
            assert await mark in {"batching-1", "batching-2"}
            assert nets.usage().mailbox == 0

    run(main())


def test_a_batch_that_a_worker_gathers_when_it_is_killed_goes_to_the_next_whole() -> None:
    async def main() -> None:
        async with VirtualSystem(Batches) as system:
            nets = system.ref(Batches.nets)
            asked = predictions(nets, 1, 2, 3)
            await asyncio.sleep(0.5)
            nets.children()[0].kill()
            assert [together for _, together in await asyncio.gather(*asked)] == [3] * 3

    run(main())


def test_of_a_batch_in_hand_only_the_poison_is_buried_where_messages_are_delivered_again() -> None:
    async def main() -> None:
        async with VirtualSystem(Batches) as system:
            careful = system.ref(Batches.careful)
            asked = predictions(careful, 1, -2, 3)
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(answer) for answer in answers] == [tuple, ActorEndedError, tuple]
            assert system.dead_letters.counts == {"poison": 1}

    run(main())
