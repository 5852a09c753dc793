"""Tests of agents: a model that keeps to a script, faults included, and tools that misbehave."""

from llmagentos.testing._pieces import (
    Cut,
    Hang,
    Miscount,
    OutOfMemory,
    Piece,
    Repeat,
    Status,
    TimeOut,
    choose,
    cut,
    hang,
    miscount,
    out_of_memory,
    repeat,
    stall,
    status,
    time_out,
)
from llmagentos.testing._script import Script
from llmagentos.testing._tools import failing_tool, flooding_tool, hanging_tool, stubborn_tool

__all__ = [
    "Cut",
    "Hang",
    "Miscount",
    "OutOfMemory",
    "Piece",
    "Repeat",
    "Script",
    "Status",
    "TimeOut",
    "choose",
    "cut",
    "failing_tool",
    "flooding_tool",
    "hang",
    "hanging_tool",
    "miscount",
    "out_of_memory",
    "repeat",
    "stall",
    "status",
    "stubborn_tool",
    "time_out",
]
