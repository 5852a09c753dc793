"""What a failed test says: the law, the smallest cause, how it came about, how to see it again. One screen of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from llmactors.testing._core.choices import Choice
from llmactors.testing._core.judge import Broken
from llmactors.testing._core.story import Story, faults, story
from llmactors.testing._core.words import Words
from llmactors.testing._values import Event, Injected

WIDTH: Final = 110
HEIGHT: Final = 40
WHO: Final = 26
"""Characters for whose event it is, at most."""
TOLD: Final = 6
"""Lines for what was broken, at most: an assertion may say much."""
CHOSEN: Final = 6
"""Choices that are told, at most; all of them are on the tape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A run that broke something, with what is known about it.

    Args:
        test: The test's name.
        broken: What was broken.
        history: What happened in the run with the least that breaks it.
        choices: What was chosen in that run instead of the plain course of things.
        chosen: How many choices there were before shrinking.
        minimal: Whether none of the choices can be left out.
        seed: The seed of the run as it was found.
        run: Which run it was, from 1.
        runs: How many there would have been.
        replay: The line that runs it again.
        timeline: Where the timeline is; empty for nowhere.
        tape: Where the tape is; empty for nowhere.
        unmet: Choices of a tape that was played, and that never came up.
    """

    test: str
    broken: Broken
    history: Sequence[Event]
    choices: Sequence[Choice] = ()
    chosen: int = 0
    minimal: bool = True
    seed: int = 0
    run: int = 1
    runs: int = 1
    replay: str = ""
    timeline: str = ""
    tape: str = ""
    unmet: Sequence[Choice] = ()


def report(failure: Failure) -> str:
    """Tell a failure in lines of at most `WIDTH` characters, at most `HEIGHT` of them.

    What is to be copied, the line that replays it and the paths of its files, is longer where it has to be.
    """
    told = story(failure.history, failure.broken.number, failure.broken.about)
    head = [*_head(failure), *_size(failure, told)]
    foot, places = [*_order(failure), *_unmet(failure)], list(_places(failure))
    room = HEIGHT - len(head) - len(foot) - len(places)
    lines = [*head, *_trace(told, Words(failure.history), room), *foot]
    return "\n".join([*map(_cut, lines), *places])


def _head(failure: Failure) -> Iterator[str]:
    runs = f"run {failure.run} of {failure.runs}, " if failure.runs > 1 else ""
    yield f"FAILED {failure.test}   {runs}seed {failure.seed:#x}"
    law = f"(law: {failure.broken.law})"
    lines = [part for line in failure.broken.what.splitlines() for part in wrap(line, WIDTH - 2)] or ["it was broken"]
    if len(lines) > TOLD:
        lines = [*lines[: TOLD - 1], f"… {len(lines) - TOLD + 1} more lines"]
    yield from (f"  {line}" for line in lines[:-1])
    if len(lines[-1]) + len(law) + 5 <= WIDTH:
        yield f"  {lines[-1]}   {law}"
    else:
        yield from (f"  {lines[-1]}", f"  {law}")


def _size(failure: Failure, told: Story) -> Iterator[str]:
    count = f"{len(told.events)} of {_many(len(failure.history), 'event')}, {_many(faults(told.events), 'fault')}"
    if failure.chosen:
        count += f", {len(failure.choices)} of {_many(failure.chosen, 'choice')}"
    least = "smallest cause" if failure.minimal else "cause, not the smallest"
    yield f"  {least}: {count}"


def _trace(told: Story, words: Words, room: int) -> Iterator[str]:
    lines = told.shortened(room)
    events = [line for line in lines if isinstance(line, Event)]
    width = min(WHO, max((len(words.who(event)) for event in events), default=0))
    clock = max((len(f"{event.at:.3f}") for event in events), default=5)
    for line in lines:
        if isinstance(line, int):
            yield f"     {'…':<{clock + 2}}  {_many(line, 'more event')}"
            continue
        mark = "!" if line.number in told.about else "*" if isinstance(line, Injected) else " "
        who = words.who(line)
        who = who if len(who) <= width else f"…{who[1 - width :]}"
        yield f"   {mark} t={line.at:<{clock}.3f}  {who:<{width}}  {' '.join(words.what(line).split())}"


def _order(failure: Failure) -> Iterator[str]:
    """Tell what went in another order than the plain one; faults are in the trace already."""
    chosen = [choice for choice in failure.choices if choice.pick != "yes"]
    for place, choice in enumerate(chosen[:CHOSEN]):
        yield f"  {'chosen:' if not place else '':<9} {choice.point} => {choice.pick}"
    if len(chosen) > CHOSEN:
        yield f"  {'':<9} … {_many(len(chosen) - CHOSEN, 'more choice')}, on the tape"


def _unmet(failure: Failure) -> Iterator[str]:
    if failure.unmet:
        yield f"  not met:  {_unmet_of(failure.unmet)}: the tape is older than the program"


def met(choices: Sequence[Choice], unmet: Sequence[Choice]) -> str:
    """Tell how much of a tape was met, and what was not."""
    told = f"tape, {len(choices) - len(unmet)} of {_many(len(choices), 'choice')} met"
    return f"{told}; not met: {_unmet_of(unmet)}" if unmet else told


def _unmet_of(unmet: Sequence[Choice]) -> str:
    rest = f", and {len(unmet) - 1} more" if len(unmet) > 1 else ""
    return f"{unmet[0].point} => {unmet[0].pick}{rest}"


def _places(failure: Failure) -> Iterator[str]:
    if failure.replay:
        yield f"  replay:   {failure.replay}"
    if failure.tape:
        yield f"  tape:     {failure.tape}   (kept for good in tests/tapes/)"
    if failure.timeline:
        yield f"  timeline: {failure.timeline}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _cut(line: str) -> str:
    line = line.rstrip()
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
