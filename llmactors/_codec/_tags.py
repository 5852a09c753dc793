"""What marks a value that MessagePack has no type for.

Such a value travels as a map with one entry: its tag (an extension type without data) and what it is built from.
No dict that users send has such a key, so the two are never confused.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final, TypeAlias

import msgpack

Tree: TypeAlias = Any
"""What MessagePack knows by itself, and maps with one tag as their key."""


class Tag(IntEnum):
    """One for each kind of value; the number is what crosses."""

    TUPLE = 1
    SET = 2
    FROZENSET = 3
    BYTEARRAY = 4
    BIG_INT = 5
    ODD_STR = 6
    COMPLEX = 7
    DICT = 8
    DATETIME = 10
    DATE = 11
    TIME = 12
    TIMEDELTA = 13
    TIMEZONE = 14
    ZONE = 15
    UUID = 16
    DECIMAL = 17
    PATH = 18
    OBJECT = 20
    ENUM = 21
    ERROR = 22
    MESSAGE = 23
    REF = 24
    ARRAY = 30
    NUMPY_SCALAR = 31
    TENSOR = 32
    APART = 40  # bytes in shared memory
    LENT = 41  # memory of an array that stays in shared memory
    BACK = 42  # bytes that the receiver had sent, in shared memory of its own


MARKS: Final = {tag: msgpack.ExtType(tag.value, b"") for tag in Tag}


class RefusedError(Exception):
    """This value cannot cross. Never leaves the codec."""


class SegmentError(Exception):
    """The peer has broken a rule of shared memory. The connection is of no use any more."""


def tagged(tag: Tag, content: Tree) -> Tree:
    """Return *content* marked with *tag*."""
    return {MARKS[tag]: content}
