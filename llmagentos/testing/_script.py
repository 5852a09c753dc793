"""`Script`: a model that plays, call by call, what a test has written down.

`ScriptedSpec` answers by the conversation alone, so that a restarted model gives the same answer again; it has no
memory. A script has one: the first call gets the first line, whatever is asked, and a try after a fault gets the next.
It outlives the lives of the model's worker, as a provider outlives the calls of its clients, and begins anew with each
event loop: with each test, and with each run of a simulation.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from weakref import WeakKeyDictionary

from llmactors.hosts import register
from llmagentos.models import Chunk, Finish, GenerateRequest, TextChunk
from llmagentos.models.scripted import Scripted, ScriptedSpec, tokens_of
from llmagentos.testing._pieces import Cut, Hang, Miscount, OutOfMemory, Piece, Repeat, Stall, Status, TimeOut

Line = tuple[Piece, ...]

_numbers = count(1)


@dataclass(slots=True)
class _Played:
    """What became of a script in this process."""

    requests: list[GenerateRequest] = field(default_factory=list)
    loads: int = 0


_PLAYED: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, _Played]]] = WeakKeyDictionary()
"""By loop, so that each test and each simulated run begins anew; then by number: a script that has crossed to its
worker and back is still the same."""
_LAST: Final[dict[int, _Played]] = {}
"""Of the loop that played a script last, for whoever looks afterwards."""


@register
@dataclass(frozen=True, slots=True)
class Script:
    """The recipe of a model that keeps to a script: `model = Script(["Hel", "lo ", stall(30), cut], "Hello there.")`.

    Each call of `generate` plays the next line; the last one is played again and again. A line is a text, which is said
    word by word, or a list of pieces, each said at once: text, `stall(30)`, `cut`, `repeat`, `hang`, `status(429)`,
    `time_out()`, `out_of_memory`, `miscount(2)`.

    A worker process has to know this module, `Process(preload=("llmagentos.models", "llmagentos.testing"))`, and there
    the script begins anew with each life of the worker.

    Args:
        lines: What to play.
        load: What happens while the model loads, such as `[stall(200)]`: pieces for each load, the last ones again and
            again.
        name: What the model is called.

    Raises:
        ValueError: There is no line.
    """

    lines: tuple[Line, ...]
    loads: tuple[Line, ...]
    name: str
    number: int

    def __init__(
        self, *lines: str | Sequence[Piece], load: Sequence[Sequence[Piece]] = (), name: str = "script"
    ) -> None:
        if not lines:
            raise ValueError("a script needs a line at least, such as Script('Hello.')")
        set_ = object.__setattr__
        set_(self, "lines", tuple(_line(line) for line in lines))
        set_(self, "loads", tuple(tuple(pieces) for pieces in load))
        set_(self, "name", name)
        set_(self, "number", next(_numbers))

    def open(self) -> "Playing":
        """Make the model, not loaded yet."""
        return Playing(self)

    @property
    def requests(self) -> list[GenerateRequest]:
        """What the model was asked so far, in order: on this loop, or outside of any on the last one that played it."""
        return self.played.requests

    @property
    def loaded(self) -> int:
        """How often the model began to load so far."""
        return self.played.loads

    @property
    def played(self) -> _Played:
        """What became of it so far. For the model."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return _LAST.get(self.number, _Played())
        played = _PLAYED.setdefault(loop, {}).setdefault(self.number, _Played())
        _LAST[self.number] = played
        return played


class Playing(Scripted):
    """The model that plays a script."""

    def __init__(self, script: Script) -> None:
        super().__init__(ScriptedSpec(answers=("",), name=script.name))
        self._script = script

    async def load(self) -> None:
        """Play the next load."""
        played, loads = self._script.played, self._script.loads
        played.loads += 1
        if loads:
            async for _ in self._play(loads[min(played.loads, len(loads)) - 1]):
                pass
        await super().load()

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Chunk, None]:
        """Play the next line.

        Raises:
            ProviderError: The script says so.
            RuntimeError: The script has the memory run out.
            ModelNotLoadedError: `load` was not called.
        """
        self._check_loaded()
        requests, lines = self._script.requests, self._script.lines
        requests.append(request)
        line = lines[min(len(requests), len(lines)) - 1]
        said = 0
        async for text in self._play(line):
            said += 1
            yield TextChunk(text)
        if Cut() not in line:
            times = next((piece.times for piece in line if isinstance(piece, Miscount)), 1.0)
            heard = sum(len(tokens_of(message.content)) for message in request.messages)
            yield Finish("stop", prompt_tokens=int(heard * times), completion_tokens=int(said * times))

    async def _play(self, line: Line) -> AsyncGenerator[str, None]:
        last = ""
        for piece in line:
            match piece:
                case str():
                    last = piece
                    yield piece
                case Repeat():
                    yield last
                case Stall(seconds):
                    await asyncio.sleep(seconds)
                case Hang():
                    await asyncio.Event().wait()
                case Status():
                    raise piece.error(self._script.name)
                case TimeOut(seconds):
                    await asyncio.sleep(seconds)
                    raise piece.error(self._script.name)
                case OutOfMemory():
                    raise piece.error()
                case Cut():
                    return
                case Miscount():
                    continue


def _line(line: str | Sequence[Piece]) -> Line:
    return tuple(tokens_of(line)) if isinstance(line, str) else tuple(line)
