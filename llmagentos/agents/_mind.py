"""The agent's way to a model: a prompt goes in, events of the think-act loop come out."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol, Self

from llmactors import ActorRef, Killed
from llmactors.errors import ActorEndedError, LLMActorsError, WorkerLostError
from llmagentos._core.prompt import Line
from llmagentos._core.reserving import CountTokens, one_a_byte, tokens_of_call
from llmagentos._messages import Event, Finished, Interrupted, ModelFailed, WorkerDied, Wrote
from llmagentos.errors import LLMAgentOSError
from llmagentos.models._protocol import ChatMessage, Chunk, Finish, GenerateRequest, TextChunk
from llmagentos.models._worker import ModelWorker
from llmagentos.models.errors import LoadFailedError, ProviderError, RequestRefusedError
from supervisors import BudgetExhaustedError

PATIENCE = 120.0
"""Seconds without a token, a restart of the worker included, after which the model is given up for this answer."""
IDLE = 7 * 86_400.0
"""Seconds that a worker waits for an agent that reads nothing: an agent may be paused in the middle of an answer."""

UNBOUNDED = 32_768
"""Tokens of a prompt for a model that names no bound."""

MakePrompt = Callable[[int], tuple[Line, ...]]
FindWorker = Callable[[], Awaitable[ActorRef[ModelWorker]]]


class Mind(Protocol):
    """What an agent needs of a model."""

    def write(self, prompt: MakePrompt, *, schema: dict[str, Any] | None, most: int) -> AsyncGenerator[Event, None]:
        """Yield `Wrote` for each piece, then one event that ends it. Never raises for the model.

        Args:
            prompt: Answers what the model reads, in at most as many tokens as it is told.
            schema: The JSON schema that the text fits, if there is one.
            most: Tokens of the text, at most.
        """


class Reserved(Protocol):
    """Amounts that are set aside for a call; a block in which it is made."""

    async def __aenter__(self) -> Self:
        """Wait until they are, and may be used."""

    async def __aexit__(self, *error: object) -> None:
        """Settle: what is not said to be unused was used."""

    def used(self, **amounts: float) -> None:
        """Say what was really used."""


Reserve = Callable[..., Reserved]


class WorkerMind:
    """A mind that is a model worker somewhere in the tree, and pays for what it asks of it.

    Before each call it sets aside what the call may cost at most; the model's own count settles it. What a call had
    cost that broke off in the middle nobody knows: it counts whole.

    Args:
        find: Answers the worker; asked anew for every prompt, because workers come and go.
        reserve: Sets amounts aside: `calls` and `tokens`.
        count: Counts the tokens of a text as the model does, or more.
    """

    def __init__(self, find: FindWorker, reserve: Reserve, count: CountTokens = one_a_byte) -> None:
        self._find, self._reserve, self._count = find, reserve, count
        self._context: int | None = None

    async def write(
        self, prompt: MakePrompt, *, schema: dict[str, Any] | None, most: int
    ) -> AsyncGenerator[Event, None]:
        """Stream from the worker, and tell its end as an event. What ends without a `Finish` was broken off."""
        whole = False
        try:
            worker = await self._find()
            lines = prompt(await self._room(worker, most))
            messages = tuple(ChatMessage(line.role, line.text) for line in lines)
            request = GenerateRequest(messages=messages, json_schema=schema, max_tokens=most)
            tokens = tokens_of_call(lines, most, self._count)
            async with (
                self._reserve(calls=1, tokens=tokens) as reserved,
                aclosing(_generate(worker, request, reserved)) as chunks,
            ):
                async for chunk in chunks:
                    if isinstance(chunk, TextChunk):
                        yield Wrote(chunk.text)
                    whole = isinstance(chunk, Finish)
        except ActorEndedError as ended:
            yield WorkerDied(_why(ended))
        except ProviderError as busy:
            yield Interrupted(busy.clause, busy.retry_after)
        except LoadFailedError as failed:
            lost = _worker_lost(failed)
            yield ModelFailed(str(failed)) if lost is None else WorkerDied(f"the model's worker was killed ({lost})")
        except TimeoutError:
            yield ModelFailed(f"the model wrote nothing for {PATIENCE:g} s; see what holds it up with `llmagentos ps`")
        except (LLMAgentOSError, LLMActorsError, BudgetExhaustedError) as error:
            yield ModelFailed(str(error))
        else:
            yield Finished() if whole else Interrupted("the model's answer broke off in the middle")

    async def _room(self, worker: ActorRef[ModelWorker], most: int) -> int:
        """Answer how many tokens a prompt may have, so that *most* tokens still fit behind it."""
        if self._context is None:
            info = await worker.ask(ModelWorker.info(), timeout=PATIENCE)
            self._context = info.context or UNBOUNDED
        return max(self._context - most, self._context // 2)


async def _generate(
    worker: ActorRef[ModelWorker], request: GenerateRequest, reserved: Reserved
) -> AsyncGenerator[Chunk, None]:
    """Yield what the worker writes, and settle by what it says at the end."""
    begun = False
    try:
        async with worker.stream(ModelWorker.generate(request), idle=IDLE) as chunks:
            while (chunk := await _next(chunks)) is not None:
                begun = True
                if isinstance(chunk, Finish) and chunk.prompt_tokens + chunk.completion_tokens:
                    reserved.used(calls=1, tokens=chunk.prompt_tokens + chunk.completion_tokens)
                yield chunk
    except (RequestRefusedError, ProviderError):
        if not begun:
            reserved.used(calls=1)  # no token was read or written
        raise


async def _next(chunks: Any) -> Any:
    """Answer the next chunk, or None at the end; the time begins anew with each."""
    async with asyncio.timeout(PATIENCE):
        return await anext(chunks, None)


def _worker_lost(error: BaseException | None) -> WorkerLostError | None:
    """Answer whether it was the end of the worker's process that *error* came of."""
    while error is not None and not isinstance(error, WorkerLostError):
        error = error.__cause__
    return error


def _why(ended: ActorEndedError) -> str:
    """Say as a clause how the worker ended."""
    match ended.exit:
        case Killed(cause) if cause:
            return f"the model's worker was killed ({cause})"
        case None:
            return "the model's worker is gone"
        case _:
            return str(ended)
