"""Every error that the kernel raises.

LLMActorsError
├── ActorEndedError              the incarnation or the slot that should have answered is gone
│   └── LinkedActorEndedError    the end of a linked actor, as the cause of this actor's end
├── ActorDownError               no incarnation is up and the asker would not wait
├── AskTimeoutError              no answer in time (a TimeoutError too)
├── NoAnswerError                none of several asks was answered
├── StreamIdleError              the reader of a stream stood still for too long (a TimeoutError too)
├── HandlerTimeoutError          a handler was longer than its limit (a TimeoutError too)
├── ForkRefusedError             no worker process could be begun
├── StartTimeoutError            `on_start` took longer than the start time-out (a TimeoutError too)
├── StartFailedError             an actor could not start; `__cause__` says why
├── MailboxFullError             a bounded mailbox refused a message
├── TooManyTimersError           an actor that has set as many timers as its class declares sets one more
├── UnhandledMessageError        the actor has no handler for the message
├── UnreadAnswersError           a worker process left so many answers unread that it gets no more for now
├── UnknownActorError            no actor has that name (a LookupError too)
├── NameTakenError               a sibling has that name (a ValueError too)
├── NotSerialisableError         a value cannot cross to another process unchanged (a TypeError too)
├── RemoteError                  an exception of a type that is not known here, from another process
├── CeilingExceededError         an actor held more than it may, and was killed
│   └── MemoryCeilingError       ... of memory (a MemoryError too)
├── WorkerLostError              the operating-system process behind an actor is gone
├── HostCapabilityError          a host cannot do what a spec asks for
├── MissingExtraError            a library that is an extra is not installed (an ImportError too)
├── WaitCycleError               all who wait for each other would wait for ever
└── WrongThreadError             `ask`, `send` and `stream` belong to the loop's thread (a RuntimeError too)

`StartIgnored` is raised *by* users, in `on_start`, and is no error: OTP's `ignore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors._exits import describe
from llmactors._messages import name_of
from llmactors._words import shown, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmactors._exits import Exit

__all__ = [
    "ActorDownError",
    "ActorEndedError",
    "AskTimeoutError",
    "CeilingExceededError",
    "ForkRefusedError",
    "HandlerTimeoutError",
    "HostCapabilityError",
    "LLMActorsError",
    "LinkedActorEndedError",
    "MailboxFullError",
    "MemoryCeilingError",
    "MissingExtraError",
    "NameTakenError",
    "NoAnswerError",
    "NotSerialisableError",
    "RemoteError",
    "StartFailedError",
    "StartIgnored",
    "StartTimeoutError",
    "StreamIdleError",
    "TooManyTimersError",
    "UnhandledMessageError",
    "UnknownActorError",
    "UnreadAnswersError",
    "WaitCycleError",
    "WorkerLostError",
    "WrongThreadError",
]


class LLMActorsError(Exception):
    """Base of every error of the kernel."""


class ActorEndedError(LLMActorsError):
    """The actor ended before it answered. `exit` says how; `__cause__` is the error that ended it."""

    def __init__(self, path: str, exit: Exit | None = None) -> None:
        how = "has ended" if exit is None else describe(exit)
        super().__init__(f"actor `{path}` {how}" if exit is None else f"actor `{path}` ended ({how})")
        self.path, self.exit = path, exit


class LinkedActorEndedError(ActorEndedError):
    """A linked actor ended abnormally, and this one does not trap exits."""


class ActorDownError(LLMActorsError):
    """No incarnation is up, and the ask was made with `when_down="fail"`. Ask again later, or wait."""

    def __init__(self, path: str, state: str) -> None:
        super().__init__(f'actor `{path}` is {state}; ask with when_down="wait" to wait for its next incarnation')
        self.path, self.state = path, state


class AskTimeoutError(LLMActorsError, TimeoutError):
    """The answer did not come in time. The handler was told to give up, unless it finishes what it began."""

    def __init__(self, path: str, message: str, timeout: float) -> None:
        super().__init__(f"actor `{path}` did not answer {message} within {timeout:g} s")
        self.path, self.message, self.timeout = path, message, timeout


class NoAnswerError(LLMActorsError):
    """None of several asks was answered; `errors` says why, by label, and `__cause__` is the last of them."""

    def __init__(self, errors: Mapping[Any, BaseException]) -> None:
        told = "; ".join(f"{shown(label)}: {type(error).__name__}: {text_of(error)}" for label, error in errors.items())
        super().__init__(f"no answer from any of {len(errors)}: {told}" if errors else "no answer: nobody was asked")
        self.errors = dict(errors)
        self.__cause__ = next(reversed(self.errors.values()), None)


class StreamIdleError(LLMActorsError, TimeoutError):
    """The reader of a stream took nothing for the idle time, so the stream was cut. Read faster, or raise `idle`."""

    def __init__(self, path: str, idle: float) -> None:
        super().__init__(
            f"the stream from `{path}` was cut: its reader took nothing for {idle:g} s; read on or pass idle="
        )
        self.path, self.idle = path, idle


class HandlerTimeoutError(LLMActorsError, TimeoutError):
    """A handler ran longer than its limit. Raise `limit=` on the endpoint, or give the work to a `Process()` host."""

    def __init__(self, path: str, message: str, limit: float) -> None:
        super().__init__(f"the handler of {message} in `{path}` ran longer than its limit of {limit:g} s")
        self.path, self.message, self.limit = path, message, limit


class StartTimeoutError(LLMActorsError, TimeoutError):
    """The actor was not up in time. Raise `start_timeout=`, or do less in `on_start`."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__(f"actor `{path}` was not up within its start time-out of {timeout:g} s")
        self.path, self.timeout = path, timeout


class StartFailedError(LLMActorsError):
    """The actor could not start; `__cause__` says why."""

    def __init__(self, path: str, error: BaseException) -> None:
        super().__init__(f"actor `{path}` could not start: {type(error).__name__}: {text_of(error)}")
        self.path = path
        self.__cause__ = error


class StartIgnored(Exception):  # noqa: N818  OTP's word: it is an outcome, not an error
    """Raised in `on_start` by an actor that is not wanted here: no restart, and no error."""


class MailboxFullError(LLMActorsError):
    """A bounded mailbox refused a message. Slow down, `await ref.send(...)`, or choose a policy that drops."""

    def __init__(self, actor: str, capacity: int) -> None:
        super().__init__(f"mailbox of `{actor}` is full ({capacity} messages); await `send` to wait for room")
        self.actor, self.capacity = actor, capacity


class TooManyTimersError(LLMActorsError):
    """An actor has as many timers as its class declares. Cancel those that are not wanted any more, or declare more."""

    def __init__(self, path: str, kind: str, limit: int) -> None:
        super().__init__(
            f"`{path}` has {limit} timers set, as many as it may; cancel some, or declare `max_timers = ...` in {kind}"
        )
        self.path, self.kind, self.limit = path, kind, limit


class UnhandledMessageError(LLMActorsError):
    """The actor has no handler for the message. Ask one of its endpoints, or override `receive`."""

    def __init__(self, path: str, message: object, remedy: str = "") -> None:
        super().__init__(f"actor `{path}` has no handler for {name_of(message)}" + (f"; {remedy}" if remedy else ""))
        self.path, self.message = path, message


class UnreadAnswersError(LLMActorsError):
    """A worker process has left so many bytes of answers unread that this one was not sent to it.

    The message was handled. Ask for fewer at a time, or for less: bytes and arrays cross by shared memory.
    """

    def __init__(self, message: str, unread: int) -> None:
        super().__init__(
            f"the answer of {message} was not sent: {unread >> 20} MiB of answers are unread here; "
            "ask for fewer at a time, or have each be smaller"
        )
        self.message, self.unread = message, unread


class UnknownActorError(LLMActorsError, LookupError):
    """No actor has that name."""

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        hint = f"; there are: {', '.join(known)}" if known else ""
        super().__init__(f"there is no actor `{name}`{hint}")
        self.name, self.known = name, known


class NameTakenError(LLMActorsError, ValueError):
    """A sibling has that name already. Choose another, or stop the one that has it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the name of `{path}` is taken; names are unique among siblings")
        self.path = path


class NotSerialisableError(LLMActorsError, TypeError):
    """A value cannot cross to another process and be equal there, type for type."""


class RemoteError(LLMActorsError):
    """An exception of another process whose type is not registered here: its type's name, text and traceback."""

    def __init__(self, type_name: str, text: str, traceback: str = "") -> None:
        super().__init__(f"{type_name}: {text}")
        self.type_name, self.text, self.traceback = type_name, text, traceback


class ForkRefusedError(LLMActorsError):
    """No worker process could be begun: its interpreter, or a module to preload. The text says why, and what to do."""


class CeilingExceededError(LLMActorsError):
    """An actor was killed because it, or the subtree of which it held most, had more of something than it may.

    Attributes:
        path: The actor.
        resource: What it was: `memory`, `gpu_memory`, `storage`, `processes`.
        limit: The ceiling.
        held: What was held; None where it was never seen, since the kernel was quicker.
        account: The subtree whose ceiling it is.
    """

    def __init__(self, path: str, resource: str, limit: float, held: float | None, account: str) -> None:
        whose = "its" if account == path else f"the subtree `{account}` has a"
        had = "was about to hold more" if held is None else f"{shown_amount(resource, held)} were held"
        super().__init__(
            f"actor `{path}` was killed for {resource}: {whose} ceiling of {shown_amount(resource, limit)}, and {had}; "
            f"raise it (`llmagentos budget set {account} {resource}=...`), or have it hold less"
        )
        self.path, self.resource, self.limit, self.held, self.account = path, resource, limit, held, account


class MemoryCeilingError(CeilingExceededError, MemoryError):
    """An actor was killed because it, or the subtree of which it held most, had more memory than it may."""


def shown_amount(resource: str, amount: float) -> str:
    """Write an amount for people: sizes in MiB."""
    return f"{amount:g}" if resource == "processes" else f"{amount / 2**20:.4g} MiB"


class WorkerLostError(LLMActorsError):
    """The operating-system process behind an actor ended without a word."""

    def __init__(self, pid: int, status: str) -> None:
        super().__init__(f"worker process {pid} was lost ({status})")
        self.pid, self.status = pid, status


class HostCapabilityError(LLMActorsError):
    """A spec asks for something that its host cannot do."""

    def __init__(self, host: str, missing: str) -> None:
        super().__init__(f"host {host} cannot {missing}; choose another host or leave it out")
        self.host, self.missing = host, missing


class MissingExtraError(LLMActorsError, ImportError):
    """A library that only some programs need is not installed. Install the extra."""

    def __init__(self, what: str, module: str, extra: str) -> None:
        super().__init__(f'{what} needs `{module}`; install it with `pip install "llmagentos[{extra}]"`')
        self.what, self.module, self.extra = what, module, extra


class WrongThreadError(LLMActorsError, RuntimeError):
    """`ask`, `send` and `stream` belong to the loop's thread. Elsewhere use `tell`, or a blocking ref."""

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"`{verb}` was called outside the loop of its system; use `tell`, or `with ActorSystem(...).blocking()`"
        )
        self.verb = verb


class WaitCycleError(LLMActorsError):
    """Actors wait for each other in a cycle, so none would go on. `path` names them, the first one last again.

    Let one of them `tell` instead of asking, answer with a `Later`, or declare `concurrency = 2` or more.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            f"actors wait for each other: {' -> '.join(path)}; let one of them `tell`, or answer with a `Later`"
        )
        self.path = path
