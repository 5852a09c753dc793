"""The end of an incarnation: it comes exactly once, and everybody who has to hear of it does, exactly once.

Theory of operation
1. The end is one path, `end`, whatever the reason: what is in hand fails or is kept for redelivery, timers stop, then
   `advance` walks the stages as their conditions come true: the actors it spawned have ended; the host has run
   `on_stop` (or killed it); the slots it owned have ended. Then `_finalize` tells everybody.
2. No stage waits: each is entered again by the event that it waits for (a child's end, the host's word, a timer).
3. A kill that comes while the actor is ending hurries the same path on; it never starts a second one.
4. `on_stop` has the shutdown time; then the actor is killed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from llmactors import _aside as aside
from llmactors import _batches as batches
from llmactors import _slots as slots
from llmactors._asks import Ask
from llmactors._batch import Batch, parts_of
from llmactors._carried import taken_out
from llmactors._core.chain import described
from llmactors._core.flags import (
    DEAD,
    ENDED,
    ENDING,
    GONE,
    KEPT_WITH_SLOT,
    LEFT_AT_END,
    OVER,
)
from llmactors._core.redelivery import redelivered
from llmactors._crashes import report_crash
from llmactors._exits import Crash, Exit, Killed
from llmactors._messages import Ended, Started, StartFailed
from llmactors._reports import report
from llmactors._signals import Kill, LinkExit, Press, Stop
from llmactors._streams import Flow, message_of
from llmactors.errors import StartFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmactors._ref import ActorRef

ended_error = slots.ended_error
NO_NEWS: Final = (Ended, LinkExit, Started, StartFailed)


def end(cell: ActorRef[Any], exit: Exit, items: tuple[Any, ...] = ()) -> None:  # noqa: C901, PLR0912  a call costs, an if does not
    """Begin the end of an incarnation. *items* are the messages in hand, as far as the caller holds them."""
    if cell.flags & GONE:
        return
    extra = cell.extra or cell.need_extra()
    if cell.flags & ENDING:
        if isinstance(exit, Killed) and not isinstance(extra.exit, Killed):
            extra.exit = exit if extra.exit is None or extra.exit.clean else extra.exit
            _hurry(cell)
        return
    extra.exit = exit
    killed = isinstance(exit, Killed)
    flight = cell.system.flight
    crash = None if flight is None or exit.clean else flight.crashed(cell, exit)
    report_crash(cell, exit, items, crash)
    cell.flags = (cell.flags | ENDING) & LEFT_AT_END
    if items:
        hold(cell, exit, items)
    if cell.handlers.batched:
        batches.take_apart(cell)
    if extra.jobs:
        _fence_jobs(cell, exit)
    if killed or extra.timers or extra.start_timer is not None or extra.gate_timer is not None:
        cancel_timers(cell, all_of_them=killed)
    if extra.laters:
        for ask in extra.laters:
            ask.fail(ended_error(cell, exit))
    if extra.resumed:
        for future in extra.resumed:
            future.cancel()
    if extra.children:
        _end_spawned(cell, killed=killed)
    if killed:
        _kill_on_host(cell)
    elif cell.handlers.no_on_stop and not (extra.spawned_alive or extra.kept_alive or extra.resident):
        extra.host_done = True
        _finalize(cell)  # the frequent case, in which every stage is over before it begins
        return
    advance(cell)


def _hurry(cell: ActorRef[Any]) -> None:
    _fence_jobs(cell, Killed())
    _end_spawned(cell, killed=True)
    if not cell.need_extra().host_done:
        _kill_on_host(cell)
    advance(cell)


def _kill_on_host(cell: ActorRef[Any]) -> None:
    try:
        cell.handlers.host.kill(cell)
    except Exception as error:  # noqa: BLE001  a kill cannot be refused: what the host still has of it is fenced
        report(logging.ERROR, "host_would_not_kill", path=cell.path, error=described(error))
        host_done(cell)


def hold(cell: ActorRef[Any], exit: Exit, items: Iterable[Any]) -> None:
    """Decide about messages in hand: an ask fails now, unless the message will be delivered again."""
    extra = cell.extra or cell.need_extra()
    for item in items:
        if (not extra.redeliver and not isinstance(item, (Ask, Batch, Flow))) or isinstance(item, Press):
            continue  # what was told is lost, and a hook was never sent
        again = extra.again
        count = 1 + (again.deliveries if again is not None and again.item is item else 0)
        for part in parts_of(item):
            if not exit.clean and redelivered(count, extra.redeliver) and not isinstance(part, Flow):
                extra.in_hand.append(taken_out(part, count))
                continue
            if isinstance(part, (Ask, Flow)):
                part.fail(ended_error(cell, exit))
            if extra.redeliver and not exit.clean:
                cell.system.dead_letter(message_of(part), cell, "poison")


def _fence_jobs(cell: ActorRef[Any], exit: Exit) -> None:
    extra = cell.extra or cell.need_extra()
    jobs = list(extra.jobs)
    extra.jobs.clear()
    for job in jobs:
        item, job.item = job.item, None
        if item is not None:
            extra.awaited += cell.scheduler.clock() - job.began
        if job is extra.resident and not isinstance(exit, Killed):
            job.then = None
            job.cancel()
        else:
            job.fence()
            if job is extra.resident:
                extra.resident = None
        if item is not None:
            hold(cell, exit, (item,))


def cancel_timers(cell: ActorRef[Any], *, all_of_them: bool = False) -> None:
    extra = cell.extra or cell.need_extra()
    if extra.start_timer is not None:
        extra.start_timer.cancel()
        extra.start_timer = None
    if cell.flags & OVER:
        if extra.timers:
            for timer in list(extra.timers):
                timer.cancel()
        if extra.gate_timer is not None:
            extra.gate_timer.cancel()
            extra.gate_timer = None
    if all_of_them and extra.shutdown_timer is not None:
        extra.shutdown_timer.cancel()
        extra.shutdown_timer = None


def _end_spawned(cell: ActorRef[Any], *, killed: bool) -> None:
    """Stop the actors that this one spawned, the youngest first."""
    extra = cell.extra or cell.need_extra()
    for child in reversed(list((extra.children or {}).values())):
        if child.extra is None or not child.extra.kept:
            child.signal(Kill("its owner was killed") if killed else Stop())
        elif killed and not child.flags & (ENDED | DEAD):
            child.signal(Kill("its owner was killed"))


def advance(cell: ActorRef[Any]) -> None:
    """Go on with an end, as far as it can. The end of one cell may let its owner's go on: the deepest comes first."""
    advancing = cell.scheduler.advancing
    advancing.append(cell)
    if len(advancing) > 1:
        return
    try:
        while advancing:
            _advance(advancing[0])
            advancing.popleft()
    finally:
        advancing.clear()


def _advance(cell: ActorRef[Any]) -> None:
    extra = cell.extra or cell.need_extra()
    if not cell.flags & ENDING or extra.spawned_alive:
        return
    if not extra.host_done:
        if isinstance(extra.exit, Killed) or extra.stopping_host:
            return
        extra.stopping_host = True
        try:
            cell.handlers.host.stop(cell, extra.exit or Killed())
        except Exception as error:  # noqa: BLE001  a host that cannot stop it is not to hold up the end of the others
            _stop_failed(cell, error)
        if not extra.host_done:
            arm_shutdown(cell)
            return
        if extra.spawned_alive:  # by `on_stop`
            return
    if extra.kept_alive:
        _end_kept(cell)
        return
    _finalize(cell)


def _end_kept(cell: ActorRef[Any]) -> None:
    """End the slots that the owner has left alive: the youngest first, each when the one before is gone."""
    extra = cell.need_extra()
    killed, left = isinstance(extra.exit, Killed), extra.ending_kept
    if left is None or (killed and left):  # else they have been told, or wait their turn: there may be very many
        left = [child for child in (extra.children or {}).values() if not child.flags & (ENDED | DEAD)]
        extra.ending_kept = [] if killed else left
        for child in reversed(left) if killed else ():
            child.signal(Kill("its owner has ended"))
    if killed:
        return
    while left and left[-1].flags & (ENDED | DEAD):
        left.pop()
    if left:
        arm_shutdown(cell)
        left[-1].signal(Stop())


def _stop_failed(cell: ActorRef[Any], error: Exception) -> None:
    """The host could not even begin to stop an incarnation: it is killed."""
    extra = cell.need_extra()
    if extra.exit is None or extra.exit.clean:
        extra.exit = Crash(error)
    _fence_jobs(cell, Killed())
    _kill_on_host(cell)


def count_alive(cell: ActorRef[Any], change: int) -> None:
    """A life begins or ends: its owner knows how many there are."""
    extra = None if cell.owner is None else cell.owner.extra
    if extra is not None:
        if cell.extra is not None and cell.extra.kept:
            extra.kept_alive += change
        else:
            extra.spawned_alive += change


def host_done(cell: ActorRef[Any], exit: Exit | None = None) -> None:
    """The host says: the incarnation runs no more. *exit* corrects the reason, where the host knows better."""
    extra = cell.extra or cell.need_extra()
    if not cell.flags & ENDING or extra.host_done:
        return
    extra.host_done = True
    if exit is not None and (extra.exit is None or extra.exit.clean):
        extra.exit = exit
    if extra.spawned_alive:  # by `on_stop`: nobody else would end them
        _end_spawned(cell, killed=isinstance(extra.exit, Killed))
    advancing = cell.scheduler.advancing
    if not advancing or advancing[0] is not cell:  # else whoever is at it goes on with it
        advance(cell)


def _finalize(cell: ActorRef[Any]) -> None:  # noqa: C901, PLR0912  a call costs, an if does not
    """The life is over: everybody who has to hear of it does, once."""
    extra = cell.extra or cell.need_extra()
    exit, start_error, owner = extra.exit, extra.start_error, cell.owner
    assert exit is not None
    cell.flags = (cell.flags & KEPT_WITH_SLOT) | ENDED
    count_alive(cell, -1)
    if not exit.clean:
        cell.system.ended_abnormally(cell, exit)
    if extra.timers or extra.shutdown_timer is not None:
        cancel_timers(cell, all_of_them=True)
    if extra.resident is not None:
        extra.resident.fence()
    cell.actor = extra.context = extra.resident = extra.ending_kept = None
    if cell.inbox is None:
        cell.inbox = cell.scheduler.new_inbox()
    if extra.notices or cell.capacity < 0:
        slots.forget_notices(cell)
    if extra.signals:  # what became of this life's slots and links is no news to the next, which makes its own
        extra.signals = [signal for signal in extra.signals if not isinstance(signal, NO_NEWS)]
    if extra.stashed:
        aside.bring_back(cell)
    if extra.account is not None:
        extra.account.ended(cell, exit)
    if extra.children:
        for child in extra.children.values():
            child.need_extra().unclaimed = True
    heard = False
    if extra.links or extra.monitors or extra.watching or extra.watchers or extra.leaving is not None:
        heard = _tell_links_and_monitors(cell, exit)
    if extra.kept and owner is not None and not owner.flags & GONE:
        if start_error is not None:
            _wake_up_failed(cell, exit, start_error, slot=True)
        owner.signal(
            StartFailed(cell, start_error) if start_error is not None else Ended(cell, exit, tuple(extra.in_hand))
        )
    elif not extra.kept:
        if not _owner_hears(cell, exit) and not heard and not (extra.gone or extra.up):
            cell.system.unheard(cell, exit)
        _wake_up_failed(cell, exit, start_error, slot=False)
        slots.discard(cell)
    if owner is not None and owner.flags & ENDING:
        advance(owner)


def _wake_up_failed(cell: ActorRef[Any], exit: Exit, start_error: BaseException | None, *, slot: bool) -> None:
    if not cell.need_extra().up:  # nobody waits: a path takes as long as the tree is deep
        return
    if start_error is not None:
        wake_up(cell, StartFailedError(cell.path, start_error))
    elif not slot:
        wake_up(cell, ended_error(cell, exit))


def _tell_links_and_monitors(cell: ActorRef[Any], exit: Exit) -> bool:
    """Tell the linked, the monitoring and who waits; say whether there was one."""
    extra = cell.extra or cell.need_extra()
    if extra.watching:
        for monitor in list(extra.watching):
            monitor.cancel()
    leaving, extra.leaving = extra.leaving, None
    waited = leaving is not None and leaving.fire(exit)
    if not extra.links and not extra.monitors:
        return waited or bool(extra.watchers)
    links, monitors = extra.links or {}, list(extra.monitors or ())
    extra.links = extra.monitors = None
    for peer, link in links.items():
        known = None if peer.extra is None or peer.extra.links is None else peer.extra.links.get(cell)
        if known is link.other:  # else it is linked to an earlier life
            peer.signal(LinkExit(cell, cell.path, exit, known))
    for monitor in monitors:
        monitor.fire(exit)
    return True


def _owner_hears(cell: ActorRef[Any], exit: Exit) -> bool:
    """Tell the actor that spawned this one: they are linked. The system itself hears nothing."""
    owner, extra = cell.owner, cell.need_extra()
    if owner is None or owner.owner is None or extra.unlinked:
        return exit.clean
    if owner.flags & OVER:
        return exit.clean
    owner.signal(LinkExit(cell, cell.path, exit))
    return True


def wake_up(cell: ActorRef[Any], error: BaseException | None) -> None:
    """Tell those who wait for the actor to be up."""
    extra = cell.extra or cell.need_extra()
    waiting, extra.up = extra.up or [], None
    for future in waiting:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def arm_shutdown(cell: ActorRef[Any]) -> None:
    """From now on the actor has its shutdown time, unless it has that already, or for ever."""
    extra = cell.extra or cell.need_extra()
    if extra.shutdown_timer is None and isinstance(extra.shutdown, (int, float)):
        extra.shutdown_timer = cell.scheduler.loop.call_later(extra.shutdown, _shutdown_timed_out, cell)


def _shutdown_timed_out(cell: ActorRef[Any]) -> None:
    extra = cell.extra or cell.need_extra()
    extra.shutdown_timer = None
    if not cell.flags & (ENDED | DEAD):
        end(cell, Killed(f"it did not stop within its shutdown time of {extra.shutdown:g} s"))
