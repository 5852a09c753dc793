"""Actors for the conformance suite. They live in a module of their own, where worker processes find them too."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from llmactors import (
    Actor,
    ActorRef,
    Down,
    Ended,
    Exit,
    Exited,
    Later,
    Mailbox,
    Request,
    Slot,
    Started,
    StartFailed,
    StartIgnored,
    message,
)
from llmactors.hosts import HostConfig, register


@dataclass(frozen=True)
class Pair:
    left: int
    right: tuple[str, ...] = ()


@register
@dataclass(frozen=True)
class Question(Request[str]):
    text: str


class RefusedError(Exception):
    """A declared error with a constructor of its own."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(f"{what} ({code})")
        self.what, self.code = what, code


class Probe(Actor):
    """Hears what others tell it, on the loop."""

    mailbox = Mailbox(capacity=100_000)

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def _hear(self, note: Any) -> None:
        self.notes.append(note)
        for count, future in self._waiting:
            if len(self.notes) >= count and not future.done():
                future.set_result(None)

    @message
    def note(self, note: object) -> None:
        self._hear(note)

    @message
    def watch(self, ref: ActorRef[Any]) -> None:
        self.context.monitor(ref)

    def receive(self, notice: object) -> None:
        self._hear(notice)

    async def wait(self, count: int) -> list[Any]:
        """Wait, from outside, until it has heard *count* things; return all."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((count, future))
        if len(self.notes) < count:
            await asyncio.wait_for(future, 10)
        return self.notes


class Keeper(Actor):
    """Keeps one slot, as a supervisor would, and tells a probe what it hears of it."""

    def __init__(self, probe: ActorRef[Probe], host: HostConfig, cls: type, *args: Any, **options: Any) -> None:
        self.probe, self.host, self.cls, self.args = probe, host, cls, args
        self.revivals: int = options.pop("revivals", 0)
        self.again: bool = options.pop("again", False)
        self.options = options
        self.slot: Slot[Any]

    def on_start(self) -> None:
        self.slot = self.context.open("kept", self.cls, *self.args, host=self.host, **self.options)
        self.slot.start()

    def receive(self, notice: object) -> None:
        self.probe.tell(Probe.note(notice))
        match notice:
            case Ended(_, _, in_hand) if self.revivals:
                self.revivals -= 1
                self.slot.revive(in_hand if self.again else ())
            case Started() | StartFailed() | Ended():
                pass


class Worker(Actor):
    """Does what a test tells it."""

    def __init__(self, probe: ActorRef[Probe] | None = None, start: int = 0) -> None:
        self.probe, self.total = probe, start
        self.at_once = self.most = 0
        self.log: list[Any] = []
        self.gate = asyncio.Event()

    def on_stop(self, exit: Exit) -> None:
        self._tell(("on_stop", type(exit).__name__))

    def _tell(self, note: Any) -> None:
        if self.probe is not None:
            self.probe.tell(Probe.note(note))

    def receive(self, message: object) -> object:
        match message:
            case Question(text):
                return text.upper()
            case Down(_, exit) | Exited(_, exit):
                self._tell((type(message).__name__, type(exit).__name__))
                return None
        return super().receive(message)

    # -- plain -------------------------------------------------------------------------------------------------
    @message
    def add(self, amount: int) -> int:
        self.total += amount
        return self.total

    @message
    def put(self, item: Any) -> None:
        self.log.append(item)

    @message
    def logged(self) -> list[Any]:
        return self.log

    @message
    def echo(self, value: Any) -> Any:
        return value

    @message
    def pair(self, pair: Pair) -> Pair:
        return pair

    @message
    def pid(self) -> int:
        return os.getpid()

    @message
    def note(self, note: Any) -> None:
        self._tell(note)

    # -- async -------------------------------------------------------------------------------------------------
    @message
    async def overlap(self) -> int:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        return self.most

    @message
    async def hold(self, note: str) -> str:
        self._tell(("holding", note))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self._tell(("cancelled", note))
            raise
        self._tell(("released", note))
        return note

    @message(abandoned="finish")
    async def hold_on(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._tell("finished all the same")

    @message
    async def nap(self, seconds: float) -> str:
        self._tell("napping")
        await asyncio.sleep(seconds)
        self._tell("napped")
        return "rested"

    @message
    def block(self, seconds: float) -> None:
        self._tell("blocking")
        time.sleep(seconds)  # what a plain handler in a process may do
        self._tell("blocked")

    @message
    def later(self) -> Later[str]:
        later: Later[str] = Later()
        asyncio.get_running_loop().call_later(0.01, later.answer, "later")
        return later

    @message
    def never(self) -> Later[str]:
        return Later()

    # -- ends and errors -----------------------------------------------------------------------------------------
    @message
    def crash(self, text: str = "broken") -> None:
        raise ZeroDivisionError(text)

    @message
    async def crash_later(self) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError("broken later")

    @message(raises=(KeyError, RefusedError))
    def refuse(self, how: str) -> int:
        if how == "key":
            raise KeyError(how)
        raise RefusedError(how, 7)

    @message
    def finish(self) -> None:
        self.context.stop()

    @message
    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @message
    def leave(self, status: int) -> None:
        os._exit(status)

    # -- streams -------------------------------------------------------------------------------------------------
    @message
    async def count(self, upto: int) -> AsyncIterator[int]:
        try:
            for number in range(upto):
                self._tell(("made", number))
                yield number
        finally:
            self._tell("closed")

    @message
    async def count_and_crash(self, upto: int) -> AsyncIterator[int]:
        for number in range(upto):
            yield number
        raise ZeroDivisionError("in the middle")

    @message
    async def count_and_die(self, upto: int) -> AsyncIterator[int]:
        for number in range(upto):
            yield number
        await asyncio.sleep(0.05)  # what was yielded is on its way
        os.kill(os.getpid(), signal.SIGKILL)

    # -- others --------------------------------------------------------------------------------------------------
    @message
    def me(self) -> ActorRef["Worker"]:
        return self.context.self_ref

    @message
    async def ask_other(self, other: ActorRef["Worker"], amount: int) -> int:
        return await other.ask(Worker.add(amount))

    @message
    async def ask_for(self, other: ActorRef["Worker"], what: str) -> str:
        try:
            match what:
                case "refusal":
                    await other.ask(Worker.refuse("twice"))
                case "crash":
                    await other.ask(Worker.crash())
                case "timeout":
                    await other.ask(Worker.hold("other"), timeout=0.05)
                case "nonsense":
                    await other.ask(Unknown("?"))
        except Exception as error:  # noqa: BLE001  it is what the test is about
            return f"{type(error).__name__}: {error.__cause__!r}"
        return "nothing"

    @message
    async def sum_of(self, other: ActorRef["Worker"], upto: int) -> int:
        total = 0
        async with other.stream(Worker.count(upto), window=4) as numbers:
            async for number in numbers:
                total += number
        return total

    @message
    async def first_of(self, other: ActorRef["Worker"]) -> int:
        async with other.stream(Worker.count(1000), window=4) as numbers:
            async for number in numbers:
                return number
        return -1

    @message
    async def spawned(self, start: int) -> int:
        child = self.context.spawn(Worker, self.probe, start, name="child")
        await child
        return await child.ask(Worker.add(1))

    @message
    async def spawn_twice(self) -> str:
        self.context.spawn(Worker, name="twin")
        try:
            self.context.spawn(Worker, name="twin")
        except ValueError as error:
            return type(error).__name__
        return "no error"

    @message
    async def look_up(self, name: str) -> int:
        try:
            return await self.context.ref(name).ask(Worker.add(0))
        except LookupError:
            return -1

    @message
    def remind(self, delay: float, note: str) -> None:
        self.context.send_after(delay, Worker.note(note))

    @message
    def watch(self, other: ActorRef["Worker"]) -> None:
        self.context.monitor(other)

    @message
    def tie(self, other: ActorRef["Worker"]) -> None:
        self.context.link(other)

    @message
    async def see_end(self, other: ActorRef["Worker"]) -> str:
        return type(await other.wait_ended()).__name__

    @message
    async def fill(self, other: ActorRef["Worker"], count: int) -> None:
        for number in range(count):
            await other.send(Worker.put(number))


@register
@dataclass(frozen=True)
class Unknown(Request[str]):
    text: str


class Trapper(Worker):
    trap_exits = True


class Three(Worker):
    concurrency = 3


class Small(Worker):
    mailbox = Mailbox(capacity=4)


class Opener(Actor):
    """Opens something in `on_start` and closes it in `on_stop`: both run in one task."""

    def __init__(self, probe: ActorRef[Probe]) -> None:
        self.probe = probe
        self.task: asyncio.Task[Any] | None = None

    async def on_start(self) -> None:
        await asyncio.sleep(0)
        self.task = asyncio.current_task()

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(0)
        self.probe.tell(Probe.note(("same task", self.task is asyncio.current_task(), type(exit).__name__)))


class Unstartable(Actor):
    def __init__(self, where: str) -> None:
        self.where = where
        if where == "constructor":
            raise ZeroDivisionError("in the constructor")

    def on_start(self) -> None:
        if self.where == "ignore":
            raise StartIgnored
        raise ZeroDivisionError("in on_start")


class Slow(Actor):
    """Takes its time to stop."""

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(30)
