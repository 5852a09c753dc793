"""What may be done with agents from outside, beside what is done with any actor: make one, ask one, destroy one."""

import re
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from llmactors import ActorRef, ActorSystem
from llmagentos._control._rows import kind_of, row_of
from llmagentos._control.errors import VerbFailedError
from llmagentos._journal import Journal
from llmagentos._messages import Said
from llmagentos.models._recipes import recipe
from supervisors import ChildInfo, DynamicSupervisor, child
from supervisors.errors import AlreadyPresentError, AlreadyStartedError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")
"""No digit comes first: an actor's id is a number, and both say which actor is meant."""
ORDER_TIMEOUT = 30.0
"""Seconds that making or destroying an agent may take."""


class AgentVerbs:
    """The verbs about one system's agents. What the tree or the models refuse is raised as they say it.

    Args:
        system: The system. It has the agent OS's tree.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    async def create(self, args: dict[str, Any]) -> dict[str, Any]:
        """Make an agent and start it. Its model is not loaded before the first question.

        Raises:
            VerbFailedError: It cannot be called so, or another one is.
            ModelError: There is no such model here.
        """
        from llmagentos.agents._agent import Agent  # noqa: PLC0415 - its handles boot the tree in which this stands

        name = _name(args)
        model, instructions = _text(args, "model"), _text(args, "system")
        _check_model(model or Agent.model)
        spec = child(partial(Agent, model=model, instructions=instructions), name=name, restart="transient")
        try:
            ref = await self._agents.ask(DynamicSupervisor.start_child(spec), timeout=ORDER_TIMEOUT)
        except AlreadyStartedError as error:
            raise VerbFailedError(f"an agent `{name}` is there already; take another name") from error
        except AlreadyPresentError as error:
            raise VerbFailedError(
                f"an agent `{name}` is there already, stopped; `llmagentos start {name}` starts it, "
                f"`llmagentos rm {name}` destroys it"
            ) from error
        return row_of(ref)

    async def ask(self, agent: ActorRef[Any], args: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Ask *agent*, and tell the pieces of its answer: what is `said`, and in a `note` what happens beside it.

        Raises:
            VerbFailedError: It is no agent, or there is no question.
            AnswerFailedError: Its model gives no answer.
        """
        question = _text(args, "prompt")
        if question is None or kind_of(agent.cls) != "agent":
            what = "there is no question" if question is None else f"`{agent.path}` is no agent"
            raise VerbFailedError(f"{what}; ask as in `llmagentos ask NAME QUESTION`")
        async with agent.stream(agent.cls.say(question)) as chunks:
            async for chunk in chunks:
                yield {"said": chunk.text} if isinstance(chunk, Said) else {"note": str(chunk).strip()}

    async def remove(self, which: str) -> dict[str, Any]:
        """Destroy an agent: stop it in order if it runs, forget its conversation, and free its name.

        The name comes last: whoever gets it next must not find the conversation of the one before.

        Raises:
            VerbFailedError: There is no such agent under the agents' supervisor.
        """
        agents = self._agents
        info = await self._find(which)
        await agents.ask(DynamicSupervisor.terminate_child(info.name), timeout=ORDER_TIMEOUT)
        path = f"{agents.path}/{info.name}"
        await self._system.ref("journal").ask(Journal.forget(path), timeout=ORDER_TIMEOUT)
        await agents.ask(DynamicSupervisor.delete_child(info.name), timeout=ORDER_TIMEOUT)
        return {"name": info.name, "path": path, "state": "removed"}

    @property
    def _agents(self) -> ActorRef[Any]:
        return self._system.ref("agents")

    async def _find(self, which: str) -> ChildInfo:
        """Answer the agent of that name, path or id, running or not."""
        home = self._agents.path
        for info in await self._agents.ask(DynamicSupervisor.which_children(), timeout=ORDER_TIMEOUT):
            names = {info.name, *((str(info.ref.id),) if info.ref is not None else ())}
            if kind_of(info.actor) == "agent" and (which in names or "/" + which.strip("/") == f"{home}/{info.name}"):
                return info
        raise VerbFailedError(
            f"there is no agent `{which}` under `{home}`; what belongs to a program is not removed, but stopped: "
            "`llmagentos stop`"
        )


def _name(args: dict[str, Any]) -> str:
    name = args.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise VerbFailedError(
            f"{str(name)[:60]!r} cannot be an agent's name; use up to 41 letters, digits, `_`, `.` and `-`, "
            "a letter first"
        )
    return name


def _text(args: dict[str, Any], key: str) -> str | None:
    text = args.get(key)
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip() or not _is_whole(text):
        raise VerbFailedError(f"`{key}` says nothing that could be read; give it as text, or leave it out")
    return text


def _is_whole(text: str) -> bool:
    """Whether *text* can be written: bytes of another encoding come from a shell as halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_model(model: Any) -> None:
    """See that there is such a model: what is wrong is told to who makes the agent, not to who asks it first."""
    try:
        recipe(model)
    except OSError as error:
        raise VerbFailedError(f"the model's file cannot be looked at: {error}") from error
