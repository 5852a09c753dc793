"""`Thespian(...)`: unmodified Thespian actor classes under supervision, in each of its system bases."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest
from blockers import Tally
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Crash, Killed, Normal, Shutdown, message
from llmactors.errors import (
    ActorEndedError,
    AskTimeoutError,
    HostCapabilityError,
    MissingExtraError,
    NotSerialisableError,
    StartFailedError,
    WorkerLostError,
)
from llmactors.hosts import Thespian, ThespianChild
from supervisors import Supervisor, child

pytest.importorskip("thespian")
from thespian_clerks import Clerk, Unwilling

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="a subreaper is Linux's")]

APART = "multiprocTCPBase"
TOGETHER = "simpleSystemBase"


@pytest.fixture(params=[TOGETHER, APART])
def host(request: pytest.FixtureRequest) -> Thespian:
    return Thespian(request.param)


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


def ask(ref: ActorRef[ThespianChild], message: object, timeout: float | None = 20.0) -> Coroutine[Any, Any, Any]:
    return ref.ask(ThespianChild.receiveMessage(message), timeout)


class Hearer(Actor):
    @message
    def watch(self, ref: ActorRef[Any]) -> None:
        self.context.monitor(ref)

    def receive(self, message: object) -> None:
        pass


async def heard(system: ActorSystem, ref: ActorRef[Any]) -> None:
    """Have somebody hear of *ref*'s end, so that the system does not raise it."""
    hearer = await system.spawn(Hearer)
    await hearer.ask(Hearer.watch(ref))


async def test_it_is_told_and_asked_as_any_other_actor_and_keeps_their_order(
    system: ActorSystem, host: Thespian
) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    for number in range(5):
        clerk.tell(str(number))
    assert await ask(clerk, "papers") == ["0", "1", "2", "3", "4"]
    assert await ask(clerk, "another") == 6


async def test_the_udp_base_works_too(system: ActorSystem) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=Thespian("multiprocUDPBase"))
    clerk.tell("a paper")
    assert await ask(clerk, "papers") == ["a paper"]


async def test_its_failure_restarts_it_and_the_message_is_not_tried_again(host: Thespian) -> None:
    class Office(Supervisor):
        clerk = child(ThespianChild, Clerk, host=host)

    async with ActorSystem(Office) as system:
        clerk = system.ref(Office.clerk)
        clerk.tell("a paper")
        clerk.tell("fail")
        assert await ask(clerk, "papers") == []
        with pytest.raises(ActorEndedError) as failure:
            await ask(clerk, "fail")
        assert "out of ink" in str(failure.value.__cause__)
        assert await ask(clerk, "papers") == []
        assert clerk.usage().restarts == 2


async def test_a_late_reply_reaches_nobody_and_not_the_next_ask(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    with pytest.raises(AskTimeoutError):
        await ask(clerk, ("answer in", 0.3, "too late"), timeout=0.1)
    assert await ask(clerk, ("answer in", 0.5, "in time")) == "in time"
    with pytest.raises(AskTimeoutError):
        await ask(clerk, ("sleep", 0.3, "too late"), timeout=0.1)
    assert await ask(clerk, "papers") == []


async def test_a_second_reply_to_one_ask_reaches_nobody(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    assert [await ask(clerk, "say it twice") for _ in range(3)] == ["once"] * 3


async def test_a_stop_ends_it_in_order(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    clerk.tell("a paper")
    asking = asyncio.create_task(ask(clerk, "another"))
    await asyncio.sleep(0)
    clerk.stop(drain=True)
    assert await asking == 2
    assert await clerk.wait_ended() == Shutdown()


async def test_one_that_exits_by_itself_is_seen_to_end_normally(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    clerk.tell("leave")
    assert await clerk.wait_ended() == Normal()


async def test_a_kill_ends_it(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    clerk.kill("enough")
    assert await clerk.wait_ended() == Killed("enough")


@pytest.mark.parametrize("how", ["kill -9", "exit"])
async def test_a_lost_process_fails_its_ask_at_once_and_is_a_kill(system: ActorSystem, how: str) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(APART))
    await heard(system, clerk)
    pid = await ask(clerk, "pid")
    asking = asyncio.create_task(ask(clerk, "stop dead" if how == "exit" else ("sleep", 15, "never")))
    await until(lambda: clerk.state == "running")
    if how == "kill -9":
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(ActorEndedError):
        await asking
    exit = await clerk.wait_ended()
    assert isinstance(exit, Killed)
    assert isinstance(exit.cause, WorkerLostError)
    assert exit.cause.pid == pid


@pytest.mark.parametrize("base", [APART, TOGETHER])
async def test_a_kill_ends_even_one_that_does_not_come_back_and_leaves_no_process(base: str, tmp_path: Path) -> None:
    async with ActorSystem() as system:
        clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(base))
        pid = await ask(clerk, "pid")
        clerk.tell(("touch and sleep", str(tmp_path / "asleep"), 30))
        await until((tmp_path / "asleep").exists)  # a kill that overtook it would find one that comes back
        clerk.kill()
        await clerk.wait_ended()
        await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


async def test_one_that_cannot_be_made_is_a_failed_start(system: ActorSystem, host: Thespian) -> None:
    with pytest.raises(StartFailedError):
        await system.spawn(ThespianChild, Unwilling, host=host)


async def test_the_cpu_time_of_its_process_is_on_its_account(system: ActorSystem) -> None:
    ref = await system.spawn(ThespianChild, Clerk, host=Thespian(APART))
    assert await ask(ref, ("work", 0.2)) == "done"
    assert ref.usage().cpu >= 0.2
    ref.kill()
    await heard(system, ref)
    await ref.wait_ended()
    assert ref.usage().cpu >= 0.2


async def test_traffic_stays_on_loopback(system: ActorSystem) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(APART))
    pids = [process.pid for process in psutil.Process().children(recursive=True)]
    listening = [c.laddr.ip for pid in pids for c in psutil.Process(pid).net_connections("inet")]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert await ask(clerk, "address") == "127.0.0.1"


async def test_no_process_outlives_the_system() -> None:
    async with ActorSystem() as system:
        clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(APART))
        clerk.tell(("sleep", 30, "never"))
        clerk.kill()
        await system.spawn(ThespianChild, Clerk, host=Thespian(APART))
        processes = psutil.Process().children(recursive=True)
        assert len(processes) >= 3
    assert psutil.wait_procs(processes, timeout=5)[1] == []


def test_no_process_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import asyncio, psutil\n"
        "from llmactors import ActorSystem\n"
        "from llmactors.hosts import Thespian, ThespianChild\n"
        "from thespian_clerks import Clerk\n"
        "async def main():\n"
        "    async with ActorSystem() as system:\n"
        "        await system.spawn(ThespianChild, Clerk, host=Thespian())\n"
        "        print(*(p.pid for p in psutil.Process().children(recursive=True)), flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as running:
        assert running.stdout is not None
        processes = [psutil.Process(int(pid)) for pid in running.stdout.readline().split()]
        running.kill()
    assert len(processes) >= 3
    assert psutil.wait_procs(processes, timeout=10)[1] == []


async def test_a_lost_broker_is_the_end_of_its_actors_and_they_come_back() -> None:
    class Office(Supervisor):
        clerk = child(ThespianChild, Clerk, host=Thespian(APART))

    async with ActorSystem(Office) as system:
        clerk = system.ref(Office.clerk)
        first = await ask(clerk, "pid")
        for process in psutil.Process().children():
            if "_broker" in " ".join(process.cmdline()):
                process.kill()
        await until(lambda: clerk.usage().restarts == 1)
        assert await ask(clerk, "pid") != first
        assert not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE


async def test_a_message_that_cannot_be_pickled_is_refused_and_the_actor_lives_on(system: ActorSystem) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(TOGETHER))
    with socket.socket() as unsendable, pytest.raises(NotSerialisableError):
        await ask(clerk, unsendable)
    assert await ask(clerk, "papers") == []


async def test_what_it_cannot_do_is_refused(system: ActorSystem) -> None:
    class Local:
        pass

    with pytest.raises(HostCapabilityError, match="no ThespianChild"):
        await system.spawn(Hearer, host=Thespian())
    with pytest.raises(StartFailedError, match="host=Thespian"):
        await system.spawn(ThespianChild, Clerk)
    with pytest.raises(StartFailedError, match="imported by another process"):
        await system.spawn(ThespianChild, Local, host=Thespian(TOGETHER))
    with pytest.raises(ValueError, match="multiprocTCPBase"):
        Thespian("carrier pigeons")


async def test_without_thespian_the_error_names_the_extra(system: ActorSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmactors.hosts.thespian._config.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"llmagentos\[thespian\]"):
        await system.spawn(ThespianChild, Clerk, host=Thespian())


async def test_a_crash_that_is_heard_ends_it_as_a_crash(system: ActorSystem) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=Thespian(TOGETHER))
    await heard(system, clerk)
    clerk.tell("fail")
    assert isinstance(await clerk.wait_ended(), Crash)


async def test_it_tells_and_asks_our_actors_by_an_address_of_theirs(system: ActorSystem, host: Thespian) -> None:
    tally, clerk = await system.spawn(Tally), await system.spawn(ThespianChild, Clerk, host=host)
    address = await clerk.ask(ThespianChild.address_of(tally))
    assert await ask(clerk, ("ask", address, Tally.add("from Thespian"))) == ("it answered", 1)
    assert await ask(clerk, ("ask", address, Tally.add("again"))) == ("it answered", 2)
    assert await tally.ask(Tally.all(2)) == ["from Thespian", "again"]


async def test_its_mailbox_outlives_its_crash_and_a_message_may_be_redelivered(host: Thespian) -> None:
    class Office(Supervisor):
        clerk = child(ThespianChild, Clerk, host=host, redeliver=1)

    async with ActorSystem(Office) as system:
        clerk = system.ref(Office.clerk)
        for paper in ("lost with its life", "fail", "kept", "kept, too"):
            clerk.tell(paper)
        assert await ask(clerk, "papers") == ["kept", "kept, too"]
        assert (clerk.usage().restarts, system.dead_letters.counts["poison"]) == (2, 1)
        assert system.ref(Office.clerk) is clerk


async def test_paused_messages_wait_for_the_resume(system: ActorSystem, host: Thespian) -> None:
    clerk = await system.spawn(ThespianChild, Clerk, host=host)
    clerk.pause()
    clerk.tell("a paper")
    with pytest.raises(AskTimeoutError):
        await ask(clerk, "papers", timeout=0.05)
    assert clerk.state == "paused"
    clerk.resume()
    assert await ask(clerk, "papers") == ["a paper"]


async def test_a_thespian_system_that_does_not_begin_is_a_failed_start(system: ActorSystem) -> None:
    with pytest.raises(StartFailedError, match="no Thespian system"):
        await system.spawn(ThespianChild, Clerk, host=Thespian(APART, address="192.0.2.1"))


async def test_one_that_is_killed_in_the_moment_in_which_it_comes_up_ends(
    system: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    came_up = ThespianChild._came_up

    def killed_then_up(self: ThespianChild, error: BaseException | None) -> None:
        self._cell.kill("by the test")
        came_up(self, error)

    first = await system.spawn(ThespianChild, Clerk, host=Thespian(TOGETHER))
    monkeypatch.setattr(ThespianChild, "_came_up", killed_then_up)
    with pytest.raises(ActorEndedError):
        await system.spawn(ThespianChild, Clerk, host=Thespian(TOGETHER))
    monkeypatch.undo()
    async with asyncio.timeout(20):
        await until(lambda: [ref for ref in system.actors() if ref.cls is ThespianChild] == [first])
    assert await ask(first, "a paper") == 1
