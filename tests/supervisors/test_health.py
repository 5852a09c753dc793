"""Children that are to say that they are ready, and to get on with their work (rows X3 and X4)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from troupe import Diary, drained, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import Actor, Exit, message
from llmactors.errors import ActorEndedError
from supervisors import DynamicSupervisor, GaveUpError, Intensity, Supervisor, child, pool
from supervisors.errors import ChildStartError, NotReadyError, StalledError


class Engine(Actor):
    """Starts at once, and is ready some time after.

    Args:
        diary: where it writes.
        warm_up: seconds from its start until it is ready.
        deaf: whether it does not even answer until then.
    """

    def __init__(self, diary: Diary, warm_up: float = 1.0, *, deaf: bool = False) -> None:
        self.diary, self.warm_up, self.deaf = diary, warm_up, deaf

    def on_start(self) -> None:
        """Begin to warm up."""
        self.diary.append(f"spawned {self.context.name} {now():g}")
        self.warm_at = now() + self.warm_up

    async def on_stop(self, exit: Exit) -> None:
        """Say so."""
        self.diary.append(f"stopped {self.context.name}")

    @message(limit=None)
    async def healthy(self) -> bool:
        """Say whether it is ready."""
        if self.deaf:
            await asyncio.sleep(max(0.0, self.warm_at - now()))
        return now() >= self.warm_at

    @message(timeout=1000, limit=None)
    async def work(self, seconds: float = 1.0, *, step: float = 1000.0) -> str:
        """Take a while, with a checkpoint after each step."""
        while seconds > 0:
            await asyncio.sleep(min(step, seconds))
            seconds -= step
            await self.context.checkpoint()
        return self.context.name

    @message(limit=None)
    async def count(self, n: int, each: float) -> AsyncIterator[int]:
        """Count slowly."""
        for number in range(n):
            await asyncio.sleep(each)
            yield number

    @message
    def crash(self) -> None:
        """Fail."""
        raise OSError("broken")


class Follower(Engine):
    """Needs the engine."""


def app(diary: Diary, warm_up: float = 1.0, within: float | None = None) -> type[Supervisor]:
    """Make a tree of an engine and a follower."""

    class App(Supervisor):
        strategy = "rest_for_one"
        engine = child(Engine, diary, warm_up, ready=Engine.healthy(), ready_timeout=within)
        follower = child(Follower, diary)

    return App


# -- ready ------------------------------------------------------------------------------------------------------------
@behaviour("X3")
async def test_the_next_child_starts_when_the_one_before_it_says_that_it_is_ready() -> None:
    diary: Diary = []
    async with VirtualSystem(app(diary)) as system:
        assert now() == pytest.approx(1.0, abs=0.3)
        assert [line.rsplit(" ", 1)[0] for line in drained(diary)] == ["spawned engine", "spawned follower"]
        system.ref("engine").tell(Engine.crash())
        await settle()
        assert drained(diary) == ["stopped engine", "stopped follower", f"spawned engine {now():g}"]
        info = await system.ref("/").ask(Supervisor.which_children())
        assert [(each.name, each.state) for each in info] == [("follower", "waiting"), ("engine", "starting")]
        began = now()
        await system.ref("follower")
        assert now() - began == pytest.approx(1.0, abs=0.3)


@behaviour("X3")
async def test_one_that_is_not_ready_in_time_ends_the_start_of_its_tree() -> None:
    diary: Diary = []
    with pytest.raises(ChildStartError, match="`engine`") as caught:
        async with VirtualSystem(app(diary, 60.0, within=5.0)):
            pass
    assert isinstance(caught.value.__cause__, NotReadyError)
    assert now() == pytest.approx(5.0, abs=0.1)
    assert diary == ["spawned engine 0"]


@behaviour("X3")
async def test_one_that_does_not_even_answer_is_not_ready_either() -> None:
    class Deaf(Engine):
        def __init__(self, diary: Diary) -> None:
            super().__init__(diary, 60.0, deaf=True)

    class App(Supervisor):
        engine = child(Deaf, [], ready=Engine.healthy(), ready_timeout=5.0)

    with pytest.raises(ChildStartError) as caught:
        async with VirtualSystem(App):
            pass
    assert isinstance(caught.value.__cause__, NotReadyError)
    assert now() == pytest.approx(5.0, abs=0.3)


@behaviour("X3")
async def test_a_restarted_child_that_never_gets_ready_uses_up_the_intensity() -> None:
    late = [0.0]

    class Once(Engine):
        def __init__(self) -> None:
            super().__init__([], late[0])
            late[0] = 1000.0

    class App(Supervisor):
        intensity = Intensity(2, within=50.0)
        engine = child(Once, ready=Engine.healthy(), ready_timeout=3.0)

    async def main() -> None:
        async with VirtualSystem(App) as system:
            system.ref("engine").tell(Engine.crash())
            await asyncio.sleep(100.0)

    with pytest.raises(GaveUpError) as caught:
        await main()
    assert [line.partition(":")[0] for line in caught.value.history] == ["crash", "killed", "killed"]
    assert "NotReadyError" in caught.value.history[-1]
    assert now() == pytest.approx(6.0, abs=0.5)


@behaviour("X3")
async def test_start_child_answers_when_the_child_is_ready() -> None:
    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        spec = child(Engine, [], 2.0, ready=Engine.healthy(), ready_timeout=3.0)
        ref = await system.ref("/").ask(Crowd.start_child(spec))
        assert ref.state == "idle"
        assert now() == pytest.approx(2.0, abs=0.3)
        slow = child(Engine, [], 9.0, ready=Engine.healthy(), ready_timeout=3.0)
        with pytest.raises(ChildStartError) as caught:
            await system.ref("/").ask(Crowd.start_child(slow))
        assert isinstance(caught.value.__cause__, NotReadyError)
        assert [each.path for each in system.ref("/").children()] == [ref.path]


@behaviour("X3")
async def test_a_supervisor_can_be_stopped_while_a_child_gets_ready() -> None:
    class Crowd(DynamicSupervisor):
        pass

    diary: Diary = []
    async with VirtualSystem(Crowd) as system:
        spec = child(Engine, diary, 50.0, ready=Engine.healthy())
        asked = asyncio.ensure_future(system.ref("/").ask(Crowd.start_child(spec)))
        await asyncio.sleep(1.0)
    with pytest.raises(Exception, match=r"called off|ended"):
        await asked
    assert diary == ["spawned engine-1 0", "stopped engine-1"]
    assert now() == pytest.approx(1.0, abs=0.1)


@behaviour("X3")
async def test_a_pool_hands_nothing_to_a_worker_that_is_not_ready() -> None:
    class App(Supervisor):
        engines = pool(Engine, [], 4.0, size=2, ready=Engine.healthy())

    async with VirtualSystem(App) as system:
        engines = system.ref(App.engines)
        assert now() == pytest.approx(8.0, abs=0.6)  # one after the other
        assert {await engines.ask(Engine.work(0.0)) for _ in range(4)} <= {"engine-1", "engine-2"}
        engines.tell(Engine.crash())
        await settle()
        began = now()
        answers = await asyncio.gather(*(engines.ask(Engine.work(0.5)) for _ in range(4)))
        assert len(set(answers)) == 1
        assert now() - began == pytest.approx(2.0, abs=0.1)
        await asyncio.sleep(5.0)
        assert len(set(await asyncio.gather(*(engines.ask(Engine.work(0.5)) for _ in range(4))))) == 2


# -- getting on -------------------------------------------------------------------------------------------------------
class Watched(Supervisor):
    """One child that is looked at."""

    intensity = Intensity(1, within=1000.0)
    engine = child(Engine, [], stall_timeout=10.0)


@behaviour("X4")
async def test_a_child_that_lives_and_gets_nothing_done_is_restarted() -> None:
    async with VirtualSystem(Watched) as system:
        engine = system.ref(Watched.engine)
        await asyncio.sleep(100.0)
        assert engine.usage().restarts == 0
        with pytest.raises(ActorEndedError) as caught:
            await engine.ask(Engine.work(500.0))
        assert isinstance(caught.value.__cause__, StalledError)
        assert 110.0 <= now() <= 115.1
        assert await engine.ask(Engine.work(1.0)) == "engine"
        assert engine.usage().restarts == 1


@behaviour("X4")
async def test_it_counts_like_any_other_end() -> None:
    async def main() -> None:
        async with VirtualSystem(Watched) as system:
            for _ in range(2):
                with pytest.raises(ActorEndedError):
                    await system.ref(Watched.engine).ask(Engine.work(500.0))
            await asyncio.sleep(1.0)

    with pytest.raises(GaveUpError) as caught:
        await main()
    assert isinstance(caught.value.__cause__, StalledError)


@behaviour("X4")
async def test_a_sign_of_getting_on_is_a_message_taken_an_item_or_a_checkpoint() -> None:
    async with VirtualSystem(Watched) as system:
        engine = system.ref(Watched.engine)
        for _ in range(10):
            await engine.ask(Engine.work(9.0))
        async with engine.stream(Engine.count(10, 9.0)) as numbers:
            assert [number async for number in numbers] == list(range(10))
        await engine.ask(Engine.work(100.0, step=9.0))
        assert engine.usage().restarts == 0
        assert now() == pytest.approx(288.0, abs=9.1)


@behaviour("X4")
async def test_time_in_which_it_is_paused_does_not_count() -> None:
    async with VirtualSystem(Watched) as system:
        engine = system.ref(Watched.engine)
        for _ in range(3):
            engine.tell(Engine.work(1.0))
        engine.pause()
        await asyncio.sleep(100.0)
        engine.resume()
        await asyncio.sleep(5.0)
        assert (engine.usage().restarts, engine.state) == (0, "idle")


@behaviour("X4")
async def test_time_in_which_it_is_throttled_does_not_count() -> None:
    async with VirtualSystem(Watched) as system:
        engine, root = system.ref(Watched.engine), system.root
        assert root is not None
        slot = root.actor._keeper.slots["engine"]
        slot.gate = lambda _usage, time: None if time >= 100.0 else 100.0
        engine.tell(Engine.work(1.0))
        await asyncio.sleep(99.0)
        assert engine.state == "throttled"
        await asyncio.sleep(10.0)
        assert (engine.usage().restarts, engine.state) == (0, "idle")
