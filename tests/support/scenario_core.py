"""Scenarios played by our supervisors' core, which is told things in the order in which OTP's would hear them.

What OTP's supervisor waits for inside a call (a start, a stop) is an event to ours; here it comes before anything else.
What OTP's finds in its mailbox (ends, calls, its own note to try again) is told in that order.
"""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from typing import Any

from families import CRASH, KILLED, NORMAL, SHUTDOWN, BrokenError, Way, terms
from scenarios import Child, Command, Scenario

from supervisors._core import _effects as effects
from supervisors._core import _events as events
from supervisors._core._administration import refusal
from supervisors._core._decide import decide
from supervisors._core._family import Phase, Rules, StartedNot, family
from supervisors._core._slots import Asked, Slot, State, Terms
from supervisors._values import AutoShutdown, Intensity, Restart, Strategy
from supervisors.errors import (
    AlreadyPresentError,
    AlreadyStartedError,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
)

WAYS = {"crash": CRASH, "normal": NORMAL, "shutdown": SHUTDOWN, "told": SHUTDOWN, "kill": KILLED}
OTPS = {
    AlreadyPresentError: "already_present",
    AlreadyStartedError: "already_started",
    ChildNotFoundError: "not_found",
    ChildRestartingError: "restarting",
    ChildRunningError: "running",
}


def play(scenario: Scenario, *, prompt: bool = False, revive: bool = True) -> list[str]:
    """Play *scenario* and return what happened, line by line, in OTP's words.

    Args:
        scenario: what happens.
        prompt: whether the supervisor hears of a failed restart at once, and tries again behind what is in its mailbox;
            otherwise it hears of it behind what is in its mailbox, and tries again at once, as OTP's does. In a
            scenario in which nothing happens meanwhile, it makes no difference.
        revive: whether a group restart starts everything in its range, as OTP's does (X8).
    """
    player = _Player(scenario, prompt=prompt, revive=revive)
    player.tell(events.OpenAsked())
    for command in scenario.commands:
        player.command(command)
    player.stop()
    return player.log


def _terms(child: Child, *, dynamic: bool) -> Terms:
    return terms(
        Restart(child.restart),
        kill=child.shutdown == "brutal_kill",
        significant=child.significant,
        kept=False if dynamic else None,
    )


class _Player:
    def __init__(self, scenario: Scenario, *, prompt: bool, revive: bool) -> None:
        self._prompt = prompt
        self._dynamic = dynamic = scenario.dynamic
        rules = Rules(
            strategy=Strategy.ONE_FOR_ONE if dynamic else Strategy(scenario.strategy),
            intensity=Intensity(scenario.intensity, 1e6),
            auto_shutdown=AutoShutdown(scenario.auto_shutdown),
            revive=revive,
            parallel=dynamic,
        )
        children = () if dynamic else scenario.children
        self._family = family(rules, ((child.name, _terms(child, dynamic=False)) for child in children))
        self._script = {name: list(attempts) for name, attempts in scenario.script.items()}
        self.log: list[str] = []
        self._living: set[str] = set()
        self._lives: Counter[object] = Counter()  # how often each has been up
        self._unheard: dict[str, events.Ended | events.StartFailed] = {}  # what the supervisor has not heard of yet
        self._outcomes: deque[events.Event] = deque()
        self._mailbox: deque[Callable[[], None]] = deque()
        self._retries: dict[str | None, Callable[[], None]] = {}
        self._verb = ""
        self._asked: list[Command] = []

    # -- what happens -------------------------------------------------------------------------------------------------
    def tell(self, event: events.Event) -> None:
        """Let *event* happen, and whatever follows."""
        self._outcomes.append(event)
        self._run()

    def command(self, command: Command) -> None:
        """Do what the scenario says, unless the supervisor has ended."""
        if self._family.phase is Phase.OPEN:
            self._aside(command)
            self._run()

    def stop(self) -> None:
        """Stop the supervisor, if it has not ended."""
        self.tell(events.StopAsked())

    def _run(self) -> None:
        while self._outcomes or self._mailbox:
            if self._outcomes:
                self._family, orders = decide(self._family, self._outcomes.popleft(), 0.0)
                for order in orders:
                    self._obey(order)
            else:
                self._mailbox.popleft()()

    def _aside(self, command: Command) -> None:
        if command[0] == "exit":
            for name, reason in command[1]:
                self._exit(name, WAYS[reason])
        else:
            self._asked.append(command)
            self._mailbox.append(partial(self._ask, command, self._lives[command[-1]]))

    def _exit(self, name: str, way: Way) -> None:
        if name in self._living:
            self._living.remove(name)
            self._write(f"down {name} {way.name}")
            if self._prompt and self._family.phase is Phase.OPENING:
                self._outcomes.append(events.Ended(name, way))
            else:
                self._hear_later(events.Ended(name, way))

    def _hear_later(self, event: events.Ended | events.StartFailed) -> None:
        self._unheard[event.name] = event
        self._mailbox.append(partial(self._hear, event))

    def _hear(self, event: events.Ended | events.StartFailed) -> None:
        """Hear of *event*, unless a stop has met it already.

        OTP's note to try again is but a name: what it finds may be a newer failure, of which it hears then.
        """
        unheard = self._unheard.get(event.name)
        both_failed = isinstance(unheard, events.StartFailed) and isinstance(event, events.StartFailed)
        if unheard is event or both_failed:
            self._outcomes.append(self._unheard.pop(event.name))

    def _ask(self, command: Command, life: int) -> None:
        verb, *what = command
        if self._family.phase is Phase.CLOSED:
            return
        self._asked.remove(command)
        if verb == "which":
            self._write(" ".join(["which", *self._rows()]))
        elif verb == "count":
            slots = self._family.slots
            specs = [] if self._dynamic else [len(slots)]
            active = slots.counts[State.UP] if self._dynamic else len(self._living)
            self._write(" ".join(map(str, ["count", *specs, active, len(slots)])))
        elif verb == "terminate" and self._dynamic and not life:
            self._write(f"terminate {what[0]}: not_found")  # it had no pid when it was asked for
        elif verb == "terminate" and self._dynamic and life != self._lives[what[0]]:
            self._write(f"terminate {what[0]}: ok")  # OTP's caller names a life that is over (X12)
        else:
            self._administer(verb, what[0])

    def _rows(self) -> list[str]:
        slots = reversed(self._family.slots)
        if self._dynamic:
            return sorted(slot.name if slot.state is State.UP else "restarting" for slot in slots)
        return [f"{slot.name}={_seen(slot)}" for slot in slots]

    def _administer(self, verb: str, what: Any) -> None:
        name = what.name if verb == "start" else what
        request: events.Request
        match verb:
            case "start":
                request = events.ChildAdded(name, _terms(what, dynamic=self._dynamic))
            case "terminate":
                request = events.TerminateAsked(name)
            case "restart":
                request = events.RestartAsked(name)
            case _:
                request = events.DeleteAsked(name)
        error = refusal(self._family, request)
        if isinstance(error, ChildNotFoundError) and self._dynamic:
            self._write(f"terminate {name}: ok")  # by the ref of a child that is gone: the shell's answer
        elif error is not None:
            self._write(f"{verb} {name}: {OTPS[type(error)]}")
        else:
            self._verb = verb
            self._outcomes.append(request)
            if verb == "delete":
                self._write(f"delete {name}: ok")

    # -- what is ordered ----------------------------------------------------------------------------------------------
    def _obey(self, order: effects.Effect) -> None:
        match order:
            case effects.BeginStart(name):
                self._begin(name)
            case effects.SendStop(name):
                self._halt(name, SHUTDOWN)
            case effects.Kill(name):
                self._halt(name, KILLED)
            case effects.ArmTimer(name, delay, ticket):
                assert delay == 0
                self._retries[name] = retry = partial(self._outcomes.append, events.TimerFired(name, ticket))
                self._mailbox.append(retry) if self._prompt else self._mailbox.appendleft(retry)
            case effects.CancelTimer(name):
                self._mailbox.remove(self._retries[name])
            case effects.GiveUp():
                self._write("gave up")
            case effects.AnswerStart(name, why, ignored):
                told = "ignored" if ignored else "ok" if why is None else "failed"
                self._write(f"{self._verb} {name}: {told}")
            case effects.AnswerStop(name):
                self._write(f"terminate {name}: ok")
            case effects.Finished():
                self._finish()
            case effects.Report() | effects.Discard() | effects.Ready():
                pass

    def _begin(self, name: str) -> None:
        attempts = self._script.get(name)
        outcome, asides = attempts.pop(0) if attempts else ("ok", [])
        for aside in asides:
            self._aside(aside)
        self._write(f"{'start' if outcome == 'ok' else outcome} {name}")
        if outcome == "ok":
            self._living.add(name)
            self._lives[name] += 1
            self._outcomes.append(events.Started(name))
            return
        failed = events.StartFailed(name, BrokenError(name), ignored=outcome == "ignore")
        asked = self._family.slots[name].asked is not Asked.NO or self._family.phase is Phase.OPENING
        if self._prompt or asked or failed.ignored:
            self._outcomes.append(failed)
        else:
            self._hear_later(failed)

    def _halt(self, name: str, way: Way) -> None:
        unheard = self._unheard.pop(name, None)
        if unheard is None:
            self._living.remove(name)
            self._write(f"down {name} {way.name}")
        self._outcomes.append(unheard or events.Ended(name, way))

    def _finish(self) -> None:
        verdict = self._family.verdict
        self._write(f"not started {verdict.name}" if isinstance(verdict, StartedNot) else "ended shutdown")
        for verb, *_ in self._asked:
            self._write(f"unanswered {verb}")

    def _write(self, line: str) -> None:
        self.log.append(line)


def _seen(slot: Slot) -> str:
    """Say it as OTP would. What is backing off waits for its turn, for here nobody has time to look before that."""
    return "up" if slot.state is State.UP else "restarting" if slot.state is State.STARTING else "undefined"
