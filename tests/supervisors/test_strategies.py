"""Whose restart concerns whom, and how a failing restart goes on (rows A32 to A43)."""

import asyncio

import pytest
from troupe import Diary, FaultError, Ignoring, Player, Times, crash, drained, settle
from virtual import VirtualSystem, behaviour, now

from supervisors import Backoff, DynamicSupervisor, Intensity, Supervisor, child
from supervisors.errors import ChildRestartingError

PATIENT = Backoff(initial=5.0, maximum=5.0, jitter=0.0)


class Four(Supervisor):
    """Four children of which the third can be made to fail."""

    intensity = Intensity(20, within=5.0)

    def __init__(self, diary: Diary, fails: Times, backoff: Backoff | None = None) -> None:
        players = [child(Player, diary, name=name) for name in "abd"]
        players.insert(2, child(Player, diary, 0.0, 0.0, fails, name="c", backoff=backoff))
        super().__init__(players)


class OneForOne(Four):
    strategy = "one_for_one"


class OneForAll(Four):
    strategy = "one_for_all"


class RestForOne(Four):
    strategy = "rest_for_one"


ORDERS = {
    "A32": (OneForOne, "b|b"),
    "A33": (OneForAll, "bdca|abcd"),
    "A34": (RestForOne, "bdc|bcd"),
}


@behaviour("A32", "A33", "A34")
async def test_the_strategy_decides_who_stops_and_starts_and_in_which_order(row: str) -> None:
    diary: Diary = []
    supervisor, orders = ORDERS[row]
    stops, starts = orders.split("|")
    async with VirtualSystem(supervisor, diary, Times()) as system:
        drained(diary)
        await crash(system.ref("b"))
        assert drained(diary) == [f"stop {name}" for name in stops] + [f"start {name}" for name in starts]


@behaviour("A33", "A34")
async def test_in_a_group_one_stops_after_another_and_one_starts_after_another() -> None:
    diary: Diary = []

    class App(Supervisor):
        strategy = "one_for_all"
        a = child(Player, diary, 1.0, 1.0)
        b = child(Player, diary, 1.0, 1.0)
        c = child(Player, diary)

    async with VirtualSystem(App) as system:
        drained(diary)
        began = now()
        await crash(system.ref(App.c))
        await asyncio.sleep(9.0)
        stops, starts = ["halt b", "stop b", "halt a", "stop a"], ["begin a", "start a", "begin b", "start b"]
        assert drained(diary) == ["stop c", *stops, *starts, "start c"]
        assert now() == began + 9.0


@behaviour("A35")
async def test_a_dynamic_supervisor_starts_with_nothing_and_restarts_each_child_alone() -> None:
    diary: Diary = []

    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        crowd = system.ref("/")
        assert await crowd.ask(Crowd.which_children()) == []
        first = await crowd.ask(Crowd.start_child(child(Player, diary)))
        second = await crowd.ask(Crowd.start_child(child(Player, diary)))
        assert (first.name, second.name) == ("player-1", "player-2")
        drained(diary)
        await crash(first)
        assert drained(diary) == ["stop player-1", "start player-1"]


@behaviour("A36")
async def test_a_restarted_child_keeps_its_place() -> None:
    diary: Diary = []
    async with VirtualSystem(OneForOne, diary, Times()) as system:
        await crash(system.ref("b"))
        infos = await system.ref("/").ask(OneForOne.which_children())
        assert [info.name for info in infos] == ["d", "c", "b", "a"]
        drained(diary)
    assert diary == ["stop d", "stop c", "stop b", "stop a"]


AGAIN = {
    "A37": (OneForAll, "start a, start b, fail c, stop b, stop a, start a, start b, start c, start d"),
    "A38": (RestForOne, "start b, fail c, start c, start d"),
}


@behaviour("A37", "A38")
async def test_a_group_in_which_one_fails_to_start_is_tried_again(row: str) -> None:
    diary: Diary = []
    fails = Times()
    supervisor, orders = AGAIN[row]
    async with VirtualSystem(supervisor, diary, fails) as system:
        fails.arm(1)
        drained(diary)
        await crash(system.ref("b"))
        written = ", ".join(drained(diary))
        assert written == f"stop b, stop d, stop c, {'stop a, ' if row == 'A37' else ''}{orders}"


@behaviour("A39")
@pytest.mark.parametrize("supervisor", [OneForAll, RestForOne])
async def test_while_a_retry_is_outstanding_the_failed_one_is_backing_off_and_later_ones_wait(
    supervisor: type[Four],
) -> None:
    fails = Times()
    async with VirtualSystem(supervisor, [], fails, PATIENT) as system:
        fails.arm(1)
        await crash(system.ref("b"))
        infos = await system.ref("/").ask(supervisor.which_children())
        states = {info.name: info.state for info in infos}
        assert states["c"] == "backing off"
        assert states["d"] == "waiting"


@behaviour("A40")
async def test_between_two_attempts_a_supervisor_answers_and_obeys() -> None:
    fails = Times()

    class App(Supervisor):
        intensity = Intensity(1_000_000, within=5.0)
        hopeless = child(Player, [], 0.0, 0.0, fails)

    async with VirtualSystem(App) as system:
        fails.arm(1_000_000)
        await crash(system.ref(App.hopeless))
        for _ in range(3):
            (info,) = await system.ref("/").ask(App.which_children())
            assert info.state in ("starting", "backing off")


@behaviour("A41", "X1")
async def test_a_failing_restart_waits_for_longer_each_time() -> None:
    fails = Times()
    times: list[float] = []

    def failing() -> bool:
        times.append(now())
        return fails()

    class App(Supervisor):
        intensity = Intensity(10, within=5.0)
        it = child(Player, [], 0.0, 0.0, failing, backoff=Backoff(1.0, 4.0, jitter=0.0))

    async with VirtualSystem(App) as system:
        fails.arm(4)
        await crash(system.ref(App.it))
        await asyncio.sleep(30.0)
    assert times == pytest.approx([0.0, 1.0, 3.0, 7.0, 11.0, 15.0])


@behaviour("X1")
async def test_a_stop_interrupts_a_backoff() -> None:
    class App(Supervisor):
        it = child(Player, [], backoff=Backoff(1000.0, 1000.0))

    async with VirtualSystem(App) as system:
        await crash(system.ref(App.it))
    assert now() < 1.0


@behaviour("X1")
async def test_jitter_shortens_a_wait_by_its_share_at_most() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, backoff=Backoff(10.0, 10.0, jitter=0.5))

    async with VirtualSystem(App) as system:
        drained(diary)
        await crash(system.ref(App.it))
        await asyncio.sleep(4.9)
        assert diary == ["stop it"]
        await asyncio.sleep(5.2)
        assert diary == ["stop it", "start it"]


@behaviour("A42")
async def test_a_child_that_need_not_run_when_restarted_is_kept_down() -> None:
    class Once(Ignoring):
        lives = 0

        async def on_start(self) -> None:
            Once.lives += 1
            if Once.lives > 1:
                await super().on_start()

    class App(Supervisor):
        it = child(Once, [])

    async with VirtualSystem(App) as system:
        await crash(system.ref(App.it))
        (info,) = await system.ref("/").ask(App.which_children())
        assert info.state == "down"


@behaviour("A42")
async def test_a_dynamic_child_that_need_not_run_when_restarted_is_forgotten() -> None:
    class Twice(Ignoring):
        lives = 0

        async def on_start(self) -> None:
            Twice.lives += 1
            if Twice.lives > 1:
                await super().on_start()

    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        await crash(await system.ref("/").ask(Crowd.start_child(child(Twice, []))))
        assert await system.ref("/").ask(Crowd.which_children()) == []


@behaviour("A43", "A113")
@pytest.mark.parametrize("by_ref", [False, True])
async def test_terminating_a_child_that_waits_for_its_restart_cancels_it(by_ref: bool) -> None:
    diary: Diary = []

    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        crowd = system.ref("/")
        it = await crowd.ask(Crowd.start_child(child(Player, diary, backoff=PATIENT)))
        await crash(it)
        with pytest.raises(ChildRestartingError):
            await crowd.ask(Crowd.restart_child(it.name))
        await crowd.ask(Crowd.terminate_child(it if by_ref else it.name))
        drained(diary)
        await asyncio.sleep(60.0)
        assert diary == []
        assert it.state == "discarded"


@behaviour("A7", "A73")
async def test_a_start_that_was_asked_for_and_fails_is_answered_with_its_error() -> None:
    class App(Supervisor):
        pass

    async with VirtualSystem(App) as system:
        with pytest.raises(Exception, match="failed to start") as caught:
            await system.ref("/").ask(App.start_child(child(Player, [], 0.0, 0.0, Times(1))))
        assert isinstance(caught.value.__cause__, FaultError)
        await settle()
        assert await system.ref("/").ask(App.which_children()) == []
