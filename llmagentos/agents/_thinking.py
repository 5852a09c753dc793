"""The shell of the think-act loop: it carries out what `llmagentos._core.loop` decides, one order after the other."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, assert_never

from llmagentos._core.loop import Conversation, Rules, Step, decide
from llmagentos._core.prompt import answer_prompt, choice_prompt, choice_schema
from llmagentos._core.record import dump
from llmagentos._messages import (
    AgentChunk,
    AskAnswer,
    AskChoice,
    Asked,
    Call,
    CallTool,
    Done,
    Effect,
    Emit,
    Event,
    Fail,
    Keep,
    Left,
    ToolClosed,
    Wait,
)
from llmagentos.agents._mind import Mind
from llmagentos.agents.errors import AnswerFailedError
from llmagentos.tools import Tool

CHOICE_TOKENS = 128
"""Tokens that a choice of a tool may take."""

Events = AsyncGenerator[Event, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What an agent thinks with.

    Attributes:
        mind: The model.
        instructions: The first message to it.
        tools: By name.
        call: Runs a tool call to its end.
        keep: Writes a record down.
        tokens: What an answer may take at most.
    """

    mind: Mind
    instructions: str
    tools: Mapping[str, Tool[..., Any]]
    call: Callable[[Tool[..., Any], Call], Awaitable[ToolClosed]]
    keep: Callable[[bytes], Awaitable[None]]
    tokens: int = 512


class Thinking:
    """A conversation, and the equipment to go on with it. One answer at a time.

    Args:
        conversation: Where to go on.
        equipment: What to think with.
    """

    def __init__(self, conversation: Conversation, equipment: Equipment) -> None:
        self.conversation = conversation
        self._with = equipment
        self._rules = Rules(tools=tuple(equipment.tools))

    async def answer(self, question: str) -> AsyncGenerator[AgentChunk, None]:
        """Yield the chunks of the answer to *question*.

        Raises:
            AnswerFailedError: There is none; the sentence says why.
        """
        try:
            events: Events | None = _once(Asked(question))
            while events is not None:
                async with aclosing(events):
                    async for chunk in self._follow(events):
                        yield chunk
                events = self._next
        finally:
            if self.conversation.step is not Step.IDLE:
                await self._leave()

    async def _follow(self, events: Events) -> AsyncGenerator[AgentChunk, None]:
        """Decide on every event; an order that brings new events ends these."""
        self._next: Events | None = None
        async for event in events:
            self.conversation, effects = decide(self.conversation, event, self._rules)
            for effect in effects:
                if isinstance(effect, Emit):
                    yield effect.chunk
                else:
                    await self._order(effect)
            if self._next is not None:
                return

    async def _order(self, effect: Effect) -> None:
        match effect:
            case Keep():
                await self._with.keep(dump(self.conversation))
            case AskChoice():
                self._next = self._choose()
            case AskAnswer():
                self._next = self._write()
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case CallTool(call):
                self._next = self._run(call)
            case Fail(reason):
                raise AnswerFailedError(reason)
            case Emit() | Done():
                return  # chunks are yielded by who follows; the answer is whole when the events are over
            case _:
                assert_never(effect)

    def _choose(self) -> Events:
        cards = [tool.card for tool in self._with.tools.values()]
        return self._with.mind.write(
            lambda size: choice_prompt(self.conversation, cards, size), schema=choice_schema(cards), most=CHOICE_TOKENS
        )

    def _write(self) -> Events:
        return self._with.mind.write(
            lambda size: answer_prompt(self.conversation, self._with.instructions, size),
            schema=None,
            most=self._with.tokens,
        )

    async def _run(self, call: Call) -> Events:
        yield await self._with.call(self._with.tools[call.tool], call)

    async def _leave(self) -> None:
        """Nobody waits any more: close what is open, and write it down."""
        self.conversation, effects = decide(self.conversation, Left(), self._rules)
        if any(isinstance(effect, Keep) for effect in effects):
            await self._with.keep(dump(self.conversation))


async def _once(event: Event) -> Events:
    yield event
