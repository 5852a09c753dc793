"""Plain tells take the short way, and keep their place among everything else that is out."""

import asyncio
import os
import signal
from functools import partial
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from performers import Keeper, Probe, Worker
from waiting import until

from llmactors import Actor, ActorSystem, message
from llmactors.hosts import Process
from llmactors.hosts.process._calls import Call
from llmactors.hosts.process._page import new_page
from llmactors.hosts.process._says import builders, says_of
from llmactors.hosts.process._sent import Sent


class Clerk(Actor):
    @message
    def file(self, number: Any, /, text: Any = "", *, urgent: Any = False) -> None: ...

    @message
    def nothing(self) -> None: ...


class Several(Clerk):
    concurrency = 2


class Gathers(Clerk):
    @message.batched(8, within=0.01)
    def gather(self, values: list[int]) -> list[int]:
        return values


plain = st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text()


@given(plain, plain, plain)
def test_a_say_is_built_as_it_was_written_or_goes_the_long_way(number: Any, text: Any, urgent: Any) -> None:
    says, made = says_of(Clerk), Clerk.file(number, text, urgent=urgent)
    written = says.writers[type(made)](made)
    if written is not None:
        item = msgpack.unpackb(msgpack.packb(written))
        built = builders(Clerk, says.names, 2)[item[1]](item)
        assert built == made
        assert [type(value) for value in item[2:]] == [type(number), type(text), type(urgent)]
    else:
        assert any(type(value) is int and abs(value) >= 1 << 62 for value in (number, text, urgent)) or any(
            isinstance(value, str) and not value.isascii() for value in (number, text, urgent)
        )


@given(plain, st.integers(1, 1 << 40), st.none() | st.floats(0, 1e9))
def test_a_question_is_built_as_it_was_written_or_goes_the_long_way(value: Any, number: int, seconds: Any) -> None:
    says, made = says_of(Several), Several.file(value)
    written = says.askers[type(made)](made, number, seconds)
    if written is not None:
        item = msgpack.unpackb(msgpack.packb(written))
        assert item[2:4] == [number, seconds]
        assert builders(Several, says.names, 4)[item[1]](item) == made
    else:
        assert says_of(Clerk).writers[type(made)](made) is None


@pytest.mark.parametrize("value", [b"bytes", [1], (1,), {"a": 1}, 1 << 64, "x" * 100_000, "\ud800", object()])
def test_what_is_no_plain_scalar_goes_the_long_way(value: Any) -> None:
    assert says_of(Clerk).writers[type(Clerk.file(1))](Clerk.file(value)) is None
    assert says_of(Clerk).askers[type(Clerk.file(1))](Clerk.file(value), 1, 5.0) is None


@pytest.mark.parametrize("cls", [Several, Gathers])
def test_nothing_is_said_to_an_actor_that_may_have_several_messages_in_hand(cls: Any) -> None:
    assert not says_of(cls).writers
    assert says_of(cls).names


def test_an_endpoint_that_the_worker_lacks_is_an_error_at_its_start() -> None:
    with pytest.raises(KeyError, match="missing"):
        builders(Clerk, ["missing"], 2)


class _Book:
    def __init__(self, calls: dict[int, Call]) -> None:
        self.book = calls


def test_after_a_death_says_and_calls_are_given_back_in_the_order_in_which_they_were_sent() -> None:
    page, descriptor = new_page(16)
    os.close(descriptor)
    sent = Sent(page, {})
    sent.says.extend(["a", "b", "c", "d", "e"])
    calls: Any = _Book({1: Call("after none", {}, 0, 0), 2: Call("after b", {}, 0, 2), 3: Call("after c", {}, 1, 3)})
    for number in calls.book:
        page.clear(number)
    page.take(1)
    page.finish(1)
    page.counts[0] = 2  # the second say is in hand
    assert sent.in_hand(calls)
    assert sent.waiting(calls) == 5
    held, done, back = sent.settle(calls)
    assert [message.item for message in held] == ["b"]
    assert [call.item for call in done] == ["after none"]
    assert [message.item for message in back] == ["after b", "c", "after c", "d", "e"]
    page.close()


def test_more_acknowledged_than_was_said_is_an_error() -> None:
    page, descriptor = new_page(4)
    os.close(descriptor)
    sent = Sent(page, {})
    sent.says.append("one")
    with pytest.raises(IndexError):
        sent.acknowledged(2)
    page.close()


@pytest.mark.parametrize("prefetch", [1, 3, 1000])
async def test_says_asks_and_other_tells_are_handled_in_the_order_sent_whatever_the_window(prefetch: int) -> None:
    async with ActorSystem() as system:
        worker = await system.spawn(Worker, host=Process(prefetch=prefetch))
        asked = []
        for number in range(0, 300, 3):
            worker.tell(Worker.put(number))
            worker.tell(Worker.put((number + 1,)))
            asked.append(asyncio.ensure_future(worker.ask(Worker.logged())))
            await asyncio.sleep(0)
            await worker.send(Worker.put(number + 2))
        seen = [len(answer) for answer in await asyncio.gather(*asked)]
        expected = [n if n % 3 != 1 else (n,) for n in range(300)]
        assert await worker.ask(Worker.logged()) == expected
        assert seen == [number + 2 for number in range(0, 300, 3)]


async def test_a_kill_while_says_stream_in_loses_at_most_the_one_in_hand_and_repeats_none() -> None:
    async with ActorSystem() as system:
        probe = await system.spawn(Probe)
        keeper = await system.spawn(Keeper, probe, Process(prefetch=50), Worker, probe, revivals=3)
        worker = keeper.actor.slot.ref
        await worker
        for round_ in range(3):
            pid = await worker.ask(Worker.pid(), timeout=30)
            for number in range(200):
                await worker.send(Worker.note(round_ * 200 + number))
            await until(partial(_has_reported, probe, round_ * 200 + 20))
            os.kill(pid, signal.SIGKILL)
        await worker.ask(Worker.logged(), timeout=30)
        await until(lambda: _reported(probe)[-1] == 599)
        reported = _reported(probe)
        assert reported == sorted(set(reported))
        assert len(reported) >= 600 - 3


def _reported(probe: Any) -> list[int]:
    return [note for note in probe.actor.notes if isinstance(note, int)]


def _has_reported(probe: Any, count: int) -> bool:
    return len(_reported(probe)) > count
