"""The root tree of the agent OS.

`rest_for_one`: what stands lower may rely on what stands above it, and begins anew with it. The journal outlives the
models, the models outlive the agents, and the gateway comes last, when there is something to talk to.
"""

from collections.abc import Iterable
from typing import Any

from llmactors import Actor, message
from llmactors.hosts import HostConfig
from llmagentos._control._lease import Lease
from llmagentos._gateway import Gateway
from llmagentos._journal import Journal
from llmagentos.models._models import Models
from supervisors import ChildSpec, DynamicSupervisor, Intensity, Supervisor, child
from supervisors.errors import StartCalledOffError


class Agents(DynamicSupervisor):
    """Keeps the agents that are created while the system runs."""

    intensity = Intensity(10, within=10.0)


class AgentOS(Supervisor):
    """The agent OS: journal, models, agents, and the gateway.

    Args:
        lease: The system's name, and the place of its control socket; without one there is no gateway.
        apps: What else is to run, between the agents and the gateway.
        allow_faults: Let faults be injected from the command line.
        last: As *apps*, behind the gateway.
        host: Where models run; each in a process of its own unless told otherwise.
    """

    strategy = "rest_for_one"

    def __init__(
        self,
        lease: Lease | None = None,
        apps: Iterable[ChildSpec[Any]] = (),
        *,
        last: Iterable[ChildSpec[Any]] = (),
        host: HostConfig | None = None,
        allow_faults: bool = False,
    ) -> None:
        gateway = [child(Gateway, lease, allow_faults, name="gateway")] if lease is not None else []
        super().__init__(
            [
                child(Journal, name="journal"),
                child(Models, host, name="models"),
                child(Agents, name="agents"),
                *apps,
                *gateway,
                *last,
            ]
        )


class Launcher(Actor):
    """Starts the app once everything else is up: what is over soon must not be over before the system has begun.

    Args:
        app: The app.
    """

    kind = "service"

    def __init__(self, app: ChildSpec[Any]) -> None:
        self._app = app

    def on_start(self) -> None:
        """Be up first."""
        self.context.self_ref.tell(Launcher.launch())

    @message(limit=None)
    async def launch(self) -> None:
        """Start the app, and be done. An app that does not start is the launcher's failure, and so the system's."""
        system = self.context.self_ref.parent
        assert system is not None  # it stands under the root
        try:
            await system.ask(Supervisor.start_child(self._app))
        except StartCalledOffError:  # it was over, in order, before it was up
            system.stop()
        self.context.stop()


class Program(AgentOS):
    """The agent OS around one app: it ends with the app, in order if the app ended so, else as given up.

    It restarts nothing itself: how often the app's parts may fail is the app's own business.

    Args:
        lease: As for `AgentOS`.
        app: The app.
        allow_faults: Let faults be injected from the command line.
    """

    intensity = Intensity(0)
    auto_shutdown = "any_significant"

    def __init__(self, lease: Lease, app: ChildSpec[Any], allow_faults: bool = False) -> None:  # noqa: FBT001, FBT002  a child's arguments are positional
        launcher = child(Launcher, app, name="launcher", restart="transient")
        super().__init__(lease, last=[launcher], allow_faults=allow_faults)


class Solo(Supervisor):
    """One agent as an app: restarted when it fails, over when it is done."""

    auto_shutdown = "any_significant"
