"""A program run by a test: `ActorSystem.run` with a root that behaves as its argument says."""

import asyncio
import signal
import sys

from llmactors import Actor, ActorSystem, Exit, message


class Root(Actor):
    """Says what it does on standard output, a line each."""

    def __init__(self, how: str) -> None:
        self.how = how

    async def on_start(self) -> None:
        if self.how == "bad start":
            raise OSError("no start")
        if self.how == "exit at start":
            raise SystemExit(7)
        print("starting", flush=True)  # noqa: T201
        if self.how == "slow start":
            await asyncio.sleep(600)
        print("up", flush=True)  # noqa: T201
        if self.how in {"leave", "crash"}:
            self.context.self_ref.tell(getattr(Root, self.how)())
        if self.how == "spin":
            self.context.self_ref.tell(Root.spin())

    @message
    def leave(self) -> None:
        self.context.stop()

    @message
    def crash(self) -> None:
        try:
            raise KeyError("root cause")  # noqa: TRY301
        except KeyError as error:
            raise ValueError("what it led to") from error

    @message
    def spin(self) -> None:
        """Keep the queue busy for ever."""
        self.context.self_ref.tell(Root.spin())

    async def on_stop(self, exit: Exit) -> None:
        print("stopping", type(exit).__name__, flush=True)  # noqa: T201
        if self.how == "slow stop":
            await asyncio.sleep(600)
        print("stopped", flush=True)  # noqa: T201


class Interrupted(Actor):
    """Interrupts its own process, as Ctrl-C in the middle of a handler would."""

    @message
    def plain(self) -> None:
        signal.raise_signal(signal.SIGINT)

    @message
    async def first_step(self) -> None:
        signal.raise_signal(signal.SIGINT)

    @message
    async def suspended(self) -> None:
        await asyncio.sleep(0)
        raise KeyboardInterrupt

    def on_stop(self, exit: Exit) -> None:
        print("stopping", type(exit).__name__, flush=True)  # noqa: T201


def _interrupt(*_: object) -> None:
    """Interrupt at once, where asyncio's own handler would first only cancel."""
    raise KeyboardInterrupt


async def interrupted(how: str, way: str) -> None:
    """Have an actor interrupted under a plain `asyncio.run`, beside one that stops in order."""
    async with ActorSystem() as system:
        other, ref = await system.spawn(Interrupted), await system.spawn(Interrupted)
        assert other.name
        made = getattr(Interrupted, how)()
        if way == "tell":
            ref.tell(made)
            await asyncio.sleep(60)
        else:
            await ref.ask(made)


if __name__ == "__main__":
    if sys.argv[1] == "interrupt":
        signal.signal(signal.SIGINT, _interrupt)
        try:
            asyncio.run(interrupted(*sys.argv[2:]))
        except KeyboardInterrupt:
            print("interrupted", flush=True)  # noqa: T201
            sys.exit(9)
    sys.exit(ActorSystem.run(Root, sys.argv[1]))
