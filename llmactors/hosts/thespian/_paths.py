"""Endpoints of their own in Thespian's `simpleSystemBase`, where all actors run in the caller's thread, one at a time.

The base has no private endpoints that work: here a small actor is one, and what it gets is kept for who listens.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from thespian.actors import Actor, ActorExitRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

TURN: Final = 0.01  # seconds between two looks at Thespian's timers
_inboxes: Final[dict[str, deque[Any]]] = {}


class Endpoint(Actor):  # type: ignore[misc]  # Thespian has no types
    """Passes on what `Path.tell` says, and keeps what comes back."""

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: ARG002, N802  Thespian's
        """Send, or keep."""
        if isinstance(message, _Send):
            self.send(message.to, message.content)
        elif not isinstance(message, ActorExitRequest):
            inbox = _inboxes.get(str(self.myAddress))
            if inbox is not None:
                inbox.append(message)


class _Send:
    def __init__(self, to: Any, content: Any) -> None:
        self.to, self.content = to, content


class Path:
    """An endpoint of its own."""

    def __init__(self, together: Together) -> None:
        self._together = together
        with together.lock:
            self._address = together.system.createActor(Endpoint)
        self._inbox = _inboxes[str(self._address)] = deque()

    def tell(self, address: Any, message: Any) -> None:
        """Send *message*; the actors run."""
        with self._together.lock:
            self._together.system.tell(self._address, _Send(address, message))

    def ask(self, address: Any, message: Any, timeout: timedelta) -> Any:
        """Send *message* and return what comes back."""
        self.tell(address, message)
        return self.listen(timeout)

    def listen(self, timeout: timedelta) -> Any:
        """Return what comes; None when nothing does in time."""
        end = time.monotonic() + timeout.total_seconds()
        while not self._inbox:
            self._together.turn()
            if self._inbox or time.monotonic() > end:
                break
            time.sleep(TURN)
        return self._inbox.popleft() if self._inbox else None

    def close(self) -> None:
        """Let nothing arrive any more."""
        _inboxes.pop(str(self._address), None)
        with self._together.lock:
            self._together.system.tell(self._address, ActorExitRequest())


class Together:
    """A `simpleSystemBase` and its endpoints; one thread at a time is in it."""

    def __init__(self, system: Any) -> None:
        self.system = system
        self.lock = threading.RLock()

    @contextmanager
    def private(self) -> Iterator[Path]:
        """Open an endpoint."""
        path = Path(self)
        try:
            yield path
        finally:
            path.close()

    def createActor(self, name: str) -> Any:  # noqa: N802  Thespian's name
        """Make an actor."""
        with self.lock:
            return self.system.createActor(name)

    def turn(self) -> None:
        """Let the actors and their timers go on."""
        with self.lock:
            self.system.listen(timedelta(milliseconds=1))
