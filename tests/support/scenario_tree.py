"""Scenarios played by real supervisors with real actors, in virtual time: it passes when nothing else can happen."""

import asyncio
from collections.abc import Callable
from typing import Any

from families import BrokenError
from scenario_core import OTPS
from scenarios import NAMES, Child, Command, Scenario
from virtual import VirtualSystem, run

from llmactors import Actor, ActorRef, Crash, Ended, Exit, Killed, Normal, StartIgnored, message
from supervisors import ChildSpec, DynamicSupervisor, Intensity, Supervisor, child
from supervisors.errors import ChildStartError, SupervisorError


def play(scenario: Scenario) -> list[str]:
    """Play a quiet *scenario* and return what happened, line by line, in OTP's words.

    That a supervisor gave up is said by its end (see `as_told_by_a_tree`).
    """
    stage = _Stage(scenario)
    run(stage.play())
    return stage.log


def as_told_by_a_tree(lines: list[str]) -> list[str]:
    """Return the *lines* of a log as a tree's own would be."""
    if "gave up" not in lines:
        return lines
    return [line for line in lines[:-1] if line != "gave up"] + ["ended: gave up"]


class _Role(Actor):
    """A child whose starts go as the script says."""

    def __init__(self, attempt: Callable[[str], str]) -> None:
        self.attempt = attempt

    def on_start(self) -> None:
        """Start, or not."""
        match self.attempt(self.context.name):
            case "fail":
                raise BrokenError(self.context.name)
            case "ignore":
                raise StartIgnored

    @message
    def crash(self) -> None:
        """End abnormally."""
        raise BrokenError(self.context.name)

    @message
    def leave(self) -> None:
        """End normally."""
        self.context.stop()


class _Root(Supervisor):
    """Keeps the supervisor that is played with, and does not mind its end."""


class _Stage:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._script = {name: list(attempts) for name, attempts in scenario.script.items()}
        self._kind: type[Supervisor | DynamicSupervisor] = DynamicSupervisor if scenario.dynamic else Supervisor
        self._lives: dict[str, ActorRef[Any]] = {}
        self._living: set[str] = set()
        self._killed: set[str] = set()  # who is killed instead of being stopped
        self._meant: dict[str, str] = {}
        self.log: list[str] = []

    async def play(self) -> None:
        """Play it all."""
        async with VirtualSystem(_Root) as system:
            root = system.ref("/")
            try:
                it = await root.ask(_Root.start_child(child(self._supervisor(), name="it", restart="temporary")))
            except ChildStartError as error:
                self.log.append(f"not started {_root_of(error)}")
                return
            for command in self._scenario.commands:
                await asyncio.sleep(0.001)
                if it.state == "discarded":
                    break
                await self._command(it, command)
            await asyncio.sleep(0.001)
            if it.state != "discarded":
                await root.ask(_Root.terminate_child("it"))
            gave_up = isinstance(await it.wait_ended(), Crash)
            self.log.append("ended: gave up" if gave_up else "ended shutdown")

    def _supervisor(self) -> type[Supervisor | DynamicSupervisor]:
        stage, scenario = self, self._scenario

        def receive(self: Any, notice: Any) -> Any:
            if isinstance(notice, Ended):
                stage.ended(notice.ref, notice.exit)
            return stage._kind.receive(self, notice)

        declared: dict[str, Any] = {"receive": receive, "intensity": Intensity(scenario.intensity, within=1e6)}
        if not scenario.dynamic:
            declared |= {"strategy": scenario.strategy, "auto_shutdown": scenario.auto_shutdown, "revive": True}
            declared["children"] = [self._spec(each) for each in scenario.children]
        return type("It", (self._kind,), declared)

    def _spec(self, its: Child) -> ChildSpec[_Role]:
        named = {} if self._scenario.dynamic else {"name": its.name, "significant": its.significant}
        shutdown = "kill" if its.shutdown == "brutal_kill" else "forever"
        self._killed = (self._killed | {its.name}) if shutdown == "kill" else (self._killed - {its.name})
        options: dict[str, Any] = {"restart": its.restart, "shutdown": shutdown, **named}
        return child(_Role, self._attempt, **options)

    def _letter(self, name: str) -> str:
        """Return the scenario's name of a child; dynamic ones are numbered."""
        return NAMES[int(name.rpartition("-")[2]) - 1] if self._scenario.dynamic else name

    # -- what happens to the children ---------------------------------------------------------------------------------
    def _attempt(self, name: str) -> str:
        letter = self._letter(name)
        attempts = self._script.get(letter)
        outcome = attempts.pop(0)[0] if attempts else "ok"
        self.log.append(f"{'start' if outcome == 'ok' else outcome} {letter}")
        if outcome == "ok":
            self._living.add(letter)
        return outcome

    def ended(self, ref: ActorRef[Any], exit_: Exit) -> None:
        """Hear of the end of a child."""
        ways = {Normal: "normal", Crash: "crash", Killed: "killed"}
        letter, way = self._letter(ref.name), ways.get(type(exit_), "shutdown")
        self._living.discard(letter)
        self.log.append(f"down {letter} {self._meant.pop(letter, way) if exit_.clean else way}")

    # -- what is done -------------------------------------------------------------------------------------------------
    async def _command(self, it: ActorRef[Any], command: Command) -> None:
        match command:
            case ("exit", [(name, reason)]):
                await self._exit(it, name, reason)
            case ("which",):
                infos = await it.ask(Supervisor.which_children())
                dynamic = self._scenario.dynamic
                rows = [self._letter(info.name) + ("" if dynamic else _seen(info.state)) for info in infos]
                self.log.append(" ".join(["which", *(sorted(rows) if dynamic else rows)]))
            case ("count",):
                count = await it.ask(Supervisor.count_children())
                specs = [] if self._scenario.dynamic else [count.specs]
                self.log.append(" ".join(map(str, ["count", *specs, count.active, count.workers])))
            case (verb, what):
                name = what.name if verb == "start" else what
                self.log.append(f"{verb} {name}: {await self._answer(it, verb, what)}")

    async def _exit(self, it: ActorRef[Any], name: str, reason: str) -> None:
        if name not in self._living:
            return
        infos = await it.ask(Supervisor.which_children())
        (ref,) = [info.ref for info in infos if self._letter(info.name) == name]
        assert ref is not None
        match reason:
            case "crash":
                ref.tell(_Role.crash())
            case "kill":
                ref.kill()
            case "shutdown" | "told" if name not in self._killed:
                ref.stop()
            case _:  # who is killed instead of being stopped can only end itself cleanly
                self._meant[name] = "normal" if reason == "normal" else "shutdown"
                ref.tell(_Role.leave())

    async def _answer(self, it: ActorRef[Any], verb: str, what: Any) -> str:
        try:
            match verb:
                case "start":
                    ref = await it.ask(Supervisor.start_child(self._spec(what)))
                    if ref is None:
                        return "ignored"
                    self._lives[what.name] = ref
                case "terminate" if self._scenario.dynamic and what not in self._lives:
                    return "not_found"
                case "terminate":
                    await it.ask(Supervisor.terminate_child(self._lives[what] if self._scenario.dynamic else what))
                case "restart":
                    return "ignored" if await it.ask(Supervisor.restart_child(what)) is None else "ok"
                case _:
                    await it.ask(Supervisor.delete_child(what))
        except ChildStartError:
            return "failed"
        except SupervisorError as error:
            return OTPS[type(error)]
        return "ok"


def _root_of(error: BaseException | None) -> str:
    """Name the child whose failure is at the root of *error*."""
    child = ""
    while error is not None:
        child = error.child if isinstance(error, ChildStartError) else child
        error = error.__cause__
    return child


def _seen(state: str) -> str:
    return "=up" if state == "up" else "=undefined"
