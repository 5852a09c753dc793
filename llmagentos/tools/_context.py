"""What a tool is told of the call it serves."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """One call of a tool. Ask for it with a parameter `ctx: ToolContext`; the model never sees that parameter.

    Attributes:
        agent: The name of the agent that calls.
        tool: The tool's name.
        call: The call's number in the agent's conversation.
        deadline: When the call is given up, in seconds of *clock*.
        clock: The clock of the loop that waits for the call; it may be read from any thread.
        gave_up: Set when nobody waits for the result any more. A long synchronous tool looks at it now and then.
    """

    agent: str = ""
    tool: str = ""
    call: int = 0
    deadline: float = float("inf")
    clock: Callable[[], float] = time.monotonic
    gave_up: Event = field(default_factory=Event)

    @property
    def remaining(self) -> float:
        """Seconds until the call is given up, never below 0: what to hand on as a timeout."""
        return max(0.0, self.deadline - self.clock())
