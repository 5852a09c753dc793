"""The command line's side of the control connection: blocking, one order per connection."""

import secrets
import socket
from collections.abc import Generator, Iterator
from typing import Any

from llmagentos._control._directory import check_private
from llmagentos._control._lease import Running, running_systems
from llmagentos._control._peer import check_server, peer_of
from llmagentos._control.errors import (
    ControlRefusedError,
    SeveralSystemsError,
    SystemNotRunningError,
    VerbFailedError,
)
from llmagentos._core.control import (
    NONCE_BYTES,
    REPLY_LIMIT,
    REQUEST_LIMIT,
    VERSION,
    Level,
    level_key,
    line_of,
    proof,
    proves,
    read_line,
)

PATIENCE = 10.0
"""Seconds for the system to answer with the next row."""


def find(name: str | None) -> Running:
    """Answer the running system called *name*, or the only one.

    Raises:
        SystemNotRunningError: There is none.
        SeveralSystemsError: There are several, and no name.
    """
    systems = running_systems()
    if name is not None:
        systems = [system for system in systems if system.name == name]
    if not systems:
        raise SystemNotRunningError(name)
    if len(systems) > 1:
        raise SeveralSystemsError(tuple(system.name for system in systems))
    return systems[0]


def ask(running: Running, verb: str, level: Level = Level.READ, **args: object) -> list[dict[str, Any]]:
    """Answer all rows that *verb* gives.

    Raises:
        ControlRefusedError: The other side is not trusted, or does not trust us.
        VerbFailedError: The system could not do it.
        SystemNotRunningError: It ended meanwhile.
    """
    return list(follow(running, verb, level, PATIENCE, **args))


def follow(
    running: Running, verb: str, level: Level = Level.READ, patience: float | None = None, **args: object
) -> Generator[dict[str, Any], None, None]:
    """Yield the rows that *verb* gives, as they come; closing the iterator ends the order. Raises as `ask` does."""
    order = line_of({"verb": verb, "args": args})
    if len(order) > REQUEST_LIMIT:
        raise VerbFailedError(f"`{verb}` with {len(order)} bytes is too long for an order; the most is {REQUEST_LIMIT}")
    check_private(running.directory)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(running.address))
            check_server(peer_of(connection), running.pid)
            lines = _lines(connection)
            _greet(connection, lines, level_key(running.cookie, level), level)
            connection.sendall(order)
            connection.settimeout(patience)
            yield from _rows(lines)
        except TimeoutError as error:
            raise VerbFailedError(
                f"`{running.name}` did not answer `{verb}` within {PATIENCE:g} s; is it stopped?"
            ) from error
        except (ConnectionError, FileNotFoundError) as error:
            raise SystemNotRunningError(running.name) from error


def _greet(connection: socket.socket, lines: Iterator[dict[str, Any]], key: bytes, level: Level) -> None:
    greeting = _next(lines)
    if greeting.get("llmagentos") != VERSION:
        raise ControlRefusedError(f"it speaks version {greeting.get('llmagentos')}, we speak {VERSION}")
    ours, theirs = secrets.token_hex(NONCE_BYTES), str(greeting.get("nonce"))
    hello = {"level": level.name.lower(), "nonce": ours, "proof": proof(key, "client", theirs, ours)}
    connection.sendall(line_of(hello))
    if not proves(_next(lines).get("proof"), proof(key, "server", theirs, ours)):
        raise ControlRefusedError("the system does not know its own cookie")


def _rows(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while True:
        match _next(lines):
            case {"row": dict(row)}:
                yield row
            case {"end": True}:
                return
            case other:
                raise ControlRefusedError(f"it sent {str(other)[:100]}")


def _next(lines: Iterator[dict[str, Any]]) -> dict[str, Any]:
    line = next(lines, None)
    if line is None:
        raise ConnectionError("the connection was closed")
    if "error" in line:
        raise VerbFailedError(str(line["error"]))
    return line


def _lines(connection: socket.socket) -> Iterator[dict[str, Any]]:
    with connection.makefile("rb") as file:
        while line := file.readline(REPLY_LIMIT):
            if not line.endswith(b"\n"):
                raise ControlRefusedError(f"it sent a line of more than {REPLY_LIMIT} bytes")
            yield read_line(line)
