"""The agent operating system: agents, models, tools, the command line.

A name is imported when it is first asked for: the command line, which is in this package, does without most.
"""

from typing import TYPE_CHECKING

from llmagentos._lazily import lazily

if TYPE_CHECKING:
    from llmagentos._boot import AgentOS
    from llmagentos._journal import Journal
    from llmagentos._messages import AgentChunk, Called, Calling, Paused, Repeating, Resumed, Said
    from llmagentos.agents._agent import Agent
    from llmagentos.errors import LLMAgentOSError
    from llmagentos.models._models import Models
    from llmagentos.tools._context import ToolContext
    from llmagentos.tools._tool import Tool, tool

__all__ = [
    "Agent",
    "AgentChunk",
    "AgentOS",
    "Called",
    "Calling",
    "Journal",
    "LLMAgentOSError",
    "Models",
    "Paused",
    "Repeating",
    "Resumed",
    "Said",
    "Tool",
    "ToolContext",
    "tool",
]

__getattr__ = lazily(
    __name__,
    {
        "Agent": "llmagentos.agents._agent",
        "AgentChunk": "llmagentos._messages",
        "AgentOS": "llmagentos._boot",
        "Called": "llmagentos._messages",
        "Calling": "llmagentos._messages",
        "Journal": "llmagentos._journal",
        "LLMAgentOSError": "llmagentos.errors",
        "Models": "llmagentos.models._models",
        "Paused": "llmagentos._messages",
        "Repeating": "llmagentos._messages",
        "Resumed": "llmagentos._messages",
        "Said": "llmagentos._messages",
        "Tool": "llmagentos.tools._tool",
        "ToolContext": "llmagentos.tools._context",
        "tool": "llmagentos.tools._tool",
    },
)
