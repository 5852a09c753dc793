"""What `create` and `rm` do in the system: what is refused leaves nothing, and what is removed leaves nothing."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from llmactors import ActorSystem
from llmactors.hosts import Loop
from llmagentos import Agent, AgentOS, Journal
from llmagentos._control._agents import AgentVerbs
from llmagentos._control._verbs import Verbs
from llmagentos._control.errors import VerbFailedError
from llmagentos._core.control import Level
from llmagentos.models.scripted import ScriptedSpec
from supervisors import DynamicSupervisor, child


class InProcess(AgentOS):
    def __init__(self) -> None:
        super().__init__(host=Loop())


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem(InProcess) as system:
        yield system


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Answer the path of a file that could be a model: none is loaded before the first question."""
    path = tmp_path / "some.gguf"
    path.write_bytes(b"")
    return str(path)


async def order(system: ActorSystem, verb: str, /, **args: object) -> dict[str, Any]:
    (row,) = [row async for row in Verbs(system).table()[verb].answer(args)]
    return row


async def test_who_may_only_read_makes_asks_and_destroys_nobody(system: ActorSystem) -> None:
    table = Verbs(system).table()
    assert {table[verb].level for verb in ("create", "ask", "rm")} == {Level.CONTROL}


async def test_an_agent_is_made_with_its_model_and_its_instructions(system: ActorSystem, model: str) -> None:
    row = await order(system, "create", name="clerk", model=model, system="Be kind.")
    assert {key: row[key] for key in ("path", "kind", "state")} == {
        "path": "/agents/clerk",
        "kind": "agent",
        "state": "idle",
    }
    agent = system.ref("agents/clerk")
    assert (agent.cls, agent.state) == (Agent, "idle")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "'None' cannot be an agent's name"),
        ({"name": 7}, "'7' cannot be an agent's name"),
        ({"name": "7"}, "a letter first"),
        ({"name": "a/b"}, "'a/b' cannot be an agent's name"),
        ({"name": "a\n"}, "cannot be an agent's name"),
        ({"name": "x" * 42}, "up to 41 letters"),
        ({"name": "clerk", "model": ["smollm2"]}, "`model` says nothing that could be read"),
        ({"name": "clerk", "model": "nope"}, "there is no model `nope`; known models are: smollm2"),
        ({"name": "clerk", "model": "/nowhere.gguf"}, "there is no model file at `/nowhere.gguf`"),
        ({"name": "clerk", "model": "/" + "x" * 300 + ".gguf"}, "the model's file cannot be looked at"),
        ({"name": "clerk", "system": "  "}, "`system` says nothing that could be read"),
        ({"name": "clerk", "system": "\udcff"}, "`system` says nothing that could be read"),
    ],
)
async def test_what_cannot_be_made_is_said_and_nothing_is_made(
    system: ActorSystem, args: dict[str, Any], words: str
) -> None:
    with pytest.raises(VerbFailedError) as refused:
        await order(system, "create", **args)
    assert words in str(refused.value)
    assert system.ref("agents").children() == ()


async def test_a_name_is_taken_until_its_agent_is_removed(system: ActorSystem, model: str) -> None:
    await order(system, "create", name="clerk", model=model)
    with pytest.raises(VerbFailedError, match="an agent `clerk` is there already; take another name"):
        await order(system, "create", name="clerk", model=model)
    await order(system, "stop", which="clerk")
    with pytest.raises(VerbFailedError, match="`llmagentos start clerk` starts it, `llmagentos rm clerk` destroys it"):
        await order(system, "create", name="clerk", model=model)
    assert await order(system, "rm", which="clerk") == {"name": "clerk", "path": "/agents/clerk", "state": "removed"}
    assert (await order(system, "create", name="clerk", model=model))["restarts"] == 0


@pytest.mark.parametrize("stopped", [False, True])
async def test_with_an_agent_goes_its_conversation(system: ActorSystem, stopped: bool) -> None:
    spec = child(partial(Agent, model=ScriptedSpec(answers=("Hello.",))), name="clerk", restart="transient")
    clerk = await system.ref("agents").ask(DynamicSupervisor.start_child(spec))
    assert await clerk.ask(Agent.answer("Hi.")) == "Hello."
    journal = system.ref("journal")
    assert await journal.ask(Journal.fetch("/agents/clerk")) is not None
    if stopped:
        await order(system, "stop", which="clerk")
    await order(system, "rm", which="/agents/clerk")
    assert await journal.ask(Journal.fetch("/agents/clerk")) is None
    assert await system.ref("agents").ask(DynamicSupervisor.which_children()) == []


async def test_an_agent_is_removed_by_its_id_too(system: ActorSystem, model: str) -> None:
    row = await order(system, "create", name="clerk", model=model)
    await order(system, "rm", which=row["id"])
    assert system.ref("agents").children() == ()


async def test_what_is_no_agent_is_not_removed(system: ActorSystem) -> None:
    agents = system.ref("agents")
    _ = await agents.ask(DynamicSupervisor.start_child(child(Journal, name="other")))
    for which in ("nobody", "other", "journal", "/models", "agents"):
        with pytest.raises(VerbFailedError, match=f"there is no agent `{which}` under `/agents`"):
            await AgentVerbs(system).remove(which)
    assert agents.children()[0].state == "idle"
