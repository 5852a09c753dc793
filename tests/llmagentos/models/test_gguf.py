"""What is wrong with a GGUF file, told from its header."""

import struct
from pathlib import Path

import pytest

from llmagentos.models._gguf import complaint


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf(*, version: int = 3, data: int = 64) -> bytes:
    keys = [
        text(b"general.name") + struct.pack("<I", 8) + text(b"tiny"),
        text(b"general.alignment") + struct.pack("<II", 4, 64),
        text(b"tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b"),
        text(b"scores") + struct.pack("<IIQff", 9, 6, 2, 0.5, 0.25),
        text(b"flag") + struct.pack("<IB", 7, 1),
    ]
    tensors = [
        text(b"one") + struct.pack("<IQIQ", 1, 8, 0, 0),
        text(b"two") + struct.pack("<IQQIQ", 2, 4, 2, 0, 32),
    ]
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys)) + b"".join(keys + tensors)
    return header + b"\0" * (-len(header) % 64) + b"\1" * data


def test_a_whole_file_has_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf())
    assert complaint(path) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a GGUF file"),
        (b"PK\3\4 something else", "not a GGUF file"),
        (gguf(version=9), "version 9"),
        (gguf(data=32), "cut short"),
        (gguf(data=0), "cut short"),
        (b"GGUF", "cut short within its header"),
        (gguf()[:100], "cut short within its header"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"x") + struct.pack("<I", 77), "damaged"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert reason in (complaint(path) or "")


def test_no_cut_of_a_file_passes_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    whole = gguf(data=33)
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        assert complaint(path) is not None, length
