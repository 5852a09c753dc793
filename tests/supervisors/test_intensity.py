"""When a supervisor gives up, and what follows (rows A44 to A56, A12)."""

import asyncio

import pytest
from troupe import Diary, FaultError, Player, Times, crash, drained, leave, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import Crash
from supervisors import DynamicSupervisor, GaveUpError, Intensity, Supervisor, child


class Inner(Supervisor):
    """A supervisor with three children, under test."""

    def __init__(self, diary: Diary, fails: Times) -> None:
        names = [child(Player, diary, name=name) for name in "ac"]
        names.insert(1, child(Player, diary, 0.0, 0.0, fails, name="b"))
        super().__init__(names)


def under(inner: type[Supervisor], diary: Diary, fails: Times | None = None) -> type[Supervisor]:
    """Make a root that keeps *inner* and does not bring it back."""

    class App(Supervisor):
        it = child(inner, diary, fails or Times(), restart="temporary")

    return App


async def crash_often(root: type[Supervisor], path: str) -> None:
    """Have the actor at *path* crash until its tree gives up."""
    async with VirtualSystem(root) as system:
        for _ in range(100):
            await crash(system.ref(path))


@behaviour("A44", "A45", "A47", "A12")
@pytest.mark.parametrize("granted", [None, 0, 1, 4])
async def test_so_many_restarts_are_granted_and_the_next_stops_all_in_reverse_order(
    granted: int | None,
) -> None:
    diary: Diary = []

    class It(Inner):
        if granted is not None:
            intensity = Intensity(granted, within=5.0)

    async with VirtualSystem(under(It, diary)) as system:
        drained(diary)
        it, b = system.ref("it"), system.ref("it/b")
        ended = asyncio.ensure_future(it.wait_ended())
        for _ in range(3 if granted is None else granted):
            await crash(b)
            assert drained(diary) == ["stop b", "start b"]
        await crash(b)
        assert drained(diary) == ["stop b", "stop c", "stop a"]
        exit = await ended
        assert isinstance(exit, Crash)
        assert isinstance(exit.error, GaveUpError)


@behaviour("A46", "X7")
async def test_giving_up_is_an_abnormal_end_so_a_transient_supervisor_is_restarted() -> None:
    diary: Diary = []

    class It(Inner):
        intensity = Intensity(0)

    class App(Supervisor):
        it = child(It, diary, Times(), restart="transient")

    async with VirtualSystem(App) as system:
        drained(diary)
        await crash(system.ref("it/b"))
        assert drained(diary) == ["stop b", "stop c", "stop a", "start a", "start b", "start c"]


@behaviour("X7", "X14")
async def test_the_error_tells_the_child_what_happened_and_why_down_to_the_root() -> None:
    class It(Inner):
        intensity = Intensity(1)

    class App(Supervisor):
        intensity = Intensity(0)
        it = child(It, [], Times())

    with pytest.raises(GaveUpError, match="`it`") as caught:
        await crash_often(App, "it/b")
    inner = caught.value.__cause__
    assert isinstance(inner, GaveUpError)
    assert inner.child == "b"
    assert len(inner.history) == 2
    assert isinstance(inner.__cause__, FaultError)


@behaviour("A48")
async def test_all_children_share_one_history() -> None:
    diary: Diary = []
    app = under(Inner, diary)
    async with VirtualSystem(app) as system:
        it = system.ref("it")
        for name in "abc":
            await crash(system.ref(f"it/{name}"))
        await crash(system.ref("it/a"))
        assert it.state == "discarded"


@behaviour("A49")
async def test_a_group_restart_counts_once() -> None:
    class It(Inner):
        strategy = "one_for_all"
        intensity = Intensity(2, within=5.0)

    async with VirtualSystem(under(It, [])) as system:
        it = system.ref("it")
        for _ in range(2):
            await crash(system.ref("it/a"))
        assert it.state == "idle"
        await crash(system.ref("it/a"))
        assert it.state == "discarded"


@behaviour("A50")
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
async def test_every_failed_start_during_a_restart_counts(strategy: str) -> None:
    diary: Diary = []
    fails = Times()

    class It(Inner):
        intensity = Intensity(4, within=5.0)

    It.strategy = strategy  # type: ignore[assignment]
    async with VirtualSystem(under(It, diary, fails)) as system:
        it = system.ref("it")
        fails.arm(100)
        drained(diary)
        await crash(system.ref("it/b"))
        await settle()
        assert diary.count("fail b") == 4
        assert it.state == "discarded"


@behaviour("A51")
@pytest.mark.parametrize(("restart", "counts"), [("permanent", True), ("transient", False), ("temporary", False)])
async def test_only_an_end_that_calls_for_a_restart_counts(restart: str, counts: bool) -> None:
    class It(Supervisor):
        intensity = Intensity(0)
        leaf = child(Player, [], restart=restart)  # type: ignore[arg-type]

    class App(Supervisor):
        it = child(It, restart="temporary")

    async with VirtualSystem(App) as system:
        it = system.ref("it")
        await leave(system.ref("it/leaf"))
        assert (it.state == "discarded") is counts


@behaviour("A52")
async def test_administration_never_counts() -> None:
    class App(Supervisor):
        intensity = Intensity(0)
        leaf = child(Player, [])

    async with VirtualSystem(App) as system:
        root = system.ref("/")
        for _ in range(3):
            await root.ask(App.terminate_child("leaf"))
            await root.ask(App.restart_child("leaf"))
            await root.ask(App.start_child(child(Player, [], name="more")))
            await root.ask(App.terminate_child("more"))
            await root.ask(App.delete_child("more"))
        assert system.ref(App.leaf).state == "idle"


@behaviour("A53")
async def test_the_window_slides() -> None:
    class App(Supervisor):
        intensity = Intensity(1, within=1.0)
        leaf = child(Player, [])

    async with VirtualSystem(App) as system:
        for _ in range(4):
            await asyncio.sleep(2.1)
            await crash(system.ref(App.leaf))
        assert system.ref(App.leaf).state == "idle"


@behaviour("A54", "X5")
@pytest.mark.parametrize(("up", "survives"), [(0.99, False), (1.0, True), (1.1, True)])
async def test_the_window_is_strict_and_on_the_system_s_own_clock(up: float, survives: bool) -> None:
    class It(Inner):
        intensity = Intensity(1, within=1.0)

    async with VirtualSystem(under(It, [])) as system:
        it = system.ref("it")
        await crash(system.ref("it/b"))
        await asyncio.sleep(up)
        await crash(system.ref("it/b"))
        assert (it.state == "idle") is survives


@behaviour("A55")
async def test_nested_supervisors_multiply() -> None:
    diary: Diary = []

    class Lower(Supervisor):
        intensity = Intensity(3, within=5.0)
        leaf = child(Player, diary)

    class Upper(Supervisor):
        intensity = Intensity(2, within=5.0)
        lower = child(Lower)

    with pytest.raises(GaveUpError):
        await crash_often(Upper, "lower/leaf")
    assert diary.count("start leaf") == (3 + 1) * (2 + 1)


@behaviour("A56")
async def test_a_restarted_supervisor_begins_anew_with_its_static_children_only() -> None:
    diary: Diary = []

    class It(Inner):
        intensity = Intensity(1, within=5.0)

    class App(Supervisor):
        it = child(It, diary, Times())

    async with VirtualSystem(App) as system:
        it = system.ref(App.it)
        more = await it.ask(It.start_child(child(Player, diary, name="more")))
        await crash(system.ref("it/b"))
        it.kill()
        await settle()
        assert [info.name for info in await it.ask(It.which_children())] == ["c", "b", "a"]
        assert more.state == "discarded"
        await crash(system.ref("it/b"))
        assert it.state == "idle", "and with an empty history"


@behaviour("A44")
async def test_a_dynamic_supervisor_gives_up_like_any_other() -> None:
    class Crowd(DynamicSupervisor):
        intensity = Intensity(2, within=5.0)

    class App(Supervisor):
        crowd = child(Crowd, restart="temporary")

    async with VirtualSystem(App) as system:
        crowd = system.ref(App.crowd)
        refs = [await crowd.ask(Crowd.start_child(child(Player, []))) for _ in range(3)]
        for ref in refs:
            await crash(ref)
        assert crowd.state == "discarded"
        assert {ref.state for ref in refs} == {"discarded"}
        assert now() < 5.0


@behaviour("X6")
async def test_a_child_may_have_a_budget_of_its_own() -> None:
    class It(Supervisor):
        intensity = Intensity(1)
        flaky = child(Player, [], intensity=Intensity(20, within=60.0))
        critical = child(Player, [], intensity=Intensity(0))
        other = child(Player, [])

    async def main(*crashes: str) -> None:
        async with VirtualSystem(It) as system:
            for path in crashes:
                await crash(system.ref(path))

    await main(*["flaky"] * 20, "other")
    for crashes, granted, within in (
        (["flaky"] * 21, 20, 60.0),
        (["critical"], 0, 5.0),
        (["flaky", "other", "other"], 1, 5.0),
    ):
        with pytest.raises(GaveUpError, match=f"within {within:g} s of being up, {granted} are granted") as caught:
            await main(*crashes)
        assert (caught.value.child, len(caught.value.history)) == (crashes[-1], granted + 1)


@behaviour("X6")
async def test_a_dynamic_child_may_have_one_too() -> None:
    class Crowd(DynamicSupervisor):
        intensity = Intensity(0)

    async with VirtualSystem(Crowd) as system:
        spec = child(Player, [], intensity=Intensity(2))
        ref = await system.ref("/").ask(Crowd.start_child(spec))
        for _ in range(2):
            await crash(ref)
        assert ref.usage().restarts == 2
