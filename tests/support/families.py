"""A nursery for families: it carries orders out like a kernel would, in a time of its own, and writes them down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import assert_never

from supervisors._core._decide import decide
from supervisors._core._effects import (
    AnswerStart,
    AnswerStop,
    ArmTimer,
    BeginStart,
    CancelTimer,
    Discard,
    Effect,
    Finished,
    GiveUp,
    Kill,
    Look,
    Probe,
    Ready,
    Report,
    SendStop,
)
from supervisors._core._events import (
    ChildAdded,
    DeleteAsked,
    Ended,
    Event,
    Looked,
    OpenAsked,
    Probed,
    RestartAsked,
    Started,
    StartFailed,
    StopAsked,
    TerminateAsked,
    TimerFired,
)
from supervisors._core._family import Rules, family
from supervisors._core._slots import Slot, Terms
from supervisors._values import Backoff, Intensity, Restart


@dataclass(frozen=True)
class Way:
    """A way to end."""

    name: str
    clean: bool


NORMAL, SHUTDOWN = Way("normal", clean=True), Way("shutdown", clean=True)
CRASH, KILLED = Way("crash", clean=False), Way("killed", clean=False)


class BrokenError(Exception):
    """Why a scripted start fails."""


def terms(
    restart: Restart = Restart.PERMANENT,
    *,
    backoff: Backoff | None = None,
    intensity: Intensity | None = None,
    probed: bool = False,
    ready_timeout: float | None = None,
    stall_timeout: float | None = None,
    kill: bool = False,
    significant: bool = False,
    kept: bool | None = None,
) -> Terms:
    """Make a child's terms; temporary children are not kept, as their specs say."""
    keep = restart is not Restart.TEMPORARY if kept is None else kept
    return Terms(
        restart=restart,
        backoff=backoff,
        intensity=intensity,
        probed=probed,
        ready_timeout=ready_timeout,
        stall_timeout=stall_timeout,
        kill=kill,
        significant=significant,
        kept=keep,
    )


@dataclass
class Nursery:
    """One family and what it lives in.

    Starts succeed and stops are obeyed at once, unless the name is in *slow* (nothing happens until `finish`) or
    *broken* (the start fails). Who is probed is ready at once unless it is in *unready*. *work* tells what a look at a
    child shows: how much it has got done, and whether it is at work. `log` holds the orders in words; `drain` returns
    and clears it.
    """

    rules: Rules = field(default_factory=Rules)
    children: dict[str, Terms] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    broken: dict[str, bool] = field(default_factory=dict)
    unready: set[str] = field(default_factory=set)
    work: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.family = family(self.rules, self.children.items())
        self.now = 0.0
        self.log: list[str] = []
        self.reports: list[Report] = []
        self.timers: dict[str | None, tuple[float, int]] = {}
        self.pending: dict[str, Callable[[], None]] = {}
        self.history: list[str] = []
        self._events: list[Event] = []
        self._busy = False

    # -- what happens -------------------------------------------------------------------------------------------------
    def tell(self, event: Event) -> None:
        """Let *event* happen, and whatever follows at once."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        while self._events:
            self.family, effects = decide(self.family, self._events.pop(0), self.now)
            for effect in effects:
                self._order(effect)
        self._busy = False

    def open(self) -> "Nursery":
        """Open the family."""
        self.tell(OpenAsked())
        return self

    def end(self, name: str, way: Way = CRASH, luck: float = 0.0) -> None:
        """Let a child's incarnation end of itself."""
        self.pending.pop(name, None)
        self.tell(Ended(name, way, luck, way.name))

    def answer(self, name: str, *, ready: bool) -> None:
        """Let a child say whether it is ready."""
        self.tell(Probed(name, self.slot(name).starts, ready))

    def stop(self) -> None:
        """Ask the family to stop."""
        self.tell(StopAsked())

    def add(self, name: str, its: Terms | None = None) -> None:
        """Add a child."""
        self.tell(ChildAdded(name, its or terms()))

    def terminate(self, name: str) -> None:
        """Ask for a child's end."""
        self.tell(TerminateAsked(name))

    def restart(self, name: str) -> None:
        """Ask for a child's start."""
        self.tell(RestartAsked(name))

    def delete(self, name: str) -> None:
        """Ask for a child to be forgotten."""
        self.tell(DeleteAsked(name))

    def finish(self, name: str) -> None:
        """Let what a slow child is at come to pass."""
        self.pending.pop(name)()

    def wait(self, seconds: float) -> None:
        """Let time pass, timers included."""
        until = self.now + seconds
        while due := sorted((at, name or "", name) for name, (at, _) in self.timers.items() if at <= until):
            at, _, name = due[0]
            self.now = max(self.now, at)
            self.tell(TimerFired(name, self.timers.pop(name)[1]))
        self.now = until

    # -- what is ordered ----------------------------------------------------------------------------------------------
    def _order(self, effect: Effect) -> None:
        match effect:
            case BeginStart(name):
                self._write(f"start {name}")
                self._outcome(name, self._start_outcome(name))
            case SendStop(name):
                self._write(f"stop {name}")
                self._outcome(name, partial(self.tell, Ended(name, SHUTDOWN)))
            case Kill(name, why):
                self._write(f"kill {name}" + ("" if why is None else f": {type(why).__name__}"))
                self._outcome(name, partial(self.tell, Ended(name, KILLED, told=KILLED.name)))
            case Probe() | Look():
                self._examine(effect)
            case ArmTimer(name, delay, ticket):
                self._write(f"timer {name or 'group'} {delay:g}")
                self.timers[name] = (self.now + delay, ticket)
            case CancelTimer(name):
                self._write(f"cancel {name or 'group'}")
                del self.timers[name]
            case Report():
                self.reports.append(effect)
            case GiveUp(name, _, history):
                self._write(f"give up {name}")
                self.history = list(history)
            case AnswerStart(name, why):
                self._write(f"answer start {name}" + ("" if why is None else f": {type(why).__name__}"))
            case _:
                self._other(effect)

    def _examine(self, effect: Probe | Look) -> None:
        name, life = effect.name, effect.life
        if isinstance(effect, Look):
            progress, working = self.work.get(name, (0, False))
            self.tell(Looked(name, life, progress, working))
            return
        self._write(f"probe {name}" + ("" if effect.within is None else f" {effect.within:g}"))
        if name not in self.unready:
            self.tell(Probed(name, life, ready=True))

    def _other(self, effect: AnswerStop | Discard | Ready | Finished) -> None:
        match effect:
            case AnswerStop(name):
                self._write(f"answer stop {name}")
            case Discard(name):
                self._write(f"discard {name}")
            case Ready():
                self._write("ready")
            case Finished():
                self._write("finished")
            case _:
                assert_never(effect)

    def _start_outcome(self, name: str) -> Callable[[], None]:
        if name in self.broken:
            ignored = self.broken[name]
            return lambda: self.tell(StartFailed(name, BrokenError(name), ignored=ignored, told="broken"))
        return lambda: self.tell(Started(name))

    def _outcome(self, name: str, come_to_pass: Callable[[], None]) -> None:
        if name in self.slow:
            self.pending[name] = come_to_pass
        else:
            self.pending.pop(name, None)
            come_to_pass()

    def _write(self, line: str) -> None:
        self.log.append(line)

    # -- what is seen -------------------------------------------------------------------------------------------------
    def drain(self) -> list[str]:
        """Return what was ordered since the last call."""
        log, self.log = self.log, []
        return log

    def slot(self, name: str) -> Slot:
        """Return a child's slot."""
        slot = self.family.slots.get(name)
        assert slot is not None, f"no {name}"
        return slot

    @property
    def states(self) -> dict[str, str]:
        """The children and their states, in order."""
        return {slot.name: slot.state.value for slot in self.family.slots}


def lines(text: str) -> list[str]:
    """Read orders written with commas."""
    return [line.strip() for line in text.split(",")]
