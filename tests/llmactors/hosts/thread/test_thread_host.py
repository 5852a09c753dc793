"""`Thread()`: what is special about it. What it has in common with every host is in tests/conformance."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import traced_main
from blockers import Tally, Worker
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Crash, Killed, Normal, Shutdown, message
from llmactors.errors import (
    ActorEndedError,
    AskTimeoutError,
    HandlerTimeoutError,
    HostCapabilityError,
    MissingExtraError,
)
from llmactors.hosts import Thread, abandoned_threads
from supervisors import Supervisor, child

pykka = pytest.importorskip("pykka")


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def tally(system: ActorSystem) -> ActorRef[Tally]:
    return await system.spawn(Tally, name="tally")


async def heard(system: ActorSystem, ref: ActorRef[Worker]) -> None:
    """Have somebody hear of *ref*'s end, so that the system does not raise it."""

    class Hearer(Actor):
        @message
        def watch(self) -> None:
            self.context.monitor(ref)

        def receive(self, message: object) -> None:
            pass

    hearer = await system.spawn(Hearer)
    await hearer.ask(Hearer.watch())


async def test_the_constructor_plain_hooks_and_plain_handlers_run_on_one_thread_of_the_actor_s_own(
    system: ActorSystem,
) -> None:
    first, second = [await system.spawn(Worker, host=Thread()) for _ in range(2)]
    made, started, handled = await first.ask(Worker.threads())
    assert made == started == handled != threading.get_ident()
    assert (await second.ask(Worker.threads()))[0] != made


async def test_async_handlers_run_on_the_loop(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread())
    assert await worker.ask(Worker.async_thread()) == threading.get_ident()


async def test_the_thread_is_pykka_s_and_wears_the_actor_s_path(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread(), name="hands")
    assert await worker.ask(Worker.name_of_thread()) == "llmactors /hands"
    assert "Runner" in {ref.actor_class.__name__ for ref in pykka.ActorRegistry.get_all()}


async def test_a_handler_that_blocks_does_not_hold_up_the_loop(system: ActorSystem, tally: ActorRef[Tally]) -> None:
    worker = await system.spawn(Worker, host=Thread())
    event = threading.Event()
    waiting = asyncio.create_task(worker.ask(Worker.wait_for(event)))
    assert await tally.ask(Tally.add(1)) == 1
    event.set()
    assert await waiting == "waited"


async def test_on_stop_runs_on_the_thread_and_the_thread_ends(system: ActorSystem, tally: ActorRef[Tally]) -> None:
    worker = await system.spawn(Worker, tally, host=Thread(), name="brief")
    worker.stop()
    assert await worker.wait_ended() == Shutdown()
    assert await tally.ask(Tally.all(1)) == [("stopped", "Shutdown", True)]
    await until(lambda: "llmactors /brief" not in {thread.name for thread in threading.enumerate()})


async def test_a_crash_restarts_it_on_a_new_thread() -> None:
    class App(Supervisor):
        worker = child(Worker, host=Thread())

    async with ActorSystem(App) as system:
        worker = system.ref(App.worker)
        with pytest.raises(ActorEndedError) as failure:
            await worker.ask(Worker.crash())
        assert isinstance(failure.value.__cause__, ValueError)
        assert (await worker.ask(Worker.threads()))[0] != threading.get_ident()
        assert worker.usage().restarts == 1


async def test_system_exit_in_a_handler_is_the_actor_s_end_and_no_other_pykka_actor_s(system: ActorSystem) -> None:
    worker, other = [await system.spawn(Worker, host=Thread()) for _ in range(2)]
    await heard(system, worker)
    worker.tell(Worker.leave())
    exit = await worker.wait_ended()
    assert isinstance(exit, Crash)
    assert isinstance(exit.error, SystemExit)
    assert (await other.ask(Worker.threads()))[0]


async def test_the_context_may_be_used_on_the_thread(system: ActorSystem, tally: ActorRef[Tally]) -> None:
    worker = await system.spawn(Worker, tally, host=Thread(), name="w")
    assert await worker.ask(Worker.use_the_context()) == ("/w", True, True)
    assert await tally.ask(Tally.all(1)) == ["after"]
    kid = await worker.ask(Worker.have_a_child())
    assert (kid.path, kid.parent) == ("/w/kid", worker)
    assert (await kid.ask(Worker.threads()))[0] == threading.get_ident()
    worker.stop()
    assert await kid.wait_ended() == Shutdown()


async def test_a_plain_handler_may_ask_and_block_for_the_answer(system: ActorSystem, tally: ActorRef[Tally]) -> None:
    worker = await system.spawn(Worker, tally, host=Thread())
    assert await worker.ask(Worker.ask_the_tally()) == 1


async def test_a_blocking_ask_on_the_loop_is_refused(system: ActorSystem, tally: ActorRef[Tally]) -> None:
    threaded, looped = await system.spawn(Worker, tally, host=Thread()), await system.spawn(Worker, tally)
    for worker, error in ((threaded, RuntimeError), (looped, HostCapabilityError)):
        await heard(system, worker)
        with pytest.raises(ActorEndedError) as failure:
            await worker.ask(Worker.block_the_loop())
        assert isinstance(failure.value.__cause__, error)
        await worker.wait_ended()


async def test_a_handler_waits_for_nobody_when_its_own_asker_has_given_up(
    system: ActorSystem, tally: ActorRef[Tally]
) -> None:
    worker = await system.spawn(Worker, tally, host=Thread())
    with pytest.raises(AskTimeoutError):
        await worker.ask(Worker.ask_for_ever())
    assert await worker.ask(Worker.ask_the_tally()) == 1
    assert worker.usage().restarts == 0


async def test_an_answer_may_be_given_later_by_the_thread(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread())
    waiting = asyncio.create_task(worker.ask(Worker.answer_later()))
    await worker.ask(Worker.threads())
    worker.tell(Worker.answer_now())
    assert await waiting == "from the thread"


async def test_the_cpu_time_of_the_thread_is_on_the_account(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread())
    await worker.ask(Worker.burn(0.05))
    assert 0.05 <= worker.usage().cpu < 5
    worker.stop()
    await worker.wait_ended()
    assert worker.usage().cpu >= 0.05


async def test_a_kill_ends_the_slot_at_once_and_the_busy_thread_is_fenced_and_counted(
    system: ActorSystem, tally: ActorRef[Tally]
) -> None:
    worker = await system.spawn(Worker, tally, host=Thread(), name="stuck")
    arrived, event = threading.Event(), threading.Event()
    worker.tell(Worker.wait_and_tell(arrived, event))
    await until(arrived.is_set)
    worker.kill("enough")
    assert await worker.wait_ended() == Killed("enough")
    assert "llmactors /stuck" in abandoned_threads()
    event.set()
    await until(lambda: "llmactors /stuck" not in abandoned_threads())
    assert await tally.ask(Tally.all()) == []


async def test_a_killed_handler_that_is_busy_in_python_is_interrupted(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread(), name="spinning")
    arrived = threading.Event()
    worker.tell(Worker.spin_on(arrived))
    await until(arrived.is_set)
    worker.kill()
    await worker.wait_ended()
    await until(lambda: "llmactors /spinning" not in abandoned_threads())


async def test_a_handler_past_its_limit_is_interrupted_and_the_actor_ends_with_its_on_stop(
    system: ActorSystem, tally: ActorRef[Tally]
) -> None:
    worker = await system.spawn(Worker, tally, host=Thread(), name="slow")
    await heard(system, worker)
    with pytest.raises(ActorEndedError) as failure:
        await worker.ask(Worker.spin())
    assert isinstance(failure.value.__cause__, HandlerTimeoutError)
    await worker.wait_ended()
    assert await tally.ask(Tally.all(1)) == [("stopped", "Crash", True)]
    assert "llmactors /slow" not in abandoned_threads()


def test_a_program_with_actors_on_threads_can_be_debugged() -> None:
    program = Path(traced_main.__file__)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=50, check=False)
    assert (done.stdout, done.returncode) == ("traced 100 lines\n", 0), done.stderr


async def test_a_handler_that_outlasts_the_shutdown_time_is_given_up() -> None:
    class App(Supervisor):
        tally = child(Tally)
        worker = child(Worker, host=Thread(), shutdown=0.05)

    arrived, event = threading.Event(), threading.Event()
    async with ActorSystem(App) as system:
        worker = system.ref(App.worker)
        worker.tell(Worker.wait_and_tell(arrived, event))
        await until(arrived.is_set)
        assert system.root is not None
        await system.root.ask(App.terminate_child("worker"))
        assert worker.path.strip("/") in " ".join(abandoned_threads())
    event.set()


async def test_stopping_every_pykka_actor_is_an_end_that_is_seen(system: ActorSystem) -> None:
    worker = await system.spawn(Worker, host=Thread())
    runner = next(ref for ref in pykka.ActorRegistry.get_all() if ref.actor_class.__name__ == "Runner")
    await asyncio.to_thread(runner.stop)
    exit = await worker.wait_ended()
    assert isinstance(exit, Killed)
    assert "pykka" in str(exit.cause)


async def test_an_actor_that_ends_itself_on_the_thread_ends_normally(system: ActorSystem) -> None:
    class Brief(Actor):
        @message
        def leave(self) -> None:
            self.context.stop()

    brief = await system.spawn(Brief, host=Thread())
    brief.tell(Brief.leave())
    assert await brief.wait_ended() == Normal()


async def test_slots_and_supervisors_are_refused(system: ActorSystem) -> None:
    class App(Supervisor):
        pass

    with pytest.raises(HostCapabilityError, match="on the loop"):
        await system.spawn(App, host=Thread())
    worker = await system.spawn(Worker, host=Thread())
    await heard(system, worker)
    with pytest.raises(ActorEndedError) as failure:
        await worker.ask(Worker.keep_slots())
    assert isinstance(failure.value.__cause__, HostCapabilityError)
    await worker.wait_ended()


async def test_without_pykka_the_error_names_the_extra(system: ActorSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pykka", None)
    with pytest.raises(MissingExtraError, match=r"llmagentos\[pykka\]"):
        await system.spawn(Worker, host=Thread())


def test_the_hosts_are_imported_without_pykka(tmp_path: Path) -> None:
    program = "import sys, llmactors.hosts; print('pykka' in sys.modules, 'thespian' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=50, cwd=tmp_path
    )
    assert done.stdout.split() == ["False", "False"]
