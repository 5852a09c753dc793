"""The verbs of a hand-made agent, as type checkers and readers see them. They run on the handle (see `_handle`).

`MyAgent()` in a script makes a handle, not the agent: `start()` makes the agent anew, in a system on a background
thread. Inside the agent itself these verbs make no sense, and say so.
"""

from types import TracebackType
from typing import TYPE_CHECKING

from llmagentos.agents.errors import AgentAsksItselfError

if TYPE_CHECKING:
    from llmagentos.agents._handle import Handle


class LifeCycle:
    """What may be done with a hand-made agent: start, pause, resume, stop, destroy, wait.

    `with MyAgent() as agent:` starts it, and stops it at the end; `agent.answer("…")` and `agent.say("…")` then block.
    """

    def start(self) -> "Handle":
        """Start the agent in a system on a background thread, and return its handle. The script's end waits for it."""
        raise AgentAsksItselfError("start")

    def stop(self) -> None:
        """Stop the agent: it finishes what is in hand. `start` begins it again."""
        raise AgentAsksItselfError("stop")

    def pause(self) -> None:
        """Pause the agent: after what is in hand, or between two tokens of it."""
        raise AgentAsksItselfError("pause")

    def resume(self) -> None:
        """Take a pause back."""
        raise AgentAsksItselfError("resume")

    def destroy(self) -> None:
        """Stop the agent for good, and forget its conversation."""
        raise AgentAsksItselfError("destroy")

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002  as the handle has it
        """Wait until the agent has ended; answer whether it has."""
        raise AgentAsksItselfError("wait")

    def __enter__(self) -> "Handle":
        raise AgentAsksItselfError("with")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        raise AgentAsksItselfError("with")
