"""What can go wrong with agents.

AgentError
  AnswerFailedError      the model is there, or was there too often, and gives no answer
  NoModelsError          an agent in a tree without models
  AgentAsksItselfError   an agent used a verb of its handle on itself
  HandleOnLoopError      a handle blocks, and was used on a running event loop
  HandleStateError       a verb that does not fit what the agent behind a handle does now
  SystemEndedError       the system behind a handle is over; `__cause__` says why
"""

from llmagentos.errors import LLMAgentOSError

__all__ = [
    "AgentAsksItselfError",
    "AgentError",
    "AnswerFailedError",
    "HandleOnLoopError",
    "HandleStateError",
    "NoModelsError",
    "SystemEndedError",
]


class AgentError(LLMAgentOSError):
    """The base of all errors about agents."""


class AnswerFailedError(AgentError):
    """There is no answer. The conversation goes on with the next question."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Give the reason."""
        return self.reason


class NoModelsError(AgentError):
    """An agent found no models above it in its tree."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        """Name the ways to have models."""
        return (
            f"agent `{self.path}` finds no models in its tree; start it with `llmagentos run`, with `agent.start()`, "
            "or add `models = child(Models)` to a supervisor above it"
        )


class AgentAsksItselfError(AgentError):
    """A verb for those outside was used by the agent itself."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        """Name what to use instead."""
        return f"`{self.verb}()` is for those outside an agent; inside, use `self.context`, as in `self.context.stop()`"


class HandleOnLoopError(AgentError, RuntimeError):
    """A handle blocks, and would block the running loop."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        """Name what to use instead."""
        return (
            f"`{self.verb}()` of an agent's handle blocks, and a loop is running here; spawn the class instead: "
            "`ref = await system.spawn(MyAgent)`, then `await ref.ask(MyAgent.answer(...))`"
        )


class HandleStateError(AgentError, RuntimeError):
    """The agent behind a handle was not started, or is over."""

    def __init__(self, name: str, state: str, remedy: str) -> None:
        super().__init__(name, state, remedy)
        self.name, self.state, self.remedy = name, state, remedy

    def __str__(self) -> str:
        """Name agent, state and remedy."""
        return f"agent `{self.name}` {self.state}; {self.remedy}"


class SystemEndedError(AgentError, RuntimeError):
    """The system in which an agent lived has ended, and the agent with it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Say that there is nothing to talk to."""
        return f"the system `{self.name}` has ended, and everything in it; begin a new program"
