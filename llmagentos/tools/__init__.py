"""Tools: typed functions that a model may call. `from llmagentos.tools import tool, ToolContext`."""

from llmagentos.tools._context import ToolContext
from llmagentos.tools._tool import Tool, tool

__all__ = ["Tool", "ToolContext", "tool"]
