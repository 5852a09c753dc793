"""GGUF models on llama.cpp, through the `xllamacpp` wheel: no compiler, no account, no network.

What that wheel does unless told otherwise, and what is done about it here:

* It opens an HTTP listener without a key. Here it listens on a Unix socket in a directory of our own, wants a random
  key, and loses its address as soon as it is up: the calls go through the process, nobody comes in from outside.
* It keeps up to 8 GiB of old prompts. Here none.
* It writes its log, the reasons of failures among it, on the process's standard error. Here it is silent, and the
  reason is found by looking at the file.
* It blocks. Here it runs in threads of its own; `_feed` brings the tokens to the loop.

It should live in a process of its own (`ModelWorker`): it is a large body of C++.
"""

import asyncio
import importlib
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from llmagentos.models._feed import Feed
from llmagentos.models._gguf import complaint
from llmagentos.models._protocol import (
    DEFAULT_SYSTEM_PROMPT,
    ChatMessage,
    Chunk,
    Finish,
    GenerateRequest,
    ModelInfo,
    TextChunk,
)
from llmagentos.models.errors import (
    BackendMissingError,
    BadModelFileError,
    ContextTooLongError,
    GenerationFailedError,
    ModelFileMissingError,
    ModelNotLoadedError,
    RequestRefusedError,
    VerbMissingError,
)

PREFILL_BATCH = 256
"""Tokens of the prompt read at a time. A generation can be left between two batches: about a second on an old core."""

_REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaCppSpec:
    """A GGUF file and how to run it, as a plain value.

    Attributes:
        path: The file.
        name: What the model is called.
        context: Tokens of one conversation, answer included; memory is taken for all of them.
        threads: For computing; 0 is half as many as this process may use cores. They wait for each other: with one core
            busy elsewhere, a thread for every core was half as fast as a single one.
        parallel: Answers generated at the same time; further ones wait their turn.
        embeds: Whether the model is loaded to embed texts, rather than to chat.
        system: Goes before conversations that have no system message; None is the model's own default.
    """

    path: str
    name: str = ""
    context: int = 8192
    threads: int = 0
    parallel: int = 1
    embeds: bool = False
    system: str | None = DEFAULT_SYSTEM_PROMPT

    def open(self) -> "LlamaCpp":
        """Make the model, not loaded yet."""
        return LlamaCpp(self)


class LlamaCpp:
    """A `Model` on llama.cpp.

    Args:
        spec: The file and how to run it.
    """

    def __init__(self, spec: LlamaCppSpec) -> None:
        self._spec = spec
        self._name = spec.name or Path(spec.path).stem
        self._server: Any = None
        self._executor: ThreadPoolExecutor | None = None
        self._feeds: set[Feed[dict[str, Any]]] = set()

    @property
    def info(self) -> ModelInfo:
        """The model's name and limits."""
        return ModelInfo(name=self._name, backend="llama.cpp", context=self._spec.context, embeds=self._spec.embeds)

    async def load(self) -> None:
        """Read the file and make it ready to answer.

        Raises:
            BackendMissingError: xllamacpp is not installed.
            ModelFileMissingError: There is no such file.
            BadModelFileError: The file is no model that llama.cpp can run.
        """
        if self._server is not None:
            return
        executor = ThreadPoolExecutor(self._spec.parallel, thread_name_prefix=f"llama.cpp {self._name}")
        try:
            self._server = await asyncio.get_running_loop().run_in_executor(executor, _start, self._spec)
        finally:
            if self._server is None:
                executor.shutdown(wait=False)
        self._executor = executor

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[Chunk, None]:
        """Yield the answer piece by piece, a `Finish` last. Closing the generator ends the generation within a token.

        Raises:
            RequestRefusedError: The conversation is too long or the schema is not understood. The model stays usable.
            GenerationFailedError: The model broke off, or was unloaded meanwhile.
            ModelNotLoadedError: `load` was not called.
        """
        server, executor = self._loaded()
        payload = _payload(request, self._spec.system)

        def produce(offer: Callable[[dict[str, Any]], bool]) -> None:
            server.handle_chat_completions(payload, lambda chunk: not offer(chunk))

        feed: Feed[dict[str, Any]] = Feed()
        self._feeds.add(feed)
        raw = feed.read(executor, produce)
        try:
            async for chunk in _chunks(raw, self._name):
                yield chunk
        finally:
            self._feeds.discard(feed)
            await raw.aclose()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Answer one vector of unit length for every text.

        Raises:
            VerbMissingError: The model was loaded to chat.
            RequestRefusedError: A text is too long.
            ModelNotLoadedError: `load` was not called.
        """
        if not self._spec.embeds:
            raise VerbMissingError(self._name, "embed", "load it with `LlamaCppSpec(path=…, embeds=True)`")
        server, executor = self._loaded()
        call = asyncio.get_running_loop().run_in_executor(executor, server.handle_embeddings, {"input": list(texts)})
        answer = await call
        _check(answer, self._name)
        return [item["embedding"] for item in answer["data"]]

    async def unload(self) -> None:
        """End what is under way and give the memory back. Twice is harmless."""
        server, self._server = self._server, None
        executor, self._executor = self._executor, None
        for feed in self._feeds:
            feed.leave()
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)
        del server  # its memory goes with the last generator that is still open

    def _loaded(self) -> tuple[Any, ThreadPoolExecutor]:
        if self._server is None or self._executor is None:
            raise ModelNotLoadedError(self._name)
        return self._server, self._executor


def _start(spec: LlamaCppSpec) -> object:
    path = Path(spec.path)
    if not path.is_file():
        raise ModelFileMissingError(spec.path)
    if (reason := complaint(path)) is not None:
        raise BadModelFileError(spec.path, reason)
    try:
        library = importlib.import_module("xllamacpp")
    except ModuleNotFoundError as error:
        raise BackendMissingError("xllamacpp", "chat") from error
    from llmagentos.models._socket_dir import private_socket_dir  # noqa: PLC0415 # not on Windows, nor is a ModelWorker

    with private_socket_dir() as directory:
        try:
            socket = directory / "s.sock"  # the ending makes it a Unix socket
            server = library.Server(_parameters(library, spec, socket))
        except RuntimeError as error:
            reason = "llama.cpp refuses it: it is damaged, too large for the memory, or of a kind not known to it"
            raise BadModelFileError(spec.path, reason) from error
    server.handle_metrics()  # its queue answers: one that is ended before it runs would be waited for for ever
    return cast("object", server)


def _parameters(library: Any, spec: LlamaCppSpec, socket: Path) -> object:
    parameters = library.CommonParams()
    parameters.model.path = spec.path
    parameters.hostnames = [str(socket)]
    parameters.api_keys = [secrets.token_hex(32)]
    parameters.n_threads_http = 1
    parameters.cache_ram_mib = 0
    parameters.endpoint_metrics = True  # see `_start`
    parameters.verbosity = 0
    parameters.n_ctx = spec.context * spec.parallel  # llama.cpp divides it among the slots
    parameters.n_parallel = spec.parallel
    parameters.n_batch = PREFILL_BATCH
    threads = spec.threads or max(1, _cores() // 2)
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    if spec.embeds:
        parameters.embedding = True
        parameters.n_batch = parameters.n_ubatch = spec.context  # a text is embedded in one go or not at all
        parameters.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return cast("object", parameters)


def _cores() -> int:
    """How many cores this process may use: not the machine's number where affinity allows fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _payload(request: GenerateRequest, system: str | None) -> dict[str, object]:
    messages = request.messages
    if system is not None and not any(message.role == "system" for message in messages):
        messages = (ChatMessage("system", system), *messages)
    payload: dict[str, object] = {
        "messages": [asdict(message) for message in messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # a call between the prompt's batches, in which a reader who has left can be noticed
    }
    if request.seed is not None:
        payload["seed"] = request.seed
    if request.json_schema is not None:
        payload["response_format"] = {"type": "json_schema", "json_schema": {"schema": request.json_schema}}
    return payload


async def _chunks(raw: AsyncGenerator[dict[str, Any], None], name: str) -> AsyncGenerator[Chunk, None]:
    """Translate llama.cpp's OpenAI-style chunks."""
    reason = None
    try:
        async for chunk in raw:
            _check(chunk, name)
            for choice in chunk.get("choices", ()):
                reason = choice["finish_reason"] or reason
                if text := choice["delta"].get("content"):
                    yield TextChunk(text)
            if reason is not None and (usage := chunk.get("usage")):
                yield Finish(
                    "length" if reason == "length" else "stop",
                    prompt_tokens=usage["prompt_tokens"],
                    completion_tokens=usage["completion_tokens"],
                )
                return
    except ValueError as error:  # how xllamacpp says that a request is malformed
        raise RequestRefusedError(str(error)) from error
    raise GenerationFailedError(name, "it ended without a last word, as when the model is unloaded")


def _check(answer: dict[str, Any], name: str) -> None:
    """Raise the error that *answer* may stand for."""
    error = answer.get("error")
    if error is None:
        return
    if error.get("type") == "exceed_context_size_error":
        raise ContextTooLongError(error["n_prompt_tokens"], error["n_ctx"])
    if error.get("code") in _REFUSED or "too large to process" in error["message"]:
        raise RequestRefusedError(error["message"])
    raise GenerationFailedError(name, error["message"])
