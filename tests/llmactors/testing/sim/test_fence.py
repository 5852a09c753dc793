"""What a simulation cannot decide is found where it is used."""

import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from llmactors import Actor, message
from llmactors.testing import At, Faults, SimulationFailedError, World, simulate
from supervisors import Supervisor, child

# Looked up when they are called, by when the fence is up: no lambda is too many.
USES: dict[str, Callable[[], object]] = {
    "a thread": lambda: threading.Thread(target=int).start(),
    "time.monotonic()": lambda: time.monotonic(),  # noqa: PLW0108
    "time.time()": lambda: time.time(),  # noqa: PLW0108
    "time.sleep()": lambda: time.sleep(0),
    "random.random()": lambda: random.random(),  # noqa: PLW0108
    "uuid.uuid4()": lambda: uuid.uuid4(),  # noqa: PLW0108
    "os.urandom()": lambda: os.urandom(1),
    "a socket": lambda: socket.socket(),  # noqa: PLW0108
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
}


async def begins_a_task() -> None:
    await asyncio.create_task(asyncio.to_thread(nothing))


def nothing() -> int:
    return 0


BY_THE_LOOP: dict[str, tuple[str, Callable[[], Awaitable[object]]]] = {
    "to_thread": ("a thread (`run_in_executor`)", lambda: asyncio.to_thread(int)),
    "run_in_executor": ("a thread (`run_in_executor`)", lambda: asyncio.get_running_loop().run_in_executor(None, int)),
    "a task": ("a thread (`run_in_executor`)", begins_a_task),
    "open_connection": ("a socket (`create_connection`)", lambda: asyncio.open_connection("127.0.0.1", 9)),
    "start_server": ("a socket (`create_server`)", lambda: asyncio.start_server(print, "127.0.0.1", 0)),
    "getaddrinfo": ("the network (`getaddrinfo`)", lambda: asyncio.get_running_loop().getaddrinfo("localhost", 9)),
    "a process": ("a process (`subprocess_exec`)", lambda: asyncio.create_subprocess_exec("true")),
}
"""What only a real loop can do, and how it is called."""


class User(Actor):
    @message
    def use(self, what: str) -> None:
        USES[what]()

    @message
    async def wait(self, what: str) -> None:
        await BY_THE_LOOP[what][1]()

    @message
    def save(self, path: str) -> str:
        try:
            Path(path).write_text("saved", encoding="utf-8")
        except OSError as error:
            return str(error.strerror)
        return Path(path).read_text(encoding="utf-8")


class App(Supervisor):
    user = child(User)


@pytest.mark.parametrize("what", USES)
def test_code_under_test_that_uses_it_fails_the_run_with_its_line_and_a_remedy(what: str) -> None:
    @simulate(App, runs=1)
    async def uses(world: World) -> None:
        world.tell(App.user, User.use(what))
        await world.advance(1.0)

    with pytest.raises(SimulationFailedError) as failure:
        uses()
    text = " ".join(str(failure.value).split())
    assert f"{Path(__file__).name}:" in text
    assert f"uses {what}" in text


@pytest.mark.parametrize("way", BY_THE_LOOP)
def test_what_the_loop_itself_would_need_them_for_is_refused_in_the_same_words(way: str) -> None:
    @simulate(App, runs=1)
    async def waits(world: World) -> None:
        world.tell(App.user, User.wait(way))
        await world.advance(1.0)

    with pytest.raises(SimulationFailedError) as failure:
        waits()
    text = " ".join(str(failure.value).split())
    line = int(re.findall(rf"{Path(__file__).name}:(\d+) uses {re.escape(BY_THE_LOOP[way][0])}", text)[0])
    code = Path(__file__).read_text(encoding="utf-8").splitlines()[line - 1]
    assert any(part in code for part in (["def nothing"] if way == "a task" else ["lambda", "await BY_THE_LOOP"]))
    assert "test it with real processes" in text


def test_when_no_run_is_on_everything_is_as_it_was() -> None:
    before = time.time, random.random, uuid.uuid4, os.urandom

    @simulate(App, runs=1)
    async def nothing(world: World) -> None:
        assert time.time is not before[0]

    nothing()
    assert before == (time.time, random.random, uuid.uuid4, os.urandom)


def test_a_run_that_is_another_one_the_second_time_is_found_with_the_event_that_differs() -> None:
    runs = iter(range(1_000))

    @simulate(App, runs=3)
    async def differs(world: World) -> None:
        world.note(f"run {next(runs)}")

    with pytest.raises(SimulationFailedError, match="a run is the same every time"):
        differs()


def test_a_full_disk_is_a_fault_where_a_file_is_opened_to_write(tmp_path: Path) -> None:
    @simulate(App, faults=Faults(disk_full=At(App.user, nth=2)), runs=3)
    async def saves(world: World) -> None:
        said = [await world.ask(App.user, User.save(str(tmp_path / "file"))) for _ in range(3)]
        assert said in (["saved"] * 3, ["saved", "No space left on device", "saved"])
        world.sometimes("the disk was full", "No space left on device" in said)

    saves()
