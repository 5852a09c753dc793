"""The actor that owns one model."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from llmactors import Actor, Exit, Mailbox, Report, message
from llmactors.hosts import register
from llmagentos._redact import unspoken
from llmagentos.models._protocol import Finish, GenerateRequest, Model, ModelInfo, ModelSpec, TextChunk
from llmagentos.models.errors import (
    BackendMissingError,
    BadModelFileError,
    ContextTooLongError,
    ModelFileMissingError,
    ProviderFailedError,
    ProviderTimeoutError,
    RateLimitedError,
    RequestRefusedError,
    VerbMissingError,
)
from llmagentos.models.llama_cpp import LlamaCppSpec
from llmagentos.models.scripted import ScriptedSpec

GENERATE_LIMIT = 3600.0
"""Seconds that one answer may take, its reader's pauses included."""

_NOT_ITS_END = (
    RequestRefusedError,
    ContextTooLongError,
    RateLimitedError,
    ProviderFailedError,
    ProviderTimeoutError,
)
"""Errors that a reader gets as the end of the stream, and the worker lives on."""

for _error in (BackendMissingError, BadModelFileError, ModelFileMissingError):
    register(_error)  # why a load failed arrives as itself, in whatever process that was


class ModelWorker(Actor):
    """Owns one model, one request at a time; further ones wait in the mailbox.

    It is up once the model is loaded. Run it in a `Process` host: models are large, foreign code that may crash.
    For a model of your own, override `make`.

    Args:
        spec: The model's recipe.
    """

    mailbox = Mailbox(capacity=100, overflow="refuse")

    def __init__(self, spec: LlamaCppSpec | ScriptedSpec | ModelSpec) -> None:
        self.spec = spec
        self._model: Model | None = None

    def make(self) -> Model:
        """Make the model that this worker owns, not loaded yet."""
        return self.spec.open()

    async def on_start(self) -> None:
        """Load the model. Returning is readiness."""
        model = self.make()
        await model.load()
        self._model = model

    async def on_stop(self, exit: Exit) -> None:  # noqa: ARG002 # the hook's signature
        """Unload the model."""
        if self._model is not None:
            await self._model.unload()

    def redact(self, report: Report) -> Report:
        """Leave out prompts and answers."""
        return unspoken(report)

    @message(limit=GENERATE_LIMIT, raises=_NOT_ITS_END)
    async def generate(self, request: GenerateRequest) -> AsyncIterator[TextChunk | Finish]:
        """Stream the answer, a `Finish` last. Leaving the stream ends the generation within a token."""
        async with aclosing(self._loaded().generate(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    @message(timeout=60.0, raises=(VerbMissingError, RequestRefusedError))
    async def embed(self, texts: list[str]) -> list[list[float]]:
        """Answer one vector of unit length for every text."""
        return await self._loaded().embed(texts)

    @message
    def info(self) -> ModelInfo:
        """Answer the model's name, backend and limits."""
        return self._loaded().info

    def _loaded(self) -> Model:
        assert self._model is not None, "messages are handled only after on_start has returned"
        return self._model
