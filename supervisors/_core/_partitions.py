"""Which partition a key belongs to: the same one in every process, on every machine, in every release.

Rules
1. A key is text, bytes or a whole number. Each kind is encoded under a mark of its own, so that `1`, `"1"` and `b"1"`
   are three keys.
2. The partition is the checksum (CRC-32) of the encoded key, modulo the number of partitions. `hash()` will not do: it
   is salted, and differs from process to process.
"""

from __future__ import annotations

from typing import TypeAlias
from zlib import crc32

from supervisors.errors import PartitionKeyError

Key: TypeAlias = str | bytes | int


def partition_of(key: Key, partitions: int) -> int:
    """Return the number, from 0, of the partition that *key* belongs to.

    Raises:
        PartitionKeyError: *key* is of another type.
    """
    return crc32(_encoded(key)) % partitions


def _encoded(key: object) -> bytes:
    if isinstance(key, str):
        return b"s" + key.encode("utf-8", "surrogatepass")
    if isinstance(key, bytes):
        return b"b" + key
    if isinstance(key, int) and not isinstance(key, bool):
        return b"i%d" % key
    raise PartitionKeyError(key)
