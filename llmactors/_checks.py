"""`check_messages=True`: every message, answer and item makes the trip that it would make to another process.

So a value that could not cross is found on the loop, in a test, and no two actors ever share a mutable one. Actors that
run on the loop only (`local = True`, such as supervisors) are left alone.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar
from weakref import WeakKeyDictionary

from llmactors._codec import NO_TYPES, SCALARS, Codec, EndpointTypes, fits, types_of_endpoint
from llmactors._endpoints import endpoints
from llmactors._messages import Down, Ended, Exited, Message, Started, StartFailed, StreamMessage
from llmactors._ref import ActorRef
from llmactors._streams import Flow
from llmactors._words import shown

A = TypeVar("A")
T = TypeVar("T")

_TYPES: Final[WeakKeyDictionary[type, EndpointTypes]] = WeakKeyDictionary()
"""What crosses in a message of that class, once it was worked out."""

LONGEST: Final = 1_000_000
"""Of a text or of bytes: a receiver takes that much in any case."""

NOTICES = (Down, Exited, Ended, Started, StartFailed)


class _Refs:
    """Refs cross as themselves: the trip begins and ends in one process."""

    def __init__(self) -> None:
        self._refs: list[ActorRef[Any]] = []

    def export(self, value: object) -> list[Any] | None:
        """Return what stands for a ref; None where *value* is none."""
        if not isinstance(value, ActorRef):
            return None
        self._refs.append(value)
        return [len(self._refs) - 1]

    def resolve(self, content: list[Any]) -> object:
        """Return the ref that *content* stands for."""
        return self._refs[content[0]]


def _types(message: Message[Any, Any]) -> EndpointTypes:
    types = _TYPES.get(message.__class__)
    if types is None:
        info = message.__endpoint__
        types = types_of_endpoint(endpoints(info.owner)[info.name].function, info.options.raises)
        _TYPES[message.__class__] = types
    return types


def _crosses_as_it_is(value: Any) -> bool:
    """Say whether *value* is one of those that a frame holds as they are, and is not so long that it may be refused."""
    cls = value.__class__
    return cls in SCALARS and fits(value) and (cls not in {str, bytes} or len(value) <= LONGEST)


def _round_trip(value: Any, types: Any, where: str) -> Any:
    codec = Codec(_Refs())
    return codec.loads(codec.dumps(value, types, where), types, where)


def checked_message(message: Any) -> Any:
    """Return the message that would arrive.

    Raises:
        NotSerialisableError: It would not arrive as it is; the error says what in it, and the remedy.
    """
    if isinstance(message, NOTICES):
        return message
    if not isinstance(message, Message):
        return _round_trip(message, NO_TYPES, repr(type(message).__qualname__))
    arrived = object.__new__(message.__class__)
    types = _types(message).parameters
    for name in message.__match_args__:
        value = getattr(message, name)
        if not _crosses_as_it_is(value):
            where = f"{message.__endpoint__.owner.__name__}.{message.__endpoint__.name}({name}=)"
            value = _round_trip(value, types, where)
        setattr(arrived, name, value)
    return arrived


def checked_answer(message: Any, answer: Any) -> Any:
    """Return the answer that would arrive. Raises as `checked_message` does."""
    if _crosses_as_it_is(answer):
        return answer
    if not isinstance(message, Message):
        return _round_trip(answer, NO_TYPES, "the answer")
    return _round_trip(answer, _types(message).returns, f"the answer of {shown(message)}")


class CheckedFlow(Flow[T]):
    """A stream whose items make the trip."""

    __slots__ = ()

    def put(self, item: T) -> bool:
        """Give the reader the item that would arrive."""
        return super().put(checked_answer(self.message, item))


class CheckedRef(ActorRef[A]):
    """A ref whose messages make the trip."""

    __slots__ = ()

    def tell(self, message: Any) -> bool:
        """Send what would arrive."""
        return super().tell(checked_message(message))

    async def ask(
        self, message: Any, timeout: float | None = None, *, when_down: Literal["wait", "fail"] = "wait"
    ) -> Any:
        """Send what would arrive, and return the answer that would."""
        return checked_answer(message, await super().ask(checked_message(message), timeout, when_down=when_down))

    async def send(self, message: Any, timeout: float | None = None) -> None:
        """Send what would arrive, waiting for room."""
        await super().send(checked_message(message), timeout)

    def _flow(self, message: StreamMessage[A, T], window: int, idle: float) -> Flow[T]:
        return CheckedFlow(self, checked_message(message), window, idle)
