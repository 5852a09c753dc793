"""Orders go through for who owns the system and knows its cookie, up to the level proven; for nobody else."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from waiting import until

from llmagentos._control import _client as client
from llmagentos._control import _server as server_module
from llmagentos._control._lease import Lease, claim
from llmagentos._control._peer import Peer, check_client, check_server
from llmagentos._control._server import ControlServer, Rows, Verb
from llmagentos._control.errors import (
    ControlRefusedError,
    SeveralSystemsError,
    SystemNotRunningError,
    VerbFailedError,
)
from llmagentos._core.control import REQUEST_LIMIT, Level, line_of

R = TypeVar("R")


async def _count(args: dict[str, Any]) -> Rows:
    for i in range(int(args["to"])):
        yield {"i": i}


async def _fail(args: dict[str, Any]) -> Rows:
    raise VerbFailedError("there is no actor `x`")
    yield {}


class Endless:
    """A verb that never ends, and knows when it was left."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def answer(self, args: dict[str, Any]) -> Rows:
        try:
            yield {"log": "first"}
            await asyncio.Event().wait()
        finally:
            self.left.set()


@pytest.fixture
def endless() -> Endless:
    return Endless()


@pytest.fixture
async def lease(endless: Endless) -> AsyncIterator[Lease]:
    lease = claim("demo")
    verbs = {
        "count": Verb(Level.READ, _count),
        "fail": Verb(Level.READ, _fail),
        "stop": Verb(Level.CONTROL, _count),
        "follow": Verb(Level.READ, endless.answer),
    }
    server = ControlServer(lease, verbs)
    await server.open()
    yield lease
    await server.close()
    lease.release()


async def _threaded(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    return await asyncio.to_thread(function, *args, **kwargs)


async def test_a_verb_answers_with_rows(lease: Lease) -> None:
    assert await _threaded(client.ask, client.find("demo"), "count", to=3) == [{"i": 0}, {"i": 1}, {"i": 2}]


async def test_a_verb_that_fails_answers_with_its_sentence(lease: Lease) -> None:
    with pytest.raises(VerbFailedError, match="there is no actor `x`"):
        await _threaded(client.ask, client.find(None), "fail")


async def test_an_unknown_verb_is_said_to_be_unknown(lease: Lease) -> None:
    with pytest.raises(VerbFailedError, match="knows no verb `dance`"):
        await _threaded(client.ask, client.find("demo"), "dance")


async def test_a_level_reaches_no_verb_above_it(lease: Lease) -> None:
    running = client.find("demo")
    with pytest.raises(VerbFailedError, match="`stop` needs level control, you have read"):
        await _threaded(client.ask, running, "stop", to=1)
    assert await _threaded(client.ask, running, "stop", Level.CONTROL, to=1) == [{"i": 0}]
    assert await _threaded(client.ask, running, "stop", Level.SECRETS, to=0) == []


async def test_leaving_a_stream_ends_it(lease: Lease, endless: Endless) -> None:
    def look() -> object:
        with closing(client.follow(client.find("demo"), "follow")) as rows:
            return next(rows)

    assert await _threaded(look) == {"log": "first"}
    await asyncio.wait_for(endless.left.wait(), 5)


async def test_a_wrong_cookie_is_refused(lease: Lease) -> None:
    (lease.running.directory / "cookie").write_bytes(b"x" * 32)
    with pytest.raises(VerbFailedError, match="the cookie is wrong"):
        await _threaded(client.ask, client.find("demo"), "count", to=1)


async def test_a_process_that_the_system_started_is_refused(lease: Lease) -> None:
    program = "from llmagentos._control import _client as c; c.ask(c.find('demo'), 'count', to=1)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, errors = await child.communicate()
    assert b"was started by this system and may not control it" in errors


async def test_a_stranger_s_socket_is_refused(home: Path) -> None:
    lease = claim("demo")
    listener = lease.listen()
    (home / "demo" / "lock").write_text("1")
    try:
        with pytest.raises(ControlRefusedError, match="not by process 1"):
            await _threaded(client.ask, client.find("demo"), "count", to=1)
    finally:
        listener.close()
        lease.release()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"[]\n", "a line was no JSON object"),
        (b"nonsense\n", "could not be read"),
        (b"[" * 60_000 + b"\n", "nested too deeply"),
        (b"x" * (REQUEST_LIMIT + 10) + b"\n", "could not be read"),
        (b'{"level": "god"}\n', "there is no level 'god'"),
        (b'{"level": "read", "nonce": 1, "proof": 2}\n', "the cookie is wrong"),
    ],
)
async def test_what_is_no_order_is_refused_and_the_server_goes_on(lease: Lease, line: bytes, words: str) -> None:
    def talk() -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(lease.running.address))
            raw.sendall(line)
            greeting, reply = raw.makefile("rb").read().splitlines()
            assert json.loads(greeting)["system"] == "demo"
            answer: dict[str, Any] = json.loads(reply)
            return answer

    assert words in (await _threaded(talk))["error"]
    assert await _threaded(client.ask, client.find("demo"), "count", to=1) == [{"i": 0}]


async def test_a_client_that_says_nothing_is_left(lease: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.05)

    def listen() -> bytes:
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(lease.running.address))
            return raw.makefile("rb").read()

    assert (await _threaded(listen)).count(b"\n") == 1


@pytest.mark.parametrize("rows", [2_000, 1_000_000], ids=["some rows", "rows without end"])
async def test_of_a_client_that_does_not_read_nothing_is_kept(
    lease: Lease, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(server_module, "PATIENCE", 0.05)
    monkeypatch.setattr(server_module, "line_of", lambda value: line_of(value | {"more": "x" * 200}))
    before = sockets()
    stalled = client.follow(client.find("demo"), "count", to=rows)
    assert await _threaded(lambda: next(stalled)) == {"i": 0}
    await until(lambda: sockets() == before + 1)
    stalled.close()


def sockets() -> int:
    """Count the sockets that this process has open."""
    return sum("socket:" in _target(entry) for entry in Path("/proc/self/fd").iterdir())


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


async def test_too_many_clients_are_refused(lease: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS", 0)
    with pytest.raises(VerbFailedError, match="0 connections are open already"):
        await _threaded(client.ask, client.find("demo"), "count", to=1)


def test_no_system_and_several_systems_are_told_apart() -> None:
    with pytest.raises(SystemNotRunningError, match="start one with `llmagentos chat`"):
        client.find(None)
    leases = [claim("a"), claim("b")]
    listeners = [lease.listen() for lease in leases]
    with pytest.raises(SeveralSystemsError, match=r"2 systems are running \(a, b\)"):
        client.find(None)
    assert client.find("b").name == "b"
    for listener, lease in zip(listeners, leases, strict=True):
        listener.close()
        lease.release()


def test_another_user_is_refused() -> None:
    with pytest.raises(ControlRefusedError, match="user 12345 does not own this system"):
        check_client(Peer(os.getpid(), 12345))
    with pytest.raises(ControlRefusedError, match="of user 12345"):
        check_server(Peer(os.getpid(), 12345), os.getpid())


def test_a_process_of_another_namespace_is_refused() -> None:
    with pytest.raises(ControlRefusedError, match="another namespace"):
        check_client(Peer(0, os.getuid()))
