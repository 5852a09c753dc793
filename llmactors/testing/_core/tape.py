"""Tapes: a run written down as what was chosen in it, to be kept beside the tests and played again.

Theory of operation
1. A tape names each choice by what it is, not by where in the run it stood; and it holds only what was chosen instead
   of the plain course of things. So it survives edits that do not touch what it names.
2. To play a tape is to answer each point that it names with what it says, in whatever order the points come up. What it
   says of a point that never comes up, or that there never is to pick, is *unmet*: the player tells which.
3. A tape *fits* as long as it still brings its run about: see `misfit`. One that does not says nothing of the program,
   passed or not.
4. As text a tape is a head, the choices, one a line, and `end`, without which it was cut off. Empty lines mean nothing,
   nor do those that begin with `#`.

```text
llmactors tape 1
test: tests/test_jobs.py::test_no_job_is_lost
law: every ask resolves exactly once
seed: 0x51f3
root: App

next /pool Pool.job #7 => /pool/worker-2 Worker.run #3
kill /pool/worker-2 finished Worker.run #3 => yes
end
```
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from llmactors.errors import LLMActorsError
from llmactors.testing._core.choices import Choice

VERSION: Final = 1
HEAD: Final = "llmactors tape "
KEYS: Final = ("test", "law", "seed", "root", "missing")
ARROW: Final = " => "
END: Final = "end"
TURN: Final = re.compile(r"then \d+")
FAULT: Final = "yes"
"""What is picked where a fault may happen."""


class TapeError(LLMActorsError, ValueError):
    """A text is no tape that can be read here.

    Attributes:
        source: Which text, such as the path of the file.
        line: The number of the line, from 1.
        why: What is wrong, and what to do.
    """

    def __init__(self, source: str, line: int, why: str) -> None:
        super().__init__(f"{source}, line {line}: {why}")
        self.source, self.line, self.why = source, line, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """One run.

    Args:
        test: The test that it is a run of, as pytest names it; empty for what no test has run.
        law: The law that was broken in it; empty for none.
        root: What the root of the tree was, by name.
        choices: What was chosen, as far as it was not the plain course of things.
        seed: What the choices came from; None where they came from nothing of the kind.
        missing: What was not written down of it, in words; empty for a whole tape.
    """

    test: str = ""
    law: str = ""
    root: str = ""
    choices: tuple[Choice, ...] = ()
    seed: int | None = None
    missing: str = ""


def dumps(tape: Tape, comments: Iterable[str] = ()) -> str:
    """Write a tape as text; *comments* are lines that follow its head.

    Raises:
        ValueError: Something in it would not be read back; the error says what.
    """
    facts = {
        "test": tape.test,
        "law": tape.law,
        "seed": "" if tape.seed is None else f"{tape.seed:#x}",
        "root": tape.root,
        "missing": tape.missing,
    }
    lines = [f"{HEAD}{VERSION}"]
    lines += [f"{key}: {_plain(key, value)}" for key, value in facts.items() if value]
    lines += [f"# {line}".rstrip() for comment in comments for line in comment.splitlines() or [""]]
    lines += ["", *(_line(choice) for choice in tape.choices), END]
    return "\n".join(lines) + "\n"


def loads(text: str, source: str = "tape") -> Tape:
    """Read a tape; *source* is how errors name it.

    Raises:
        TapeError: It is no tape, one of another version, cut off, or says something unknown; with line and remedy.
    """
    return _Reader(text, source).tape()


class Player:
    """Answers points with what a tape says.

    Args:
        choices: What the tape says. Several at one point are for the times it comes up, in order.
    """

    def __init__(self, choices: Iterable[Choice]) -> None:
        self._said: dict[str, list[tuple[int, Choice]]] = {}
        for place, choice in enumerate(choices):
            self._said.setdefault(choice.point, []).append((place, choice))

    def pick(self, point: str, options: Sequence[str] | None = None) -> str | None:
        """Return what the tape says at *point*, if it is one of *options* (anything, where they are None).

        What is returned has been said: it is not returned again.
        """
        waiting = self._said.get(point)
        for place, (_, choice) in enumerate(waiting or ()):
            if options is None or choice.pick in options:
                assert waiting is not None
                del waiting[place]
                return choice.pick
        return None

    def unmet(self) -> tuple[Choice, ...]:
        """Return what the tape says of points that did not come up, or where there was no such option, in its order."""
        left = sorted((said for waiting in self._said.values() for said in waiting), key=lambda said: said[0])
        return tuple(choice for _, choice in left)


def is_recorded(choices: Sequence[Choice]) -> bool:
    """Say whether choices are a flight recorder's turns."""
    return bool(choices) and all(TURN.fullmatch(choice.point) for choice in choices)


def misfit(choices: Sequence[Choice], unmet: Sequence[Choice]) -> Choice | None:
    """Return the choice without which a run is another one than the tape's; None where the tape fits.

    Of a crash that was recorded it is the last turn: the one that crashed. Of a run that was shrunk it is the first
    choice, where it left the plain course, and its first fault. What comes behind may be gone with the bug: whoever
    mends one changes what follows from it.
    """
    if is_recorded(choices):
        needed = choices[-1:]
    else:
        faults = [choice for choice in choices if choice.pick == FAULT]
        needed = [*choices[:1], *faults[:1]]
    left, all_of_them = list(unmet), list(choices)
    return next((choice for choice in needed if left.count(choice) == all_of_them.count(choice)), None)


class _Reader:
    """Reads one text, line by line."""

    def __init__(self, text: str, source: str) -> None:
        self._source = source
        self._lines = [
            (number, line.strip())
            for number, line in enumerate(text.split("\n"), 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        self._end = text.count("\n") + 1

    def tape(self) -> Tape:
        """Read the whole."""
        lines = iter(self._lines)
        self._check_head(*next(lines, (1, "")))
        facts: dict[str, str] = {}
        choices: list[Choice] = []
        for number, line in lines:
            if line == END:
                self._check_nothing_follows(lines)
                break
            if not choices and line.partition(":")[0].strip() in KEYS:
                self._fact(number, line, facts)
            elif ARROW in line:
                point, _, pick = line.rpartition(ARROW)
                choices.append(Choice(point.strip(), pick.strip()))
            elif choices:
                self._refuse(number, f"`{line}` is no choice: write `point{ARROW}pick`")
            else:
                self._refuse(number, self._unknown(line))
        else:
            self._refuse(self._end, f"it ends without `{END}`: it was cut off. Take the whole file, or record it anew")
        seed = facts.pop("seed", None)
        return Tape(**facts, seed=None if seed is None else int(seed, 0), choices=tuple(choices))

    def _check_head(self, number: int, line: str) -> None:
        version = line.removeprefix(HEAD)
        if version == line:
            self._refuse(number, f"this is no tape: the first line of one is `{HEAD}{VERSION}`")
        if version != str(VERSION):
            self._refuse(number, f"version {version} of tapes is unknown here, where {VERSION} is read: record it anew")

    def _fact(self, number: int, line: str, facts: dict[str, str]) -> None:
        key, _, value = (part.strip() for part in line.partition(":"))
        if key in facts:
            self._refuse(number, f"`{key}` is said twice: leave one of them out")
        if key == "seed" and not _is_number(value):
            self._refuse(number, f"seed `{value}` is no whole number: write it as `0x51f3` or `20979`")
        facts[key] = value

    def _unknown(self, line: str) -> str:
        key, colon, _ = line.partition(":")
        if colon:
            return f"`{key.strip()}` is unknown: there are {', '.join(KEYS)}"
        return f"`{line}` is neither `key: value` nor `point{ARROW}pick`"

    def _check_nothing_follows(self, lines: Iterator[tuple[int, str]]) -> None:
        number, line = next(lines, (0, ""))
        if line:
            self._refuse(number, f"`{line}` follows `{END}`: one file holds one tape")

    def _refuse(self, number: int, why: str) -> None:
        raise TapeError(self._source, number, why)


def _is_number(text: str) -> bool:
    try:
        int(text, 0)
    except ValueError:
        return False
    return True


def _plain(what: str, text: str) -> str:
    if text != text.strip() or len(text.splitlines()) > 1:
        raise ValueError(f"{what} {text!r} has line breaks, or spaces around it: a tape holds one line of each")
    return text


def _line(choice: Choice) -> str:
    point, pick = _plain("the point", choice.point), _plain("the pick", choice.pick)
    spoils = point.startswith("#") or point.partition(":")[0].strip() in KEYS or ARROW in f" {pick} "
    if not point or not pick or spoils:
        raise ValueError(f"{choice} would not be read back: points begin with a word, picks hold no `{ARROW.strip()}`")
    return f"{point}{ARROW}{pick}"
