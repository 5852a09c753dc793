"""From a blocking thread to the event loop: in order, bounded, and stopped when the reader leaves."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from llmagentos.models._feed import Feed

Offer = Callable[[int], bool]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


async def test_items_arrive_in_order_and_the_end_after_them(executor: ThreadPoolExecutor) -> None:
    def produce(offer: Offer) -> None:
        assert all(offer(number) for number in range(1000))

    assert [item async for item in Feed[int]().read(executor, produce)] == list(range(1000))


async def test_the_producers_error_comes_after_its_items(executor: ThreadPoolExecutor) -> None:
    def produce(offer: Offer) -> None:
        offer(1)
        raise RuntimeError("broken")

    items = Feed[int]().read(executor, produce)
    assert await anext(items) == 1
    with pytest.raises(RuntimeError, match="broken"):
        await anext(items)


async def test_a_producer_is_never_further_ahead_than_the_window(executor: ThreadPoolExecutor) -> None:
    offered: list[int] = []
    window, read = 3, 5

    def produce(offer: Offer) -> None:
        for number in range(100):
            offered.append(number)
            if not offer(number):
                return

    async with aclosing(Feed[int](window).read(executor, produce)) as items:
        for _ in range(read):
            await anext(items)
    executor.shutdown()
    assert len(offered) <= window + read + 1


async def test_a_producer_that_waits_for_room_is_stopped_when_the_reader_leaves(executor: ThreadPoolExecutor) -> None:
    stopped = threading.Event()

    def produce(offer: Offer) -> None:
        while offer(0):
            pass
        stopped.set()

    async with aclosing(Feed[int](2).read(executor, produce)) as items:
        await anext(items)
    assert stopped.wait(5)


async def test_a_feed_that_was_left_ends_for_its_reader_too(executor: ThreadPoolExecutor) -> None:
    feed = Feed[int](2)

    def produce(offer: Offer) -> None:
        while offer(0):
            pass

    items = feed.read(executor, produce)
    assert await anext(items) == 0
    feed.leave()
    assert all([item == 0 async for item in items])


async def test_a_producer_whose_reader_left_before_its_turn_never_begins(executor: ThreadPoolExecutor) -> None:
    begun: list[str] = []
    go_on = threading.Event()

    def first(offer: Offer) -> None:
        offer(1)
        go_on.wait(5)

    def second(offer: Offer) -> None:
        begun.append("second")

    running = Feed[int]().read(executor, first)
    await anext(running)
    left = Feed[int]()
    left.leave()
    waiting = left.read(executor, second)
    go_on.set()
    assert [item async for item in waiting] == []
    await running.aclose()
    assert begun == []
