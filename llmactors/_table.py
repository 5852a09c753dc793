"""How messages reach the handlers of one actor class on one host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llmactors._core.mailbox import Mailbox, is_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._batch import Spec
    from llmactors.hosts._port import Host

    Call = Callable[[Any, Any], Any]


TIMERS: Final = 10_000  # that an actor may have set, where its class declares nothing
FIRST_SLICE: Final = 16  # messages in a slice of a class of which nothing is known yet


class Table(dict[type, Any]):
    """Message class -> call. A class that is not in it goes to `missing`, and is remembered.

    What all actors of a class and host have in common lives here too, so that a cell needs no fields for it.
    """

    __slots__ = (
        "batched",
        "begin",
        "capacity",
        "cls",
        "concurrency",
        "counted_here",
        "host",
        "idle",
        "local",
        "mailbox",
        "max_timers",
        "missing",
        "no_on_start",
        "no_on_stop",
        "overflow",
        "pausable",
        "slice",
        "streams",
        "trap_exits",
    )

    def __init__(self, cls: type, host: Host, missing: Call) -> None:
        super().__init__()
        mailbox = getattr(cls, "mailbox", None) or Mailbox()
        if not isinstance(mailbox, Mailbox):
            raise TypeError(f"{cls.__name__}.mailbox = {mailbox!r}: declare `mailbox = Mailbox(capacity=...)`")
        self.cls, self.host, self.missing = cls, host, missing
        self.mailbox = mailbox
        self.capacity: int = mailbox.capacity
        self.overflow = mailbox.overflow
        self.concurrency: int = _positive(cls, "concurrency", 1)
        self.max_timers: int = _positive(cls, "max_timers", TIMERS)
        self.trap_exits = bool(getattr(cls, "trap_exits", False))
        self.pausable = bool(getattr(cls, "pausable", True))
        self.local = bool(getattr(cls, "local", False))
        self.idle = _seconds(cls, "idle_timeout")
        self.begin: Callable[[Any], None] | None = getattr(cls, "_begin", None)
        self.no_on_start = self.no_on_stop = False  # known for sure, so that the host need not look
        self.counted_here = False  # what its actors use is all in their cells
        self.slice = FIRST_SLICE
        self.streams: dict[type, Call] = {}
        self.batched: dict[type, Spec] = {}

    def __missing__(self, cls: type) -> Call:
        call = self[cls] = self.missing
        return call

    def discarded(self) -> None:
        """A slot of this table is gone. Nothing to do but where it is traced."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # a table is itself, not its contents


def _seconds(cls: type, name: str) -> float | None:
    value: Any = getattr(cls, name, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"{cls.__name__}.{name} = {value!r}: declare a positive number of seconds")
    return float(value)


def _positive(cls: type, name: str, default: int) -> int:
    value: Any = getattr(cls, name, default)
    if not is_count(value):
        raise ValueError(f"{cls.__name__}.{name} = {value!r}: declare a positive int")
    return int(value)
