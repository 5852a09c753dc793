"""`Groups` and `Topic`: actors that know other actors, to find them and to tell all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from llmactors._actor import Actor
from llmactors._codec import register
from llmactors._context import Monitor
from llmactors._core.groups import Membership
from llmactors._declare import message
from llmactors._messages import Down
from llmactors._ref import ActorRef
from llmactors.errors import UnhandledMessageError

RETRY: Final = 0.05  # seconds until a watcher whose mailbox was full is tried again


@register
@dataclass(frozen=True, slots=True)
class Joined:
    """To who monitors a group: *member* has joined it, so many *times*."""

    group: str
    member: ActorRef[Any]
    times: int


@register
@dataclass(frozen=True, slots=True)
class Left:
    """To who monitors a group: *member* has left it, so many *times*, or is dead."""

    group: str
    member: ActorRef[Any]
    times: int


class Groups(Actor):
    """A scope of named groups of actors. OTP's pg: join several times, leave as often, dead members vanish.

    Run one where you like, as a child of a supervisor or with `spawn`; two are two independent scopes. Membership is
    an incarnation's: it ends with it, and the next one joins again, best in its `on_start`. So does a monitor.
    """

    local = True

    def __init__(self) -> None:
        self._book: Membership[ActorRef[Any], ActorRef[Any]] = Membership()
        self._monitors: dict[ActorRef[Any], Monitor] = {}
        self._retrying = False

    @message
    def join(self, group: str, member: ActorRef[Any], times: int = 1) -> None:
        """Make *member* a member of *group*, as often as this is called."""
        if times < 1:
            raise ValueError(f"times={times!r}: an actor joins once or more")
        self._book.join(group, member, times)
        self._watch(member)
        self._tell_watchers()

    @message
    def leave(self, group: str, member: ActorRef[Any], times: int = 1) -> bool:
        """Take *member* out of *group*, at most as often as it had joined; False if it is no member."""
        left = self._book.leave(group, member, times)
        self._unwatch(member)
        self._tell_watchers()
        return left is not None

    @message
    def members(self, group: str) -> tuple[ActorRef[Any], ...]:
        """Return the members in order of joining, each as often as it joined. An unknown group is empty."""
        return self._book.members(group)

    @message
    def groups(self) -> tuple[str, ...]:
        """Return the names of all groups that have members."""
        return tuple(group for group, _ in self._book.all())

    @message
    def monitor(self, group: str, watcher: ActorRef[Any]) -> tuple[ActorRef[Any], ...]:
        """Return the present members, and tell *watcher* every change from then on: `Joined` and `Left`, no gap.

        While the watcher's mailbox is full it is told nothing, later what has changed in total.
        """
        self._book.watch(watcher, group)
        self._watch(watcher)
        return self._book.members(group)

    @message
    def monitor_all(self, watcher: ActorRef[Any]) -> dict[str, tuple[ActorRef[Any], ...]]:
        """Return the members of all groups, and tell *watcher* every change of any group from then on."""
        self._book.watch(watcher, None)
        self._watch(watcher)
        return {group: self._book.members(group) for group, _ in self._book.all()}

    @message
    def demonitor(self, watcher: ActorRef[Any], group: str | None = None) -> None:
        """Take a monitor of *group* back; without one, that of all groups."""
        self._book.unwatch(watcher, group)
        self._unwatch(watcher)

    def receive(self, message: object) -> None:
        """Hear of the dead."""
        match message:
            case Down(ref):
                self._monitors.pop(ref, None)
                self._book.forget(ref)
                self._book.gone(ref)
                self._tell_watchers()
            case _Retry():
                self._retrying = False
                self._tell_watchers()
            case _:
                raise UnhandledMessageError(self.context.path, message)

    def _watch(self, ref: ActorRef[Any]) -> None:
        if ref not in self._monitors:
            self._monitors[ref] = self.context.monitor(ref)

    def _unwatch(self, ref: ActorRef[Any]) -> None:
        if ref in self._monitors and not self._book.joined(ref) and not self._book.watching(ref):
            self._monitors.pop(ref).cancel()

    def _tell_watchers(self) -> None:
        for watcher in self._book.behind():
            for change in self._book.owed(watcher):
                if not watcher.has_room():
                    break
                event = Joined if change.times > 0 else Left
                watcher.tell(event(change.group, change.member, abs(change.times)))
                self._book.heard(watcher, change)
        if self._book.behind() and not self._retrying:
            self._retrying = True
            self.context.send_after(RETRY, _Retry())


@dataclass(frozen=True, slots=True)
class _Retry:
    """Try again to tell watchers what they are owed."""


class Topic(Actor):
    """Publish and subscribe: what is published reaches every subscriber as an ordinary message.

    Nobody waits for anybody: a subscriber whose mailbox is full misses the message, or the oldest that waits there, as
    its own `mailbox = Mailbox(...)` says; a refused one is a dead letter. A subscription is a slot's: it outlives
    restarts of the subscriber, and ends when the slot is discarded. It ends with the topic's own incarnation too.
    """

    local = True

    def __init__(self) -> None:
        self._subscribers: dict[ActorRef[Any], Monitor] = {}

    @message
    def subscribe(self, subscriber: ActorRef[Any]) -> None:
        """Have *subscriber* told what is published from now on. Subscribing twice is subscribing once."""
        if subscriber not in self._subscribers:
            self._subscribers[subscriber] = self.context.monitor(subscriber, until="discarded")

    @message
    def unsubscribe(self, subscriber: ActorRef[Any]) -> bool:
        """Take a subscription back; False if there is none."""
        monitor = self._subscribers.pop(subscriber, None)
        if monitor is not None:
            monitor.cancel()
        return monitor is not None

    @message
    def publish(self, what: Any) -> int:
        """Tell all subscribers *what*, in order of subscription; return how many mailboxes took it."""
        return sum([subscriber.tell(what) for subscriber in self._subscribers])

    @message
    def subscribers(self) -> tuple[ActorRef[Any], ...]:
        """Return the subscribers, in order of subscription."""
        return tuple(self._subscribers)

    def receive(self, message: object) -> None:
        """Forget who is gone."""
        match message:
            case Down(ref):
                self._subscribers.pop(ref, None)
            case _:
                raise UnhandledMessageError(self.context.path, message)
