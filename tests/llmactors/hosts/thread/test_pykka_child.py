"""`PykkaChild`: an unmodified Pykka actor class under supervision."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any, cast

import pytest
from blockers import Tally
from waiting import until

from llmactors import ActorRef, ActorSystem, Crash, Killed, Normal, Shutdown
from llmactors.errors import ActorEndedError, AskTimeoutError, MissingExtraError, StartFailedError
from llmactors.hosts import PykkaChild, abandoned_threads, as_pykka
from supervisors import Supervisor, child

pykka = pytest.importorskip("pykka")
from pykka_players import Player  # noqa: E402  it needs Pykka


@pytest.fixture(autouse=True)
def _pykka_does_not_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="pykka")


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


class Computer(Player):
    """Needs the processor."""

    def on_receive(self, message: Any) -> Any:
        end = time.thread_time() + 0.05
        while message == "compute" and time.thread_time() < end:
            pass
        return super().on_receive(message)


class App(Supervisor):
    computer = child(PykkaChild, Computer)
    tally = child(Tally)
    player = child(PykkaChild, Player, "piano")


def ask(ref: ActorRef[PykkaChild], message: object, timeout: float | None = None) -> Coroutine[Any, Any, Any]:
    return ref.ask(PykkaChild.on_receive(message), timeout)


async def pykka_ref(ref: ActorRef[PykkaChild]) -> Any:
    return await ref.ask(PykkaChild.pykka_ref())


async def test_it_is_told_and_asked_as_any_other_actor_and_keeps_their_order(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player, "piano")
    for song in range(20):
        player.tell(song)
    assert await ask(player, "songs") == list(range(20))
    assert await ask(player, "thread") != threading.get_ident()


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no thread's clock can be read from another")
async def test_the_account_has_what_its_thread_used_over_all_its_lives() -> None:
    async with ActorSystem(App) as system:
        player = cast("ActorRef[PykkaChild]", system.ref(App.computer))
        await ask(player, "compute")
        first = player.usage().cpu
        assert first >= 0.05
        player.kill()
        await ask(player, "compute")
        assert player.usage().cpu >= first + 0.05
        player.tell("fail")
        await ask(player, "compute")
        assert player.usage().cpu >= first + 0.1


async def test_its_pykka_ref_and_its_proxy_work(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player, "piano")
    ref = await pykka_ref(player)

    def from_pykka_s_side() -> tuple[Any, ...]:
        proxy = ref.proxy()
        return ref.ask("a song"), proxy.name.get(), proxy.shout("forte").get(), ref.is_alive()

    assert await asyncio.to_thread(from_pykka_s_side) == (1, "piano", "piano: FORTE!", True)
    assert ref in pykka.ActorRegistry.get_by_class(Player)
    assert ref.actor_class.__name__ == "Player"


async def test_its_failure_runs_on_failure_and_restarts_it() -> None:
    heard: list[Any] = []

    class Stage(Supervisor):
        player = child(PykkaChild, Player, "piano", heard)

    async with ActorSystem(Stage) as system:
        player = system.ref(Stage.player)
        first = await pykka_ref(player)
        player.tell("a song")
        player.tell("fail")
        assert await ask(player, "songs") == []
        second = await pykka_ref(player)
        assert (first.is_alive(), second.is_alive()) == (False, True)
        assert heard == ["on_start", ("on_failure", "ValueError"), "on_start"]
        assert player.usage().restarts == 1
    assert heard[-1] == "on_stop"


async def test_a_failure_that_pykka_code_causes_restarts_it_too() -> None:
    async with ActorSystem(App) as system:
        player = system.ref(App.player)
        (await pykka_ref(player)).tell("fail")
        await until(lambda: player.usage().restarts == 1)
        assert await ask(player, "songs") == []


async def test_an_exception_under_ask_is_the_answer_as_in_pykka(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player, "piano")
    player.tell("a song")
    with pytest.raises(ValueError, match="out of tune"):
        await ask(player, "fail")
    assert await ask(player, "songs") == ["a song"]


async def test_a_message_whose_handler_fails_is_redelivered_where_its_child_says_so() -> None:
    class Stage(Supervisor):
        player = child(PykkaChild, Player, redeliver=1)

    async with ActorSystem(Stage) as system:
        player = system.ref(Stage.player)
        player.tell("fail")
        player.tell("a song")
        assert await cast("Any", player).ask("songs") == ["a song"]
        assert (player.usage().restarts, system.dead_letters.counts["poison"]) == (2, 1)


async def test_system_exit_ends_this_actor_and_no_other(system: ActorSystem) -> None:
    player, other = [await system.spawn(PykkaChild, Player) for _ in range(2)]
    ended = asyncio.create_task(player.wait_ended())
    await asyncio.sleep(0)
    player.tell("exit")
    exit = await ended
    assert isinstance(exit, Crash)
    assert isinstance(exit.error, SystemExit)
    assert await ask(other, "songs") == []


async def test_one_that_stops_itself_ends_normally(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player)
    assert await ask(player, "leave") == "leaving"
    assert await player.wait_ended() == Normal()


async def test_one_that_pykka_code_stops_is_seen_to_end(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player)
    ref = await pykka_ref(player)
    await asyncio.to_thread(ref.stop)
    assert await player.wait_ended() == Normal()


async def test_a_stop_lets_what_is_in_its_inbox_finish_runs_on_stop_and_ends_the_thread(system: ActorSystem) -> None:
    heard: list[Any] = []
    player = await system.spawn(PykkaChild, Player, "piano", heard)
    ref, event = await pykka_ref(player), threading.Event()
    asking = asyncio.create_task(ask(player, ("wait", event)))
    await until(lambda: player.state == "running")
    future = ref.ask("queued by Pykka code", block=False)
    player.stop()
    event.set()
    assert await asking == "waited"
    assert await player.wait_ended() == Shutdown()
    assert future.get(timeout=5) == 1
    assert heard == ["on_start", "on_stop"]


@pytest.mark.parametrize("name", ["refuses to be made", "refuses to start"])
async def test_one_that_does_not_start_is_a_failed_start(system: ActorSystem, name: str) -> None:
    with pytest.raises(StartFailedError, match=name):
        await system.spawn(PykkaChild, Player, name)
    assert pykka.ActorRegistry.get_by_class(Player) == []


async def test_a_stop_that_fails_is_a_crash(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player, "stops badly")
    ended = asyncio.create_task(player.wait_ended())
    await asyncio.sleep(0)
    player.stop()
    assert isinstance(await ended, Crash)


async def test_a_class_that_is_no_pykka_actor_is_refused(system: ActorSystem) -> None:
    with pytest.raises(StartFailedError, match="ThreadingActor"):
        await system.spawn(PykkaChild, Tally)


async def test_a_kill_ends_the_slot_at_once_and_fences_the_thread(system: ActorSystem) -> None:
    heard: list[Any] = []
    tally = await system.spawn(Tally)
    player = await system.spawn(PykkaChild, Player, "piano", heard, name="stuck")
    arrived, event = threading.Event(), threading.Event()
    player.tell(("wait and tell", arrived, event, tally, Tally.add("too late")))
    await until(arrived.is_set)
    player.kill("enough")
    assert await player.wait_ended() == Killed("enough")
    assert len(abandoned_threads()) == 1
    event.set()
    await until(lambda: not abandoned_threads())
    assert await tally.ask(Tally.all()) == []
    assert heard == ["on_start"]


async def test_a_killed_idle_one_is_gone_at_once(system: ActorSystem) -> None:
    player = await system.spawn(PykkaChild, Player)
    ref = await pykka_ref(player)
    player.kill()
    await player.wait_ended()
    assert abandoned_threads() == ()
    await until(lambda: not ref.is_alive())


async def test_an_asker_that_gives_up_gets_no_late_answer_and_nor_does_the_next(system: ActorSystem) -> None:
    player, event = await system.spawn(PykkaChild, Player), threading.Event()
    with pytest.raises(AskTimeoutError):
        await ask(player, ("wait", event), timeout=0.05)
    asking = asyncio.create_task(ask(player, "songs"))
    event.set()
    assert await asking == []


@pytest.mark.parametrize("verb", ["ask", "ask later"])
async def test_it_asks_our_actors_as_if_they_were_pykka_s(system: ActorSystem, verb: str) -> None:
    tally, player = await system.spawn(Tally), await system.spawn(PykkaChild, Player)
    assert await ask(player, (verb, as_pykka(tally), Tally.add("from Pykka"))) == 1
    assert await tally.ask(Tally.all(1)) == ["from Pykka"]


async def test_asking_an_actor_of_ours_that_is_gone_raises_pykka_s_error(system: ActorSystem) -> None:
    tally, player = await system.spawn(Tally), await system.spawn(PykkaChild, Player)
    tally.stop()
    await tally.wait_ended()
    with pytest.raises(pykka.ActorDeadError) as failure:
        await ask(player, ("ask", as_pykka(tally), Tally.add(1)))
    assert isinstance(failure.value.__cause__, ActorEndedError)
    assert not as_pykka(tally).is_alive()


async def test_without_pykka_the_error_names_the_extra(system: ActorSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pykka", None)
    with pytest.raises(StartFailedError, match=r"llmagentos\[pykka\]") as failure:
        await system.spawn(PykkaChild, Player)
    assert isinstance(failure.value.__cause__, MissingExtraError)
