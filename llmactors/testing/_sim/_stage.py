"""The stage of one run: what its cells, tables and hosts tell, and what is done about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmactors import _slots as slots
from llmactors._core.flags import DEAD, ENDED, ENDING, OVER, STARTING
from llmactors._exits import describe
from llmactors._messages import Ended, Started, StartFailed, name_of
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

OUTCOMES = (Ended, Started, StartFailed)


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
        self.injector = self.injects(self, rules, most)
        self.monitors: dict[Monitor, int] = {}
        self.left_behind: list[Any] = []
        self.outside: BaseException | None = None  # what was used that is no business of a simulation
        self._lives = self._monitors = 0
        self._taken: Counter[tuple[str, str]] = Counter()
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
    def sent(self, cell: Any, message: Any, kind: str) -> Sending:
        """A message is sent to a cell: it becomes an object of its own."""
        by = self.system.scheduler.current
        passed = self._passed(by, message) if kind == "tell" else None
        if passed is not None:
            return Sending(message, passed, None)
        own = cell.own(message)
        letter = self.recorder.sent(cell, by, own, kind)
        late = self.injector.on_way(cell, by, letter, name_of(own))
        return Sending(own, letter, late)

    def _passed(self, by: Any, message: Any) -> Letter | None:
        """Return the letter of a message that whoever took it passes on, as a pool does; None for others."""
        letter = self.recorder.letter(message)
        if letter is None or by is None or letter.by != by.where or letter.passed:
            return None
        letter.passed = True
        return letter

    def announce(self, cell: Any, message: Any, kind: str) -> Letter:
        """A message of which nothing was known is on its way."""
        return self.recorder.sent(cell, self.system.scheduler.current, message, kind)

    def lost(self, letter: Letter, where: str) -> None:
        """A message is lost on its way."""
        self.recorder.note(events.DeadLettered, cause=letter.cause, letter=letter.number, path=where, reason="fault")

    def resolved(self, letter: Letter, error: BaseException | None) -> None:
        """An ask has its outcome."""
        outcome = "answered"
        if isinstance(error, AskTimeoutError):
            outcome = "timeout"
        elif isinstance(error, MailboxFullError):
            outcome = "refused"
        elif isinstance(error, ActorEndedError):
            outcome = "ended"
        elif error is not None:
            outcome = "failed" if isinstance(error, Exception) else "left"
        self.recorder.note(
            events.Resolved,
            cause=letter.cause,
            letter=letter.number,
            outcome=outcome,
            text="" if error is None else f"{type(error).__name__}: {error}",
        )

    def dead_letter(self, message: Any, path: str, reason: str) -> None:
        """Nobody will handle a message."""
        letter = self.recorder.letter(message)
        if letter is not None:
            self.recorder.note(events.DeadLettered, cause=letter.cause, letter=letter.number, path=path, reason=reason)

    # -- messages are handled --------------------------------------------------------------------------------
    def takes(self, cell: Any, message: Any) -> Any:
        """A handler begins. Return what it has to wait for, where a fault says so."""
        letter = self._noted(cell, message)
        return None if letter is None else self.injector.at(cell, "taken", name_of(message), letter.ordinal)

    def takes_all(self, cell: Any, messages: list[Any]) -> Any:
        """A handler begins with a batch: all of it is in hand before a fault comes, one at most."""
        letters = [(message, self._noted(cell, message)) for message in messages]
        for message, letter in letters:
            later = None if letter is None else self.injector.at(cell, "taken", name_of(message), letter.ordinal)
            if later is not None:
                return later
        return None

    def _noted(self, cell: Any, message: Any) -> Letter | None:
        """Note that a message is taken. What a host tells an owner is none, but a cause of what follows."""
        if isinstance(message, OUTCOMES):
            ref: Any = message.ref
            self.recorder.causes[cell.where] = self.recorder.causes.get(ref.where, 0)
            return None
        recorder, where, name = self.recorder, cell.where, name_of(message)
        letter = recorder.letter(message) or recorder.sent(cell, None, message, "notice")
        delivery = self._delivered(cell, letter)
        self._taken[where, name] += 1
        letter.ordinal, letter.by, letter.passed, letter.given = self._taken[where, name], where, False, False
        letter.to, letter.delivery = where, delivery
        letter.cause = recorder.causes[where] = recorder.note(
            events.Taken, cause=letter.cause, letter=letter.number, path=where, life=cell.life, delivery=delivery
        )
        return letter

    def _delivered(self, cell: Any, letter: Letter) -> int:
        """Return which delivery of a message this is, and note how it came here if not on the straight way."""
        again = None if cell.extra is None else cell.extra.again
        delivery = 1
        if again is not None and _message_of(again.item) is letter.message:
            delivery += again.deliveries
        if delivery > max(letter.delivery, 1):
            self.recorder.note(
                events.Redelivered, cause=letter.cause, letter=letter.number, path=cell.where, delivery=delivery
            )
        elif letter.to != cell.where or letter.given:  # and whoever it was given to has not taken it
            by = letter.by or letter.to
            self.recorder.note(events.PassedOn, cause=letter.cause, letter=letter.number, by=by, to=cell.where)
        return delivery

    def goes_on(self, cell: Any, message: Any) -> Any:
        """A handler goes on after a wait. Return what it has to wait for before, where a fault says so."""
        letter = self.recorder.letter(message)
        if letter is None or cell.flags & OVER:
            return None
        self.recorder.causes[cell.where] = letter.cause or 0
        return self.injector.at(cell, "await", name_of(message), letter.ordinal)

    async def yields(self, cell: Any, message: Any) -> None:
        """A stream is about to give an item away."""
        letter = self.recorder.letter(message)
        stall = None if letter is None else self.injector.at_item(cell, name_of(message), letter.ordinal)
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
        if letter is None or isinstance(message, OUTCOMES):
            return None
        later = self.injector.at(cell, "finished", name_of(message), letter.ordinal)
        if later is None:
            self.finished(cell, message)
        return later

    def finished(self, cell: Any, message: Any) -> None:
        """A handler has returned, and no fault holds its answer up."""
        letter = self.recorder.letter(message)
        if letter is not None:
            self.injector.at_finish(cell, name_of(letter.message), letter.ordinal)
            self._note_finished(cell, letter)

    def finishes_all(self, cell: Any, messages: list[Any]) -> Any:
        """A batch has been handled, and nobody has heard of any of it yet. Return as `finishes` does."""
        for message in messages:
            letter = self.recorder.letter(message)
            later = None if letter is None else self.injector.at(cell, "finished", name_of(message), letter.ordinal)
            if later is not None:
                return later
        self.finished_all(cell, messages)
        return None

    def finished_all(self, cell: Any, messages: list[Any]) -> None:
        """The same, and no fault holds the answers up: all of them are heard, or none."""
        letters = [letter for letter in map(self.recorder.letter, messages) if letter is not None]
        for letter in letters:
            self.injector.at_finish(cell, name_of(letter.message), letter.ordinal)
        for letter in letters:
            self._note_finished(cell, letter)

    def _note_finished(self, cell: Any, letter: Letter) -> None:
        self.recorder.note(events.Finished, cause=letter.cause, letter=letter.number, path=cell.where, life=cell.life)

    def left(self, cell: Any, message: Any, error: BaseException) -> None:
        """An exception leaves a handler."""
        letter = self.recorder.letter(message)
        if letter is None or isinstance(message, OUTCOMES) or self.recorder.closed:
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
        else:
            coroutine.close()


def _message_of(item: Any) -> Any:
    return getattr(item, "message", item)
