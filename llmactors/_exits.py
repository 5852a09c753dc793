"""How an incarnation ends: exactly one of four ways.

The set is closed. What is specific about an end is its error or its cause, not another class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llmactors._words import text_of

LONGEST: Final = 500  # characters


@dataclass(frozen=True, slots=True)
class Normal:
    """The actor ended itself because its work was done. Clean."""

    @property
    def clean(self) -> bool:
        """Say whether a transient child with this end stays down: yes."""
        return True


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The actor was asked to stop, by its owner or through its ref. Clean."""

    @property
    def clean(self) -> bool:
        """Say whether a transient child with this end stays down: yes."""
        return True


@dataclass(frozen=True, slots=True)
class Crash:
    """An exception left a handler or a hook. `error.__cause__` leads to the root cause."""

    error: BaseException

    @property
    def clean(self) -> bool:
        """Say whether a transient child with this end stays down: no."""
        return False


@dataclass(frozen=True, slots=True)
class Killed:
    """The actor was ended from outside and could not refuse. *cause* says why, where it is known."""

    cause: BaseException | str | None = None

    @property
    def clean(self) -> bool:
        """Say whether a transient child with this end stays down: no."""
        return False


Exit = Normal | Shutdown | Crash | Killed


def error_of(end: Exit) -> BaseException | None:
    """Return the exception behind *end*, if there is one."""
    match end:
        case Crash(error):
            return error
        case Killed(BaseException() as cause):
            return cause
        case _:
            return None


def describe(end: Exit) -> str:
    """Say in a few words how the life ended, without a traceback.

    Errors that tell of errors that tell of errors are cut short: a thousand actors may be linked in a row.
    """
    match end:
        case Crash(error):
            return f"crashed: {type(error).__name__}: {_cut(error)}"
        case Killed(None):
            return "killed"
        case Killed(cause):
            return f"killed: {_cut(cause)}"
        case _:
            return type(end).__name__.lower()


def _cut(error: object) -> str:
    text = text_of(error)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
