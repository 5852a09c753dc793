"""The system's side of the control connection, on its loop."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from llmagentos._control._lease import Lease
from llmagentos._control._peer import check_client, peer_of
from llmagentos._control.errors import ControlRefusedError, VerbFailedError
from llmagentos._core.control import (
    NONCE_BYTES,
    REQUEST_LIMIT,
    VERSION,
    Level,
    Order,
    level_key,
    line_of,
    proof,
    proves,
    read_level,
    read_line,
    read_order,
)

PATIENCE = 5.0
"""Seconds for a client to say what it wants, and to read what it was sent."""
CONNECTIONS = 32
"""Clients at once; more are refused."""

Rows = AsyncGenerator[dict[str, Any], None]


@dataclass(frozen=True, slots=True)
class Verb:
    """What may be asked: from which level on, and what answers with rows."""

    level: Level
    answer: Callable[[dict[str, Any]], Rows]


class ControlServer:
    """Answers one order per connection, by a table of verbs.

    Args:
        lease: The name and the place.
        verbs: What may be asked. A verb raises `VerbFailedError` with a sentence for the client.
    """

    def __init__(self, lease: Lease, verbs: Mapping[str, Verb]) -> None:
        self._lease = lease
        self._verbs = verbs
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._connected, sock=self._lease.listen(), limit=REQUEST_LIMIT)

    async def close(self) -> None:
        """Stop listening, and cut every client off."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # asyncio calls this in a task
        self._clients.add(task)
        try:
            await self._serve_or_say_why_not(reader, writer)
            await _finish(writer)
        except (ConnectionError, TimeoutError, EOFError):
            return  # the client went away or fell asleep: there is nobody to tell
        finally:
            self._clients.discard(task)
            writer.transport.abort()  # what it was sent and does not read would be kept for it otherwise

    async def _serve_or_say_why_not(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ControlRefusedError, VerbFailedError) as refused:
            await _send(writer, {"error": str(refused)})
        except ValueError as unreadable:
            await _send(writer, {"error": f"the order could not be read: {unreadable}"})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) > CONNECTIONS:
            raise ControlRefusedError(f"{CONNECTIONS} connections are open already; close one")
        check_client(peer_of(writer.get_extra_info("socket")))
        async with asyncio.timeout(PATIENCE):
            level = await self._greet(reader, writer)
            order = read_order(await reader.readline())
        answers = asyncio.create_task(self._answer(order, level, writer))
        gone = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({answers, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            answers.cancel()
            results = await asyncio.gather(answers, gone, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Level:
        """Prove to each other that both know the key of a level, and answer that level."""
        ours = secrets.token_hex(NONCE_BYTES)
        running = self._lease.running
        await _send(writer, {"llmagentos": VERSION, "system": running.name, "pid": running.pid, "nonce": ours})
        hello = read_line(await reader.readline())
        level, theirs = read_level(hello.get("level")), str(hello.get("nonce"))
        key = level_key(self._lease.cookie, level)
        if not proves(hello.get("proof"), proof(key, "client", ours, theirs)):
            raise ControlRefusedError("the cookie is wrong")
        await _send(writer, {"proof": proof(key, "server", ours, theirs)})
        return level

    async def _answer(self, order: Order, level: Level, writer: asyncio.StreamWriter) -> None:
        verb = self._verbs.get(order.verb)
        if verb is None:
            raise VerbFailedError(f"this system knows no verb `{order.verb}`; it may be of another version than you")
        if level < verb.level:
            raise VerbFailedError(
                f"`{order.verb}` needs level {verb.level.name.lower()}, you have {level.name.lower()}"
            )
        async with aclosing(verb.answer(order.args)) as rows:
            async for row in rows:
                await _send(writer, {"row": row})
        await _send(writer, {"end": True})


async def _finish(writer: asyncio.StreamWriter) -> None:
    """Close the connection when the client has read all."""
    writer.close()
    async with asyncio.timeout(PATIENCE):
        await writer.wait_closed()


async def _send(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    writer.write(line_of(value))
    async with asyncio.timeout(PATIENCE):
        await writer.drain()
