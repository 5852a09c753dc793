"""The agent operating system: agents, models, tools, the command line."""

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
