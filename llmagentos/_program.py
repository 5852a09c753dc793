"""A Supervisor or an Agent as a whole program, with the agent OS around it."""

from llmactors import ActorSystem, FlightRecorder
from llmactors.testing import ChaosReport, Faults, chaos
from llmagentos._boot import Program, Solo
from llmagentos._control._lease import claim
from llmagentos.agents import Agent
from supervisors import Supervisor, child


def run_program(
    cls: type[Supervisor] | type[Agent], name: str, *, exact_name: bool = False, allow_faults: bool = False
) -> int:
    """Run *cls* until it ends or a signal stops it; answer the exit status.

    Args:
        cls: The app.
        name: The system's name.
        exact_name: Refuse to run under another name, where that one is taken.
        allow_faults: Let faults be injected from the command line.

    Returns:
        0 when it ended in order or on SIGTERM, 130 on SIGINT, 1 when it failed or gave up.

    Raises:
        ControlError: The system's name is taken or cannot be one, or there is no safe place for its socket.
    """
    lease = claim(name, exact=exact_name)
    try:
        return ActorSystem.run(
            Program, lease, _app(cls), allow_faults, name=lease.running.name, flight=FlightRecorder()
        )
    finally:
        lease.release()


def hurt_program(
    cls: type[Supervisor] | type[Agent], name: str, *, faults: Faults, seconds: float, seed: int
) -> ChaosReport:
    """Run *cls* under a fault plan for so many seconds, and answer what became of it.

    Raises:
        ControlError: As for `run_program`.
    """
    lease = claim(name)
    try:
        return chaos(Program, lease, _app(cls), faults=faults, seconds=seconds, seed=seed)
    finally:
        lease.release()


def _app(cls: type[Supervisor] | type[Agent]) -> object:
    if issubclass(cls, Supervisor):
        return child(cls, name="app", restart="transient", significant=True)
    agent = child(cls, name=cls.__name__.lower(), restart="transient", significant=True)
    return child(Solo, [agent], name="app", restart="transient", significant=True)
