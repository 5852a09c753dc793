"""Who comes back after which end (rows A24 to A31)."""

import asyncio
import gc
import weakref

import pytest
from troupe import Diary, Player, crash, drained, leave, settle
from virtual import VirtualSystem, behaviour

from llmactors import ActorRef
from supervisors import DynamicSupervisor, Supervisor, child
from supervisors.errors import AlreadyPresentError

ROWS = {"permanent": "A24", "transient": "A25", "temporary": "A26"}
WAYS = ("normal", "shutdown", "abnormal", "killed")


async def end(ref: ActorRef[Player], way: str) -> None:
    if way == "normal":
        await leave(ref)
    elif way == "abnormal":
        await crash(ref)
    else:
        ref.stop() if way == "shutdown" else ref.kill()
        await settle()


@behaviour("A24", "A25", "A26")
@pytest.mark.parametrize("way", WAYS)
async def test_the_restart_type_decides_whether_a_child_comes_back(row: str, way: str) -> None:
    diary: Diary = []
    restart = next(word for word, its in ROWS.items() if its == row)
    back = restart == "permanent" or (restart == "transient" and way in ("abnormal", "killed"))

    class App(Supervisor):
        def __init__(self) -> None:
            super().__init__([child(Player, diary, restart=restart, name="it")])  # type: ignore[arg-type]

    async with VirtualSystem(App) as system:
        root, it = system.ref("/"), system.ref("it")
        drained(diary)
        await end(it, way)
        assert ("start it" in diary) is back
        names = [(info.name, info.state) for info in await root.ask(App.which_children())]
        assert names == ([("it", "up")] if back else [("it", "done")] if restart == "transient" else [])
        if restart == "transient" and not back:
            again = await root.ask(App.restart_child("it"))
            assert again.state == "idle"
        if restart == "temporary":
            await root.ask(App.start_child(child(Player, diary, restart="temporary", name="it")))


@behaviour("A27")
async def test_the_spec_of_a_lasting_child_survives_its_termination() -> None:
    class App(Supervisor):
        it = child(Player, [])

    async with VirtualSystem(App) as system:
        root = system.ref("/")
        await root.ask(App.terminate_child(App.it))
        with pytest.raises(AlreadyPresentError):
            await root.ask(App.start_child(child(Player, [], name="it")))
        assert (await root.ask(App.restart_child("it"))).path == "/it"


@behaviour("A28")
async def test_the_arguments_of_a_temporary_child_are_let_go_with_it() -> None:
    class Large:
        pass

    class Holder(Player):
        def __init__(self, large: Large) -> None:
            super().__init__([])
            self.large = large

    class Crowd(DynamicSupervisor):
        pass

    class App(Supervisor):
        crowd = child(Crowd)

    async with VirtualSystem(App) as system:
        crowd, large = system.ref(App.crowd), Large()
        seen = weakref.ref(large)
        ref = await crowd.ask(Crowd.start_child(child(Holder, large, restart="temporary")))
        del large
        await leave(ref)
        del ref
        await asyncio.sleep(1.0)  # the deadline of the ask is forgotten at the next tick
        gc.collect()
        assert seen() is None


@behaviour("X11", "A48")
async def test_the_state_of_a_crashed_actor_is_let_go_though_its_crash_is_remembered() -> None:
    seen: list[weakref.ref[Player]] = []

    class Heavy(Player):
        def __init__(self) -> None:
            super().__init__([])
            seen.append(weakref.ref(self))

    class App(Supervisor):
        it = child(Heavy)

    async with VirtualSystem(App) as system:
        await crash(system.ref(App.it))
        await asyncio.sleep(1.0)
        gc.collect()
        assert [one() is not None for one in seen] == [False, True]


@behaviour("A29")
async def test_a_temporary_bystander_of_a_group_restart_is_gone_and_counts_for_nothing() -> None:
    diary: Diary = []

    class App(Supervisor):
        strategy = "one_for_all"
        bystander = child(Player, diary, restart="temporary")
        it = child(Player, diary)

    async with VirtualSystem(App) as system:
        drained(diary)
        await crash(system.ref(App.it))
        assert drained(diary) == ["stop it", "stop bystander", "start it"]
        assert [info.name for info in await system.ref("/").ask(App.which_children())] == ["it"]


@behaviour("A30")
@pytest.mark.parametrize(("restart", "way"), [("transient", "normal"), ("temporary", "abnormal")])
@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
async def test_only_a_restart_concerns_the_group(strategy: str, restart: str, way: str) -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, restart=restart)  # type: ignore[arg-type]
        other = child(Player, diary)

    App.strategy = strategy  # type: ignore[assignment]
    async with VirtualSystem(App) as system:
        drained(diary)
        await end(system.ref(App.it), way)
        assert drained(diary) == ["stop it"]


@behaviour("A31", "X8")
@pytest.mark.parametrize("revives", [False, True])
async def test_a_group_restart_revives_who_is_at_rest_only_where_the_class_says_so(revives: bool) -> None:
    diary: Diary = []

    class App(Supervisor):
        strategy = "one_for_all"
        revive = revives
        finished = child(Player, diary, restart="transient")
        terminated = child(Player, diary)
        it = child(Player, diary)

    async with VirtualSystem(App) as system:
        await leave(system.ref(App.finished))
        await system.ref("/").ask(App.terminate_child("terminated"))
        drained(diary)
        await crash(system.ref(App.it))
        everyone = ["start finished", "start terminated", "start it"]
        assert drained(diary) == ["stop it", *(everyone if revives else ["start it"])]
