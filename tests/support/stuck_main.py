"""A program with a handler that does not return: `python stuck_main.py KIND PLACE`. Prints what became of it."""

import asyncio
import logging
import sys
import time
from functools import partial

from llmactors import Actor, ActorSystem, Ended, Watchdog, message
from llmactors.errors import ActorEndedError

say = partial(print, flush=True)
LIMITS = Watchdog(soft=0.05, hard=0.3)


class Stuck(Actor):
    """Does not return, in one of several ways."""

    @message(timeout=30)
    def do(self, kind: str) -> str:
        """Be stuck."""
        end = time.perf_counter() + 20
        while time.perf_counter() < end:
            if kind == "sleep":
                time.sleep(10)
            elif kind == "swallow":
                try:
                    while True:
                        pass
                except Exception:  # noqa: BLE001 - that is the point
                    say("swallowed")
            elif kind == "slow" and time.perf_counter() > end - 19.85:
                return "slow"
        return "never"

    @message(timeout=30)
    async def do_async(self, kind: str) -> str:
        """Be stuck after a suspension."""
        await asyncio.sleep(0)
        return self.do(kind)

    @message
    def ping(self) -> str:
        """Answer."""
        return "pong"


class Owner(Actor):
    """Brings it back."""

    def on_start(self) -> None:
        """Begin it."""
        self.slot = self.context.open("stuck", Stuck)
        self.slot.start()

    def receive(self, message: object) -> None:
        """Begin it again."""
        if isinstance(message, Ended):
            self.slot.revive()


async def main(kind: str) -> None:
    """Ask it, then see whether the system lives."""
    async with ActorSystem(watchdog=LIMITS) as system:
        (stuck,) = (await system.spawn(Owner)).children()
        await stuck
        try:
            say(await stuck.ask(Stuck.do_async("spin") if kind == "async" else Stuck.do(kind)))
        except ActorEndedError as error:
            say(type(error.__cause__).__name__, error.__cause__)
        say(await stuck.ask(Stuck.ping()))


def in_thread(kind: str) -> None:
    """Ask it on a loop in a thread."""
    with ActorSystem(Owner, watchdog=LIMITS).blocking() as system:
        stuck = system.ref("stuck")
        try:
            say(stuck.ask(Stuck.do(kind)))
        except ActorEndedError as error:
            say(type(error.__cause__).__name__.replace("_Sent", ""), error.__cause__)
        say(stuck.ask(Stuck.ping()))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if sys.argv[2] == "thread":
        in_thread(sys.argv[1])
    else:
        asyncio.run(main(sys.argv[1]))
