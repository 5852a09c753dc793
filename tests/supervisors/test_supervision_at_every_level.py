"""What a supervisor promises, of workers in processes: the same tests in the simulator and with real ones.

Each has one tree and ends its workers in several ways, because a real one takes a second to begin.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hands import FaultError, Hand

import supervisors.testing
from llmactors import Crash, Killed
from llmactors.errors import ActorEndedError, RemoteError
from llmactors.hosts import Process
from llmactors.testing import LifeBegan, LifeEnded, World, simulate
from llmactors.testing._laws import LAWS
from supervisors import GaveUpError, Intensity, Supervisor, child
from supervisors.errors import (
    AlreadyPresentError,
    AlreadyStartedError,
    ChildNotFoundError,
    ChildRunningError,
    ChildStartError,
)

FOREVER = 1e6
RUNS = {"sim": 10, "real": 1}
SIGNIFICANT: dict[str, Any] = {"restart": "transient", "significant": True}
EXTRA = tuple(law for law in supervisors.testing.LAWS if law not in LAWS)
"""Laws that are not installed with the package where its sources are tested."""


def holds(*rows: str) -> Callable[[Any], Any]:
    """Say which rows of the reference a test holds, at both levels."""

    def decorate(test: Any) -> Any:
        return pytest.mark.slow(pytest.mark.parametrize("level", RUNS)(test))

    assert rows
    return decorate


def played(tree: Any, level: Any) -> Callable[[Any], None]:
    """Have a test run at a level at once."""

    def play(test: Any) -> None:
        simulate(tree, level=level, runs=RUNS[level], laws=EXTRA)(test)()

    return play


def apart(diary: Path, *args: Any, **options: Any) -> Any:
    """Return the spec of a hand in a process."""
    return child(Hand, str(diary), *args, host=Process(), **options)


def written(diary: Path) -> list[str]:
    return diary.read_text(encoding="utf-8").splitlines() if diary.exists() else []


def began(world: World, path: str) -> int:
    return sum(isinstance(event, LifeBegan) and event.path == path for event in world.events)


def ended(world: World, below: str, since: int = 0) -> list[str]:
    """Return the names of those below a path whose lives ended, in order."""
    ends = [event.path for event in world.events[since:] if isinstance(event, LifeEnded)]
    return [path.rpartition("/")[2] for path in ends if path.startswith(f"{below}/")]


@holds("A24", "A25", "A26")
def test_the_restart_type_decides_which_worker_comes_back(level: str, tmp_path: Path) -> None:
    types, ways = ("permanent", "transient", "temporary"), ("leave", "crash", "kill")
    back = {"permanent_leave", "permanent_crash", "permanent_kill", "transient_crash", "transient_kill"}
    names = [f"{restart}_{way}" for restart in types for way in ways]

    class Family(Supervisor):
        intensity = Intensity(len(back))
        children = [  # noqa: RUF012  that is how a supervisor says it
            apart(tmp_path / "diary", name=name, restart=name.partition("_")[0]) for name in names
        ]

    @played(Family, level)
    async def ends_each(world: World) -> None:
        for name in names:
            way = name.rpartition("_")[2]
            if way == "kill":
                await world.kill(world.ref(name))
            else:
                world.tell(name, Hand.leave() if way == "leave" else Hand.crash())
        root = world.ref("/")

        def settled() -> bool:
            up = {ref.name for ref in root.children() if ref.state == "idle" and began(world, f"/{ref.name}") == 2}
            return up == back and len(ended(world, "")) == len(names)

        await world.eventually("those are up again who come back", settled)
        infos = await root.ask(Family.which_children())
        assert {info.name: info.state for info in infos} == {"transient_leave": "done", **dict.fromkeys(back, "up")}
        assert await world.settle([world.ask(name, Hand.work(), timeout=30) for name in back]) == ["done"] * len(back)


@holds("A44", "A45", "A47", "A48")
def test_so_many_restarts_are_granted_and_the_next_stops_all_in_reverse_order(level: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    class It(Supervisor):
        intensity = Intensity(1, within=300.0)
        a = apart(diary)
        b = apart(diary)
        c = apart(diary)

    class App(Supervisor):
        it = child(It, restart="temporary")

    @played(App, level)
    async def gives_up(world: World) -> None:
        diary.unlink(missing_ok=True)
        it = world.ref(App.it)
        await world.kill(world.ref("it/b"))
        await world.eventually("it is back", lambda: began(world, "/it/b") == 2 and world.ref("it/b").state == "idle")
        before = len(world.events)
        await world.kill(world.ref("it/c"))
        exit = await it.wait_ended()
        assert isinstance(exit, Crash)
        assert isinstance(exit.error, GaveUpError)
        assert ended(world, "/it", before) == ["c", "b", "a"]
        assert written(diary) == ["halt b", "stop b", "halt a", "stop a"]


@holds("A50")
def test_every_failed_start_of_a_worker_counts(level: str, tmp_path: Path) -> None:
    diary, fails = tmp_path / "diary", tmp_path / "fails"

    class It(Supervisor):
        intensity = Intensity(3, within=300.0)
        worker = apart(diary, 0.0, str(fails))

    class App(Supervisor):
        it = child(It, restart="temporary")

    @played(App, level)
    async def cannot_start(world: World) -> None:
        diary.unlink(missing_ok=True)
        await world.ask("it/worker", Hand.work(), timeout=30)
        fails.touch()
        await world.kill(world.ref("it/worker"))
        exit = await world.ref(App.it).wait_ended()
        fails.unlink()
        assert isinstance(exit, Crash)
        assert isinstance(exit.error, GaveUpError)
        assert written(diary) == ["fail worker"] * 3


@holds("A57", "A58", "A59")
def test_workers_stop_one_at_a_time_and_who_is_late_or_need_not_is_killed(level: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    class It(Supervisor):
        first = apart(diary)
        stubborn = apart(diary, FOREVER, shutdown=0.3)
        doomed = apart(diary, shutdown="kill")
        last = apart(diary)

    class App(Supervisor):
        it = child(It)

    @played(App, level)
    async def stops(world: World) -> None:
        diary.unlink(missing_ok=True)
        it, stubborn, doomed = (world.ref(path) for path in ("it", "it/stubborn", "it/doomed"))
        before = len(world.events)
        await world.ref("/").ask(App.terminate_child("it"), timeout=30)
        assert it.state == "discarded"
        assert ended(world, "/it", before) == ["last", "doomed", "stubborn", "first"]
        assert written(diary) == ["halt last", "stop last", "halt stubborn", "halt first", "stop first"]
        assert isinstance(await stubborn.wait_ended(), Killed)
        assert isinstance(await doomed.wait_ended(), Killed)


@holds("A69")
def test_the_workers_of_a_killed_supervisor_end_with_it_and_its_parent_restarts_it(level: str, tmp_path: Path) -> None:
    class It(Supervisor):
        a = apart(tmp_path / "diary")
        b = apart(tmp_path / "diary")

    class App(Supervisor):
        it = child(It)

    @played(App, level)
    async def kills(world: World) -> None:
        before = len(world.events)
        await world.kill("/it")
        await world.eventually("its parent restarts it", lambda: began(world, "/it") == 2)
        assert await world.settle([world.ask(f"it/{name}", Hand.work(), timeout=30) for name in "ab"]) == ["done"] * 2
        assert sorted(ended(world, "/it", before)) == ["a", "b"]
        assert began(world, "/it/a") == began(world, "/it/b") == 2


@holds("A72", "A73", "A77", "A79", "A80", "A81", "A82")
def test_what_is_asked_of_a_supervisor_of_workers_is_answered(level: str, tmp_path: Path) -> None:
    fails = tmp_path / "fails"

    class App(Supervisor):
        it = apart(tmp_path / "diary")

    def more() -> Any:
        return apart(tmp_path / "diary", 0.0, str(fails), name="more")

    @played(App, level)
    async def asks(world: World) -> None:
        fails.touch()
        root = world.ref("/")

        async def refused(error: type[Exception], message: Any) -> BaseException | None:
            with pytest.raises(error) as caught:
                await root.ask(message, timeout=30)
            return caught.value.__cause__

        cause = await refused(ChildStartError, App.start_child(more()))
        assert isinstance(cause, FaultError | RemoteError)
        assert [info.name for info in await root.ask(App.which_children())] == ["it"]
        fails.unlink()
        ref = await root.ask(App.start_child(more()), timeout=30)
        assert await world.ask(ref, Hand.work(), timeout=30) == "done"
        await refused(AlreadyStartedError, App.start_child(more()))
        await refused(ChildRunningError, App.restart_child("more"))
        await refused(ChildRunningError, App.delete_child("more"))
        assert [info.name for info in await root.ask(App.which_children())] == ["more", "it"]
        for _ in range(2):
            await root.ask(App.terminate_child("more"), timeout=30)
            assert ref.state == "discarded"
        count = await root.ask(App.count_children())
        assert (count.specs, count.active, count.workers) == (2, 1, 2)
        await refused(AlreadyPresentError, App.start_child(more()))
        fails.touch()
        await refused(ChildStartError, App.restart_child("more"))
        fails.unlink()
        assert (await root.ask(App.restart_child("more"), timeout=30)).state == "idle"
        await root.ask(App.terminate_child("more"), timeout=30)
        await root.ask(App.delete_child("more"))
        await refused(ChildNotFoundError, App.restart_child("more"))
        await refused(ChildNotFoundError, App.terminate_child("more"))


@holds("A89", "A90", "A91", "A94")
def test_significant_workers_end_their_supervisor(level: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    class Some(Supervisor):
        auto_shutdown = "any_significant"
        helper = apart(diary)
        task = apart(diary, **SIGNIFICANT)

    class Every(Supervisor):
        auto_shutdown = "all_significant"
        first = apart(diary, restart="temporary", significant=True)
        second = apart(diary, **SIGNIFICANT)
        aside = apart(diary, restart="temporary")

    class App(Supervisor):
        some = child(Some, restart="transient")
        every = child(Every, restart="transient")

    @played(App, level)
    async def ends(world: World) -> None:
        some, every = world.ref("some"), world.ref("every")
        await world.kill(world.ref("every/aside"))
        await world.kill(world.ref("every/first"))
        await world.kill(world.ref("some/task"))
        await world.eventually("it was restarted", lambda: began(world, "/some/task") == 2)
        assert await world.ask("some/task", Hand.work(), timeout=30) == "done"
        await world.eventually("both are gone", lambda: {"aside", "first"} <= set(ended(world, "/every")))
        assert (some.state, every.state) == ("idle", "idle")
        before = len(world.events)
        world.tell("some/task", Hand.leave())
        world.tell("every/second", Hand.leave())
        assert [(await ref.wait_ended()).clean for ref in (some, every)] == [True, True]
        assert ended(world, "/some", before) == ["task", "helper"]
        with pytest.raises(ActorEndedError):
            await world.ask(some, Some.count_children())
