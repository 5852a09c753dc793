"""The log does not wait for who reads it, and tells what it left out."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from llmagentos._unhurried import PIECE, Unhurried, unhurried

LINE = "x" * 999 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def told(count: int) -> str:
    return f"{count} left out"


def test_a_pipe_that_nobody_reads_takes_what_it_has_room_for_and_the_rest_is_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = Unhurried(writer, told, patience=0)
    for _ in range(500):
        lines.write(LINE)
    assert 400 < lines.left_out < 500
    read = os.read(reader, 1 << 20)
    lines.write("again\n")
    read += os.read(reader, 1 << 20)
    assert read.decode() == LINE * (500 - lines.left_out) + f"{lines.left_out} left out\nagain\n"


def test_a_line_that_was_begun_is_finished_before_another_is_written(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    lines = Unhurried(writer, told, patience=0)
    long = "y" * (20 * PIECE) + "\n"
    lines.write(long)
    lines.write("left out\n")
    assert lines.left_out == 1
    read = os.read(reader, 1 << 20)
    lines.write("whole\n")
    read += os.read(reader, 1 << 20)
    assert read.decode() == long + "1 left out\nwhole\n"


def test_who_has_closed_the_pipe_gets_nothing_more(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    lines = Unhurried(writer, told)
    for _ in range(3):
        lines.write(LINE)
    assert lines.left_out == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is stood for by a device of Linux")
def test_a_full_disk_costs_the_lines_and_nothing_else() -> None:
    with Path("/dev/full").open("w") as full:
        lines = unhurried(full, told)
        for _ in range(3):
            lines.write(LINE)
        assert lines.left_out == 3
