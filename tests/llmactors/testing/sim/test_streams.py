"""Streams in simulated runs, their messages and items checked like all others."""

import asyncio
from collections.abc import AsyncIterator

from llmactors import Actor, message
from llmactors.testing import World, simulate
from supervisors import Supervisor, child


class Teller(Actor):
    @message
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(1)
            yield number


class App(Supervisor):
    teller = child(Teller)


@simulate(App, runs=20)
async def test_a_stream_is_read_to_its_end(world: World) -> None:
    async with world.ref(App.teller).stream(Teller.count(3)) as numbers:
        assert [number async for number in numbers] == [0, 1, 2]


@simulate(App, runs=5)
async def test_a_stream_that_is_left_before_it_begins_is_no_lost_message(world: World) -> None:
    teller = world.ref(App.teller)
    async with teller.stream(Teller.count(3)) as numbers:
        assert await anext(numbers) == 0
        async with teller.stream(Teller.count(3)):
            pass
