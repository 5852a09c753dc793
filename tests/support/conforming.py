"""Actors that the conformance suite runs on every host. They can be imported in a worker process."""

import asyncio
import math
import os
from typing import Any, ClassVar

from llmactors import Actor, ActorRef, Down, Exit, Exited, Later, Mailbox, message
from llmactors.errors import TooManyTimersError


class StrangeError(Exception):
    """An error that nobody has registered."""


class Gate(Actor):
    """Holds whoever waits until it is opened. Lives on the loop, so that a test decides what happens when."""

    def __init__(self) -> None:
        self._waiting: list[Later[None]] = []
        self._watching: list[tuple[int, Later[None]]] = []
        self._arrived = 0

    @message(timeout=30)
    def wait(self) -> Later[None]:
        """Be held."""
        held = Later[None]()
        self._waiting.append(held)
        self._arrived += 1
        for awaited, watcher in self._watching:
            if awaited <= self._arrived:
                watcher.answer(None)
        return held

    @message(timeout=30)
    def arrivals(self, count: int) -> Later[None]:
        """Answer when *count* have come since the beginning."""
        watcher = Later[None]()
        self._watching.append((count, watcher))
        if count <= self._arrived:
            watcher.answer(None)
        return watcher

    @message
    def open(self) -> None:
        """Let all go who wait now."""
        waiting, self._waiting = self._waiting, []
        for held in waiting:
            held.answer(None)


class Journal(Actor):
    """Remembers what it is told, messages and notices alike, in order."""

    trap_exits = True

    def __init__(self) -> None:
        self._entries: list[Any] = []
        self._watching: list[tuple[int, Later[list[Any]]]] = []

    @message
    def write(self, entry: Any) -> None:
        """Add an entry."""
        self._entries.append(entry)
        for count, watcher in self._watching:
            if count <= len(self._entries):
                watcher.answer(list(self._entries))

    @message(timeout=30)
    def entries(self, at_least: int = 0) -> Later[list[Any]]:
        """Answer with all entries, once there are that many."""
        watcher = Later[list[Any]]()
        self._watching.append((at_least, watcher))
        if at_least <= len(self._entries):
            watcher.answer(list(self._entries))
        return watcher

    @message
    def watch(self, ref: ActorRef[Any], *, until_discarded: bool = False) -> None:
        """Monitor *ref*."""
        self.context.monitor(ref, until="discarded" if until_discarded else "ended")

    @message
    def bind(self, ref: ActorRef[Any]) -> None:
        """Link to *ref*."""
        self.context.link(ref)

    def receive(self, message: Any) -> None:
        """Write notices down too."""
        match message:
            case Down(_, exit):
                self.write(("down", type(exit).__name__))
            case Exited(_, exit):
                self.write(("exited", type(exit).__name__))
            case _:
                super().receive(message)


class Small(Actor):
    """Has room for one message, and passes on to a journal what it hears."""

    mailbox = Mailbox(capacity=1)

    def __init__(self, journal: ActorRef[Journal]) -> None:
        self._journal = journal

    @message
    def watch(self, ref: ActorRef[Any]) -> None:
        """Monitor *ref*."""
        self.context.monitor(ref)

    @message
    def write(self, entry: str) -> None:
        """Pass it on."""
        self._journal.tell(Journal.write(entry))

    def receive(self, message: Any) -> None:
        """Pass on how a monitored actor ended."""
        match message:
            case Down(_, exit):
                self._journal.tell(Journal.write(("down", type(exit).__name__)))
            case _:
                super().receive(message)


class Probe(Actor):
    """Does what it is told, and says what it has done."""

    def __init__(self, journal: ActorRef[Journal] | None = None) -> None:
        self._journal = journal
        self._seen: list[int] = []
        self._inside = self._most_inside = 0

    async def on_stop(self, exit: Exit) -> None:
        """Tell the journal that this ran."""
        if self._journal is not None:
            self._journal.tell(Journal.write(("stopped", type(exit).__name__)))

    @message
    def note(self, number: int) -> None:
        """Remember *number*."""
        self._seen.append(number)

    @message
    def seen(self) -> list[int]:
        """Answer with all the numbers."""
        return list(self._seen)

    @message
    def pid(self) -> int:
        """Answer with the process that this runs in."""
        return os.getpid()

    @message
    async def stop_another(self, ref: ActorRef[Journal]) -> str:
        """Stop an actor, wait for its end, and answer how it ended."""
        return type(await ref.stop()).__name__

    @message
    def echo(self, value: Any) -> Any:
        """Answer with what was sent."""
        return value

    @message(timeout=30)
    async def hold(self, gate: ActorRef[Gate]) -> str:
        """Be in hand until *gate* opens."""
        self._inside += 1
        self._most_inside = max(self._most_inside, self._inside)
        await gate.ask(Gate.wait())
        self._inside -= 1
        return "held"

    @message(timeout=30)
    async def pass_two(self, gate: ActorRef[Gate]) -> str:
        """Be in hand until *gate* opens, reach a checkpoint, and be in hand until it opens again."""
        await gate.ask(Gate.wait())
        await self.context.checkpoint()
        await gate.ask(Gate.wait())
        return "passed"

    @message
    def most_inside(self) -> int:
        """Answer with the largest number of messages that were in hand at once."""
        return self._most_inside

    @message
    def fail(self, text: str) -> None:
        """Crash."""
        raise ValueError(text)

    @message
    def fail_strangely(self) -> None:
        """Crash with an error of a type that is not known everywhere."""
        raise StrangeError("out of the ordinary")

    @message(raises=(KeyError,))
    def find(self, key: str) -> str:
        """Give an error that is an answer."""
        raise KeyError(key)

    @message
    def leave(self) -> None:
        """End, because the work is done."""
        self.context.stop()

    @message
    def write_and_fail(self, journal: ActorRef[Journal], count: int) -> None:
        """Tell *journal* *count* things, and crash."""
        for number in range(count):
            journal.tell(Journal.write(number))
        raise ValueError("written")

    @message
    def unspeakable(self) -> Any:
        """Answer with something that is no plain value."""
        return object()


class Pair(Probe):
    """A probe that may have two messages in hand."""

    concurrency: ClassVar[int] = 2


class Stubborn(Actor):
    """Does not come back from `on_stop` by itself."""

    async def on_stop(self, exit: Exit) -> None:
        """Wait for what does not happen."""
        await asyncio.Event().wait()


class Reminded(Actor):
    """Sets timers, and may have three of them."""

    max_timers = 3

    def __init__(self) -> None:
        self._timers: list[Any] = []

    @message
    def set(self, count: int) -> str:
        """Set so many, for a time that does not come; answer what was said against it."""
        try:
            for _ in range(count):
                self._timers.append(self.context.send_after(3_600, Probe.note(1)))
        except TooManyTimersError as error:
            return str(error)
        return ""

    @message
    def cancel(self) -> None:
        """Cancel all of them."""
        for timer in self._timers:
            timer.cancel()

    @message
    def set_carelessly(self) -> None:
        """Set too many."""
        for _ in range(4):
            self.context.send_after(3_600, Probe.note(1))

    @message
    def set_at_no_time(self) -> list[str]:
        """Set some for times that there are not; answer what was said against each."""
        said = []
        for delay in (-1.0, math.nan, math.inf):
            try:
                self.context.send_after(delay, Probe.note(1))
            except ValueError as error:
                said.append(str(error))
        return said
