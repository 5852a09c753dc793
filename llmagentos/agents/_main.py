"""An agent's async `run`, in an actor of its own beside the agent: questions are answered meanwhile."""

from typing import TYPE_CHECKING

from llmactors import Actor, message

if TYPE_CHECKING:
    from llmagentos.agents._agent import Agent


class Main(Actor):
    """Runs one agent's `run`. It is linked to the agent: its crash is the agent's, and it ends with the agent.

    Args:
        agent: The agent, on the same loop.
    """

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent

    def on_start(self) -> None:
        """Begin once the agent is up."""
        self.context.self_ref.tell(Main.go())

    @message(limit=None)
    async def go(self) -> None:
        """Run, without a limit; then the agent ends."""
        await self._agent.run()
        self._agent.context.stop()
