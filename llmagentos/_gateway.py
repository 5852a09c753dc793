"""The gateway: the control socket of the system, as an actor of its tree."""

from llmactors import Actor, Exit
from llmagentos._control._lease import Lease
from llmagentos._control._server import ControlServer
from llmagentos._control._verbs import Verbs


class Gateway(Actor):
    """Answers the command line over the control socket, for as long as it lives.

    Args:
        lease: The system's name, and the place of its socket. Whoever claimed it gives it back.
        allow_faults: Whether faults may be injected.
    """

    kind = "service"

    def __init__(self, lease: Lease, allow_faults: bool = False) -> None:  # noqa: FBT001, FBT002  a child's arguments are positional
        self._lease, self._allow_faults = lease, allow_faults
        self._server: ControlServer | None = None

    async def on_start(self) -> None:
        """Begin to listen."""
        verbs = Verbs(self.context.system, allow_faults=self._allow_faults)
        self._server = ControlServer(self._lease, verbs.table())
        await self._server.open()

    async def on_stop(self, exit: Exit) -> None:  # noqa: ARG002  whatever the exit
        """Stop listening."""
        if self._server is not None:
            await self._server.close()
