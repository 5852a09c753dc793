"""What an adversary does to the tree of `harmed`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harmed import Act, InjectedError, World


def kill(name: str) -> Act:
    """Kill an actor, if it is there."""

    def act(world: World) -> None:
        world.hit.add(name)
        if name in world.refs:
            world.refs[name].kill("by the adversary")

    return act


def stop(name: str) -> Act:
    """Ask an actor to stop, if it is there."""

    def act(world: World) -> None:
        world.hit.add(name)
        if name in world.refs:
            world.refs[name].stop()

    return act


def pause(name: str) -> Act:
    """Pause an actor, if it is there, for a while."""

    def act(world: World) -> None:
        if name in world.refs:
            world.refs[name].pause()
            world.loop.call_soon(world.loop.call_soon, world.refs[name].resume)

    return act


def cancel(world: World) -> None:
    """Cancel the program's own task."""
    world.body.cancel()


def cancel_every_task(world: World) -> None:
    """Cancel every task there is, as programs do at their end."""
    for task in asyncio.all_tasks(world.loop):
        task.cancel()


def kill_system(world: World) -> None:
    """Kill the system."""
    if hasattr(world.system, "guardian"):
        world.system.kill()


def stop_system(world: World) -> None:
    """Stop the system, from another task."""
    if hasattr(world.system, "guardian"):
        world.loop.create_task(world.system.stop())


@contextmanager
def failing(at: int, *orders: tuple[type, str], done: bool = False) -> Iterator[list[int]]:
    """Have the call number *at* of those methods raise: instead of what it does, or after it was *done*.

    The list holds how many calls there were.
    """
    calls = [0]

    def failing_now(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            fails = calls[0] == at
            if fails and not done:
                raise InjectedError(f"call {at}: {method.__name__}")
            answer = method(*args, **kwargs)
            if fails:
                raise InjectedError(f"after call {at}: {method.__name__}")
            return answer

        return call

    with pytest.MonkeyPatch.context() as patched:
        for cls, name in orders:
            patched.setattr(cls, name, failing_now(getattr(cls, name)))
        yield calls
