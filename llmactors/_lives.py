"""The lives of an incarnation: it begins, comes up, and is told things while it lives.

A life is a walk over flags: STARTING, then none, then ENDING and ENDED (see `_ends`); a slot that is given up goes on
to DEAD (see `_slots`).
"""

from __future__ import annotations

from asyncio import CancelledError
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never, cast

from llmactors import _aside as aside
from llmactors import _batches as batches
from llmactors import _idle as idle
from llmactors import _lanes as lanes
from llmactors import _passing as passing
from llmactors import _pause as pauses
from llmactors import _slots as slots
from llmactors._asks import Ask
from llmactors._batch import Gather, parts_of
from llmactors._core.flags import (
    DEAD,
    DRAINING,
    ENDED,
    HELD,
    LEFT_AT_BEGINNING,
    OVER,
    PAUSED,
    REMOTE,
    SIGNALS,
    STARTING,
    STOPPING,
)
from llmactors._core.links import LinkEffect, on_linked_exit
from llmactors._ends import arm_shutdown, cancel_timers, count_alive, end, wake_up
from llmactors._exits import Crash, Killed, Normal, Shutdown, error_of
from llmactors._messages import Ended, Exited, Started, StartFailed
from llmactors._reckoning import before
from llmactors._signals import Cut, Kill, LinkExit, Pause, Press, Resume, Stashed, Stop
from llmactors._streams import Flow, message_of
from llmactors.errors import LinkedActorEndedError, StartIgnored, StartTimeoutError, UnhandledMessageError

if TYPE_CHECKING:
    from llmactors._later import Later
    from llmactors._ref import ActorRef
    from llmactors.hosts._port import Birth, RemoteHost

Signal: TypeAlias = "Stop | Kill | Pause | Resume | LinkExit | Press"
OUTCOMES: Final = (Ended, Started, StartFailed)

NESTED: Final = 16  # starts within starts; deeper ones wait for the loop, so that the stack holds them


# -- beginning -----------------------------------------------------------------------------------------------
def begin(cell: ActorRef[Any], birth: Birth) -> None:
    """Begin an incarnation in a slot that has none."""
    extra = cell.extra
    cell.flags = (cell.flags & LEFT_AT_BEGINNING) | STARTING
    if cell.inbox is None:
        cell.inbox = cell.scheduler.new_inbox()
    count_alive(cell, 1)
    if extra is not None:
        if extra.in_hand:
            slots.lose_in_hand(cell)
        extra.new_life()
        extra.exit = None
        extra.incarnation += 1
        if extra.incarnation > 1:
            extra.before = before(cell, extra)
        if birth.start_timeout is not None:
            extra.start_timer = cell.scheduler.loop.call_later(
                birth.start_timeout, _start_timed_out, cell, birth.start_timeout
            )
    owner = cell.owner
    if owner is not None and owner.flags & STARTING and _nested(owner) >= NESTED:
        cell.actor = None
        cell.scheduler.loop.call_soon(_start_unless_over, cell, birth)
    else:
        _start(cell, birth)


def _start(cell: ActorRef[Any], birth: Birth) -> None:
    try:
        cell.handlers.host.start(cell, birth)
    except Exception as error:  # noqa: BLE001  no memory, no descriptor, no thread: a start that failed like any other
        start_failed(cell, error)


def _start_unless_over(cell: ActorRef[Any], birth: Birth) -> None:
    if cell.flags & STARTING and cell.actor is None:
        _start(cell, birth)


def _nested(cell: ActorRef[Any] | None) -> int:
    """Count the starts that are under way from here up: each may be on the stack."""
    depth = 0
    while cell is not None and cell.flags & STARTING and depth < NESTED:
        depth, cell = depth + 1, cell.owner
    return depth


def started(cell: ActorRef[Any]) -> None:
    """The incarnation is up: it takes messages from now on."""
    if not cell.flags & STARTING:
        return
    cell.flags &= ~STARTING
    cell.born = cell.scheduler.moment()
    if cell.handlers.idle is not None:
        idle.watch(cell, cell.handlers.idle)
    extra = cell.extra
    if extra is not None:
        if extra.start_timer is not None:
            cancel_timers(cell)
        if extra.children:
            _claim_children(cell)
        if extra.kept and extra.told and cell.owner is not None:
            cell.owner.signal(Started(cell))
        if extra.up:
            wake_up(cell, None)
    cell.scheduler.requeue(cell)


def start_failed(cell: ActorRef[Any], error: BaseException) -> None:
    """The incarnation did not come up: it ends without `on_stop`."""
    if cell.flags & OVER:
        return
    if not cell.flags & STARTING:  # it was up already, and its owner has heard of it
        end(cell, Crash(error))
        return
    extra = cell.need_extra()
    extra.start_error, extra.never_up = error, True
    end(cell, Normal() if isinstance(error, StartIgnored) else Crash(error))


def _start_timed_out(cell: ActorRef[Any], timeout: float) -> None:
    if cell.flags & STARTING:
        extra = cell.need_extra()
        extra.never_up = True
        extra.start_error = error = StartTimeoutError(cell.path, timeout)
        end(cell, Killed(error))


def _claim_children(cell: ActorRef[Any]) -> None:
    """Discard the slots of the former incarnation that the new one did not open again."""
    children = cell.need_extra().children or {}
    for child in list(children.values()):
        if child.extra is not None and child.extra.unclaimed:
            slots.discard(child)


# -- what handlers raise -------------------------------------------------------------------------------------
def raised(cell: ActorRef[Any], error: BaseException, item: Any) -> None:
    """An exception has left a handler: it is an answer, an unhandled message, a cancelled ask, or the actor's end."""
    if not isinstance(error, Exception):
        if isinstance(error, Stashed):
            aside.stash(cell, item if error.instead is None else error.instead)
            if error.after is not None:
                error.after()
            return
        if isinstance(error, Gather):
            batches.begin(cell, error.spec, item)
            return
        if isinstance(error, Cut):
            end(cell, error.exit, (item,))
            return
    message = message_of(item)
    waiting = isinstance(item, (Ask, Flow))
    if waiting and not item.pending() and isinstance(error, CancelledError):
        return
    if isinstance(error, UnhandledMessageError) and error.message is message and error.path == cell.path:
        cell.system.dead_letter(message, cell, "unhandled")
        if waiting:
            item.fail(error)
        return
    info = getattr(message, "__endpoint__", None)
    if info is not None and isinstance(error, info.options.raises):
        for part in parts_of(item):
            if isinstance(part, (Ask, Flow)):
                part.fail(error)
            else:
                cell.system.dead_letter(part, cell, "unheard")
        return
    end(cell, Crash(error), (item,))


def await_later(cell: ActorRef[Any], later: Later[Any], item: Any) -> None:
    """A handler answers later: remember who waits, or pass the message on to the one who is to answer."""
    if later.by is not None:
        again = None if cell.extra is None else cell.extra.again
        passing.pass_on(item, later.by, again.deliveries if again is not None and again.item is item else 0)
    elif isinstance(item, Ask) and later.attach(item):
        cell.handlers.host.answers_later(cell, item)
        extra = cell.need_extra()
        if extra.laters is None:
            extra.laters = {}
        extra.laters[item] = None
        count = len(extra.laters)
        if count >= 64 and not count & (count - 1):  # noqa: PLR2004  at each doubling, forget those that were answered
            extra.laters = {waiting: None for waiting in extra.laters if waiting.pending()}


def go_ahead(cell: ActorRef[Any], now: float) -> float | None:
    """Ask the owner's gate: None is the go-ahead. A gate that raises is its owner's crash, and is taken away."""
    extra = cell.need_extra()
    if extra.gate is None:
        return None
    try:
        return extra.gate(cell.handlers.host.usage(cell), now)  # what is sampled would cost too much here
    except Exception as error:  # noqa: BLE001  the owner's code, on the scheduler's stack
        slots.set_gate(cell, None)
        if cell.owner is not None:
            end(cell.owner, Crash(error))
        return None


def choose(cell: ActorRef[Any]) -> bool:
    """Choose the next message of a mailbox that sorts; False when there is none to handle."""
    refused = lanes.choose(cell)
    if refused is not None:
        raised(cell, *refused)
    if not cell.inbox and not cell.flags & HELD:
        cell.scheduler.requeue(cell)
    return bool(cell.inbox) and not cell.flags & HELD


# -- signals -------------------------------------------------------------------------------------------------
def on_signals(cell: ActorRef[Any]) -> None:
    """Obey the control signals that wait, in order; they overtake messages."""
    cell.flags &= ~SIGNALS
    extra = cell.extra
    if extra is None:
        return
    while extra.signals:
        waiting, extra.signals = extra.signals, []
        for signal in waiting:
            if isinstance(signal, OUTCOMES):
                _to_owner(cell, signal)
            elif not cell.flags & DEAD:
                _on_signal(cell, signal)


def _on_signal(cell: ActorRef[Any], signal: Signal) -> None:
    match signal:
        case Stop():
            _on_stop(cell, signal)
        case Kill():
            end(cell, Killed(signal.cause))
        case Pause():
            pauses.pause(cell)
        case Resume():
            pauses.resume(cell)
        case LinkExit():
            _on_link_exit(cell, signal)
        case Press():
            _on_press(cell, signal)
        case _:
            assert_never(signal)


def _on_press(cell: ActorRef[Any], signal: Press) -> None:
    if cell.flags & (OVER | STARTING):
        return
    if cell.flags & PAUSED:
        cell.need_extra().press = signal  # no user code runs in a pause
    else:
        cell.handlers.host.press(cell, signal.level)


def _on_stop(cell: ActorRef[Any], signal: Stop) -> None:
    if cell.flags & OVER:
        return
    extra = cell.need_extra()
    if extra.shutdown == "kill" and not isinstance(signal.exit, Normal):  # its own end is no stop of others
        end(cell, Killed())
        return
    extra.stopping = True
    extra.exit = signal.exit
    if cell.flags & STARTING:
        extra.never_up = True
        end(cell, signal.exit)
    elif signal.drain and not cell.flags & STOPPING:
        cell.flags |= DRAINING
        batches.close(cell, extra.batch)
        slots.set_capacity(cell)
    else:
        cell.flags = (cell.flags & ~DRAINING) | STOPPING


def forward(cell: ActorRef[Any]) -> None:
    """A cell whose handlers run elsewhere has messages: its host sends them on."""
    cast("RemoteHost", cell.handlers.host).forward(cell)


def stop_when_free(cell: ActorRef[Any]) -> None:
    """End a stopping actor if nothing is in hand (and, draining, nothing is queued)."""
    extra = cell.need_extra()
    if extra.jobs and cell.flags & REMOTE and cell.flags & STOPPING:
        cast("RemoteHost", cell.handlers.host).recall(cell)
    in_hand = len(extra.jobs)
    if in_hand and cell.flags & PAUSED and not cell.flags & DRAINING:
        in_hand -= len(extra.resumed or ())  # what waits at a checkpoint while paused will not go on: it ends there
    if in_hand or (cell.flags & DRAINING and (slots.queued(cell) or extra.requeued)):
        arm_shutdown(cell)
        return
    end(cell, extra.exit or Shutdown())


def _on_link_exit(cell: ActorRef[Any], signal: LinkExit) -> None:
    extra = cell.need_extra()
    if cell.flags & OVER:
        return
    link = signal.link
    if link is not None:
        if link.off:
            return  # it was unlinked while this was on its way
        link.off = True
        if extra.links is not None and extra.links.get(signal.ref) is link:
            del extra.links[signal.ref]
    elif signal.ref.owner is not cell or signal.ref.need_extra().unlinked:
        return  # as above
    match on_linked_exit(signal.exit, trapping=cell.handlers.trap_exits):
        case LinkEffect.NOTIFY:
            slots.notice(cell, Exited(signal.ref, signal.exit))
        case LinkEffect.END:
            error = LinkedActorEndedError(signal.path, signal.exit)
            error.__cause__ = error_of(signal.exit)
            end(cell, Killed(error) if isinstance(signal.exit, Killed) else Crash(error))
        case LinkEffect.NOTHING:
            pass


def _to_owner(cell: ActorRef[Any], signal: Started | StartFailed | Ended) -> None:
    """An owner hears of its slots, also while it is ending: its `on_stop` may be waiting for just that."""
    if cell.flags & ENDED or cell.actor is None or (cell.extra is not None and cell.extra.host_done):
        return  # nobody is there to hear it; above all not to begin lives anew
    try:
        answer = cell.handlers.missing(cell.actor, signal)
        if isinstance(answer, CoroutineType):
            cell.scheduler.first_step(cell, answer, signal)
    except BaseException as error:  # noqa: BLE001  as for a handler
        if isinstance(error, UnhandledMessageError) and error.message is signal:
            cell.system.dead_letter(signal, cell, "unhandled")
            return
        if isinstance(error, KeyboardInterrupt):
            cell.scheduler.interrupt(error)
        end(cell, Crash(error))
