"""What a full mailbox does with one message more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Overflow = Literal["refuse", "drop_newest", "drop_oldest"]
POLICIES: Final[tuple[Overflow, ...]] = ("refuse", "drop_newest", "drop_oldest")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How many messages may wait, and what happens to one more.

    Args:
        capacity: Messages that may wait, 1 or more. Answers, notices and signals need no room.
        overflow: `"refuse"` and `"drop_newest"` turn the new message away, and its sender is told; `"drop_oldest"`
            drops the one that has waited longest. A refused message is a mistake somewhere: a dead letter `full`, the
            first a warning. One that is dropped is what was declared: a dead letter `dropped`, without one.
        ttl: Seconds that a message may wait; one that waited longer is not handled but a dead letter `expired`.
        priority: Says how urgent a message is: what gives the highest number is handled first, equals in the order of
            arrival. Without it the order is that of arrival. It is called on the receiver's side, once a message.

    Raises:
        ValueError: The capacity or the time to live is not positive, or the policy is unknown.
    """

    capacity: int = 1_000
    overflow: Overflow = "refuse"
    ttl: float | None = None
    priority: Callable[[Any], int] | None = None

    @property
    def plain(self) -> bool:
        """Whether messages are handled in order of arrival, however long they waited."""
        return self.ttl is None and self.priority is None

    def __post_init__(self) -> None:
        if not is_count(self.capacity):
            raise ValueError(f"capacity={self.capacity!r}: a mailbox holds 1 message or more")
        if self.overflow not in POLICIES:
            raise ValueError(f"overflow={self.overflow!r}: choose one of {', '.join(POLICIES)}")
        if self.ttl is not None and not self.ttl > 0:
            raise ValueError(f"ttl={self.ttl!r}: a message waits for a positive number of seconds, or None for ever")


def is_count(value: object) -> bool:
    """Say whether *value* is a positive int (a bool is none)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class Verdict(Enum):
    """What becomes of a message that found the mailbox full."""

    REFUSE = "refuse"
    DROP_NEW = "drop_new"
    DROP_OLD = "drop_old"


def on_full(policy: Overflow, *, waiting_senders: bool, empty: bool) -> Verdict:
    """Decide. While a sender waits for room the mailbox is full for everybody else, whatever its policy."""
    if policy == "drop_newest":
        return Verdict.DROP_NEW
    if policy == "drop_oldest" and not waiting_senders and not empty:
        return Verdict.DROP_OLD
    return Verdict.REFUSE
