"""What only a worker process can show: real kills, real programs, values that cannot cross."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import psutil
import pytest
from finishers import Finisher
from performers import Keeper, Pair, Probe, Worker
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Ended, Killed, message
from llmactors.errors import (
    ActorEndedError,
    ForkRefusedError,
    HostCapabilityError,
    NotSerialisableError,
    RemoteError,
    StartFailedError,
    WorkerLostError,
)
from llmactors.hosts import Process
from supervisors import Supervisor, child


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def probe(system: ActorSystem) -> ActorRef[Probe]:
    return await system.spawn(Probe, name="probe")


async def keep(system: ActorSystem, probe: ActorRef[Probe], *args: Any, **options: Any) -> ActorRef[Worker]:
    host = options.pop("host", Process())
    keeper = await system.spawn(Keeper, probe, host, Worker, *args, **options)
    kept: ActorRef[Worker] = keeper.actor.slot.ref
    return await kept


def ends(probe: ActorRef[Probe]) -> list[Ended]:
    return [note for note in probe.actor.notes if isinstance(note, Ended)]


async def test_handlers_run_in_another_process_that_the_account_names(system: Any) -> None:
    worker = await system.spawn(Worker, host=Process())
    pid = await worker.ask(Worker.pid())
    usage = worker.usage()
    assert pid == usage.pid != os.getpid()
    assert usage.memory is not None
    assert usage.memory > 1_000_000


# -- kills -----------------------------------------------------------------------------------------------------------
async def test_g05_after_a_kill_9_in_a_plain_handler_just_that_message_was_in_hand(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, probe, revivals=1, redeliver=1)
    await worker.ask(Worker.add(1))
    pid = worker.usage().pid
    assert pid is not None
    worker.tell(Worker.put("done"))
    worker.tell(Worker.block(60))
    for number in range(200):
        worker.tell(Worker.put(number))
    await until(lambda: "blocking" in probe.actor.notes)
    os.kill(pid, signal.SIGKILL)
    assert await worker.ask(Worker.logged()) == list(range(200))
    (ended,) = ends(probe)
    assert isinstance(ended.exit, Killed)
    assert isinstance(ended.exit.cause, WorkerLostError)
    assert (ended.exit.cause.pid, ended.exit.cause.status) == (pid, "killed by SIGKILL")
    assert [held.item for held in ended.in_hand] == [Worker.block(60)]


@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(Finisher.plainly(), id="plainly"),
        pytest.param(Finisher.at_once(), id="at once"),
        pytest.param(Finisher.slowly(), id="slowly"),
        pytest.param(Finisher.by_a_call([1]), id="by a call"),
        pytest.param(Finisher.by_a_slow_call([1]), id="by a slow call"),
    ],
)
@pytest.mark.parametrize("after", [1, 2, 3, 5, 8])
async def test_g05_a_message_whose_handler_is_over_is_never_redelivered(tmp_path: Any, tell: Any, after: int) -> None:
    file = tmp_path / "handled"

    class App(Supervisor):
        finisher = child(Finisher, str(file), after, host=Process(), redeliver=3)

    async with ActorSystem(App) as system:
        finisher = system.ref(App.finisher)
        await finisher
        finisher.tell(tell)
        await until(lambda: finisher.usage().restarts == 1)
        assert await finisher.ask(Finisher.ready())
    assert file.read_text().split() == ["handled"]


async def test_g06_a_kill_9_ends_the_ask_in_hand_at_once_and_not_the_queued_one(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, revivals=1)
    dying = asyncio.ensure_future(worker.ask(Worker.die()))
    adding = asyncio.ensure_future(worker.ask(Worker.add(3)))
    with pytest.raises(ActorEndedError) as caught:
        await dying
    assert isinstance(caught.value.__cause__, WorkerLostError)
    assert await adding == 3


async def test_g06_a_kill_9_in_the_middle_of_a_stream_ends_it_after_what_had_come(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, revivals=1)
    got: list[int] = []

    async def read() -> None:
        async with worker.stream(Worker.count_and_die(5)) as numbers:
            async for number in numbers:
                got.append(number)  # noqa: PERF401  what came before the error counts

    with pytest.raises(ActorEndedError):
        await read()
    assert got == list(range(5))
    assert await worker.ask(Worker.add(1)) == 1


async def test_g09_a_stopped_or_blocked_process_can_still_be_killed(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, probe)
    pid = worker.usage().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    worker.kill("enough")
    await until(lambda: bool(ends(probe)))
    assert ends(probe)[0].exit == Killed("enough")
    assert not psutil.pid_exists(pid)


async def test_g08_a_process_that_leaves_by_itself_is_lost_with_its_status(system: Any, probe: Any) -> None:
    worker = await keep(system, probe)
    worker.tell(Worker.leave(3))
    await until(lambda: bool(ends(probe)))
    exit = ends(probe)[0].exit
    assert isinstance(exit, Killed)
    assert "exit status 3" in str(exit.cause)


def restarted(worker: ActorRef[Worker], gone: int) -> bool:
    return worker.usage().pid not in {None, gone}


async def test_twenty_kills_leak_no_descriptor_and_no_process(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, revivals=20)
    me = psutil.Process()
    await worker.ask(Worker.add(1))
    before = me.num_fds()
    for _ in range(20):
        pid = worker.usage().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(partial(restarted, worker, pid))
        assert await worker.ask(Worker.add(1)) == 1
    assert me.num_fds() == before
    assert len(me.children(recursive=True)) == 2  # the fork server and one worker


async def test_g10_a_system_that_stops_leaves_no_process() -> None:
    async with ActorSystem() as system:
        workers = [await system.spawn(Worker, host=Process()) for _ in range(3)]
        pids = [worker.usage().pid for worker in workers]
    assert not [pid for pid in pids if psutil.pid_exists(cast("int", pid))]
    assert psutil.Process().children() == []


async def test_after_its_fork_server_was_killed_a_worker_comes_back(system: Any, probe: Any) -> None:
    worker = await keep(system, probe, revivals=1)
    (server,) = psutil.Process().children()
    server.kill()
    await until(lambda: bool(ends(probe)))
    assert await worker.ask(Worker.add(1)) == 1


# -- values ----------------------------------------------------------------------------------------------------------
async def test_g12_the_sender_hears_what_cannot_cross(system: Any) -> None:
    worker = await system.spawn(Worker, host=Process())
    what, says = Worker.echo([1, object()]), r"echo\(value=...\)\[1\] is a `builtins:object`"
    with pytest.raises(NotSerialisableError, match=says):
        worker.tell(what)
    with pytest.raises(NotSerialisableError, match=says):
        await worker.ask(what)
    with pytest.raises(NotSerialisableError, match=says):
        await worker.send(what)
    assert await worker.ask(Worker.echo((1, {2: b"x"}))) == (1, {2: b"x"})


async def test_g12_an_answer_that_cannot_cross_is_an_error_to_the_asker_and_the_actor_lives_on(system: Any) -> None:
    sly = await system.spawn(Sly, host=Process())
    with pytest.raises(NotSerialisableError, match=r"the answer of Sly\.secret"):
        await sly.ask(Sly.secret())
    assert await sly.ask(Sly.pair()) == Pair(1)


class Sly(Actor):
    @message
    def secret(self) -> Any:
        return object()

    @message
    def pair(self) -> Pair:
        return Pair(1)


async def test_a_class_that_a_worker_cannot_find_does_not_start(system: Any) -> None:
    class Local(Actor):
        pass

    with pytest.raises(StartFailedError, match="inside a function"):
        await system.spawn(Local, host=Process())


async def test_an_argument_that_cannot_cross_is_named(system: Any) -> None:
    with pytest.raises(StartFailedError, match=r"an argument of Worker\[0\] is a `builtins:object`"):
        await system.spawn(Worker, object(), host=Process())


# -- the host's settings ---------------------------------------------------------------------------------------------
async def test_a_directory_that_is_gone_is_an_error_at_the_start_or_nothing(
    system: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    worker = await system.spawn(Worker, host=Process())
    assert await worker.ask(Worker.add(1)) == 1


async def test_a_worker_has_the_variables_that_its_host_sets(system: Any) -> None:
    worker = await system.spawn(Curious, host=Process(env={"LLMACTORS_TEST": "here"}))
    assert await worker.ask(Curious.variable("LLMACTORS_TEST")) == "here"


async def test_a_worker_that_wants_more_memory_than_it_may_have_gets_an_error(system: Any) -> None:
    worker = await system.spawn(Curious, host=Process(memory="2 GiB"))
    assert await worker.ask(Curious.allocate(3 << 30)) == "MemoryError"


async def test_one_that_ends_of_it_says_what_it_may_have_and_what_to_do() -> None:
    system = ActorSystem()
    await system.start()
    worker = await system.spawn(Curious, name="curious", host=Process(memory="2 GiB"))
    with pytest.raises(ActorEndedError):
        await worker.ask(Curious.take(3 << 30))
    with pytest.raises(RemoteError, match="MemoryError") as caught:  # which nobody heard of
        await system.__aexit__(None, None, None)
    told = "`/curious` may use 2048 MiB of address space; raise `Process(memory=...)`, or hold less"
    assert told in caught.value.__notes__


async def test_preloaded_modules_are_there_when_a_worker_starts(system: Any) -> None:
    worker = await system.spawn(Curious, host=Process(preload=("colorsys",)))
    assert await worker.ask(Curious.has("colorsys"))


@pytest.mark.parametrize(
    ("says", "used", "there"),
    [("__fork_safe__ = True", True, True), ("", True, False), ("__fork_safe__ = True", False, False)],
    ids=["says so", "says nothing", "is not used"],
)
async def test_what_an_actors_module_uses_and_is_safe_to_fork_is_preloaded(
    system: Any, tmp_path: Any, monkeypatch: Any, *, says: str, used: bool, there: bool
) -> None:
    (tmp_path / "apart.py").write_text(says)
    monkeypatch.syspath_prepend(str(tmp_path))
    imported = ModuleType("apart")
    exec(says, vars(imported))
    monkeypatch.setitem(sys.modules, "apart", imported)
    if used:
        monkeypatch.setattr(sys.modules[__name__], "apart", imported, raising=False)
    worker = await system.spawn(Curious, host=Process())
    assert await worker.ask(Curious.has("apart")) is there


@pytest.mark.parametrize("module", ["supervisors", "llmagentos.agents"])
def test_what_of_ours_is_safe_to_fork_starts_no_thread(module: str) -> None:
    code = f"import {module}, os; print({module}.__fork_safe__, len(os.listdir('/proc/self/task')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "1"]


class Curious(Actor):
    @message
    def variable(self, name: str) -> str | None:
        return os.environ.get(name)

    @message
    def has(self, module: str) -> bool:
        return module in sys.modules

    @message
    def take(self, size: int) -> int:
        return len(bytearray(size))

    @message
    def allocate(self, size: int) -> str:
        try:
            bytearray(size)
        except MemoryError as error:
            return type(error).__name__
        return "it could"


async def test_an_interpreter_that_is_not_there_is_a_failed_start(system: Any) -> None:
    with pytest.raises(StartFailedError, match="python='/no/such/python' cannot be started") as caught:
        await system.spawn(Worker, host=Process(python="/no/such/python"))
    assert isinstance(caught.value.__cause__, ForkRefusedError)


async def test_an_interpreter_that_is_named_runs_the_worker(system: Any) -> None:
    worker = await system.spawn(Curious, host=Process(python=sys.executable, env={"LLMACTORS_TEST": "named"}))
    assert await worker.ask(Curious.variable("LLMACTORS_TEST")) == "named"


async def test_supervisors_run_on_the_loop_only(system: Any) -> None:
    with pytest.raises(HostCapabilityError, match="run the supervisor"):
        await system.spawn(Supervisor, host=Process())


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"prefetch": 0}, ValueError),
        ({"memory": "much"}, ValueError),
        ({"memory": -1}, ValueError),
        ({"preload": "torch"}, TypeError),
        ({"preload": (1,)}, TypeError),
    ],
)
def test_a_wrong_setting_is_an_error_where_it_is_made(arguments: Any, error: Any) -> None:
    with pytest.raises(error):
        Process(**arguments)


def test_equal_settings_are_one_host() -> None:
    one = Process(memory="1 KiB", preload=["json"], env={"b": "2", "a": "1"})
    two = Process(memory=1024, preload=("json",), env={"a": "1", "b": "2"})
    assert one == two
    assert hash(one) == hash(two)


# -- programs --------------------------------------------------------------------------------------------------------
SCRIPT = """
    import asyncio
    from dataclasses import dataclass
    from llmactors import Actor, ActorSystem, message
    from llmactors.hosts import Process

    @dataclass(frozen=True)
    class Sum:
        left: int
        right: int

    class Adder(Actor):
        @message
        def add(self, sum: Sum) -> Sum:
            return Sum(sum.left + sum.right, 0)

    async def main():
        async with ActorSystem() as system:
            adder = await system.spawn(Adder, host=Process())
            print(await adder.ask(Adder.add(Sum(2, 3))))
"""


def run(script: Path, code: str) -> subprocess.CompletedProcess[str]:
    script.write_text(textwrap.dedent(code))
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=30, check=False)


def test_classes_of_the_script_itself_work_in_a_worker(tmp_path: Any) -> None:
    done = run(tmp_path / "script.py", SCRIPT + '    if __name__ == "__main__":\n        asyncio.run(main())\n')
    assert (done.returncode, done.stdout) == (0, "Sum(left=5, right=0)\n"), done.stderr


def test_a_script_without_its_guard_is_told_so_and_starts_nothing_again(tmp_path: Any) -> None:
    done = run(tmp_path / "script.py", SCRIPT + "    asyncio.run(main())\n")
    assert done.returncode == 1
    assert 'put what starts it under `if __name__ == "__main__":`' in done.stderr
