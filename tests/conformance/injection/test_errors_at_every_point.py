"""Whatever is raised at any point of the actors' own code, or by any order of the shell, the laws hold."""

import asyncio
import logging
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from adversary import failing
from harmed import InjectedError, World, play

from llmactors import Context, Slot, StartIgnored
from llmactors.hosts._loop import LoopHost
from supervisors._keeper import Keeper

ERRORS = [
    InjectedError,
    asyncio.CancelledError,
    GeneratorExit,
    MemoryError,
    RecursionError,
    StartIgnored,
    StopIteration,
    SystemExit,
    TimeoutError,
]
ORDERS = {
    "of a family": [(Keeper, "_order"), (Keeper, "_begin_start"), (Keeper, "_report")],
    "to open": [(Context, "open")],
    "to a slot": [(Slot, "stop"), (Slot, "kill"), (Slot, "discard")],
    "to a host": [(LoopHost, "start"), (LoopHost, "stop"), (LoopHost, "kill")],
}


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A few thousand crashes need no log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("error", ERRORS)
def test_whatever_an_actor_raises_anywhere_the_laws_hold(error: type[BaseException]) -> None:
    broken = {}
    for point in count(1):
        world = play(World("rest_for_one", raise_at=point, error=error))
        if world.broken:
            broken[point] = world.broken
        assert isinstance(world.raised, Exception | None), "what ends an actor does not end the program"
        if world.points < point:
            break
    assert broken == {}


def test_an_interrupt_anywhere_ends_the_program_and_the_laws_hold() -> None:
    broken = {}
    for point in count(1):
        world = World("one_for_one", raise_at=point, error=KeyboardInterrupt)
        interrupted = False
        try:
            play(world)
        except KeyboardInterrupt:
            interrupted = True
        if world.broken:
            broken[point] = world.broken
        if world.points < point:
            break
        assert interrupted or isinstance(world.raised, KeyboardInterrupt), f"at point {point}"
    assert broken == {}


@pytest.mark.parametrize("done", [False, True], ids=["instead", "after"])
@pytest.mark.parametrize("orders", ORDERS.values(), ids=ORDERS)
def test_whichever_order_fails_the_laws_hold(orders: list[tuple[type, str]], done: bool) -> None:
    broken: dict[int, Any] = {}
    first = 3 if orders[0][0] in (LoopHost, Context) else 1  # before that it is the guardian's and the root's own
    for number in count(first):
        world = World("one_for_one")
        with failing(number, *orders, done=done) as calls:
            play(world)
        if world.broken:
            broken[number] = world.broken
        if calls[0] < number:
            break
    assert broken == {}
