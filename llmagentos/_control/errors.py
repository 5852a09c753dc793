"""What can go wrong between the command line and a running system.

ControlError
  UnsafeDirectoryError     the directory for sockets could be tampered with by others
  SystemNameTakenError     another system of this name is running
  SystemNotRunningError    no system of this name is running
  SeveralSystemsError      more than one runs, and none was named
  ControlRefusedError      the system refused us, or is not who it should be
  VerbFailedError          the system understood and could not do it
"""

from llmagentos.errors import LLMAgentOSError

__all__ = [
    "ControlError",
    "ControlRefusedError",
    "SeveralSystemsError",
    "SystemNameTakenError",
    "SystemNotRunningError",
    "UnsafeDirectoryError",
    "VerbFailedError",
]


class ControlError(LLMAgentOSError):
    """The base of all errors about controlling a running system."""


class UnsafeDirectoryError(ControlError):
    """Somebody else could put a socket or a cookie of their own where ours belong."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        super().__init__(path, reason, remedy)
        self.path, self.reason, self.remedy = path, reason, remedy

    def __str__(self) -> str:
        """Name the path, what is wrong with it, and what to do."""
        return f"`{self.path}` is not safe for a control socket: {self.reason}; {self.remedy}"


class SystemNameTakenError(ControlError):
    """A system of this name is running already."""

    def __init__(self, name: str, pid: int | None) -> None:
        super().__init__(name, pid)
        self.name, self.pid = name, pid

    def __str__(self) -> str:
        """Name the other one and what to do."""
        who = f" (pid {self.pid})" if self.pid else ""
        return f"a system called `{self.name}` is running already{who}; stop it, or take another name with `--name`"


class SystemNotRunningError(ControlError):
    """No such system is running."""

    def __init__(self, name: str | None) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Say how to start one."""
        which = f"no system called `{self.name}`" if self.name else "no system"
        return f"{which} is running; start one with `llmagentos chat` or `llmagentos run app.py`"


class SeveralSystemsError(ControlError):
    """More than one system is running."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(names)
        self.names = names

    def __str__(self) -> str:
        """Name them."""
        return f"{len(self.names)} systems are running ({', '.join(self.names)}); say which one with `--on NAME`"


class ControlRefusedError(ControlError):
    """One side does not trust the other."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Give the reason."""
        return f"the control connection was refused: {self.reason}"


class VerbFailedError(ControlError):
    """The system could not do what was asked; *reason* is its sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Give the system's sentence."""
        return self.reason
