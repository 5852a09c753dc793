"""What a worker requests of the main process for its actor, and waits for: with the loop, or without it."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from llmactors.hosts.process._ops import Op

if TYPE_CHECKING:
    from llmactors._codec import Codec
    from llmactors.hosts.process._channel import Channel, Item
    from llmactors.hosts.process._segments import Segments

FOR_GOOD: Final = frozenset({"outside"})  # requests that go on when nobody waits for them any more


class Requests:
    """The requests that are not answered yet. Their numbers are below 0; those of calls are above."""

    def __init__(self, channel: Channel, codec: Codec, segments: Segments) -> None:
        self._channel, self._codec, self._segments = channel, codec, segments
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def now(self, name: str, *arguments: Any) -> Any:
        """Wait for the main process's answer, without the loop.

        Raises:
            BaseException: What the main process answers.
        """
        number = -next(self._numbers)

        def is_answer(item: Item) -> bool:
            return item[0] in {Op.ANSWER, Op.FAIL} and item[1] == number

        op, _, content = self._channel.call([Op.REQUEST, number, name, *arguments], is_answer)
        value = self._codec.unwrap(content)
        self._segments.settle()
        if op == Op.FAIL:
            raise value
        return value

    async def wait_for(self, name: str, *arguments: Any) -> Any:
        """Wait for the main process's answer. Raises what it answers."""
        number = -next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._channel.send([Op.REQUEST, number, name, *arguments])
        try:
            return await future
        except asyncio.CancelledError:
            if name not in FOR_GOOD:
                self._channel.send([Op.ORDER, "withdraw", number])
            raise
        finally:
            del self._waiting[number]

    def answered(self, op: Op, number: int, content: Any = None) -> None:
        """Hear the answer to a request; whoever waited for it may be gone."""
        future = self._waiting.get(number)
        if future is not None and not future.done():
            value = self._codec.unwrap(content)
            if op is Op.FAIL:
                future.set_exception(value)
            else:
                future.set_result(value)
