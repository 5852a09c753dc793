"""What can go wrong on the command line itself.

NothingToRunError   `run` was given no file, or a file with nothing to run, or with too much
"""

from llmagentos.errors import LLMAgentOSError

__all__ = ["NothingToRunError"]


class NothingToRunError(LLMAgentOSError):
    """There is nothing that `llmagentos run` could run."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        """Name the place and the reason."""
        return f"cannot run `{self.where}`: {self.reason}"
