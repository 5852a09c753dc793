"""What can go wrong on the command line itself.

NothingToRunError   `run` was given no file, or a file with nothing to run, or with too much
NoPlanError         `chaos` was given no file with a fault plan
"""

from llmagentos.errors import LLMAgentOSError

__all__ = ["NoPlanError", "NothingToRunError"]


class NothingToRunError(LLMAgentOSError):
    """There is nothing that `llmagentos run` could run."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        """Name the place and the reason."""
        return f"cannot run `{self.where}`: {self.reason}"


class NoPlanError(LLMAgentOSError):
    """The file of a fault plan cannot be read."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        """Name the file and the reason."""
        return f"there is no fault plan at `{self.where}`: {self.reason}"
