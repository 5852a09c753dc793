"""A system for code without asyncio: its loop runs in a thread, and its refs block."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, overload

from llmactors._ports import Watchdog
from llmactors._run import loop_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import TracebackType

    from llmactors._exits import Exit
    from llmactors._lookup import Locator
    from llmactors._messages import Message, Request, StreamMessage
    from llmactors._ref import ActorRef
    from llmactors._system import ActorSystem
    from llmactors.hosts._port import HostConfig

A = TypeVar("A")
R = TypeVar("R")
T = TypeVar("T")


class Caller(Protocol):
    """Runs coroutines on a system's loop, for another thread."""

    def call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine and block for its result."""
        ...


class BlockingRef(Generic[A]):
    """A ref for other threads: `ask` blocks until the answer is there."""

    __slots__ = ("_system", "ref")

    def __init__(self, system: Caller, ref: ActorRef[A]) -> None:
        self._system, self.ref = system, ref

    def tell(self, message: Message[A, Any] | Request[Any] | object) -> bool:
        """Send *message* and go on. See `ActorRef.tell`."""
        return self.ref.tell(message)

    @overload
    def ask(self, message: Message[A, R], timeout: float | None = None) -> R: ...
    @overload
    def ask(self, message: Request[R], timeout: float | None = None) -> R: ...
    def ask(self, message: Any, timeout: float | None = None) -> Any:
        """Send *message* and block until its answer is there. Raises what `ActorRef.ask` raises."""
        return self._system.call(self.ref.ask(message, timeout))

    def send(self, message: Message[A, Any] | Request[Any] | object, timeout: float | None = None) -> None:
        """Send *message*, blocking until there is room. See `ActorRef.send`."""
        self._system.call(self.ref.send(message, timeout))

    def stream(self, message: StreamMessage[A, T], *, window: int = 32, idle: float = 30.0) -> Iterator[T]:
        """Yield what a stream endpoint yields; closing the iterator leaves the stream."""
        call = self._system.call

        async def make() -> Any:
            return self.ref.stream(message, window=window, idle=idle).__aiter__()

        async def following(items: Any) -> tuple[bool, Any]:
            try:
                return True, await anext(items)
            except StopAsyncIteration:
                return False, None

        items = call(make())
        try:
            while True:
                more, item = call(following(items))
                if not more:
                    return
                yield item
        finally:
            call(items.aclose())

    def stop(self, *, drain: bool = False) -> None:
        """Ask the actor to end. See `ActorRef.stop`."""
        self.ref.stop(drain=drain)

    def kill(self) -> None:
        """End the actor at once. See `ActorRef.kill`."""
        self.ref.kill()

    def wait_ended(self) -> Exit:
        """Block until the slot is discarded, and return how its last incarnation ended."""
        return self._system.call(self.ref.wait_ended())

    def __repr__(self) -> str:
        return f"<BlockingRef {self.ref.path}>"


class BlockingSystem:
    """An `ActorSystem` whose loop runs in a thread of its own, from `with` to its end."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        system.watchdog = system.watchdog or Watchdog()
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._over: asyncio.Event
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"llmactors {system.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001  raised in the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with self.system:
            self._ready.set()
            await self._over.wait()

    def call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the system's loop and block for its result.

        Raises:
            RuntimeError: Called on the loop itself, which it would block for ever.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("a blocking ref was used on the system's own loop; use the actor's ref there")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def spawn(
        self, cls: Callable[..., A], *args: Any, name: str | None = None, host: HostConfig | None = None, **kwargs: Any
    ) -> BlockingRef[A]:
        """Run an actor outside any tree; blocks until it is up. See `ActorSystem.spawn`."""
        return BlockingRef(self, self.call(self.system.spawn(cls, *args, name=name, host=host, **kwargs)))

    @overload
    def ref(self, where: str) -> BlockingRef[Any]: ...
    @overload
    def ref(self, where: Locator[A]) -> BlockingRef[A]: ...
    def ref(self, where: Any) -> BlockingRef[Any]:
        """Return the actor at a path from the root, or the child that a spec declares. See `ActorSystem.ref`."""
        return BlockingRef(self, self.system.ref(where))
