"""What actors receive: messages that users make, notices that the kernel makes, and what becomes of the undelivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from contextvars import Context

    from llmactors._core.traceparent import TraceContext
    from llmactors._exits import Exit
    from llmactors._ref import ActorRef

A_contra = TypeVar("A_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)

ASK_TIMEOUT: Final = 5.0  # seconds, OTP's
HANDLER_LIMIT: Final = 60.0  # seconds

Kind = Literal["sync", "async", "stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an endpoint declares beside its signature.

    Args:
        timeout: Seconds an asker waits unless it says otherwise.
        limit: Seconds a handler may take; None for no limit. Streams have none unless they declare one.
        abandoned: What happens to an async handler whose asker gave up: `"cancel"` it, or let it `"finish"`.
        raises: Exceptions that are answers: the asker gets them and the actor lives on.
        batch: How many messages are handled together at most, and the seconds that the first waits for others.
    """

    timeout: float = ASK_TIMEOUT
    limit: float | None = HANDLER_LIMIT
    abandoned: Literal["cancel", "finish"] = "cancel"
    raises: tuple[type[BaseException], ...] = ()
    batch: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class EndpointInfo:
    """What a message class knows of its endpoint."""

    name: str
    owner: type
    kind: Kind
    options: Options


class Message(Generic[A_contra, R_co]):
    """A call of an endpoint, as a value: `Counter.add(1)` is a `Message[Counter, int]`.

    Each endpoint has a generated subclass whose slots are the handler's parameters, so messages compare by value and
    print as calls. `Counter.add` makes its instances, and a wrong argument fails there, at the sender.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    __endpoint__: ClassVar[EndpointInfo]
    __timeout__: ClassVar[float] = ASK_TIMEOUT
    __limit__: ClassVar[float | None] = HANDLER_LIMIT

    def __repr__(self) -> str:
        info = self.__endpoint__
        arguments = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__match_args__])
        return f"{info.owner.__name__}.{info.name}({arguments})"

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def __hash__(self) -> int:
        return hash((self.__class__, *(getattr(self, name) for name in self.__match_args__)))


def name_of(message: object) -> str:
    """Name a message in an error or a log: its endpoint or its class, never what is in it."""
    info: EndpointInfo | None = getattr(type(message), "__endpoint__", None)
    return type(message).__qualname__ if info is None else f"{info.owner.__name__}.{info.name}"


class StreamMessage(Message[A_contra, T_co]):
    """A call of an endpoint that answers with many values: for `ref.stream`."""

    __slots__ = ()


class Request(Generic[R_co]):
    """Base of plain messages that `receive` answers: with `class Ping(Request[str])`, `ref.ask(Ping())` is a `str`."""

    __slots__ = ()
    __timeout__: ClassVar[float] = ASK_TIMEOUT


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored incarnation has ended, or a slot watched `until="discarded"` is gone. Comes once per monitor."""

    ref: ActorRef[Any]
    exit: Exit


@dataclass(frozen=True, slots=True)
class Exited:
    """A linked actor has ended; for actors with `trap_exits = True`."""

    ref: ActorRef[Any]
    exit: Exit


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing has come for as many seconds as the class says; for actors with an `idle_timeout`."""

    seconds: float
    life: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Due:
    """A timeout of a state machine has fired. A notice; stale if its number is not the name's last."""

    life: object
    name: str
    serial: int


@dataclass(frozen=True, slots=True)
class Inserted:
    """An event that a state machine sends itself. It means nothing to another life in the slot."""

    life: object
    message: Any


@dataclass(frozen=True, slots=True)
class InHand:
    """A message that was being handled when its incarnation ended, and how often it has been delivered so far."""

    item: Any
    deliveries: int
    context: Context | None = field(default=None, repr=False, compare=False)  # its sender's


@dataclass(slots=True)
class Started:
    """To the owner of a slot: the incarnation that it began is up."""

    ref: ActorRef[Any]


@dataclass(slots=True)
class StartFailed:
    """To the owner of a slot: the incarnation that it began did not come up. `StartIgnored` means: and need not."""

    ref: ActorRef[Any]
    error: BaseException


@dataclass(slots=True)
class Ended:
    """To the owner of a slot: its incarnation has ended. What was in hand may be given back with `revive(requeue=)`."""

    ref: ActorRef[Any]
    exit: Exit
    in_hand: tuple[InHand, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody handled, to whom it was sent, why it was not, and the trace in which that was seen."""

    message: Any
    path: str
    reason: str
    trace: TraceContext | None = field(default=None, compare=False)
