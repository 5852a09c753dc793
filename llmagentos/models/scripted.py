"""A model that says what it is told to say: for tests, examples, and machines without a real one."""

import asyncio
import hashlib
import json
import math
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from llmagentos.models._protocol import ChatMessage, Chunk, Finish, GenerateRequest, ModelInfo, TextChunk
from llmagentos.models._schema_sample import accepts, sample
from llmagentos.models.errors import ModelError, ModelNotLoadedError

DIMENSIONS = 32


class ScriptedFaultError(ModelError):
    """The scripted model breaks down here because its script says so."""

    def __init__(self, token: int) -> None:
        super().__init__(token)
        self.token = token

    def __str__(self) -> str:
        """Name the token."""
        return f"the script says to crash at token {self.token}; leave out `crash_at` to go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedSpec:
    """The script of a model, as a plain value.

    Attributes:
        answers: One per turn: a conversation with n answers in it gets the n-th, counted from 0; afterwards the last
            one. So the answer depends on the conversation alone, and a restarted model gives the same one again.
        delay: Seconds before every token.
        crash_at: `ScriptedFaultError` instead of this token, counted from 0 over the model's life.
        hang_at: No more tokens from this one on, for ever.
        name: What the model is called.
    """

    answers: tuple[str, ...]
    delay: float = 0.0
    crash_at: int | None = None
    hang_at: int | None = None
    name: str = "scripted"

    def open(self) -> "Scripted":
        """Make the model, not loaded yet."""
        return Scripted(self)


class Scripted:
    """A deterministic `Model`. Tokens are words with the space that follows them.

    A request with a JSON schema gets the scripted answer where that fits the schema, else the smallest value that
    the schema accepts.

    Args:
        spec: The script.
        answer: Called with the conversation for the answer, instead of looking it up in the script.

    Raises:
        ValueError: There is neither an answer in the script nor a function.
    """

    def __init__(self, spec: ScriptedSpec, answer: Callable[[Sequence[ChatMessage]], str] | None = None) -> None:
        if not spec.answers and answer is None:
            raise ValueError("a scripted model needs at least one answer, or a function that answers")
        self._spec = spec
        self._answer = answer if answer is not None else self._from_script
        self._loaded = False
        self._spoken = 0

    @property
    def info(self) -> ModelInfo:
        """The script's name; no bound on the context."""
        return ModelInfo(name=self._spec.name, backend="scripted", context=0, embeds=True)

    async def load(self) -> None:
        """Be ready."""
        self._loaded = True

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Chunk, None]:
        """Yield the script's answer to the conversation, word by word.

        Raises:
            ScriptedFaultError: The script says so.
            ModelNotLoadedError: `load` was not called.
        """
        tokens = tokens_of(self._text(request))
        said = 0
        for token in tokens[: request.max_tokens]:
            await self._speak()
            yield TextChunk(token)
            said += 1
        heard = sum(len(tokens_of(message.content)) for message in request.messages)
        yield Finish("stop" if said == len(tokens) else "length", prompt_tokens=heard, completion_tokens=said)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Answer a vector of unit length for every text: texts that share words are near to each other."""
        self._check_loaded()
        return [_embedding(text) for text in texts]

    async def unload(self) -> None:
        """Be no longer ready."""
        self._loaded = False

    def _text(self, request: GenerateRequest) -> str:
        self._check_loaded()
        text = self._answer(request.messages)
        if request.json_schema is not None and not accepts(request.json_schema, text):
            return json.dumps(sample(request.json_schema))
        ends = [at for stop in request.stop if (at := text.find(stop)) >= 0]
        return text[: min(ends, default=len(text))]

    async def _speak(self) -> None:
        """Wait until the next token is due."""
        self._check_loaded()
        if self._spoken == self._spec.crash_at:
            raise ScriptedFaultError(self._spoken)
        if self._spoken == self._spec.hang_at:
            await asyncio.Event().wait()
        self._spoken += 1
        await asyncio.sleep(self._spec.delay)

    def _check_loaded(self) -> None:
        if not self._loaded:
            raise ModelNotLoadedError(self._spec.name)

    def _from_script(self, messages: Sequence[ChatMessage]) -> str:
        turn = sum(message.role == "assistant" for message in messages)
        return self._spec.answers[min(turn, len(self._spec.answers) - 1)]


def tokens_of(text: str) -> list[str]:
    """Take *text* apart as scripted models say it: words, with the space that follows them."""
    return re.findall(r"\s*\S+\s?|\s+", text)


def _embedding(text: str) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        vector[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    length = math.hypot(*vector)
    return [x / length for x in vector] if length else [1.0, *vector[1:]]
