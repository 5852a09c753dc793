"""What few actors need: made on first use, so that an idle actor costs nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle
    from collections import OrderedDict, deque
    from collections.abc import Callable

    from llmactors._accounts import Account
    from llmactors._asks import Ask
    from llmactors._batch import Batch
    from llmactors._context import Context, Monitor
    from llmactors._core.lane import Lane
    from llmactors._core.mailbox import Mailbox
    from llmactors._exits import Exit
    from llmactors._limits import Caps
    from llmactors._messages import InHand
    from llmactors._reckoning import Before, Below
    from llmactors._ref import ActorRef
    from llmactors._signals import Link, Press
    from llmactors._steps import Job
    from llmactors._stopping import Stopping
    from llmactors._timers import Timer
    from llmactors._usage import Usage


class Extra:
    """The rare half of a cell. Fields marked *life* belong to the incarnation and are reset at its end."""

    __slots__ = (
        "account",
        "again",
        "awaited",
        "batch",
        "beats",
        "before",
        "below",
        "caps",
        "children",
        "context",
        "dropped",
        "elsewhere",
        "ending_kept",
        "exit",
        "gate",
        "gate_timer",
        "gone",
        "heard_at",
        "holds",
        "host_done",
        "id",
        "in_hand",
        "incarnation",
        "jobs",
        "kept",
        "kept_alive",
        "lane",
        "laters",
        "leaving",
        "links",
        "mailbox",
        "monitors",
        "never_up",
        "notices",
        "numbered",
        "older",
        "on_idle",
        "pause_children",
        "press",
        "redeliver",
        "requeued",
        "resident",
        "resumed",
        "serial",
        "shutdown",
        "shutdown_timer",
        "signals",
        "spawned_alive",
        "spent",
        "start_error",
        "start_timer",
        "stashed",
        "stopping",
        "stopping_host",
        "timers",
        "told",
        "unclaimed",
        "unlinked",
        "up",
        "waiters",
        "watchers",
        "watching",
        "withheld",
    )

    def __init__(self) -> None:  # noqa: PLR0915  a list of fields
        self.signals: list[Any] = []
        # the place in the tree
        self.children: dict[Any, ActorRef[Any]] | None = None
        self.serial = 0
        self.kept_alive = self.spawned_alive = 0  # children with a life in them: in slots, and on their own
        self.id = 0
        self.kept = False  # the owner holds the slot and decides what becomes of it
        self.told = True  # that an incarnation is up; not while the owner looks for itself
        self.unclaimed = False  # its owner was restarted and has not opened it again yet
        self.pause_children = False
        self.numbered = False  # a child was given a name that ends in a number, as those that are made up do
        # the slot
        self.account: Account | None = None
        self.spent: dict[str, float] | None = None
        self.caps: Caps | None = None
        self.holds: dict[str, float] | None = None
        self.gate: Callable[[Usage, float], float | None] | None = None
        self.on_idle: Callable[[], None] | None = None
        self.mailbox: Mailbox | None = None
        self.redeliver = 0
        self.requeued: deque[InHand] | None = None
        self.again: InHand | None = None
        self.stashed: list[InHand] | None = None
        self.older = 0  # messages at the front that were put aside by the life that ended
        self.lane: Lane | None = None
        self.batch: Batch | None = None
        self.notices = 0
        self.waiters: OrderedDict[Future[bool], Any] | None = None
        self.watchers: dict[Monitor, None] | None = None
        self.gone: list[Future[Exit]] | None = None
        self.up: list[Future[None]] | None = None
        self.shutdown: float | str = 5.0
        self.incarnation = 0
        self.before: Before | None = None  # what there was when the present incarnation began; not for the first
        self.below: Below | None = None  # what slots below left that are no more
        self.elsewhere = 0.0  # CPU seconds of past incarnations on threads and in processes
        self.awaited = 0.0  # seconds that handlers waited in the middle, or were at work elsewhere
        self.dropped = 0  # messages that became dead letters
        self.heard_at = 0.0  # of a class with an idle time-out: when a message came, or its handler was over
        self.beats = 0  # signs of getting on, other than messages taken
        # life
        self.context: Context[Any] | None = None
        self.links: dict[ActorRef[Any], Link] | None = None
        self.unlinked = False
        self.monitors: dict[Monitor, None] | None = None
        self.watching: dict[Monitor, None] | None = None
        self.timers: set[Timer] | None = None
        self.laters: dict[Ask, None] | None = None
        self.resident: Job | None = None
        self.jobs: dict[Job, None] = {}  # in the order in which they took their messages
        self.resumed: list[Future[None]] | None = None
        self.withheld = 0  # handlers that wait for the go-ahead of their account
        self.in_hand: list[InHand] = []
        self.exit: Exit | None = None
        self.press: Press | None = None  # came in a pause, and waits for its end
        self.leaving: Stopping | None = None
        self.start_error: BaseException | None = None
        self.stopping = self.stopping_host = self.host_done = self.never_up = False
        self.ending_kept: list[ActorRef[Any]] | None = None  # the slots still to be stopped, the youngest last
        self.start_timer: TimerHandle | None = None
        self.gate_timer: TimerHandle | None = None
        self.shutdown_timer: TimerHandle | None = None

    def new_life(self) -> None:
        """Forget what belonged to the incarnation that ended."""
        self.context = None
        self.links = self.monitors = self.watching = self.timers = self.laters = None
        self.unlinked = False
        self.older = 0
        self.resident = None
        self.jobs.clear()
        self.resumed = None
        self.withheld = 0
        self.in_hand = []
        self.press = None
        self.start_error = None
        self.stopping = self.stopping_host = self.host_done = self.never_up = False
        self.ending_kept = None
