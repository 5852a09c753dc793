"""Actors written for Thespian, which know nothing of us."""

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from thespian.actors import Actor, ActorExitRequest, WakeupMessage


class Clerk(Actor):  # type: ignore[misc]  # Thespian has no types
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.papers: list[Any] = []

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: C901, N802, PLR0912 - one case for each word
        match message:
            case "papers":
                self.send(sender, list(self.papers))
            case "fail":
                raise ValueError("out of ink")
            case "pid":
                self.send(sender, os.getpid())
            case "leave":
                self.send(self.myAddress, ActorExitRequest())
            case "stop dead":
                os._exit(3)
            case ("answer in", seconds, what):
                self.wakeupAfter(timedelta(seconds=seconds), (sender, what))
            case ("touch and sleep", path, seconds):
                Path(path).touch()
                time.sleep(seconds)
            case ("sleep", seconds, what):
                time.sleep(seconds)
                self.send(sender, what)
            case ("work", seconds):
                until = time.process_time() + seconds
                while time.process_time() < until:
                    pass
                self.send(sender, "done")
            case "say it twice":
                self.send(sender, "once")
                self.send(sender, "twice")
            case "address":
                self.send(sender, os.environ.get("THESPIAN_BASE_IPADDR"))
            case WakeupMessage():
                who, what = message.payload
                self.send(who, what)
            case ("ask", whom, what):
                self.waiting = sender
                self.send(whom, what)
            case int():
                self.send(self.waiting, ("it answered", message))
            case str():
                self.papers.append(message)
                self.send(sender, len(self.papers))


class Unwilling(Actor):  # type: ignore[misc]  # as above
    def __init__(self) -> None:
        raise ValueError("I would rather not")

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        pass
