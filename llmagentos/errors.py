"""What can go wrong in the agent OS.

LLMAgentOSError            the base of all
  models.errors.ModelError everything about models; see `llmagentos.models.errors`
"""

__all__ = ["LLMAgentOSError"]


class LLMAgentOSError(Exception):
    """The base of every error that llmagentos raises by itself."""
