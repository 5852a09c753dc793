"""Agents: actors with instructions, a model, tools and a conversation."""

from llmagentos._messages import AgentChunk, Called, Calling, Paused, Repeating, Resumed, Said
from llmagentos.agents._agent import Agent

__fork_safe__ = True

__all__ = ["Agent", "AgentChunk", "Called", "Calling", "Paused", "Repeating", "Resumed", "Said"]
