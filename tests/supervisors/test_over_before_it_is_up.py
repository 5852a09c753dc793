"""A tree that is over in the very turn in which it came up ends as it would have a moment later."""

import asyncio

import pytest

from llmactors import Actor, ActorSystem
from supervisors import GaveUpError, Supervisor, child


class Faulty(Actor):
    def on_start(self) -> None:
        self.context.self_ref.tell("go")

    def receive(self, message: object) -> None:
        raise ValueError("a bad day")


class Brief(Actor):
    def on_start(self) -> None:
        self.context.stop()


class Falling(Supervisor):
    faulty = child(Faulty)


class Above(Supervisor):
    falling = child(Falling)


class Short(Supervisor):
    auto_shutdown = "any_significant"
    brief = child(Brief, restart="transient", significant=True)


@pytest.mark.parametrize("root", [Falling, Above])
@pytest.mark.parametrize("row", ["A8"])
async def test_a_tree_that_gives_up_at_once_has_given_up(row: str, root: type[Supervisor]) -> None:
    with pytest.raises(GaveUpError) as caught:
        async with ActorSystem(root):
            await asyncio.Event().wait()
    cause: BaseException | None = caught.value
    while cause is not None and cause.__cause__ is not None:
        cause = cause.__cause__
    assert repr(cause) == "ValueError('a bad day')"


@pytest.mark.parametrize("row", ["A94"])
async def test_a_tree_whose_significant_child_is_done_at_once_ends_cleanly(row: str) -> None:
    async with ActorSystem(Short) as system:
        async with asyncio.timeout(5):
            assert (await system.wait_root_ended()).clean
