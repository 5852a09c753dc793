"""Guarantee 10: no process that the system started outlives it. And what else a fork server promises."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from forked import alive, wait_until

from llmactors.errors import ForkRefusedError
from llmactors.hosts.process import _linux
from llmactors.hosts.process._server import Forked, Hearing, ServerLink

SUPPORT = Path(__file__).parents[3] / "support"


class Worker:
    """What a test hears of one order."""

    def __init__(self, link: ServerLink, order: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        self.forked: asyncio.Future[Forked] = loop.create_future()
        self.ended: asyncio.Future[int | None] = loop.create_future()
        self._reader, writer = os.pipe()
        hearing = Hearing(
            self.forked.set_result, self.forked.set_exception, lambda status, cpu: self.ended.set_result(status)
        )
        link.fork(order, (writer,), hearing)
        os.close(writer)

    async def says(self) -> str:
        text = await asyncio.to_thread(os.read, self._reader, 200)
        return text.decode()

    async def pids(self) -> list[int]:
        return [int(pid) for pid in (await self.says()).split()]

    def close(self) -> None:
        os.close(self._reader)
        if self.forked.done() and not self.forked.exception():
            self.forked.result().close()


@pytest.fixture
async def link() -> AsyncIterator[ServerLink]:
    link = ServerLink(serve="forked:serve")
    yield link
    await link.close()


@pytest.mark.parametrize("arguments", [[], ["fork"]], ids=["alone", "with a fork of itself"])
def test_g10_after_a_kill_of_the_main_process_nothing_of_it_lives_a_second_later(arguments: Any) -> None:
    main = subprocess.Popen(
        [sys.executable, str(SUPPORT / "forking_main.py"), *arguments], stdout=subprocess.PIPE, text=True
    )
    assert main.stdout is not None
    pids = [int(pid) for pid in main.stdout.readline().split()]
    assert len(pids) == 3
    assert alive(pids) == set(pids)
    forks = {child.pid for child in psutil.Process(main.pid).children()} - {pids[0]}
    main.kill()
    main.wait()
    main.stdout.close()
    try:
        assert wait_until(lambda: not alive(pids), within=1.0)
    finally:
        _linux.kill(forks)


async def test_g10_workers_die_with_their_fork_server_and_their_end_is_told(link: Any) -> None:
    worker = Worker(link, {"do": "wait"})
    pid = (await worker.forked).pid
    assert await worker.says() == "up"
    os.kill(link.pid, signal.SIGKILL)
    assert await worker.ended is None
    assert wait_until(lambda: not alive([pid]))
    assert not link.open
    worker.close()


async def test_an_order_to_a_dead_fork_server_is_refused(link: Any) -> None:
    os.kill(link.pid, signal.SIGKILL)
    while link.open:  # noqa: ASYNC110  the link has no event to wait for: nobody else needs one
        await asyncio.sleep(0)
    worker = Worker(link, {"do": "wait"})
    with pytest.raises(ForkRefusedError, match="has ended"):
        await worker.forked
    worker.close()


async def test_g10_what_a_worker_started_dies_with_it_and_what_others_started_does_not(link: Any) -> None:
    first, second = Worker(link, {"do": "daemon"}), Worker(link, {"do": "daemon"})
    (first_pid, first_daemon), (_, second_daemon) = await first.pids(), await second.pids()
    (await first.forked).kill()
    assert await first.ended == signal.SIGKILL
    assert wait_until(lambda: not alive([first_pid, first_daemon]))
    assert alive([second_daemon]) == {second_daemon}
    first.close()
    second.close()


async def test_g10_a_stopped_worker_can_be_killed(link: Any) -> None:
    worker = Worker(link, {"do": "wait"})
    forked = await worker.forked
    os.kill(forked.pid, signal.SIGSTOP)
    forked.kill()
    assert await worker.ended == signal.SIGKILL
    worker.close()


async def test_the_status_of_a_worker_that_ends_by_itself_is_told(link: Any) -> None:
    worker = Worker(link, {"do": "exit"})
    status = await worker.ended
    assert status is not None
    assert os.waitstatus_to_exitcode(status) == 7
    worker.close()


async def test_workers_have_random_numbers_of_their_own(link: Any) -> None:
    workers = [Worker(link, {"do": "random"}) for _ in range(2)]
    first, second = [await worker.says() for worker in workers]
    assert first != second
    for worker in workers:
        await worker.ended
        worker.close()


async def test_a_worker_finds_modules_where_the_main_process_does_at_that_moment(link: Any, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend("/added/later")
    worker = Worker(link, {"do": "path"})
    assert await worker.says() == "/added/later"
    await worker.ended
    worker.close()


async def refusal(link: ServerLink) -> str:
    worker = Worker(link, {"do": "exit"})
    with pytest.raises(ForkRefusedError) as caught:
        await worker.forked
    worker.close()
    await link.close()
    return str(caught.value)


async def test_a_preloaded_module_that_starts_a_thread_is_named(tmp_path: Any, monkeypatch: Any) -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    (tmp_path / "threaded_module.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    why = await refusal(ServerLink(preload=("json", "threaded_module"), serve="forked:serve"))
    assert why.startswith("importing 'threaded_module' starts a thread")


async def test_a_preloaded_module_that_is_not_there_is_named() -> None:
    why = await refusal(ServerLink(preload=("not_there_at_all",), serve="forked:serve"))
    assert "preload='not_there_at_all' could not be imported: ModuleNotFoundError" in why


async def test_an_interpreter_that_is_not_there_is_named() -> None:
    with pytest.raises(ForkRefusedError, match="python='/no/such/python' cannot be started"):
        ServerLink(python="/no/such/python")


def interpreter(directory: Path, begin: str) -> str:
    """Make an executable that is this interpreter, after *begin*."""
    file = directory / "python"
    code = f"#!{sys.executable}\nimport sys\n{textwrap.dedent(begin)}\nsys.argv[:3] = ['-c']\nexec(boot)\n"
    file.write_text(code.replace("import sys\n", "import sys\nboot = sys.argv[2]\n", 1))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


async def test_an_interpreter_that_is_too_old_is_refused_at_hello(tmp_path: Any) -> None:
    why = await refusal(ServerLink(python=interpreter(tmp_path, "sys.version_info = (3, 9, 2)"), serve="forked:serve"))
    assert "is Python 3.9.2; a worker needs 3.11.1 or newer" in why


async def test_another_version_of_this_package_is_refused_at_hello(tmp_path: Any) -> None:
    begin = """
    from importlib import metadata
    metadata.version = lambda name: "0.0.7"
    """
    why = await refusal(ServerLink(python=interpreter(tmp_path, begin), serve="forked:serve"))
    assert "has llmagentos 0.0.7, and this process has " in why
    assert "install the same version in both environments" in why


async def test_an_interpreter_without_this_package_is_refused_at_hello(tmp_path: Any) -> None:
    python = interpreter(tmp_path, "sys.modules['llmactors'] = None")
    why = await refusal(ServerLink(python=python, serve="forked:serve"))
    assert "cannot import what a worker needs" in why
    assert "install llmagentos there" in why


async def test_variables_are_set_for_workers_beside_those_of_this_process(monkeypatch: Any) -> None:
    from llmactors.hosts.process import _boot

    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("HERE_ALREADY", "yes")
    made = _boot.environment({"ADDED": "1"})
    assert (made["HERE_ALREADY"], made["ADDED"], made["OPENBLAS_NUM_THREADS"]) == ("yes", "1", "1")
    assert _boot.environment({"OPENBLAS_NUM_THREADS": "4"})["OPENBLAS_NUM_THREADS"] == "4"
