"""What comes while a test waits for it: each thing is kept until somebody takes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from llmactors.testing._core.patterns import Fits, fits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class Pick(Protocol):
    """Says which of what came to take, in order; None while it is not all there."""

    def __call__(self, values: Sequence[Any], patterns: Sequence[Fits], /) -> list[int] | None:
        """Return places in *values*."""
        ...


class Arrivals(Generic[T]):
    """Things in the order in which they came.

    Attributes:
        left: Those that nobody has taken.
        all: Every one, the taken too.
    """

    def __init__(self) -> None:
        self.left: list[T] = []
        self.all: list[T] = []
        self._news: list[asyncio.Future[None]] = []
        self._ignored: list[Callable[[T], bool]] = []

    def put(self, thing: T) -> None:
        """Keep a thing, and wake who waits."""
        if any(fit(thing) for fit in self._ignored):
            return
        self.left.append(thing)
        self.all.append(thing)
        news, self._news = self._news, []
        for future in news:
            if not future.done():
                future.set_result(None)

    async def take(
        self, patterns: Sequence[Any], pick: Pick, within: float, *, of: Callable[[T], Any] | None = None
    ) -> list[T]:
        """Take what *pick* picks, as soon as it does.

        Args:
            patterns: What is expected.
            pick: Which of the things to take for it.
            within: Seconds, on the running loop's clock.
            of: What of a thing the patterns are about; without, the thing.

        Raises:
            TimeoutError: It was not there in time.
        """
        wanted = [fits(pattern) for pattern in patterns]
        async with asyncio.timeout(within):
            while (places := pick(self._views(of), wanted)) is None:
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._news.append(future)
                await future
        taken = [self.left[place] for place in places]
        for place in sorted(places, reverse=True):
            del self.left[place]
        return taken

    def ignore(self, fit: Callable[[T], bool]) -> None:
        """Forget what fits, what is to come included."""
        self.left = [thing for thing in self.left if not fit(thing)]
        self._ignored.append(fit)

    def _views(self, of: Callable[[T], Any] | None) -> list[Any]:
        return list(self.left) if of is None else [of(thing) for thing in self.left]
