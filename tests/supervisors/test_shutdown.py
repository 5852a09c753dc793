"""How children are stopped (rows A57 to A71)."""

import asyncio

import pytest
from structlog.testing import capture_logs
from troupe import Diary, FaultError, Player, crash, drained, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import Exit, Killed, message
from supervisors import DynamicSupervisor, Supervisor, child

FOREVER = 1e6


@behaviour("A57")
async def test_children_stop_one_at_a_time_last_started_first() -> None:
    diary: Diary = []

    class App(Supervisor):
        a = child(Player, diary, 0.0, 1.0)
        b = child(Player, diary, 0.0, 1.0)
        c = child(Player, diary, 0.0, 1.0)

    async with VirtualSystem(App):
        drained(diary)
    assert diary == ["halt c", "stop c", "halt b", "stop b", "halt a", "stop a"]
    assert now() == pytest.approx(3.0)


@behaviour("A58")
async def test_a_child_that_does_not_stop_in_time_is_killed_and_its_supervisor_ends_as_it_would_have() -> None:
    diary: Diary = []

    class App(Supervisor):
        stubborn = child(Player, diary, 0.0, FOREVER, shutdown=0.1)

    async with VirtualSystem(App) as system:
        stubborn = system.ref(App.stubborn)
        ended = asyncio.ensure_future(stubborn.wait_ended())
    assert isinstance(await ended, Killed)
    assert now() == pytest.approx(0.1)
    assert "stop stubborn" not in diary


@behaviour("A59")
async def test_a_child_whose_shutdown_is_kill_runs_no_clean_up() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, shutdown="kill")

    async with VirtualSystem(App) as system:
        ended = asyncio.ensure_future(system.ref(App.it).wait_ended())
        drained(diary)
    assert diary == []
    assert isinstance(await ended, Killed)


@behaviour("A60")
async def test_a_shutdown_time_of_0_asks_and_kills_without_waiting() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, 0.0, 1.0, shutdown=0)

    async with VirtualSystem(App):
        drained(diary)
    assert diary in (["halt it"], [])
    assert now() == 0.0


@behaviour("A61")
async def test_forever_waits_for_ever() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, 0.0, 100_000.0, shutdown="forever")

    async with VirtualSystem(App):
        pass
    assert diary[-1] == "stop it"
    assert now() == pytest.approx(100_000.0)


@behaviour("A62", "A112")
async def test_dynamic_children_stop_all_at_once_each_within_its_own_time() -> None:
    diary: Diary = []

    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        for shutdown in (1.0, 1.0, 2.0, 3.0):
            await system.ref("/").ask(Crowd.start_child(child(Player, diary, 0.0, FOREVER, shutdown=shutdown)))
        quick = await system.ref("/").ask(Crowd.start_child(child(Player, diary)))
        assert quick.name == "player-5"
        drained(diary)
    assert now() == pytest.approx(3.0), "the maximum, not the sum"
    assert sorted(diary) == ["halt player-1", "halt player-2", "halt player-3", "halt player-4", "stop player-5"]


@behaviour("A63")
async def test_a_child_that_crashes_during_the_shutdown_does_not_disturb_it() -> None:
    diary: Diary = []

    class Bad(Player):
        async def on_stop(self, exit: Exit) -> None:
            raise FaultError

    class App(Supervisor):
        a = child(Player, diary)
        bad = child(Bad, diary)
        c = child(Player, diary)

    with capture_logs() as logs:
        async with VirtualSystem(App):
            drained(diary)
    assert diary == ["stop c", "stop a"]
    (bad,) = [log for log in logs if log["event"] == "actor_ended" and log["path"] == "/bad"]
    assert bad["exit"] == "crash: FaultError"


@behaviour("A64")
async def test_an_end_that_the_shutdown_did_not_mean_is_a_warning() -> None:
    class App(Supervisor):
        stubborn = child(Player, [], 0.0, FOREVER, shutdown=0.1)
        killed = child(Player, [], shutdown="kill")
        good = child(Player, [])

    with capture_logs() as logs:
        async with VirtualSystem(App):
            pass
    levels = {log["path"]: log["log_level"] for log in logs if log["event"] == "actor_ended"}
    assert levels == {"/good": "info", "/killed": "info", "/stubborn": "warning"}


@behaviour("A65")
async def test_a_child_that_has_unlinked_itself_is_stopped_all_the_same() -> None:
    diary: Diary = []

    class Loose(Player):
        async def on_start(self) -> None:
            await super().on_start()
            self.context.unlink(self.context.system.ref("/"))

    class App(Supervisor):
        loose = child(Loose, diary)

    async with VirtualSystem(App):
        drained(diary)
    assert diary == ["stop loose"]


@behaviour("A66", "X10")
async def test_a_supervisor_that_is_killed_in_the_middle_of_its_shutdown_leaves_nobody_behind() -> None:
    class Inner(Supervisor):
        a = child(Player, [])
        stubborn = child(Player, [], 0.0, FOREVER, shutdown="forever")

    class App(Supervisor):
        inner = child(Inner, restart="temporary")

    async with VirtualSystem(App) as system:
        inner, a, stubborn = system.ref(App.inner), system.ref(Inner.a), system.ref(Inner.stubborn)
        inner.stop()
        await settle()
        inner.kill()
        await settle()
        assert {ref.state for ref in (inner, a, stubborn)} == {"discarded"}


@behaviour("A67")
async def test_a_child_that_its_supervisor_stopped_is_not_restarted() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary)

    async with VirtualSystem(App) as system:
        it = system.ref(App.it)
        drained(diary)
        await system.ref("/").ask(App.terminate_child(it))
        await settle()
        assert diary == ["stop it"]
        assert it.state == "discarded"


@behaviour("A68")
async def test_a_supervisor_obeys_a_stop_and_its_children_go_first() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        a = child(Player, diary)
        b = child(Player, diary)

    class App(Supervisor):
        inner = child(Inner, restart="transient")

    async with VirtualSystem(App) as system:
        drained(diary)
        system.ref(App.inner).stop()
        await settle()
        assert diary == ["stop b", "stop a"]


@behaviour("A70")
async def test_a_supervisor_with_a_shutdown_time_is_killed_with_its_children_when_that_is_over() -> None:
    class Inner(Supervisor):
        stubborn = child(Player, [], 0.0, FOREVER, shutdown="forever")

    class App(Supervisor):
        inner = child(Inner, shutdown=1.0)

    async with VirtualSystem(App) as system:
        stubborn = system.ref(Inner.stubborn)
    assert stubborn.state == "discarded"
    assert now() == pytest.approx(1.0)


@behaviour("A71")
async def test_who_waits_for_the_end_of_its_own_ancestor_is_killed_when_its_time_is_over() -> None:
    class Rebel(Player):
        @message(timeout=FOREVER, limit=None)
        async def rebel(self) -> None:
            await self.context.system.ref("/").ask(App.terminate_child("inner"))

    class Inner(Supervisor):
        rebel = child(Rebel, [], shutdown=2.0)

    class App(Supervisor):
        inner = child(Inner)

    async with VirtualSystem(App) as system:
        rebel = system.ref(Inner.rebel)
        rebel.tell(Rebel.rebel())
        await rebel.wait_ended()
        assert now() == pytest.approx(2.0)
        await settle()
        assert [(info.name, info.state) for info in await system.ref("/").ask(App.which_children())] == [
            ("inner", "down")
        ]


@behaviour("A69", "X10")
async def test_the_children_of_a_killed_supervisor_end_with_it_and_its_parent_restarts_it() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        trapping = child(type("Trapping", (Player,), {"trap_exits": True}), diary)

    class App(Supervisor):
        inner = child(Inner)

    async with VirtualSystem(App) as system:
        trapping = system.ref(Inner.trapping)
        before = trapping.usage().restarts
        system.ref(App.inner).kill()
        await settle()
        assert trapping.usage().restarts == before + 1
        await crash(trapping)
        assert diary == ["start trapping"] * 2 + ["stop trapping", "start trapping"]
