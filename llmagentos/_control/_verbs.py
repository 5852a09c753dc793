"""What may be asked of a running system, and what answers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any

from llmactors import ActorRef, ActorSystem, introspection
from llmactors.errors import LLMActorsError
from llmagentos._control._agents import AgentVerbs
from llmagentos._control._budgets import BudgetVerbs
from llmagentos._control._faults import FaultVerbs
from llmagentos._control._rows import details, event_row, kind_of, resting_details, resting_row, row_of
from llmagentos._control._server import Rows, Verb
from llmagentos._control.errors import VerbFailedError
from llmagentos._core.control import Level
from llmagentos._record import RECORD
from llmagentos.errors import LLMAgentOSError
from supervisors import ChildInfo, DynamicSupervisor, Supervisor, SupervisorError

TURN = 200
"""Rows after which everybody else on the loop has a turn."""
LOOK_TIMEOUT = 5.0
"""Seconds that an actor on a thread may take to show its state: it does that after the handler in hand."""
STOP_TIMEOUT = 30.0
"""Seconds that an order to stop or to start may take."""


class Verbs:
    """The verbs of one system.

    Args:
        system: The system.
        allow_faults: Whether faults may be injected.
    """

    def __init__(self, system: ActorSystem, *, allow_faults: bool = False) -> None:
        self._system = system
        self._faults = FaultVerbs(system, self._find, allowed=allow_faults)
        self._agents = AgentVerbs(system)
        self._budgets = BudgetVerbs(system, self._find)

    def table(self) -> Mapping[str, Verb]:
        """Answer the verbs by name, each with the level it needs."""
        control = {
            "stop": self._stop,
            "start": self._start,
            "restart": self._restart,
            "kill": self._kill,
            "pause": self._pause,
            "resume": self._resume,
            "rm": self._agents.remove,
        }
        return {
            "ps": Verb(Level.READ, self.ps),
            "inspect": Verb(Level.READ, self.inspect),
            "logs": Verb(Level.READ, self.logs),
            "ask": Verb(Level.CONTROL, self._ask),
            "budget": Verb(Level.READ, self._budgets.show),
            "budget set": Verb(Level.CONTROL, _order(self._budgets.set)),
            "state": Verb(Level.SECRETS, self.state),
            "trace": Verb(Level.SECRETS, self.trace),
            "crashes": Verb(Level.READ, self._faults.crashes),
            "tape": Verb(Level.READ, self._faults.tape),
            "inject": Verb(Level.FAULTS, _order(self._faults.inject)),
            "create": Verb(Level.CONTROL, _order(self._agents.create)),
            **{name: Verb(Level.CONTROL, _one(verb)) for name, verb in control.items()},
        }

    # -- read ---------------------------------------------------------------------------------------------------------
    async def ps(self, _: dict[str, Any]) -> Rows:
        """Tell of every actor, parents before their children; then of those at rest."""
        for number, ref in enumerate(list(self._system.actors())):
            if ref.state != "discarded":
                yield row_of(ref)
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
        for parent, info in await self._at_rest():
            if info.state == "done" and kind_of(info.actor) == "service":
                continue  # its work was to begin something
            yield resting_row(parent.path, info.name, info.actor, info.state, info.starts)

    async def inspect(self, args: dict[str, Any]) -> Rows:
        """Tell all that is known of one actor, running or at rest."""
        which = _which(args)
        resting = [] if self._living(which) else await self._at_rest()
        found = [(owner, info) for owner, info in resting if which in {info.name, _path(owner, info)}]
        for owner, info in found[:1]:
            yield resting_details(owner.path, info.name, info.actor, info.state, info.starts)
        if not found:
            yield details(self._find(which))

    async def state(self, args: dict[str, Any]) -> Rows:
        """Tell the state of one actor, attribute by attribute, as its `redact` leaves it."""
        ref = self._find(_which(args))
        with _refusals():
            async with asyncio.timeout(LOOK_TIMEOUT):
                state = await introspection.describe(ref)
        for name, text in state.items():
            yield {"name": name, "value": text}

    async def trace(self, args: dict[str, Any]) -> Rows:
        """Tell what one actor handles from now on, and what becomes of it; `most` events, or until nobody listens."""
        ref, most = self._find(_which(args)), args.get("most")
        if most is not None and (not isinstance(most, int) or most < 1):
            raise VerbFailedError("`most` is a number of events, 1 or more")
        with _refusals():
            tracing = introspection.trace(ref)
        missed = 0
        async with tracing:
            yield {"tracing": ref.path}
            async for number, event in _numbered(tracing):
                yield {**event_row(event), "missed": tracing.missed - missed}
                missed = tracing.missed
                if number == most:
                    return

    async def logs(self, args: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Tell what happened; with `follow`, what happens."""
        path = args.get("which")
        if args.get("follow"):
            async for event in RECORD.follow():
                if _concerns(event, path):
                    yield event
        else:
            for _, event in RECORD.since(0):
                if _concerns(event, path):
                    yield event

    # -- control ------------------------------------------------------------------------------------------------------
    async def _stop(self, which: str) -> dict[str, Any]:
        for owner, info in await self._at_rest():
            if which in {info.name, _path(owner, info)}:
                raise VerbFailedError(f"`{_path(owner, info)}` does not run: it is {info.state}")
        ref = self._find(which)
        parent = ref.parent
        if parent is None:
            ref.stop()
        elif _is_supervisor(parent):
            await parent.ask(Supervisor.terminate_child(ref.name), timeout=STOP_TIMEOUT)
        else:
            ref.stop()
            await asyncio.wait_for(ref.wait_ended(), STOP_TIMEOUT)
        return {**row_of(ref), "state": "stopped" if parent is not None else "stopping"}

    async def _start(self, which: str) -> dict[str, Any]:
        for parent, info in await self._at_rest():
            if which in {info.name, _path(parent, info)}:
                _ = await parent.ask(Supervisor.restart_child(info.name), timeout=STOP_TIMEOUT)
                return row_of(self._find(_path(parent, info)))
        ref = self._find(which)
        raise VerbFailedError(f"`{ref.path}` is not stopped: it is {ref.state}")

    async def _restart(self, which: str) -> dict[str, Any]:
        ref = self._find(which)
        parent = ref.parent
        if parent is None or not _is_supervisor(parent):
            raise VerbFailedError(f"`{ref.path}` has no supervisor that could start it again; stop it instead")
        await parent.ask(Supervisor.terminate_child(ref.name), timeout=STOP_TIMEOUT)
        try:
            again: ActorRef[Any] = await parent.ask(Supervisor.restart_child(ref.name), timeout=STOP_TIMEOUT)
        except SupervisorError as error:
            raise VerbFailedError(f"`{ref.path}` was stopped and could not be started again: {error}") from error
        return row_of(again)

    async def _kill(self, which: str) -> dict[str, Any]:
        ref = self._find(which)
        row = row_of(ref)
        ref.kill("killed from the command line")
        return {**row, "state": "killed"}

    async def _pause(self, which: str) -> dict[str, Any]:
        ref = self._find(which)
        ref.pause()
        await asyncio.sleep(0)
        return row_of(ref)

    async def _resume(self, which: str) -> dict[str, Any]:
        ref = self._find(which)
        ref.resume()
        await asyncio.sleep(0)
        return row_of(ref)

    async def _ask(self, args: dict[str, Any]) -> Rows:
        with _refusals():
            async with aclosing(self._agents.ask(self._find(_which(args)), args)) as rows:
                async for row in rows:
                    yield row

    # -- looking up ---------------------------------------------------------------------------------------------------
    def _find(self, which: str) -> ActorRef[Any]:
        """Answer the actor with that path, id or name.

        Raises:
            VerbFailedError: There is none, or there are several of that name.
        """
        found = self._living(which)
        if not found:
            raise VerbFailedError(f"there is no actor `{which}`; `llmagentos ps` lists those there are")
        if len(found) > 1:
            paths = ", ".join(ref.path for ref in found[:5])
            raise VerbFailedError(f"{len(found)} actors are called `{which}`; say which by its path: {paths}")
        return found[0]

    def _living(self, which: str) -> list[ActorRef[Any]]:
        """Answer the actor with that path or id, or else all of that name."""
        living = [ref for ref in self._system.actors() if ref.state != "discarded"]
        path = "/" + which.strip("/")
        found = [ref for ref in living if ref.path == path or str(ref.id) == which]
        return found or [ref for ref in living if ref.name == which]

    async def _at_rest(self) -> list[tuple[ActorRef[Any], ChildInfo]]:
        """Answer the children that supervisors keep without running them."""
        resting: list[tuple[ActorRef[Any], ChildInfo]] = []
        for ref in list(self._system.actors()):
            if _is_supervisor(ref) and ref.state not in {"discarded", "down", "starting", "stopping"}:
                children = await ref.ask(Supervisor.which_children())
                resting += [(ref, info) for info in children if info.ref is None]
        return resting


@contextmanager
def _refusals() -> Iterator[None]:
    """Make what the system refuses the order's failure."""
    try:
        yield
    except (LLMActorsError, SupervisorError, LLMAgentOSError) as error:
        raise VerbFailedError(str(error)) from error
    except TimeoutError as error:
        raise VerbFailedError(f"it took longer than {STOP_TIMEOUT:g} s; see `llmagentos ps`") from error


async def _numbered(tracing: introspection.Tracing) -> AsyncGenerator[tuple[int, introspection.Event], None]:
    number = 0
    async for event in tracing:
        number += 1
        yield number, event


def _order(verb: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> Callable[[dict[str, Any]], Rows]:
    """Make an order of a verb: its row out."""

    async def answer(args: dict[str, Any]) -> Rows:
        with _refusals():
            row = await verb(args)
        yield row

    return answer


def _one(verb: Callable[[str], Awaitable[dict[str, Any]]]) -> Callable[[dict[str, Any]], Rows]:
    """Make an order of a verb about one actor."""
    return _order(lambda args: verb(_which(args)))


def _which(args: dict[str, Any]) -> str:
    which = args.get("which")
    if not isinstance(which, str) or not which:
        raise VerbFailedError("say which actor, by its name, path or id")
    return which


def _is_supervisor(ref: ActorRef[Any]) -> bool:
    return issubclass(ref.cls, Supervisor | DynamicSupervisor)


def _path(parent: ActorRef[Any], info: ChildInfo) -> str:
    return f"{parent.path.rstrip('/')}/{info.name}"


def _concerns(event: dict[str, Any], path: str | None) -> bool:
    """Whether *event* is of the actor at *path* or of one below it."""
    if not path:
        return True
    wanted, own = "/" + path.strip("/"), str(event.get("path", ""))
    return own == wanted or own.startswith(wanted.rstrip("/") + "/")
