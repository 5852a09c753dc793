"""Actors that use in a worker what they could use on the loop. Worker processes import them from here."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

from llmactors import Actor, ActorRef, Mailbox, message
from llmactors.errors import (
    ActorDownError,
    HostCapabilityError,
    UnknownActorError,
    UnreadAnswersError,
    WaitCycleError,
)
from llmactors.hosts import Process
from supervisors import Supervisor, child


class Lock(Actor):
    """Puts what it is asked aside until it is opened."""

    def __init__(self) -> None:
        self.is_open = False
        self.seen: list[Any] = []

    @message(timeout=60)
    def enter(self, number: int) -> int:
        if not self.is_open:
            self.context.stash()
        self.seen.append(number)
        return number

    @message(timeout=60)
    async def enter_slowly(self, number: int) -> int:
        await asyncio.sleep(0)
        if not self.is_open:
            self.context.stash()
        self.seen.append(number)
        return number

    @message
    def open(self) -> None:
        self.is_open = True
        self.context.unstash()

    @message
    def note(self, what: str) -> None:
        self.seen.append(what)

    @message
    def so_far(self) -> list[Any]:
        return self.seen

    @message
    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        return self.total


class Seeker(Actor):
    """Finds others, asks them, and begins new ones."""

    @message
    async def ask_if_up(self, other: ActorRef[Counter]) -> str:
        try:
            return str(await other.ask(Counter.add(1), when_down="fail"))
        except ActorDownError as error:
            return f"down: {error.state}"

    @message
    async def find_by_spec(self) -> int:
        return await self.context.ref(App.counter).ask(Counter.add(10))

    @message
    async def find_by_spec_in_the_system(self) -> int:
        return await self.context.system.ref(App.counter).ask(Counter.add(100))

    @message
    def find_by_path(self, path: str) -> str:
        try:
            return self.context.system.ref(path).path
        except UnknownActorError:
            return "unknown"

    @message
    async def begin_outside(self, name: str) -> ActorRef[Counter]:
        return await self.context.system.spawn(Counter, 5, name=name)

    @message
    def leave(self) -> None:
        self.context.stop()


class Flooder(Actor):
    """Wants more of others than they have room for."""

    @message(timeout=60)
    async def send_many(self, to: ActorRef[Counter], many: int) -> int:
        sends = [asyncio.ensure_future(to.send(Counter.add(1), timeout=0.5)) for _ in range(many)]
        errors = await asyncio.gather(*sends, return_exceptions=True)
        return sum(isinstance(error, Exception) and "at a time at most" in str(error) for error in errors)


class Passer(Actor):
    """Passes a question on along a list of actors."""

    @message(timeout=60, raises=(WaitCycleError,))
    async def pass_on(self, to: list[ActorRef[Any]]) -> str:
        answer: str = await to[0].ask(Passer.pass_on(to[1:])) if to else "done"
        return answer


class Pusher(Actor):
    """Has room for one message, and sends to others, waiting for theirs."""

    mailbox = Mailbox(capacity=1)

    def __init__(self) -> None:
        self.got: list[int] = []
        self.gate = asyncio.Event()

    @message
    def take(self, number: int) -> None:
        self.got.append(number)

    @message(timeout=60, raises=(WaitCycleError,))
    async def push(self, to: ActorRef[Any], count: int) -> int:
        for number in range(count):
            await to.send(Pusher.take(number))
        return count

    @message(timeout=60, raises=(WaitCycleError,))
    async def be_pushed(self, by: ActorRef[Any], count: int) -> int:
        pushed: int = await by.ask(Pusher.push(self.context.self_ref, count))
        return pushed

    @message(timeout=60)
    async def hold(self) -> None:
        await self.gate.wait()


class Family(Supervisor):
    """What an actor in a worker begins where it wants children that come back."""

    counter = child(Counter, 1)


class Parent(Actor):
    """Has a family, which lives in the main process, and can keep no slot itself."""

    @message
    async def begin(self) -> ActorRef[Any]:
        return await self.context.spawn(Family, name="family")

    @message
    def keep(self) -> str:
        try:
            self.context.open("kept", Counter)
        except HostCapabilityError as error:
            return str(error)
        return "kept"


class App(Supervisor):
    counter = child(Counter, 1)
    seeker = child(Seeker, host=Process())


class Patient(Actor):
    """Takes its time to give up."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @message(timeout=60)
    async def work(self, seconds: float) -> None:
        try:
            self.events.append("began")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(seconds)
            self.events.append("cleaned up")
            raise

    @message
    def happened(self) -> list[str]:
        return self.events


class Giver(Actor):
    """Answers with much."""

    @message(timeout=60)
    def give(self, length: int) -> str:
        return "x" * length

    @message(timeout=60)
    async def stream(self, count: int, length: int) -> AsyncIterator[str]:
        for _ in range(count):
            yield "x" * length


class Taker(Actor):
    """Asks for much at once."""

    @message
    def length(self, what: str, more: str = "") -> int:
        return len(what) + len(more)

    @message
    def size(self, what: bytes) -> int:
        return len(what)

    @message
    def lengths(self, what: list[str]) -> list[int]:
        return [len(one) for one in what]

    @message(timeout=60)
    async def take(self, giver: ActorRef[Giver], count: int, length: int) -> list[str]:
        """Answer with what was said against each that was not given."""
        asks = [giver.ask(Giver.give(length), timeout=60) for _ in range(count)]
        return [
            str(error) for error in await asyncio.gather(*asks, return_exceptions=True) if not isinstance(error, str)
        ]

    @message(timeout=60)
    async def read(self, giver: ActorRef[Giver], count: int, length: int) -> str:
        """Answer with what was said against it."""
        try:
            async with giver.stream(Giver.stream(count, length), window=count) as items:
                return str(len([item async for item in items]))
        except UnreadAnswersError as error:
            return str(error)
