"""Actors that block: for hosts that run plain handlers off the loop."""

import threading
import time
from typing import Any

from llmactors import Actor, ActorRef, Exit, Later, message


class Tally(Actor):
    """Counts what it is told. Lives on the loop."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._watching: list[tuple[int, Later[list[Any]]]] = []

    @message
    def add(self, entry: Any) -> int:
        self.entries.append(entry)
        for count, watcher in self._watching:
            if count <= len(self.entries):
                watcher.answer(list(self.entries))
        return len(self.entries)

    @message(timeout=30)
    def all(self, at_least: int = 0) -> Later[list[Any]]:
        watcher = Later[list[Any]]()
        self._watching.append((at_least, watcher))
        if at_least <= len(self.entries):
            watcher.answer(list(self.entries))
        return watcher

    @message(timeout=30)
    def never(self) -> Later[None]:
        return Later[None]()


class Worker(Actor):
    """Says on which thread what ran, and blocks on demand."""

    def __init__(self, tally: ActorRef[Tally] | None = None) -> None:
        self.tally = tally
        self.made_on = threading.get_ident()
        self.started_on = 0
        self.later = Later[str]()

    def on_start(self) -> None:
        self.started_on = threading.get_ident()

    def on_stop(self, exit: Exit) -> None:
        if self.tally is not None:
            self.tally.tell(Tally.add(("stopped", type(exit).__name__, threading.get_ident() == self.made_on)))

    @message
    def threads(self) -> tuple[int, int, int]:
        return self.made_on, self.started_on, threading.get_ident()

    @message
    async def async_thread(self) -> int:
        return threading.get_ident()

    @message
    def name_of_thread(self) -> str:
        return threading.current_thread().name

    @message(timeout=30)
    def wait_for(self, event: threading.Event) -> str:
        event.wait(20)
        return "waited"

    @message(timeout=30)
    def wait_and_tell(self, arrived: threading.Event, event: threading.Event) -> None:
        arrived.set()
        event.wait(20)
        assert self.tally is not None
        self.tally.tell(Tally.add("too late"))

    @message(timeout=30, limit=0.1)
    def spin(self) -> None:
        while True:
            pass

    @message(timeout=30)
    def spin_on(self, arrived: threading.Event) -> None:
        arrived.set()
        while True:
            pass

    @message
    def burn(self, seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    @message
    def ask_the_tally(self) -> int:
        assert self.tally is not None
        return self.context.blocking(self.tally).ask(Tally.add("asked"))

    @message(timeout=0.1)
    def ask_for_ever(self) -> None:
        assert self.tally is not None
        self.context.blocking(self.tally).ask(Tally.never(), timeout=30)

    @message
    async def block_the_loop(self) -> int:
        assert self.tally is not None
        return self.context.blocking(self.tally).ask(Tally.add("asked"))

    @message
    def have_a_child(self) -> ActorRef[Any]:
        return self.context.spawn(Worker, self.tally, name="kid")

    @message
    def use_the_context(self) -> tuple[str, bool, bool]:
        found = self.context.ref("/tally")
        self.context.link(found)
        self.context.unlink(found)
        self.context.demonitor(self.context.monitor(found))
        self.context.send_after(0.001, Tally.add("after"), to=found)
        self.context.send_after(60, Tally.add("never"), to=found).cancel()
        return self.context.path, found == self.tally, self.context.self_ref.name == self.context.name

    @message
    def keep_slots(self) -> None:
        self.context.open("slot", Worker)

    @message(timeout=30)
    def answer_later(self) -> Later[str]:
        return self.later

    @message
    def answer_now(self) -> None:
        self.later.answer("from the thread")

    @message
    def crash(self) -> None:
        raise ValueError("boom")

    @message
    def leave(self) -> None:
        raise SystemExit(3)
