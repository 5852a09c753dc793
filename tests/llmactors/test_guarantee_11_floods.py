"""Guarantee 11: whatever is flooded holds no more than its bound, and says or does with the rest what it declares."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from capable import Counter, Flooder, Giver, Lock, Taker
from waiting import until

from llmactors import Actor, ActorSystem, Later, Mailbox, Topic, Watchdog, introspection, message
from llmactors._signals import Pause, Resume
from llmactors._streams import Flow
from llmactors._watchdog import REPORTS, Watcher
from llmactors.errors import ActorEndedError
from llmactors.hosts import Process
from llmactors.hosts.process import _channel, _desk, _served
from llmactors.hosts.process._calls import Call, Calls
from llmactors.hosts.process._channel import CHOKED, Channel
from llmactors.hosts.process._ops import Op

MANY = 5_000
MIB = 1 << 20
LADEN = 4 * MIB  # what may be unread, for these tests


class Small(Lock):
    """Has room for ten; stashes what it cannot do."""

    mailbox = Mailbox(capacity=10)


class Sorting(Small):
    mailbox = Mailbox(capacity=10, priority=lambda _: 0)


class Oldest(Small):
    mailbox = Mailbox(capacity=10, overflow="drop_oldest")


class Source(Actor):
    @message
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number


class Oracle(Actor):
    """Answers later, which is never."""

    @message(timeout=60)
    def riddle(self) -> Later[int]:
        return Later()


def on_a_thread(call: Callable[[], Any]) -> None:
    """Call while the loop is busy: it waits for this."""
    thread = threading.Thread(target=lambda: [call() for _ in range(MANY)])
    thread.start()
    thread.join()


async def mailbox(system: ActorSystem, cls: type[Actor] = Small) -> tuple[int, int]:
    ref = await system.spawn(cls)
    accepted = sum(ref.tell(Lock.note("x")) for _ in range(MANY))
    dropped = system.dead_letters.counts.total()
    assert (accepted, dropped) == ((MANY, MANY - 10) if cls is Oldest else (10, MANY - 10))
    return ref.usage().mailbox, 10


async def mailbox_that_sorts(system: ActorSystem) -> tuple[int, int]:
    return await mailbox(system, Sorting)


async def mailbox_that_drops_the_oldest(system: ActorSystem) -> tuple[int, int]:
    return await mailbox(system, Oldest)


async def what_is_put_aside(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    for _ in range(100):
        ref.tell(Lock.enter(1))
        await asyncio.sleep(0)
    await until(lambda: not ref.usage().mailbox)
    assert system.dead_letters.counts == {"full": 90}
    return len(ref.need_extra().stashed or ()), 10


async def signals(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    for _ in range(MANY):
        ref.pause()
        ref.resume()
        ref.stop()
        ref.stop(drain=True)
        ref.kill()
    waiting = len(ref.need_extra().signals)
    await ref.wait_ended()
    return waiting, 4


async def signals_from_a_thread(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    orders = (ref.pause, ref.kill, ref.resume)
    on_a_thread(lambda: [order() for order in orders])
    (lane,) = system.scheduler.crossing._signals.values()
    await ref.wait_ended()
    assert not system.scheduler.crossing._signals
    return len(lane), 2


async def tells_from_a_thread(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    on_a_thread(lambda: ref.tell(Lock.note("x")))
    waiting = system.scheduler.crossing._on_their_way[ref]
    await until(lambda: not system.scheduler.crossing._on_their_way)
    return waiting, 10


async def a_stream_that_nobody_reads(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Source)
    async with ref.stream(Source.count(MANY), window=7) as numbers:
        for _ in range(50):
            await asyncio.sleep(0)
        return len(numbers._flow._buffer), 7


async def a_trace_that_nobody_reads(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    async with introspection.trace(ref, keep=10) as tracing:
        for _ in range(100):
            await ref.ask(Lock.note("x"))
        assert tracing.missed >= 90
        return len(tracing._events), 10


async def dead_letters_that_nobody_reads(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    async with system.dead_letters.read(keep=10) as letters:
        for _ in range(MANY):
            ref.tell(Lock.note("x"))
        assert len(system.dead_letters.recent) == 100
        return len(letters._queue), 10


async def reports_that_nobody_writes_down(system: ActorSystem) -> tuple[int, int]:
    watcher = Watcher(system.scheduler, Watchdog())
    for _ in range(MANY):
        watcher._say(0, "handler_is_slow", None, 1.0)  # type: ignore[arg-type]  # it is not looked at before it is told
    return watcher._reports.qsize(), REPORTS


async def senders_that_gave_up_behind_one_that_waits(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Small)
    ref.pause()
    while ref.tell(Lock.note("x")):
        pass
    first = asyncio.create_task(ref.send(Lock.note("first")))
    await asyncio.sleep(0)
    for _ in range(100):
        late, left = (asyncio.create_task(ref.send(Lock.note("x"), timeout=seconds)) for seconds in (0.0, None))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(late, left, return_exceptions=True)
    waiting = len(ref.need_extra().waiters or ())
    ref.resume()
    await first
    return waiting, 1


async def subscribers_that_are_slow(system: ActorSystem) -> tuple[int, int]:
    topic = await system.spawn(Topic)
    ref = await system.spawn(Oldest)
    ref.pause()
    await topic.ask(Topic.subscribe(ref))
    taken = [await topic.ask(Topic.publish(Lock.note(f"{number}"))) for number in range(100)]
    assert taken == [1] * 100
    assert system.dead_letters.counts == {"dropped": 90}
    return ref.usage().mailbox, 10


async def answers_to_askers_that_gave_up(system: ActorSystem) -> tuple[int, int]:
    ref = await system.spawn(Oracle)
    waits = asyncio.create_task(ref.ask(Oracle.riddle(), timeout=60))
    for _ in range(500):
        left = asyncio.create_task(ref.ask(Oracle.riddle(), timeout=60))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
    waiting = len(ref.need_extra().laters or ())
    ref.kill()
    with pytest.raises(ActorEndedError):
        await waits
    return waiting, 64


async def what_a_worker_has_ahead(system: ActorSystem) -> tuple[int, int]:
    ref: Any = await system.spawn(Lock, host=Process(prefetch=8))
    most = 0
    for _ in range(100):
        ref.tell(Lock.note("x"))
    while ref.usage().mailbox:
        most = max(most, ref.actor.post.sent.out)
        await asyncio.sleep(0)
    return most, 8


async def what_is_ordered_of_a_worker_that_stands_still(system: ActorSystem) -> tuple[int, int]:
    ref: Any = await system.spawn(Lock, host=Process())
    channel, pid = ref.actor.channel, ref.usage().pid
    os.kill(pid, signal.SIGSTOP)
    while not channel.choked:
        ref.tell(Lock.note("x" * 60_000))
        await asyncio.sleep(0)
    before = len(channel._unsent)
    for _ in range(MANY // 10):
        ref.pause()
        await until(lambda: ref.paused)
        ref.resume()
        await until(lambda: not ref.paused)
    owed = len(channel._unsent) + len(channel._turn) - before + len(ref.actor.switches._wanted)
    os.kill(pid, signal.SIGCONT)
    assert (await ref.ask(Lock.so_far(), timeout=30))[0] == "x" * 60_000
    return owed + 1, 32  # bytes: one order of each kind, and one question whether it reacts


async def bytes_for_a_worker_that_stands_still(system: ActorSystem) -> tuple[int, int]:
    ref: Any = await system.spawn(Lock, host=Process())
    ref.pause()
    await until(lambda: ref.paused)
    for _ in range(100):
        ref.tell(Lock.note("x" * MIB))
    pid = ref.usage().pid
    os.kill(pid, signal.SIGSTOP)
    ref.resume()
    channel = ref.actor.channel
    await until(lambda: channel.choked)
    unsent = len(channel._unsent)
    os.kill(pid, signal.SIGCONT)
    assert len(await ref.ask(Lock.so_far(), timeout=60)) == 100
    return unsent, CHOKED + 2 * MIB


async def unread(system: ActorSystem, message: Callable[[Any], Any], asks: int) -> tuple[int, Any]:
    """Stop a worker that has asked so often, have it answered, and return the unsent bytes and what it says of it."""
    giver: Any = await system.spawn(Giver)
    ref: Any = await system.spawn(Taker, host=Process())
    giver.pause()
    asking = asyncio.create_task(ref.ask(message(giver)))
    await until(lambda: giver.waiting == asks)
    pid = ref.usage().pid
    os.kill(pid, signal.SIGSTOP)
    giver.resume()
    await until(lambda: giver.usage().handled == asks and not giver.need_extra().jobs)
    unsent = len(ref.actor.channel._unsent)
    os.kill(pid, signal.SIGCONT)
    return unsent, await asking


async def answers_for_a_worker_that_stands_still(system: ActorSystem) -> tuple[int, int]:
    unsent, said = await unread(system, lambda giver: Taker.take(giver, 50, MIB), 50)
    assert 40 < len(said) < 50
    told = "the answer of Giver.give was not sent: 4 MiB of answers are unread here; ask for fewer at a time"
    assert set(said) == {f"{told}, or have each be smaller"}
    return unsent, LADEN + 2 * MIB


async def items_for_a_worker_that_stands_still(system: ActorSystem) -> tuple[int, int]:
    unsent, said = await unread(system, lambda giver: Taker.read(giver, 50, MIB), 1)
    assert said.startswith("the answer of Giver.stream was not sent: 4 MiB")
    return unsent, LADEN + 2 * MIB


async def what_a_worker_waits_for(system: ActorSystem) -> tuple[int, int]:
    full = await system.spawn(Counter)
    full.pause()
    while full.tell(Counter.add(1)):
        pass
    flooder = await system.spawn(Flooder, host=Process())
    refused = await flooder.ask(Flooder.send_many(full, 50))
    return 50 - refused, 20


@pytest.mark.parametrize(
    "flood",
    [
        mailbox,
        mailbox_that_sorts,
        mailbox_that_drops_the_oldest,
        what_is_put_aside,
        signals,
        signals_from_a_thread,
        tells_from_a_thread,
        a_stream_that_nobody_reads,
        a_trace_that_nobody_reads,
        dead_letters_that_nobody_reads,
        reports_that_nobody_writes_down,
        senders_that_gave_up_behind_one_that_waits,
        subscribers_that_are_slow,
        answers_to_askers_that_gave_up,
        what_a_worker_has_ahead,
        what_is_ordered_of_a_worker_that_stands_still,
        bytes_for_a_worker_that_stands_still,
        answers_for_a_worker_that_stands_still,
        items_for_a_worker_that_stands_still,
        what_a_worker_waits_for,
    ],
    ids=lambda flood: flood.__name__,
)
async def test_a_flood_fills_what_it_floods_to_its_bound_and_no_further(
    flood: Callable[[ActorSystem], Awaitable[tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_desk, "REQUESTS", 20)
    for module in (_channel, _served):
        monkeypatch.setattr(module, "LADEN", LADEN)
    async with ActorSystem() as system:
        held, bound = await flood(system)
        assert 0 < held <= bound
        for ref in list(system.actors()):
            ref.kill()


async def test_the_last_of_pause_and_resume_is_the_one_that_counts() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        ref.pause()
        ref.resume()
        ref.pause()
        assert [type(signal) for signal in ref.need_extra().signals] == [Pause]
        await until(lambda: ref.paused)
        ref.pause()
        ref.resume()
        assert [type(signal) for signal in ref.need_extra().signals] == [Resume]
        await ref.ask(Lock.note("x"))


async def test_a_worker_that_sends_more_items_than_its_reader_takes_breaks_the_protocol() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Source)
        port: Any = _NoPort()
        calls = Calls(port)
        flow: Flow[int] = Flow(ref, Source.count(2), 1, 30.0)
        calls.book[1] = Call(flow, None, 0, 0)  # type: ignore[arg-type]  # the types of what is plain are not looked at
        calls.on_outcome(Op.ITEM, 1, 0)
        with pytest.raises(ValueError, match="more items"):
            calls.on_outcome(Op.ITEM, 1, 1)


async def test_a_worker_that_reads_nothing_at_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_channel, "SUNK", 4 * MIB)
    ours, theirs = socket.socketpair()
    lost: list[str] = []
    with theirs:
        channel = Channel(ours, lambda _: None, lost.append, lambda: None)
        channel.attach(asyncio.get_running_loop())
        for _ in range(8):
            channel.send([int(Op.FAIL), 1, "x" * MIB], now=True)
    assert lost == ["it has left 4 MiB unread"]
    assert not channel.open


class _NoPort:
    """A side that has what calls need to take a plain value."""

    channel: Any = None

    class codec:  # noqa: N801  an attribute that the port has
        @staticmethod
        def unwrap(content: Any, *_: Any) -> Any:
            return content
