"""What can go wrong with tools.

ToolError
  ToolDefinitionError   a function that cannot be a tool; found where it is written
  ToolArgumentsError    a call's arguments do not fit; the model may try again
  ToolThreadsError      too many synchronous calls that never came back
"""

from llmagentos.errors import LLMAgentOSError

__all__ = ["ToolArgumentsError", "ToolDefinitionError", "ToolError", "ToolThreadsError"]


class ToolError(LLMAgentOSError):
    """The base of all errors about tools."""


class ToolDefinitionError(ToolError, TypeError):
    """A function cannot be a tool."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        """Give name, reason and remedy."""
        return f"`{self.name}` cannot be a tool: {self.reason}"


class ToolArgumentsError(ToolError, ValueError):
    """The arguments of a call do not fit the tool's parameters."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        """Say which argument does not fit, and how."""
        return f"the arguments for `{self.name}` do not fit: {self.reason}"


class ToolThreadsError(ToolError):
    """Too many threads are still busy with calls."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        """Say what holds the threads and what to do."""
        return (
            f"{self.count} synchronous tool calls are still running, most likely past their deadline; "
            "give the calls inside these tools a timeout of their own, or write them `async def`"
        )
