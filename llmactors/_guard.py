"""Keeps a script that is imported by a worker process from starting everything again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_importing = False


@contextmanager
def importing_main() -> Iterator[None]:
    """A worker process is importing the user's script."""
    global _importing  # noqa: PLW0603  there is one script, and one import of it
    _importing = True
    try:
        yield
    finally:
        _importing = False


def check_guarded() -> None:
    """See that no worker process is importing the script that wants to start a system.

    Raises:
        RuntimeError: One is: the script lacks its guard.
    """
    if _importing:
        raise RuntimeError(
            "a worker process imports your script to find its actor classes, and the script starts a system "
            'while it is imported; put what starts it under `if __name__ == "__main__":`'
        )
