"""Why a GGUF file does not load. llama.cpp says so only on the process's standard error, so we look ourselves.

The layout (ggml's docs/gguf.md), little-endian: magic, version, number of tensors, number of keys; for each key its
name, type and value; for each tensor its name, dimensions, type and offset; then, aligned, the tensors' data.
"""

import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
VERSIONS = frozenset({2, 3})
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value, by type number; 8 is a string and 9 an array."""
_STRING, _ARRAY, _UINT32 = 8, 9, 4
_CUT = "the file is cut short"
_MOST = 1 << 24
"""More keys, tensors or bytes in a name than this are nonsense, not a model."""


def complaint(path: Path) -> str | None:
    """Answer what is wrong with the file at *path* as far as its header and size tell, or None.

    Raises:
        OSError: The file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            return "it is not a GGUF file"
        try:
            return _complaint(file, size)
        except (struct.error, EOFError):
            return f"{_CUT} within its header ({size:,} bytes)"
        except (KeyError, ValueError, OverflowError):
            return "its header is damaged"


def _complaint(file: BinaryIO, size: int) -> str | None:
    version = _number(file, "<I")
    if version not in VERSIONS:
        return f"it is GGUF of version {version}; versions 2 and 3 are known"
    tensors, keys = _count(file), _count(file)
    alignment = 32
    for _ in range(keys):
        key, kind = _text(file), _number(file, "<I")
        if key == b"general.alignment" and kind == _UINT32:
            alignment = _number(file, "<I")
        else:
            _skip(file, kind)
    last = max((_tensor_offset(file) for _ in range(tensors)), default=0)
    data = -(-file.tell() // alignment) * alignment
    return f"{_CUT} ({size:,} bytes, at least {data + last:,} are due)" if size <= data + last else None


def _tensor_offset(file: BinaryIO) -> int:
    _text(file)
    dimensions = _number(file, "<I")
    _move(file, 8 * dimensions + 4)
    return _number(file, "<Q")


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        _text(file)
    elif kind == _ARRAY:
        items, count = _number(file, "<I"), _count(file)
        if items in _SIZES:
            _move(file, _SIZES[items] * count)
        else:
            for _ in range(count):
                _skip(file, items)
    else:
        _move(file, _SIZES[kind])


def _text(file: BinaryIO) -> bytes:
    length = _count(file)
    text = file.read(length)
    if len(text) < length:
        raise EOFError
    return text


def _count(file: BinaryIO) -> int:
    count = _number(file, "<Q")
    if count > _MOST:
        raise ValueError(count)
    return count


def _move(file: BinaryIO, count: int) -> None:
    file.seek(count, 1)


def _number(file: BinaryIO, layout: str) -> int:
    (number,) = struct.unpack(layout, file.read(struct.calcsize(layout)))
    return int(number)
