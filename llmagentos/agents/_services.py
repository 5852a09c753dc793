"""What an agent finds around it: the models, the journal, and the place where its tool calls live."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from llmactors import ActorRef
from llmactors.errors import ActorEndedError, LLMActorsError, UnknownActorError
from llmagentos._journal import Journal
from llmagentos._messages import Call, Outcome, ToolClosed
from llmagentos.agents._calls import GRACE, ToolCall
from llmagentos.agents._mind import WorkerMind
from llmagentos.agents._thinking import Equipment
from llmagentos.agents.errors import NoModelsError
from llmagentos.models._models import Models
from llmagentos.models._worker import ModelWorker
from llmagentos.tools import Tool

if TYPE_CHECKING:
    from llmagentos.agents._agent import Agent


def journal_of(agent: "Agent") -> ActorRef[Journal] | None:
    """Answer the journal above the agent; without one its conversation ends with its life."""
    try:
        return agent.context.ref("journal")
    except UnknownActorError:
        return None


def equipment_of(agent: "Agent", journal: ActorRef[Journal] | None) -> Equipment:
    """Gather what *agent* thinks with."""

    async def keep(record: bytes) -> None:
        if journal is not None:
            await journal.ask(Journal.keep(agent.context.path, record))

    return Equipment(
        mind=WorkerMind(_finder(agent), agent.context.reserve, agent.count_tokens),
        instructions=agent.instructions,
        tools={tool.name: tool for tool in agent.tools},
        call=_caller(agent),
        keep=keep,
        tokens=agent.tokens,
    )


def _finder(agent: "Agent") -> Callable[[], Awaitable[ActorRef[ModelWorker]]]:
    async def find() -> ActorRef[ModelWorker]:
        try:
            models: ActorRef[Models] = agent.context.ref("models")
        except UnknownActorError as error:
            raise NoModelsError(agent.context.path) from error
        return await models.ask(Models.worker(agent.model))

    return find


def _caller(agent: "Agent") -> Callable[[Tool[..., Any], Call], Awaitable[ToolClosed]]:
    async def call(tool: Tool[..., Any], call: Call) -> ToolClosed:
        """Run the call as an actor. Not linked: whatever becomes of it is told, as the call's end."""
        name = f"{tool.name}-{call.id}"
        ref = agent.context.spawn(ToolCall, tool, call, agent.context.name, name=name, shutdown="kill")
        agent.context.unlink(ref)
        try:
            return await ref.ask(ToolCall.run(), timeout=tool.deadline + GRACE)
        except ActorEndedError as ended:
            return ToolClosed(call.id, Outcome.LOST, str(ended))
        except LLMActorsError as error:
            return ToolClosed(call.id, Outcome.FAILED, str(error))
        finally:
            ref.kill("the call is over")

    return call
