"""`Agent`: an actor with instructions, a model, tools and a conversation."""

import inspect
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar, Self

from llmactors import Actor, Report, message
from llmactors.hosts import Process
from llmagentos._core.loop import Conversation
from llmagentos._core.record import load
from llmagentos._core.reserving import one_a_byte
from llmagentos._journal import Journal
from llmagentos._messages import Answer, Called, Calling, Paused, Repeating, Resumed, Said
from llmagentos._redact import unspoken
from llmagentos.agents._handle import Handle
from llmagentos.agents._main import Main
from llmagentos.agents._services import equipment_of, journal_of
from llmagentos.agents._thinking import Thinking
from llmagentos.agents._verbs import LifeCycle
from llmagentos.agents.errors import AnswerFailedError
from llmagentos.models._protocol import ModelSpec
from llmagentos.tools import Tool

INSTRUCTIONS = "You are a helpful AI assistant. Answer briefly in English."
"""Small models need to be told their language."""
SHUTDOWN = 2.0
"""Seconds that an agent has to finish what is in hand when it is stopped; a `run` that never looks up is killed."""
ANSWER_TIMEOUT = 600.0
"""Seconds that an asker waits for a whole answer, unless it says otherwise."""


class Agent(LifeCycle, Actor):
    """An actor that answers questions with a model, and keeps the conversation.

    Subclass it and set what it needs as class attributes, or give it to the constructor. Inside a tree it is declared
    like any actor, `clerk = child(Clerk)`; made by hand in a plain script it is a handle, see `LifeCycle`.

    Attributes:
        instructions: What the model is told first.
        model: A known model's name, the path of a model file, or a recipe (`ModelSpec`), such as a scripted model.
        tools: The functions that the model may call.
        tokens: What one answer may take at most.
    """

    kind: ClassVar[str] = "agent"
    supervised: ClassVar[dict[str, Any]] = {"restart": "transient", "shutdown": SHUTDOWN}
    instructions: str = INSTRUCTIONS
    model: str | Path | ModelSpec = "smollm2"
    tools: Sequence[Tool[..., Any]] = ()
    tokens: int = 512
    _thinking: Thinking | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a handle: whoever calls the class stands outside. The kernel makes the agent itself."""
        return Handle(cls, args, kwargs)  # type: ignore[return-value]  # it has the verbs that scripts use

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give a class with a plain `run` of its own a process: its loop must hold up nobody."""
        super().__init_subclass__(**kwargs)
        if cls.run is not Agent.run and not inspect.iscoroutinefunction(cls.run):
            cls.supervised = {"host": Process(), **cls.supervised}

    def __init__(
        self,
        *,
        instructions: str | None = None,
        model: str | Path | ModelSpec | None = None,
        tools: Sequence[Tool[..., Any]] | None = None,
    ) -> None:
        if instructions is not None:
            self.instructions = instructions
        if model is not None:
            self.model = model
        if tools is not None:
            self.tools = tools

    def count_tokens(self, text: str) -> int:
        """Return how many tokens of its model a text has, or more: so many are set aside before the model is asked.

        One for each byte, which is never too little; override it with the model's own tokenizer to set aside less.
        """
        return one_a_byte(text)

    def run(self) -> Any:
        """Do the agent's own work, beside answering. Override it, plain or async; it may run for ever.

        When it returns, the agent ends. A plain one needs a `Process()` host, where its loop holds up nobody else; it
        has the agent's one hand, so the agent answers nothing meanwhile: questions wait until it returns, or their time
        is up, and `inspect` shows `Agent.main` in hand. Make it async for an agent that works and answers.
        """

    async def on_start(self) -> None:
        """Begin `run`, where the class has one of its own. A subclass with its own `on_start` calls this one."""
        run = type(self).run
        if run is Agent.run:
            return
        if inspect.iscoroutinefunction(run):
            _ = self.context.spawn(Main, self, name="main", shutdown="kill")  # its `run` sees a cancellation
        else:
            self.context.self_ref.tell(Agent.main())

    def redact(self, report: Report) -> Report:
        """Leave out what was said, and the instructions. A subclass that has secrets of its own leaves out more."""
        return unspoken(report, "instructions", "conversation")

    @message(limit=None)
    def main(self) -> None:
        """Run a plain `run`. It has the agent's one hand."""
        self.run()
        self.context.stop()

    @message(timeout=ANSWER_TIMEOUT, limit=None, raises=(AnswerFailedError,))
    async def answer(self, question: str) -> str:
        """Answer *question*, whole.

        Raises:
            AnswerFailedError: The model gives no answer.
        """
        async with aclosing(self._chunks(question)) as chunks:
            async for _ in chunks:
                pass
        last = self._thinking.conversation.turns[-1] if self._thinking else None
        return last.text if isinstance(last, Answer) else ""

    @message(raises=(AnswerFailedError,))
    async def say(self, question: str) -> AsyncIterator[Said | Calling | Called | Repeating | Paused | Resumed]:
        """Answer *question* in chunks, as the model writes them. Printed one after another they read well.

        Raises:
            AnswerFailedError: The model gives no answer.
        """
        async with aclosing(self._chunks(question)) as chunks:
            async for chunk in chunks:
                yield chunk

    @message
    async def forget(self) -> None:
        """Begin a new conversation."""
        self._thinking = None
        if (journal := journal_of(self)) is not None:
            await journal.ask(Journal.forget(self.context.path))

    async def _chunks(self, question: str) -> Any:
        """Yield the chunks, and let a pause take effect between them."""
        thinking = self._thinking = self._thinking or await self._begin_thinking()
        async with aclosing(thinking.answer(question)) as chunks:
            async for chunk in chunks:
                yield chunk
                if self.context.self_ref.paused:
                    yield Paused()
                    since = time.monotonic()
                    await self.context.checkpoint()
                    yield Resumed(time.monotonic() - since)

    async def _begin_thinking(self) -> Thinking:
        """Go on where the last life of this agent left off."""
        journal = journal_of(self)
        record = await journal.ask(Journal.fetch(self.context.path)) if journal is not None else None
        conversation = load(record) if record is not None else Conversation()
        return Thinking(conversation, equipment_of(self, journal))
