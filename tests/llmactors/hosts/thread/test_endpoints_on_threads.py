"""What endpoints can do holds on threads, too: stash, batches."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from llmactors import Actor, ActorSystem, message
from llmactors.hosts import Thread

pytest.importorskip("pykka")


class Vault(Actor):
    def __init__(self) -> None:
        self.open = False

    @message
    def put(self, number: int) -> int:
        if not self.open:
            self.context.stash()
        return number

    @message
    def unlock(self) -> None:
        self.open = True
        self.context.unstash()

    @message.batched(8, within=5.0)
    def gather(self, numbers: list[int]) -> list[tuple[int, bool]]:
        return [(len(numbers), threading.current_thread() is threading.main_thread()) for _ in numbers]


@pytest.fixture(params=[False, True], ids=["as they are", "checked"])
async def system(request: pytest.FixtureRequest) -> AsyncIterator[ActorSystem]:
    async with ActorSystem(check_messages=request.param) as system:
        yield system


async def test_a_message_put_aside_on_the_thread_comes_back(system: ActorSystem) -> None:
    vault = await system.spawn(Vault, host=Thread())
    waiting = [asyncio.create_task(vault.ask(Vault.put(number))) for number in (1, 2)]
    await asyncio.sleep(0)
    await vault.ask(Vault.unlock())
    assert await asyncio.gather(*waiting) == [1, 2]


async def test_a_batch_is_handled_on_the_thread(system: ActorSystem) -> None:
    vault = await system.spawn(Vault, host=Thread())
    answers = await asyncio.gather(*(vault.ask(Vault.gather(number)) for number in range(8)))
    assert answers == [(8, False)] * 8
