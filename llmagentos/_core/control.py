"""The words of the control connection: levels, proofs, lines, limits.

Theory of operation
1. One connection carries one request. Lines are JSON objects; a line of a client has at most `REQUEST_LIMIT` bytes.
2. The server greets with a nonce. The client names a level, sends a nonce of its own, and proves that it knows the key
   of that level: HMAC-SHA256 over both nonces. The server proves the same, so that nobody trusts a stranger's socket.
3. The key of a level is derived from the cookie, so that a level can be handed on without the levels above it.
4. The client sends a verb with arguments; the server answers with rows, and with one end or one error.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

VERSION = 1
REQUEST_LIMIT = 64 * 1024
"""Bytes in a line from a client."""
REPLY_LIMIT = 4 * 1024 * 1024
"""Bytes in a line from a server."""
NONCE_BYTES = 32


class Level(IntEnum):
    """What a connection may do; each level may do all that the ones below it may."""

    READ = 1
    CONTROL = 2
    SECRETS = 3
    FAULTS = 4


@dataclass(frozen=True, slots=True)
class Order:
    """A verb with its arguments."""

    verb: str
    args: dict[str, Any]


def level_key(cookie: bytes, level: Level) -> bytes:
    """Derive the key of *level* from the *cookie*."""
    return hmac.digest(cookie, f"llmagentos control level {level.name}".encode(), hashlib.sha256)


def proof(key: bytes, side: str, server_nonce: str, client_nonce: str) -> str:
    """Answer what only somebody with the *key* can say in this connection, as *side* ("client" or "server")."""
    return hmac.digest(key, f"{side} {server_nonce} {client_nonce}".encode(), hashlib.sha256).hex()


def proves(claimed: object, expected: str) -> bool:
    """Compare in constant time; anything but a string proves nothing."""
    return isinstance(claimed, str) and hmac.compare_digest(claimed.encode(), expected.encode())


def line_of(value: dict[str, Any]) -> bytes:
    """Write *value* as one line."""
    return json.dumps(value, separators=(",", ":"), default=str).encode() + b"\n"


def read_line(line: bytes) -> dict[str, Any]:
    """Read one line.

    Raises:
        ValueError: It is no JSON object, or nested too deeply.
    """
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise ValueError("a line was nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("a line was no JSON object")  # noqa: TRY004 - it is the peer's value that is wrong
    return value


def read_level(name: object) -> Level:
    """Read the name of a level.

    Raises:
        ValueError: There is no such level.
    """
    for level in Level:
        if level.name.lower() == name:
            return level
    raise ValueError(f"there is no level {name!r}; levels are {', '.join(level.name.lower() for level in Level)}")


def read_order(line: bytes) -> Order:
    """Read a client's order.

    Raises:
        ValueError: It is none.
    """
    match read_line(line):
        case {"verb": str(verb), "args": dict(args)}:
            return Order(verb, args)
        case _:
            raise ValueError('an order is {"verb": NAME, "args": {...}}')
