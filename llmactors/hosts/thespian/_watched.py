"""A user's Thespian actor under supervision: the class as it is, and beneath it what tells of its life.

Thespian loads an actor class by name in the process that is to run it. Ours is `Watched_<the user's class, in hex>` of
this module: a subclass that is made on demand. It changes nothing that the actor does. A message from our side comes
wrapped; when it has been handled, or has failed, the asker is told so. (Thespian by itself would try a failed message
again, on the same instance.)
"""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from thespian.actors import Actor, ActorExitRequest

PREFIX: Final = "Watched_"


@dataclass(frozen=True, slots=True)
class Hello:
    """To the actor: say who you are, and remember who asks."""


@dataclass(frozen=True, slots=True)
class Here:
    """From the actor: it is up, in that process."""

    pid: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """From the actor: it was asked to exit, and does."""


@dataclass(frozen=True, slots=True)
class Handed:
    """To the actor: a message from our side."""

    content: Any


@dataclass(frozen=True, slots=True)
class Done:
    """From the actor: the message has been handled. An answer, if there is one, has come before, or will come."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From the actor: an exception left the handler."""

    type_name: str
    text: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Knock:
    """From a door: somebody has sent that to the actor behind it."""

    sender: Any
    content: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """To a door: the answer, and to whom."""

    to: Any
    content: Any


def watched_name(name: str) -> str:
    """Return the name by which Thespian finds the watched class of *name* (`"module:Class"`)."""
    return f"{__name__}.{PREFIX}{name.encode().hex()}"


def load(name: str) -> Any:
    """Return the class called *name* (`"module:Class"`)."""
    module, _, qualname = name.partition(":")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def __getattr__(name: str) -> Any:
    if not name.startswith(PREFIX):
        raise AttributeError(name)
    made = globals()[name] = _watched(load(bytes.fromhex(name.removeprefix(PREFIX)).decode()), name)
    return made


class Door(Actor):  # type: ignore[misc]  # Thespian has no types
    """Stands in the Thespian system for an actor of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.home: Any = None

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802  Thespian's name
        """Pass on what comes to our side, and what our side says to whom it is for."""
        if isinstance(message, Hello):
            self.home = sender
            self.send(sender, Here(os.getpid()))
        elif isinstance(message, Reply):
            self.send(message.to, message.content)
        elif self.home is not None and not isinstance(message, ActorExitRequest):
            self.send(self.home, Knock(sender, message))


DOOR: Final = f"{__name__}.Door"


class _Watch(Actor):  # type: ignore[misc]  # Thespian has no types
    _llmactors_home: Any = None

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802  Thespian's name
        if isinstance(message, Hello):
            self._llmactors_home = sender
            self.send(sender, Here(os.getpid()))
        elif isinstance(message, Handed):
            self._llmactors_handle(message.content, sender)
        else:
            if isinstance(message, ActorExitRequest) and self._llmactors_home is not None:
                self.send(self._llmactors_home, Leaving())
            super().receiveMessage(message, sender)

    def _llmactors_handle(self, content: Any, sender: Any) -> None:
        try:
            super().receiveMessage(content, sender)
        except Exception as error:  # noqa: BLE001  a handler may raise anything
            kind = type(error)
            self.send(sender, Failed(f"{kind.__module__}.{kind.__qualname__}", str(error), traceback.format_exc()))
        else:
            self.send(sender, Done())


def _watched(cls: Any, name: str) -> Any:
    return type(name, (_Watch, cls), {"__module__": __name__, "__doc__": cls.__doc__})
