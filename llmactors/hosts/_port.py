"""What the kernel needs from a host: a place where handlers run.

The mailbox, the ref and the place in the tree always live with the owner; a host only executes. Orders return at once;
what becomes of them is told to `llmactors._lives`: `started`, `start_failed`, `host_done`, or `end` for a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from llmactors._birth import Birth

if TYPE_CHECKING:
    from llmactors._asks import Ask
    from llmactors._exits import Exit
    from llmactors._limits import Enforcement, Measure, Pressure
    from llmactors._ref import ActorRef
    from llmactors._streams import Flow
    from llmactors._table import Table
    from llmactors._usage import Usage


__all__ = ["Birth", "Host", "HostConfig"]


class HostConfig(Protocol):
    """The value that a spec names, such as `Loop()`. Hashable: one runtime per system and value."""

    def runtime(self, system: Any) -> Host:
        """Make the runtime of this host for a system."""
        ...


class Host(Protocol):
    """Runs incarnations. `cell.actor` is the host's to set: the instance, or an object that stands for it."""

    capabilities: frozenset[str]

    def table(self, cls: type) -> Table:
        """Return how messages for actors of *cls* are delivered. Cached by the host."""
        ...

    def new_cell(self, system: Any, table: Table, label: str | int, owner: ActorRef[Any] | None) -> ActorRef[Any]:
        """Make an empty cell; a host whose asks need more makes a subclass of `ActorRef`."""
        ...

    def start(self, cell: ActorRef[Any], birth: Birth) -> None:
        """Begin an incarnation. Outcome: `lives.started(cell)` or `lives.start_failed(cell, error)`."""
        ...

    def pause(self, cell: ActorRef[Any]) -> None:
        """Run no more user code after the message in hand or its next checkpoint, until `resume`."""
        ...

    def resume(self, cell: ActorRef[Any]) -> None:
        """Take the pause back."""
        ...

    def stop(self, cell: ActorRef[Any], exit: Exit) -> None:
        """Run `on_stop(exit)` where there is one, and end. Outcome: `lives.host_done(cell, ...)`."""
        ...

    def kill(self, cell: ActorRef[Any]) -> None:
        """End at once; no more user code. Outcome: `lives.host_done(cell, ...)`."""
        ...

    def abandon(self, cell: ActorRef[Any], item: Any) -> None:
        """The asker or reader of *item* gave up: cancel its handler if it is in hand."""
        ...

    def answers_later(self, cell: ActorRef[Any], ask: Ask) -> None:
        """The handler of *ask* is over; its answer will come. The message is in hand no longer."""
        ...

    def usage(self, cell: ActorRef[Any]) -> Usage:
        """Say what the incarnation has used so far."""
        ...

    def interruption(self, cell: ActorRef[Any]) -> str:
        """Say what a handler that does not return is interrupted by."""
        ...

    def throttle(self, cell: ActorRef[Any], share: float | None) -> None:
        """Let the slot's incarnations have *share* cores at most; None lifts it."""
        ...

    def weigh(self, cell: ActorRef[Any], weight: float | None) -> None:
        """Let the slot's incarnations have that part of CPU time beside others; None lifts it."""
        ...

    def cap(self, cell: ActorRef[Any], memory: int | None) -> None:
        """Let the slot's incarnations hold so many bytes of memory at most, as far as this host can see to that."""
        ...

    def press(self, cell: ActorRef[Any], level: Pressure) -> None:
        """Run `on_pressure` where the handlers run, between two of them or while an async one waits."""
        ...

    def measure(self, cell: ActorRef[Any], *, held: bool) -> Measure:
        """See what the actor uses now; what it holds only where that is asked for: it takes longer."""
        ...

    def enforcement(self) -> Enforcement:
        """Tell how this host holds actors to limits on this machine."""
        ...

    async def close(self) -> None:
        """The system is going: leave nothing behind."""
        ...


class RemoteHost(Host, Protocol):
    """A host whose cells have the flag `REMOTE`: their handlers run elsewhere."""

    def forward(self, cell: ActorRef[Any]) -> None:
        """Send on what waits in the mailbox, as far as the window allows. Called instead of handling messages."""
        ...

    def waiting(self, cell: ActorRef[Any]) -> int:
        """Return how many messages were sent on and are not in hand yet."""
        ...

    def waits_for(self, cell: ActorRef[Any]) -> tuple[ActorRef[Any], ...] | None:
        """Say whom the actor's hands wait for, if all of them do; None if one can go on, or it is not known."""
        ...

    def gathering(self, cell: ActorRef[Any]) -> type | None:
        """Return the class of the messages of which the actor would take one more into its next batch."""
        ...

    def grant(self, cell: ActorRef[Any], flow: Flow[Any], more: int) -> None:
        """The reader of a stream whose handler runs elsewhere has taken *more* items."""
        ...

    def recall(self, cell: ActorRef[Any]) -> None:
        """The actor stops: give back what was sent on and is not in hand. Called more than once."""
        ...
