"""What a model is to the rest of the system: four verbs and the plain values they take and give.

The values cross processes. They are frozen dataclasses of simple typed fields, nothing that has to be imported or
unpickled to be understood.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant", "tool"]

DEFAULT_SYSTEM_PROMPT = "You are a helpful AI assistant. Answer briefly in English."
"""Sent where a conversation has no system message: a small model left to itself may loop, or change the language."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """A conversation, and how it is to be continued.

    Attributes:
        messages: The conversation so far, oldest first; its last message is what is answered.
        max_tokens: The answer ends here with `Finish("length")` at the latest.
        temperature: 0 is greedy: the same request gives the same answer.
        seed: For the sampling at temperatures above 0; None is a new one each time.
        stop: Texts that end the answer; they are not part of it.
        json_schema: The answer is a JSON text that this JSON schema accepts (cut short only by `max_tokens`).
    """

    messages: tuple[ChatMessage, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class TextChunk:
    """The next piece of the answer, usually one token."""

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The last chunk of every answer that was not broken off."""

    reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int


Chunk = TextChunk | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a loaded model says of itself; *context* is in tokens, 0 where there is no bound."""

    name: str
    backend: str
    context: int
    embeds: bool


class Model(Protocol):
    """A model behind one backend. It belongs to one event loop, and is not loaded until `load` has returned."""

    @property
    def info(self) -> ModelInfo:
        """The model's name, backend and limits."""

    async def load(self) -> None:
        """Make the model ready to answer.

        Raises:
            ModelError: It cannot be loaded; the error names what and the remedy.
        """

    def generate(self, request: GenerateRequest) -> AsyncGenerator[Chunk, None]:
        """Yield the answer piece by piece, a `Finish` last. Closing the generator ends the generation within a token.

        Raises:
            RequestRefusedError: The request cannot be answered as it is. The model stays usable.
        """

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Answer one vector of unit length for every text.

        Raises:
            VerbMissingError: This model does not embed.
        """

    async def unload(self) -> None:
        """Give everything back; generations under way end without a `Finish`. Twice is harmless."""


class ModelSpec(Protocol):
    """A model's recipe: a plain value that travels to the process in which the model is to live."""

    @property
    def name(self) -> str:
        """What people call the model."""

    def open(self) -> Model:
        """Make the model, not loaded yet."""
