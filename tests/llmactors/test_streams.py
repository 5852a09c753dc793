"""Streams: an answer in many parts, the reader's pace governing the producer's."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
from keepers import keeper, turns
from virtual import VirtualSystem, run

from llmactors import Actor, ActorRef, ActorSystem, message
from llmactors.errors import ActorEndedError, MailboxFullError, StreamIdleError


class Source(Actor):
    def __init__(self) -> None:
        self.made = 0
        self.left: list[str] = []

    @message
    async def numbers(self, count: int) -> AsyncIterator[int]:
        try:
            for number in range(count):
                self.made = number + 1
                yield number
        finally:
            self.left.append("closed")

    @message
    async def drip(self) -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.left.append("cancelled")
            raise
        finally:
            self.left.append("closed")

    @message(raises=(KeyError,))
    async def half(self) -> AsyncIterator[int]:
        yield 1
        yield 2
        raise KeyError("half")

    @message
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken")

    @message
    def hello(self) -> str:
        return "hello"


async def source(system: ActorSystem) -> ActorRef[Source]:
    ref = await system.spawn(Source)
    (await keeper(system)).context.monitor(ref)
    return ref


@pytest.mark.parametrize("window", [1, 2, 32])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 500])
async def test_every_item_arrives_in_order(count: int, window: int) -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        async with ref.stream(Source.numbers(count), window=window) as numbers:
            assert [number async for number in numbers] == list(range(count))
        assert await ref.ask(Source.hello()) == "hello"
        assert ref.actor.left == ["closed"]


@pytest.mark.parametrize("window", [1, 3, 32])
async def test_the_producer_is_at_most_a_window_ahead_of_its_reader(window: int) -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        async with ref.stream(Source.numbers(1_000), window=window) as numbers:
            for taken in range(200):
                await turns(5)
                assert ref.actor.made <= taken + window
                assert await anext(numbers) == taken


@pytest.mark.parametrize("how", ["block", "aclose", "last reference", "cancellation", "error"])
async def test_leaving_stops_the_producer_at_its_await(how: str) -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        if how in {"block", "error"}:
            try:
                async with ref.stream(Source.drip()) as items:
                    await anext(items)
                    if how == "error":
                        raise KeyError(how)  # noqa: TRY301 - raised where it is told
            except KeyError:
                pass
        elif how == "cancellation":

            async def read() -> None:
                async with ref.stream(Source.drip()) as items:
                    async for _ in items:
                        pass

            task = asyncio.create_task(read())
            await turns()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            items = ref.stream(Source.drip())
            assert await anext(aiter(items)) == 1
            if how == "aclose":
                await items.aclose()
                await items.aclose()
            del items
            gc.collect()
        await turns()
        assert ref.actor.left == ["cancelled", "closed"]
        assert await ref.ask(Source.hello()) == "hello"


async def test_a_stream_that_is_left_before_its_turn_is_never_begun() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        ref.pause()
        await turns()
        async with ref.stream(Source.numbers(3)):
            pass
        ref.resume()
        assert await ref.ask(Source.hello()) == "hello"
        assert ref.actor.made == 0


async def test_a_stream_that_is_never_opened_is_never_sent() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        ref.stream(Source.numbers(3))
        await turns()
        assert (ref.actor.made, ref.usage().handled) == (0, 0)


async def test_a_declared_error_ends_the_stream_after_its_items_and_the_actor_lives_on() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        got = []
        with pytest.raises(KeyError, match="half"):  # noqa: PT012 - the end of the block is what raises
            async with ref.stream(Source.half()) as items:
                async for item in items:
                    got.append(item)  # noqa: PERF401 - what was got before the error counts
        assert (got, ref.state) == ([1, 2], "idle")


async def test_a_crash_mid_stream_reaches_the_reader_after_the_items_that_were_made() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        got = []
        with pytest.raises(ActorEndedError) as caught:  # noqa: PT012 - the end of the block is what raises
            async with ref.stream(Source.broken()) as items:
                async for item in items:
                    got.append(item)  # noqa: PERF401 - what was got before the error counts
        assert got == [1]
        assert isinstance(caught.value.__cause__, ValueError)


async def test_a_kill_mid_stream_reaches_the_reader() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        async with ref.stream(Source.drip()) as items:
            assert await anext(items) == 1
            ref.kill("enough")
            with pytest.raises(ActorEndedError, match="enough"):
                await anext(items)


def test_a_reader_that_stands_still_is_cut_and_can_read_what_was_there() -> None:
    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        ref = await source(system)
        async with ref.stream(Source.numbers(100), window=2, idle=10.0) as numbers:
            assert await anext(numbers) == 0
            await asyncio.sleep(9.9)
            assert await anext(numbers) == 1
            await asyncio.sleep(10.1)
            assert ref.actor.left == ["closed"]
            assert [await anext(numbers), await anext(numbers)] == [2, 3]
            with pytest.raises(StreamIdleError, match="took nothing for 10 s"):
                await anext(numbers)
        assert await ref.ask(Source.hello()) == "hello"
        await system.stop()

    run(main())


async def test_a_stream_of_what_is_gone_or_full_fails_when_it_is_opened() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        ref.pause()
        await turns()
        while ref.tell(Source.hello()):
            pass
        with pytest.raises(MailboxFullError):
            await anext(aiter(ref.stream(Source.drip())))
        ref.stop()
        await ref.wait_ended()
        with pytest.raises(ActorEndedError):
            await anext(aiter(ref.stream(Source.drip())))


async def test_a_stream_has_one_reader() -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        async with ref.stream(Source.drip()) as items:
            await anext(items)
            waiting = asyncio.ensure_future(anext(items))
            await turns()
            with pytest.raises(RuntimeError, match="one reader"):
                await anext(items)
            waiting.cancel()
            await turns()
            again = asyncio.ensure_future(anext(items))
            await turns()
            assert not again.done()
            again.cancel()


@pytest.mark.parametrize("window", [0, -1])
async def test_a_window_is_one_item_or_more(window: int) -> None:
    async with ActorSystem() as system:
        ref = await source(system)
        with pytest.raises(ValueError, match="at least 1 item"):
            ref.stream(Source.drip(), window=window)
