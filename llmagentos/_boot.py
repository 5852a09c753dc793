"""The root tree of the agent OS.

`rest_for_one`: what stands lower may rely on what stands above it, and begins anew with it. The journal outlives the
models, the models outlive the agents, and the gateway comes last, when there is something to talk to.
"""

from collections.abc import Iterable
from typing import Any

from llmactors.hosts import HostConfig
from llmagentos._control._lease import Lease
from llmagentos._gateway import Gateway
from llmagentos._journal import Journal
from llmagentos.models._models import Models
from supervisors import ChildSpec, DynamicSupervisor, Intensity, Supervisor, child


class Agents(DynamicSupervisor):
    """Keeps the agents that are created while the system runs."""

    intensity = Intensity(10, within=10.0)


class AgentOS(Supervisor):
    """The agent OS: journal, models, agents, and the gateway.

    Args:
        lease: The system's name, and the place of its control socket; without one there is no gateway.
        apps: What else is to run, between the agents and the gateway.
        host: Where models run; each in a process of its own unless told otherwise.
    """

    strategy = "rest_for_one"

    def __init__(
        self, lease: Lease | None = None, apps: Iterable[ChildSpec[Any]] = (), host: HostConfig | None = None
    ) -> None:
        super().__init__(
            [
                child(Journal, name="journal"),
                child(Models, host, name="models"),
                child(Agents, name="agents"),
                *apps,
                *([child(Gateway, lease, name="gateway")] if lease is not None else ()),
            ]
        )


class Program(AgentOS):
    """The agent OS around one app: it ends with the app, in order if the app ended so, else as given up.

    It restarts nothing itself: how often the app's parts may fail is the app's own business.
    """

    intensity = Intensity(0)
    auto_shutdown = "any_significant"


class Solo(Supervisor):
    """One agent as an app: restarted when it fails, over when it is done."""

    auto_shutdown = "any_significant"
