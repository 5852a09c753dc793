"""For processes: a system's end, whichever, is the end of every process that it started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

PROGRAM = """
import asyncio, subprocess, sys
from llmactors import Actor, ActorSystem, message
from llmactors.hosts import Process

class Worker(Actor):
    @message
    def start_another(self) -> int:
        return subprocess.Popen(["sleep", "300"]).pid

    @message
    def crash(self) -> None:
        raise RuntimeError("no disk")

async def main():
    async with ActorSystem() as system:
        workers = [await system.spawn(Worker, host=Process()) for _ in range(2)]
        for worker in workers:
            await worker.ask(Worker.start_another())
        print("up", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        workers[0].tell(Worker.crash())
        await workers[0].wait_ended()

if __name__ == "__main__":
    asyncio.run(main())
"""

SECONDS = 3.0
"""What all of them may take, on a machine that is busy with something else."""


@pytest.mark.parametrize("end", ["kill -9", "crash"])
def test_no_process_outlives_the_system_its_grandchildren_included(end: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as main:
        assert main.stdout is not None
        assert main.stdin is not None
        assert main.stdout.readline() == "up\n"
        family = psutil.Process(main.pid).children(recursive=True)
        assert sum(one.name() == "sleep" for one in family) == 2
        if end == "kill -9":
            os.kill(main.pid, signal.SIGKILL)
        else:
            main.stdin.write("crash\n")
            main.stdin.flush()
        main.wait(SECONDS * 3)
    _, alive = psutil.wait_procs(family, timeout=SECONDS)
    names = [one.name() for one in alive]
    for one in alive:
        one.kill()
    assert names == []
