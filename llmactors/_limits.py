"""What holds an actor to limits, and what is seen of it: values, the same for every host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Pressure(StrEnum):
    """What `on_pressure` is told: whether something is near its ceiling."""

    HIGH = "high"
    CALM = "calm"


@dataclass(slots=True)
class Caps:
    """The limits of a slot: each incarnation begins with them.

    Attributes:
        cpu: cores; None for as many as there are.
        memory: bytes; None for no limit.
        weight: its part beside others that want CPU time too; None for what the kernel gives everybody.
    """

    cpu: float | None = None
    memory: int | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Enforcement:
    """How an actor is held to limits here: what its host and this machine allow.

    Attributes:
        cpu: what holds back its CPU time.
        memory: what holds back its memory.
        weights: what sees to weights beside others; empty where nothing does.
    """

    cpu: str
    memory: str
    weights: str = ""

    def __str__(self) -> str:
        cpu, memory = self.cpu.rsplit(" ", 1), self.memory.rsplit(" ", 1)
        if len(cpu) == len(memory) and cpu[0] == memory[0]:  # one thing does both
            return f"{self.cpu}+{memory[-1]}"
        return f"{self.cpu} + {self.memory}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What an actor uses at one moment, as its host can tell.

    Attributes:
        cpu: CPU seconds of the slot so far, with those of all processes that it started.
        held_back: whether it has stood still for its limit of CPU since the last time.
        stood_still: seconds that its incarnation has stood still for that, over all processors.
        starting: whether its incarnation is not up yet.
        memory: bytes; None where nobody knows, or nobody asked.
        gpu_memory: bytes that PyTorch holds for it; None where that is not known.
        holds: what the slot's incarnations have said that they hold, by resource.
        processes: operating-system processes of its own; 0 on a host that shares one.
    """

    cpu: float
    held_back: bool = False
    stood_still: float = 0.0
    starting: bool = False
    memory: int | None = None
    gpu_memory: int | None = None
    processes: int = 0
    holds: Mapping[str, float] = field(default_factory=dict)
