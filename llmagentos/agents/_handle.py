"""The handle of a hand-made agent: what `MyAgent()` gives in a plain script. It blocks; the agent lives elsewhere."""

import asyncio
import re
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from llmactors import ActorRef, Message
from llmagentos._messages import AgentChunk
from llmagentos.agents import _default
from llmagentos.agents.errors import HandleOnLoopError, HandleStateError

if TYPE_CHECKING:
    from llmagentos.agents._agent import Agent


class Handle:
    """Stands for an agent that is made anew, in a system on a background thread, by `start`.

    Args:
        cls: The agent's class.
        args: For its constructor, kept until `start`.
        kwargs: As *args*.
        system: Where it is to live; this process's default system without one.
        name: What it is to be called; its class's name without one.
    """

    def __init__(
        self,
        cls: "type[Agent]",
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        system: _default.DefaultSystem | None = None,
        name: str | None = None,
    ) -> None:
        self._cls, self._args, self._kwargs = cls, args, kwargs
        self._given, self._wanted = system, name or _name_of(cls)
        self._ref: ActorRef[Any] | None = None

    # -- life cycle ---------------------------------------------------------------------------------------------------
    def start(self) -> Self:
        """Start the agent, or start it again after `stop`. Returns when it is up; the script's end waits for it."""
        system = self._system("start")
        if self._ref is not None:
            self._ref = system.start(self._ref)
        if self._ref is None:
            self._ref = system.create(self._cls, self._args, self._kwargs, self._wanted)
        return self

    def stop(self) -> None:
        """Stop the agent: it finishes what is in hand. `start` begins it again, and its conversation goes on."""
        self._system("stop").stop(self._need_ref("stop"))

    def pause(self) -> None:
        """Pause the agent: after what is in hand, or between two tokens of it."""
        self._system("pause").signal(self._need_ref("pause").pause)

    def resume(self) -> None:
        """Take a pause back."""
        self._system("resume").signal(self._need_ref("resume").resume)

    def destroy(self) -> None:
        """Stop the agent for good, and forget its conversation."""
        self._system("destroy").destroy(self._need_ref("destroy"))
        self._ref = None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the agent has ended, at most *timeout* seconds; answer whether it has."""
        return self._system("wait").wait(self._need_ref("wait"), timeout)

    @property
    def name(self) -> str:
        """The agent's name in its system; before `start`, what it will be called if that is free."""
        return self._ref.name if self._ref is not None else self._wanted

    @property
    def state(self) -> str:
        """What the agent does now: created, starting, idle, running, pausing, paused, stopping, stopped."""
        return _default.state_of(self._ref)

    # -- talking ------------------------------------------------------------------------------------------------------
    def answer(self, question: str, timeout: float | None = None) -> str:
        """Ask, and block until the whole answer is there.

        Raises:
            AnswerFailedError: The model gives no answer.
            AskTimeoutError: It took longer than *timeout* seconds.
        """
        return str(self.ask(self._cls.answer(question), timeout))

    def say(self, question: str) -> Iterator[AgentChunk]:
        """Ask, and yield the answer's chunks as they come: `for chunk in agent.say("…"): print(chunk, end="")`.

        Raises:
            AnswerFailedError: The model gives no answer.
        """
        return self._system("say").stream(self._need_ref("say"), self._cls.say(question))

    def forget(self) -> None:
        """Begin a new conversation."""
        self.ask(self._cls.forget())

    def ask(self, message: Message[Any, Any], timeout: float | None = None) -> Any:
        """Ask any endpoint of the agent's class, and block until the answer is there: `agent.ask(MyAgent.add(1))`."""
        return self._system("ask").ask(self._need_ref("ask"), message, timeout)

    def tell(self, message: object) -> bool:
        """Send a message and go on."""
        return self._need_ref("tell").tell(message)

    # -- with ---------------------------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<handle of agent `{self.name}` ({self._cls.__name__}, {self.state})>"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"this is the handle of a {self._cls.__name__}, which has no `{name}`: the agent itself is made by "
            "`start()` and lives on another thread; reach it by messages, as in `agent.ask(MyAgent.some_endpoint())`"
        )

    def _need_ref(self, verb: str) -> ActorRef[Any]:
        if self._ref is None:
            raise HandleStateError(self.name, "has not been started", f"call `start()` before `{verb}()`")
        return self._ref

    def _system(self, verb: str) -> _default.DefaultSystem:
        """Answer the system, but never on a running loop: whatever follows blocks."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # no loop is running: the ordinary case
            return self._given or _default.default_system()
        raise HandleOnLoopError(verb)


def _name_of(cls: type) -> str:
    """Make a name out of a class's: `MyAgent` is `my-agent`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower().strip("_") or "agent"
