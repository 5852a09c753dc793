"""Actors written for Pykka, which know nothing of us."""

import threading
from typing import Any

import pykka


class Player(pykka.ThreadingActor):
    """Keeps what it was told."""

    def __init__(self, name: str = "nobody", heard: Any = None) -> None:
        super().__init__()
        if name == "refuses to be made":
            raise ValueError(name)
        self.name, self.heard = name, heard
        self.songs: list[Any] = []

    def note(self, what: Any) -> None:
        if self.heard is not None:
            self.heard.append(what)

    def on_start(self) -> None:
        if self.name == "refuses to start":
            raise ValueError(self.name)
        self.note("on_start")

    def on_stop(self) -> None:
        self.note("on_stop")
        if self.name == "stops badly":
            raise ValueError(self.name)

    def on_failure(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        self.note(("on_failure", exception_type.__name__))

    def on_receive(self, message: Any) -> Any:
        match message:
            case "songs":
                return list(self.songs)
            case "fail":
                raise ValueError("out of tune")
            case "leave":
                self.stop()
                return "leaving"
            case "exit":
                raise SystemExit(3)
            case "thread":
                return threading.get_ident()
            case "spin":
                while True:
                    pass
            case ("wait", event):
                event.wait(20)
                return "waited"
            case ("wait and tell", arrived, event, ref, content):
                arrived.set()
                event.wait(20)
                ref.tell(content)
                return None
            case ("ask", ref, content):
                return ref.ask(content)
            case ("ask later", ref, content):
                return ref.ask(content, block=False).get(timeout=10)
            case _:
                self.songs.append(message)
                return len(self.songs)

    def shout(self, word: str) -> str:
        return f"{self.name}: {word.upper()}!"

    def fail(self) -> None:
        raise KeyError("by proxy")
