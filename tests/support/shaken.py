"""What the simulations of our own trees share: faults everywhere, and what may come of them."""

import asyncio
from collections.abc import Iterable
from typing import Any

from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError
from llmactors.testing import (
    At,
    DeadLettered,
    Event,
    Failed,
    Faults,
    Finished,
    InjectedCrashError,
    LifeEnded,
    Noted,
    PassedOn,
    PutAside,
    Redelivered,
    Sent,
    Taken,
    World,
)
from supervisors import Intensity, SupervisorError

EVERYTHING = Faults(
    crash=[At("/*/*"), At("/*/*", when="await"), At("/*/*", when="finished")],
    kill=[At("/*/*"), At("/*/*", when="await"), At("/*/*", when="finished")],
    oom="/*/*",
    hang="/[!e]*/*",
    slow=True,
    start_failure="/*/*",
    delay=True,
    drop=True,
    partition="/*/*",
    duplicate=True,
    stall_stream=True,
    rate=0.02,
    most=5,
)
"""Every fault that an actor of a tree may meet, but for the root's own children. A stream of errands has no limit."""

PATIENT = Intensity(1_000, within=5.0)
"""More restarts than there are faults: who has it does not give up."""

EXPECTED = (
    InjectedCrashError,
    MemoryError,
    ActorEndedError,
    AskTimeoutError,
    MailboxFullError,
    SupervisorError,
    LookupError,
)
"""What an ask may come to where everything is harmed."""


async def settled(jobs: Iterable[asyncio.Task[Any]]) -> list[Any]:
    """Wait for all of them; what else than `EXPECTED` became of one is raised."""
    outcomes = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 3_000.0)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, EXPECTED):
            raise outcome
    return outcomes


NOTES: dict[asyncio.AbstractEventLoop, World | list[str]] = {}
"""Where the actors of the run that is on write down what they do: for its oracle."""


def begin(world: World) -> None:
    """Have `note` write into this run's history; what was noted while its tree started comes first."""
    loop = asyncio.get_running_loop()
    early = NOTES.get(loop, [])
    NOTES.clear()
    NOTES[loop] = world
    for text in early if isinstance(early, list) else ():
        world.note(text)


def note(*words: object) -> None:
    """Write down what an actor does. What is only cleared away, when no loop runs any more, writes nothing."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    text, notes = " ".join(map(str, words)), NOTES.setdefault(loop, [])
    notes.append(text) if isinstance(notes, list) else notes.note(text)


def words(event: Event) -> list[str]:
    """Return what was noted; nothing for other events."""
    return event.text.split() if isinstance(event, Noted) else []


def noted(world: World, first: str) -> list[list[str]]:
    """Return what was noted so far with that first word, without it."""
    return [found[1:] for found in map(words, world.events) if found[:1] == [first]]


def open_letters(world: World, message: str) -> list[str]:
    """Return the messages of that name of which nothing has become yet: who has taken one and lives may still do it."""
    letters: dict[int, str] = {}
    held: dict[int, int] = {}
    for event in world.events:
        match event:
            case Sent(letter=letter, message=name, text=text) if name == message:
                letters[letter] = text
            case Taken(letter=letter, life=life):
                held[letter] = life
            case Finished(letter=letter) | Failed(letter=letter) | DeadLettered(letter=letter):
                letters.pop(letter, None)
            case PutAside(letter=letter) | PassedOn(letter=letter) | Redelivered(letter=letter):
                held.pop(letter, None)
            case LifeEnded(life=life):
                for letter in [letter for letter, holder in held.items() if holder == life]:
                    letters.pop(letter, None)
    return list(letters.values())
