"""What a handler that suspends sees of its task is what any asyncio task sees: each scene is played by both."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from llmactors import Actor, ActorSystem, message

Log = list[Any]
Scene = Callable[[Log], Awaitable[None]]


def me() -> "asyncio.Task[Any]":
    task = asyncio.current_task()
    assert task is not None
    return task


async def times_out(log: Log) -> None:
    try:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    except TimeoutError:
        log.append(("timeout", me().cancelling()))
    await asyncio.sleep(0)
    log.append("on")


async def times_out_in_a_bare_yield(log: Log) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            while True:  # noqa: ASYNC110  it is the bare yields that matter
                await asyncio.sleep(0)
    await asyncio.sleep(0)
    log.append(me().cancelling())


async def cancels_itself_and_goes_on(log: Log) -> None:
    for _ in range(3):
        me().cancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            log.append(me().uncancel())
        await asyncio.sleep(0)
        log.append("on")


async def is_cancelled_when_what_it_waits_for_is_there(log: Log) -> None:
    there = asyncio.get_running_loop().create_future()

    def both() -> None:
        there.set_result(1)
        task.cancel()

    task = me()
    asyncio.get_running_loop().call_soon(both)
    try:
        log.append(await there)
    except asyncio.CancelledError:
        log.append(("cancelled", me().uncancel()))
    await asyncio.sleep(0)


async def has_a_group_that_fails(log: Log) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise OSError("child")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.Event().wait()
    except* OSError as errors:
        log.append([str(error) for error in errors.exceptions])
    log.append(me().cancelling())
    await asyncio.sleep(0)


async def waits_for_a_child_with_a_limit(log: Log) -> None:
    child = asyncio.create_task(asyncio.Event().wait())
    with suppress(TimeoutError):
        await asyncio.wait_for(child, 0.001)
    log.append(child.cancelled())


async def waits_for_what_is_no_future_of_this_loop(log: Log) -> None:
    other = asyncio.new_event_loop()
    try:
        await other.create_future()
    except RuntimeError as error:
        log.append(type(error))
    finally:
        other.close()
    await asyncio.sleep(0)


async def waits_for_itself(log: Log) -> None:
    try:
        await me()
    except RuntimeError as error:
        log.append(type(error))
    await asyncio.sleep(0)


async def keeps_its_task(log: Log) -> None:
    task = me()
    for _ in range(3):
        await asyncio.sleep(0)
        log.append(me() is task)


async def hears_what_it_waited_for_raise(log: Log) -> None:
    broken = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(broken.set_exception, KeyError("it"))
    try:
        await broken
    except KeyError as error:
        log.append(error.args)
    await asyncio.sleep(0)


SCENES = [
    times_out,
    times_out_in_a_bare_yield,
    cancels_itself_and_goes_on,
    is_cancelled_when_what_it_waits_for_is_there,
    has_a_group_that_fails,
    waits_for_a_child_with_a_limit,
    waits_for_what_is_no_future_of_this_loop,
    waits_for_itself,
    keeps_its_task,
    hears_what_it_waited_for_raise,
]


class Player(Actor):
    @message
    async def play(self, scene: Scene, log: Log) -> None:
        await scene(log)

    @message
    async def after(self) -> int:
        await asyncio.sleep(0)
        return me().cancelling()


@pytest.mark.parametrize("scene", SCENES)
async def test_a_handler_plays_a_scene_as_any_task_does(scene: Scene) -> None:
    as_task: Log = []
    await asyncio.create_task(scene(as_task))  # type: ignore[arg-type]  # it is a coroutine
    assert as_task
    async with ActorSystem() as system:
        player = await system.spawn(Player)
        for _ in range(2):
            log: Log = []
            await player.ask(Player.play(scene, log))
            assert log == as_task
            assert await player.ask(Player.after()) == 0, "what one handler did to its task is not the next one's"
