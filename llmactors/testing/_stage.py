"""The small world of a driven actor: a system of its own on a loop that stands still, with stand-ins all around."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors import _lives as lives
from llmactors._birth import Birth
from llmactors._ports import Ports
from llmactors._ref import ActorRef
from llmactors._system import ActorSystem
from llmactors.hosts._loop import LoopHost
from llmactors.testing._stand_ins import Adopter, Notes, StandIn, StandInHost
from llmactors.testing._still import StillLoop
from llmactors.testing._turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmactors._exits import Exit
    from llmactors._usage import Usage
    from llmactors.hosts._port import Host, HostConfig

Known = Mapping[Any, ActorRef[Any]]


class Stage:
    """A driven actor's loop and system, and what was noted of it.

    Attributes:
        notes: What it did.
        reserved: What it reserved, in order.
        refusal: What a reservation raises.
    """

    def __init__(self, known: Known) -> None:
        self.loop = StillLoop()
        self.notes = Notes()
        self.reserved: list[dict[str, float]] = []
        self.refusal: BaseException | None = None
        self.system = StageSystem(self, known)
        self.loop.create_task(self.system.start())
        self.loop.until_quiet()
        self.system.ready = True

    def begin(self, birth: Birth, instance: Any | None, name: str) -> ActorRef[Any]:
        """Begin the driven actor, and run until it has done what it does by itself."""
        table = DrivenHost(self.system, instance).table(birth.cls)
        ref = self.system.new_cell(table, name, self.system.guardian)
        ref.need_extra().account = _Purse(self, ref)
        self.run(lives.begin, ref, birth)
        return ref

    def run(self, call: Callable[..., Any], *args: Any) -> Any:
        """Call, and run until nothing is left to do; return what the call returned."""
        outer, Adopter.current = Adopter.current, self
        try:
            with self.loop.current():
                answer = call(*args)
            self.loop.until_quiet()
        finally:
            Adopter.current = outer
        return answer

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        outer, Adopter.current = Adopter.current, self
        try:
            self.loop.advance(seconds)
        finally:
            Adopter.current = outer

    def adopt(self, ref: StandIn[Any]) -> None:
        """Have a stand-in live here that lives nowhere yet."""
        taken = {child.name for child in self.system.guardian.children()}
        label, number = str(ref.label), 1
        while label in taken:
            number += 1
            label = f"{ref.label}-{number}"
        guardian, table = self.system.guardian, self.system.host(None).table(ref.handlers.cls)
        ActorRef.__init__(ref, self.system, table, label, guardian)
        extra = guardian.need_extra()
        extra.children = {**(extra.children or {}), label: ref}
        noted = len(self.notes.spawned)
        lives.begin(ref, Birth(ref.handlers.cls))
        del self.notes.spawned[noted:]  # it was the test that began it


class StageSystem(ActorSystem):
    """A system in which one actor is driven, and all others are stand-ins."""

    def __init__(self, stage: Stage, known: Known) -> None:
        ports = Ports(clock=stage.loop.time, random=Random(0), ready=Turns)  # noqa: S311  a test has to be repeatable
        super().__init__(ports=ports)
        self.stage, self.known = stage, known
        self.ready = False

    def host(self, config: HostConfig | None) -> Host:
        """Return a host of doubles, but for the system's own guardian."""
        if not self.ready:
            return super().host(config)
        key = ("stand-ins", config)
        if key not in self.hosts:
            self.hosts[key] = StandInHost(self, config)
        return self.hosts[key]

    def resolve(self, start: ActorRef[Any] | None, where: Any) -> ActorRef[Any]:
        """Look up what the test said is known, then what is there."""
        known = self.known.get(where)
        if known is None and isinstance(name := getattr(where, "name", None), str):
            known = self.known.get(name)
        return super().resolve(start, where) if known is None else known

    def unheard(self, cell: ActorRef[Any], exit: Exit) -> None:
        """The test hears it: what it calls raises the error."""


class DrivenHost(LoopHost):
    """Runs the driven actor: one that the test has made, or one made in the usual way."""

    def __init__(self, system: Any, instance: Any | None) -> None:
        super().__init__(system)
        self._instance = instance

    def _make(self, cell: ActorRef[Any], birth: Birth) -> None:
        actor = self._instance
        if actor is None:
            super()._make(cell, birth)
            return
        try:
            actor._cell, cell.actor = cell, actor
            hook = getattr(actor, "on_start", None)
            answer = None if hook is None else hook()
            if isinstance(answer, CoroutineType) and not self._hook_began(cell, answer, self._started):
                return
        except BaseException as error:  # noqa: BLE001  the test's call raises it
            lives.start_failed(cell, error)
            return
        self._up(cell)


class _Purse:
    """The account of a driven actor: it notes what is reserved, and grants it unless the test has it refused."""

    def __init__(self, stage: Stage, driven: ActorRef[Any]) -> None:
        self._stage, self._driven = stage, driven

    def gate(self, ref: ActorRef[Any]) -> Callable[[Usage, float], float | None] | None:  # noqa: ARG002  the port's
        """Hold nothing back."""
        return None

    def spend(self, ref: ActorRef[Any], amounts: Mapping[str, float]) -> None:
        """Nothing to do: the kernel counts."""

    def reserve(
        self,
        ref: ActorRef[Any],
        amounts: Mapping[str, float],
        *,
        wait: bool,  # noqa: ARG002  the port's
    ) -> tuple[float, Any] | None:
        """Note it, and grant it."""
        if ref is self._driven:
            self._stage.reserved.append(dict(amounts))
        if self._stage.refusal is not None:
            raise self._stage.refusal
        return 0.0, amounts

    def again(self, amounts: Mapping[str, float], start: float) -> float:  # noqa: ARG002  the account's port
        return start

    def settle(self, ref: ActorRef[Any], reserved: Any, used: Mapping[str, float]) -> None:
        """Nothing to do: the kernel counts."""

    def ended(self, ref: ActorRef[Any], exit: Exit) -> None:
        """Nothing to do."""

    def discarded(self, ref: ActorRef[Any]) -> None:
        """Nothing to do."""
