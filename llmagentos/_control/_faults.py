"""What may be asked of a running system about faults: what crashed, what was before it, and to have more of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llmactors import ActorRef, ActorSystem
from llmactors.testing import inject, tape_of
from llmagentos._control._server import Rows
from llmagentos._control.errors import VerbFailedError

APP: Final = "/app"
"""Where `llmagentos run` puts a program: in a test of that program it is the root."""

MISSING: Final = "missing: "
"""How the line of a tape begins that says what is not on it."""


class FaultVerbs:
    """The verbs about crashes and faults.

    Args:
        system: The system.
        find: Answers the actor with that name, path or id.
        allowed: Whether faults may be injected.
    """

    def __init__(self, system: ActorSystem, find: Callable[[str], ActorRef[Any]], *, allowed: bool) -> None:
        self._system, self._find, self._allowed = system, find, allowed

    async def crashes(self, _: dict[str, Any]) -> Rows:
        """Tell of the last crashes, the latest last."""
        flight = self._system.flight
        for recording in () if flight is None else tuple(flight.recordings.values()):
            yield {
                "id": recording.id,
                "path": recording.path,
                "ago": round(self._system.ports.clock() - recording.at, 3),
                "turns": len(recording.turns),
                "exit": recording.exit,
            }

    async def tape(self, args: dict[str, Any]) -> Rows:
        """Tell what was before a crash, as the text of a tape."""
        flight, which, test = self._system.flight, args.get("which"), args.get("test", "")
        if flight is None:
            raise VerbFailedError("this system has no flight recorder: run it by `llmagentos run`")
        recording = flight.recordings.get(which) if isinstance(which, str) else None
        if recording is None or not isinstance(test, str):
            known = ", ".join(flight.recordings) or "none"
            raise VerbFailedError(f"there is no crash `{which}` on record; there are: {known}")
        app = any(path == APP or path.startswith(f"{APP}/") for path, _ in recording.turns)
        tape = tape_of(recording, test, APP if app else "/")
        missing = next(line.removeprefix(MISSING) for line in tape.splitlines() if line.startswith(MISSING))
        yield {"tape": tape, "missing": missing}

    async def inject(self, args: dict[str, Any]) -> dict[str, Any]:
        """Have a fault happen to an actor, at once."""
        if not self._allowed:
            raise VerbFailedError("this system takes no faults: start it by `llmagentos run --allow-faults`")
        match args:
            case {"which": str(which), "fault": str(fault)} if which:
                ref = self._find(which)
            case _:
                raise VerbFailedError("say which fault, and to whom")
        seconds = args.get("seconds")
        if seconds is not None and not (isinstance(seconds, (int, float)) and seconds >= 0):
            raise VerbFailedError(f"seconds={seconds!r}: give a number, 0 or more")
        inject(ref, fault, seconds)  # type: ignore[arg-type]  # what is no fault is refused with a remedy
        return {"path": ref.path, "fault": fault}
