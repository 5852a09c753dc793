"""An actor that keeps and returns large values. It lives in a module of its own, which workers import quickly."""

import fcntl
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from llmactors import Actor, message
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._segments import NUMBER

LARGE = bytes(range(256)) * 1024  # 256 KiB
ALL_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
NUMBERS = np.arange(60_000)  # numpy has to be imported where arrays arrive


def memfd(size: int, seals: int) -> int:
    descriptor = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


class Store(Actor):
    def __init__(self) -> None:
        self.kept: list[Any] = []

    @message
    def echo(self, value: Any) -> Any:
        return value

    @message
    def keep(self, value: Any) -> int:
        self.kept.append(value)
        return len(self.kept)

    @message
    def kept_so_far(self) -> list[Any]:
        return self.kept

    @message
    def sums(self) -> list[float]:
        return [float(value.sum()) for value in self.kept]

    @message
    def spoil(self, value: Any) -> float:
        value[:] = 0
        return float(value.sum())

    @message
    async def parts(self, count: int) -> AsyncIterator[bytes]:
        for number in range(count):
            yield bytes([number]) * 100_000

    @message
    def pid(self) -> int:
        return os.getpid()

    @message
    def mappings(self) -> int:
        return mappings()

    @message
    def misbehave(self, how: str) -> bytes:
        segments = self.context._worker.segments  # type: ignore[attr-defined]  # a worker may do what it likes
        match how:
            case "unsealed" | "short":
                descriptor = memfd(4096, ALL_SEALS if how == "short" else 0)
                socket.send_fds(segments._end, [NUMBER.pack(segments._last + 1)], [descriptor])
                os.close(descriptor)
                segments.put = lambda data: [segments._last + 1, len(data)]
            case "missing":
                segments.put = lambda data: [77, len(data)]
            case "released":
                segments._put([int(Op.RELEASE), [5]])
            case "made up":
                segments.send_back = lambda data: [5, len(data)]
        return LARGE


def mappings() -> int:
    """How many segments are mapped here."""
    return Path("/proc/self/maps").read_text().count("memfd:llmactors ")
