"""The stage of one run: what its cells, tables and hosts tell, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._core.flags import DEAD, ENDED, ENDING, OVER, STARTING
from llmactors._exits import describe
from llmactors._messages import Ended, Started, StartFailed
from llmactors._signals import Cut, Stashed
from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError, UnknownActorError
from llmactors.testing import _values as events
from llmactors.testing._sim._inject import Injector

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._context import Monitor
    from llmactors.testing._faults import Rule
    from llmactors.testing._sim._chooser import Chooser
    from llmactors.testing._sim._loop import SimLoop
    from llmactors.testing._sim._recorder import Letter, Recorder

OUTCOMES: frozenset[Any] = frozenset({Ended, Started, StartFailed})


@dataclass(slots=True)
class Sending:
    """A message that sets out: the copy, its letter, and what holds it up."""

    message: Any
    letter: Letter
    late: Callable[[Callable[[], Any]], bool] | None


class Stage:
    """What happens in one run, told by those to whom it happens."""

    injects: type[Injector] = Injector

    def __init__(
        self, loop: SimLoop, chooser: Chooser, recorder: Recorder, rules: tuple[Rule, ...], most: int | None
    ) -> None:
        self.loop, self.chooser, self.recorder = loop, chooser, recorder
        self.system: Any = None
        self.tables: dict[Any, Any] = {}  # of the runs before (see `_hosts`)
        self.injector = self.injects(self, rules, most)
        self.monitors: dict[Monitor, int] = {}
        self.left_behind: list[Any] = []
        self.outside: BaseException | None = None  # what was used that is no business of a simulation
        self._lives = self._monitors = 0
        self._taken: dict[tuple[str, str], int] = {}
        self._cells: dict[str, Any] = {}
        self._targets: dict[int, Any] = {}

    # -- who -------------------------------------------------------------------------------------------------
    def target(self, who: Any) -> Any:
        """Return the cell that a spec names; None while there is none."""
        found = self._targets.get(id(who))
        if found is None or found.flags & DEAD:
            try:
                found = who if hasattr(who, "tell") else self.system.ref(who)
            except UnknownActorError:
                return None
            self._targets[id(who)] = found
        return found

    def cells(self) -> list[Any]:
        """Return the cells in which somebody has lived and which are still there, in order of birth."""
        return list(self._cells.values())

    def frozen(self) -> list[Any]:
        """Return the cells that stand still."""
        return [cell for cell in self._cells.values() if cell.frozen]

    def disk_is_full(self) -> bool:
        """Say whether a fault has the actor that runs now find the disk full."""
        cell = self.system.scheduler.current
        return cell is not None and self.injector.at_write(cell)

    def stands_still(self, handle: Any) -> bool:
        """Say whether a callback of the loop is a step of a worker that stands still."""
        job = next(iter(getattr(handle._callback, "args", ())), None)
        return getattr(getattr(job, "cell", None), "frozen", False)

    # -- lives -----------------------------------------------------------------------------------------------
    def turned(self, cell: Any, old: int, new: int) -> None:
        """The flags of a cell have changed."""
        note, where, by = self.recorder.note, cell.where, self.system.scheduler.current
        if new & STARTING and not old & STARTING:
            self._begins(cell, by)
        elif old & STARTING and not new & (STARTING | OVER):
            self.recorder.causes[where] = note(events.LifeUp, cause=self._cause(cell), path=where, life=cell.life)
        if new & ENDING and not old & ENDING:
            exit, cause = cell.extra.exit, self.recorder.cause_of(by) or self._cause(cell)
            self.recorder.causes[where] = note(
                events.LifeEnding,
                cause=cause,
                path=where,
                life=cell.life,
                exit=describe(exit),
                clean=exit.clean,
                asked=cell.extra.stopping,
                by=cell.stopped_by,
                told=cell.told,
            )
        if new & ENDED and not old & ENDED:
            exit = cell.extra.exit
            self.recorder.causes[where] = note(
                events.LifeEnded,
                cause=self._cause(cell),
                path=where,
                life=cell.life,
                exit=describe(exit),
                clean=exit.clean,
            )
        if new & DEAD and not old & DEAD:
            note(events.SlotDiscarded, cause=self._cause(cell), path=where)
            self._cells.pop(where, None)

    def _cause(self, cell: Any) -> int | None:
        return self.recorder.causes.get(cell.where)

    def _begins(self, cell: Any, by: Any) -> None:
        self._lives += 1
        cell.life = self._lives
        self._cells[cell.where] = cell
        owner = cell.owner if cell.owner is not None and cell.owner.owner is not None else None
        mailbox, table = slots.mailbox_of(cell), cell.handlers
        cause = self.recorder.cause_of(by) if by is not None else self._cause(cell)
        self.recorder.causes[cell.where] = self.recorder.note(
            events.LifeBegan,
            cause=cause,
            path=cell.where,
            life=cell.life,
            kind=cell.cls.__name__,
            owner=None if owner is None else owner.where,
            owner_life=0 if owner is None else owner.life,
            capacity=mailbox.capacity,
            concurrency=0 if table.batched else table.concurrency,
            ranked=not mailbox.plain,
            redeliver=0 if cell.extra is None else cell.extra.redeliver,
        )

    # -- monitors --------------------------------------------------------------------------------------------
    def watches(self, cell: Any, ref: Any, until: str) -> int:
        """A monitor is set; return its number."""
        self._monitors += 1
        life = ref.life if until == "ended" else None
        cause = self.recorder.cause_of(cell)
        self.recorder.note(
            events.MonitorSet, cause=cause, monitor=self._monitors, by=cell.where, path=ref.where, life=life
        )
        return self._monitors

    def fired(self, monitor: int) -> None:
        """A monitor has fired."""
        self.recorder.note(events.MonitorFired, monitor=monitor)

    def taken_back(self, monitor: int) -> None:
        """A monitor will not fire."""
        self.recorder.note(events.MonitorTaken, monitor=monitor)

    # -- messages set out ------------------------------------------------------------------------------------
    def sent(self, cell: Any, message: Any, kind: events.Kind) -> Sending:
        """A message is sent to a cell: it becomes an object of its own."""
        by = self.system.scheduler.current
        passed = self._passed(by, message) if kind == "tell" else None
        if passed is not None:
            return Sending(message, passed, None)
        own = cell.own(message)
        letter = self.recorder.sent(cell, by, own, kind)
        return Sending(own, letter, self.injector.on_way(cell, by, letter, letter.name))

    def _passed(self, by: Any, message: Any) -> Letter | None:
        """Return the letter of a message that whoever took it passes on, as a pool does; None for others."""
        letter = self.recorder.letter(message)
        if letter is None or by is None or letter.by != by.where or letter.passed:
            return None
        letter.passed = True
        return letter

    def announce(self, cell: Any, message: Any, kind: events.Kind) -> Letter:
        """A message of which nothing was known is on its way."""
        return self.recorder.sent(cell, self.system.scheduler.current, message, kind)

    def lost(self, letter: Letter, where: str) -> None:
        """A message is lost on its way."""
        self.recorder.note(events.DeadLettered, cause=letter.cause, letter=letter.number, path=where, reason="fault")

    def resolved(self, letter: Letter, error: BaseException | None) -> None:
        """An ask has its outcome."""
        text = "" if error is None else f"{type(error).__name__}: {error}"
        recorder = self.recorder
        recorder.add(
            events.Resolved(len(recorder.history), recorder.now(), letter.cause, letter.number, _outcome(error), text)
        )

    def dead_letter(self, message: Any, path: str, reason: str) -> None:
        """Nobody will handle a message."""
        letter = self.recorder.letter(message)
        if letter is not None:
            self.recorder.note(events.DeadLettered, cause=letter.cause, letter=letter.number, path=path, reason=reason)

    # -- messages are handled --------------------------------------------------------------------------------
    def takes(self, cell: Any, message: Any) -> Any:
        """A handler begins. Return what it has to wait for, where a fault says so."""
        letter, injector = self._noted(cell, message), self.injector
        if letter is None or not injector.active:
            return None
        return injector.at(cell, "taken", letter.name, letter.ordinal)

    def takes_all(self, cell: Any, messages: list[Any]) -> Any:
        """A handler begins with a batch: all of it is in hand before a fault comes, one at most."""
        letters = [self._noted(cell, message) for message in messages]
        for letter in letters:
            later = None if letter is None else self.injector.at(cell, "taken", letter.name, letter.ordinal)
            if later is not None:
                return later
        return None

    def _noted(self, cell: Any, message: Any) -> Letter | None:
        """Note that a message is taken. What a host tells an owner is none, but a cause of what follows."""
        if message.__class__ in OUTCOMES:
            ref: Any = message.ref
            self.recorder.causes[cell.where] = self.recorder.causes.get(ref.where, 0)
            return None
        recorder, where = self.recorder, cell.where
        letter = recorder.letter(message) or recorder.sent(cell, None, message, "notice")
        extra, delivery = cell.extra, 1
        if letter.to != where or letter.given or (extra is not None and extra.again is not None):
            delivery = self._delivered(cell, letter)
        times = self._taken.get((where, letter.name), 0) + 1
        self._taken[where, letter.name] = letter.ordinal = times
        letter.by, letter.passed, letter.given = where, False, False
        letter.to, letter.delivery = where, delivery
        letter.cause = recorder.causes[where] = recorder.add(
            events.Taken(len(recorder.history), recorder.now(), letter.cause, letter.number, where, cell.life, delivery)
        )
        return letter

    def _delivered(self, cell: Any, letter: Letter) -> int:
        """Return which delivery of a message this is, and note how it came here if not on the straight way."""
        again = None if cell.extra is None else cell.extra.again
        delivery, recorder = 1, self.recorder
        if again is not None and _message_of(again.item) is letter.message:
            delivery += again.deliveries
        if delivery > 1 and delivery > letter.delivery:
            recorder.note(
                events.Redelivered, cause=letter.cause, letter=letter.number, path=cell.where, delivery=delivery
            )
        elif letter.to != cell.where or letter.given:  # and whoever it was given to has not taken it
            by = letter.by or letter.to
            recorder.add(
                events.PassedOn(len(recorder.history), recorder.now(), letter.cause, letter.number, by, cell.where)
            )
        return delivery

    def goes_on(self, cell: Any, message: Any) -> Any:
        """A handler goes on after a wait. Return what it has to wait for before, where a fault says so."""
        letter = self.recorder.letter(message)
        if letter is None or cell.flags & OVER:
            return None
        self.recorder.causes[cell.where] = letter.cause or 0
        injector = self.injector
        return injector.at(cell, "await", letter.name, letter.ordinal) if injector.active else None

    async def yields(self, cell: Any, message: Any) -> None:
        """A stream is about to give an item away."""
        letter = self.recorder.letter(message)
        stall = None if letter is None else self.injector.at_item(cell, letter.name, letter.ordinal)
        if stall is not None:
            await stall

    def gives(self, message: Any) -> None:
        """A handler passes on what it has taken: another is to answer."""
        letter = self.recorder.letter(message)
        if letter is not None:
            letter.given = True

    def finishes(self, cell: Any, message: Any) -> Any:
        """A handler has returned; nobody has heard of it yet. Return what that waits for, where a fault says so."""
        letter = self.recorder.letter(message)
        if letter is None or message.__class__ in OUTCOMES:
            return None
        if self.injector.active:
            later = self.injector.at(cell, "finished", letter.name, letter.ordinal)
            if later is not None:
                return later
        self._finished(cell, letter)
        return None

    def finished(self, cell: Any, message: Any) -> None:
        """A handler has returned, and no fault holds its answer up."""
        letter = self.recorder.letter(message)
        if letter is not None:
            self._finished(cell, letter)

    def _finished(self, cell: Any, letter: Letter) -> None:
        if self.injector.active:
            self.injector.at_finish(cell, letter.name, letter.ordinal)
        self._note_finished(cell, letter)

    def finishes_all(self, cell: Any, messages: list[Any]) -> Any:
        """A batch has been handled, and nobody has heard of any of it yet. Return as `finishes` does."""
        for message in messages:
            letter = self.recorder.letter(message)
            later = None if letter is None else self.injector.at(cell, "finished", letter.name, letter.ordinal)
            if later is not None:
                return later
        self.finished_all(cell, messages)
        return None

    def finished_all(self, cell: Any, messages: list[Any]) -> None:
        """The same, and no fault holds the answers up: all of them are heard, or none."""
        letters = [letter for letter in map(self.recorder.letter, messages) if letter is not None]
        for letter in letters:
            self.injector.at_finish(cell, letter.name, letter.ordinal)
        for letter in letters:
            self._note_finished(cell, letter)

    def _note_finished(self, cell: Any, letter: Letter) -> None:
        recorder = self.recorder
        recorder.add(
            events.Finished(len(recorder.history), recorder.now(), letter.cause, letter.number, cell.where, cell.life)
        )

    def left(self, cell: Any, message: Any, error: BaseException) -> None:
        """An exception leaves a handler."""
        letter = self.recorder.letter(message)
        if letter is None or message.__class__ in OUTCOMES or self.recorder.closed:
            return
        facts = {"cause": letter.cause, "letter": letter.number, "path": cell.where, "life": cell.life}
        if isinstance(error, Stashed):
            self.recorder.note(events.PutAside, **facts)
        else:
            text = "cut off" if isinstance(error, Cut) else f"{type(error).__name__}: {error}"
            self.recorder.note(events.Failed, error=text, **facts)

    def is_cut(self, error: BaseException) -> bool:
        """Say whether that is what cuts a handler off."""
        return isinstance(error, Cut)

    def leave(self, cell: Any, coroutine: Any) -> None:
        """A handler is left where it stands: in a process that is dead nothing more of it runs."""
        if cell.handlers.host.apart:
            self.left_behind.append(coroutine)
            return
        try:
            coroutine.close()
        except RuntimeError:  # it waits for something while it clears away: nobody waits for that
            self.left_behind.append(coroutine)


def _outcome(error: BaseException | None) -> events.Outcome:
    """Say how an ask ended, by the error that its asker got."""
    if error is None:
        return "answered"
    if isinstance(error, AskTimeoutError):
        return "timeout"
    if isinstance(error, MailboxFullError):
        return "refused"
    if isinstance(error, ActorEndedError):
        return "ended"
    return "failed" if isinstance(error, Exception) else "left"


def _message_of(item: Any) -> Any:
    return getattr(item, "message", item)
