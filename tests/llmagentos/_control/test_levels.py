"""Each verb needs its level: who may only read sees no state and no messages."""

import asyncio

import pytest

from llmactors import ActorSystem
from llmagentos._control import _client as client
from llmagentos._control._lease import claim
from llmagentos._control._server import ControlServer
from llmagentos._control._verbs import Verbs
from llmagentos._control.errors import VerbFailedError
from llmagentos._core.control import Level

NEEDED = {
    Level.READ: {"ps", "inspect", "logs"},
    Level.CONTROL: {"stop", "start", "restart", "kill", "pause", "resume", "rm", "create", "ask"},
    Level.SECRETS: {"state", "trace"},
}


@pytest.mark.parametrize("level", NEEDED, ids=lambda level: level.name)
async def test_a_verb_needs_its_level(level: Level) -> None:
    async with ActorSystem() as system:
        table = Verbs(system).table()
        assert {table[verb].level for verb in NEEDED[level]} == {level}


@pytest.mark.parametrize("verb", ["state", "trace"])
@pytest.mark.parametrize("level", [Level.READ, Level.CONTROL], ids=lambda level: level.name)
async def test_who_has_not_the_level_of_secrets_is_told_so(verb: str, level: Level) -> None:
    async with ActorSystem(name="shop") as system:
        lease = claim("shop")
        server = ControlServer(lease, Verbs(system).table())
        await server.open()
        running = client.find("shop")
        with pytest.raises(VerbFailedError, match=f"`{verb}` needs level secrets, you have {level.name.lower()}"):
            await asyncio.to_thread(client.ask, running, verb, level, which="x")
        await server.close()
        lease.release()
