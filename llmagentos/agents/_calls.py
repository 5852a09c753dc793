"""A tool call as an actor: it lives for one call, and its end is known whatever happens to it."""

from typing import Any

from llmactors import Actor, Report, message
from llmagentos._messages import Call, ToolClosed
from llmagentos._redact import unspoken
from llmagentos.tools._run import run_call
from llmagentos.tools._tool import Tool

GRACE = 5.0
"""Seconds that a call has past its tool's deadline to say that it is over."""


class ToolCall(Actor):
    """One call of a tool. Temporary: nobody starts it again, because nobody knows what it has done already.

    Args:
        tool: The tool.
        call: The call.
        agent: The name of the agent that calls.
    """

    def __init__(self, tool: Tool[..., Any], call: Call, agent: str) -> None:
        self._tool, self._call, self._agent = tool, call, agent

    def redact(self, report: Report) -> Report:
        """Leave out what the model says."""
        return unspoken(report, "_call")

    @message(limit=None)
    async def run(self) -> ToolClosed:
        """Run the call to its end, at its deadline at the latest."""
        return await run_call(self._tool, self._call, self._agent)
