"""Ceilings: who holds too much is slowed down and told, and at last killed for that; real processes, and the loop."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from hogs import CachingHog, Hog
from pressed import Files
from waiting import until

from llmactors import Actor, ActorSystem, Killed, limits
from llmactors.errors import ActorEndedError, CeilingExceededError, MemoryCeilingError
from llmactors.hosts import Process, Thread
from llmactors.hosts.process.limits import _means as means
from supervisors import Budget, Ceiling, Intensity, ResourceSupervisor, Supervisor, child
from supervisors._accounts import BudgetAccount

MANY = Intensity(1_000, within=1.0)


def team(budget: Budget | None, *specs: Any) -> type[ResourceSupervisor]:
    return type("Team", (ResourceSupervisor,), {"budget": budget, "children": specs, "intensity": MANY})


def hog(name: str, cls: type[Hog] = Hog, **options: Any) -> Any:
    return child(cls, name=name, host=Process(), **options)


def ceiling(**amounts: Any) -> Budget:
    return Budget(Ceiling(**amounts))


def account(system: ActorSystem, name: str) -> BudgetAccount:
    assert system.root is not None
    found: BudgetAccount = system.root.actor._account.bank.accounts[name]
    return found


async def ends_of(system: ActorSystem, name: str, do: Callable[[], Any]) -> Any:
    """Return the exit of the incarnation that *do* has killed."""
    ref = system.ref(name)

    class Watcher(Actor):
        def on_start(self) -> None:
            self.heard: Any = None
            self.context.monitor(ref)

        def receive(self, message: Any) -> None:
            self.heard = message.exit

    watcher = await system.spawn(Watcher)
    do()
    await until(lambda: watcher.actor.heard is not None)
    heard = watcher.actor.heard
    await watcher.stop()
    return heard


@pytest.fixture(params=["", "off"], ids=["whatever there is", "no control groups"])
def switched(request: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv(means.SWITCH, request.param)


@pytest.mark.usefixtures("switched")
async def test_a_worker_that_grabs_memory_in_one_go_is_killed_and_restarted_and_everybody_else_lives_on() -> None:
    async with ActorSystem(team(None, hog("greedy", budget=ceiling(memory="96 MiB")), hog("modest"))) as system:
        greedy, modest = system.ref("greedy"), system.ref("modest")
        await greedy.ask(Hog.ping(), timeout=60)
        for lives in range(1, 4):
            with pytest.raises(ActorEndedError) as ended:
                await greedy.ask(Hog.hold(2_000), timeout=60)
            cause = ended.value.__cause__
            assert isinstance(cause, MemoryCeilingError)
            assert (cause.path, cause.resource, cause.limit) == ("/greedy", "memory", 96 * 2**20)
            assert await modest.ask(Hog.ping(), timeout=60) == "pong"
            assert await greedy.ask(Hog.ping(), timeout=60) == "pong"
            assert greedy.usage().restarts == lives


@pytest.mark.usefixtures("switched")
async def test_one_that_grows_bit_by_bit_is_pressed_first_and_killed_at_the_ceiling() -> None:
    async with ActorSystem(team(None, hog("hog", budget=ceiling(memory="128 MiB")))) as system:
        worker = system.ref("hog")
        await worker.ask(Hog.hold(100), timeout=60)
        seen: list[str] = []
        while not seen:  # nothing announces it
            seen = await worker.ask(Hog.was_pressed(), timeout=60)
            await asyncio.sleep(0.01)
        assert seen == ["high"]
        await worker.ask(Hog.let_go())
        while len(seen) < 2:
            seen = await worker.ask(Hog.was_pressed(), timeout=60)
            await asyncio.sleep(0.01)
        assert seen == ["high", "calm"]
        exit_ = await ends_of(system, "hog", lambda: [worker.tell(Hog.hold(40)) for _ in range(4)])
        assert isinstance(exit_, Killed)
        assert isinstance(exit_.cause, MemoryCeilingError)
        assert await worker.ask(Hog.ping(), timeout=60) == "pong"


async def test_an_actor_that_drops_its_cache_when_it_is_pressed_lives_on() -> None:
    async with ActorSystem(team(None, hog("cache", CachingHog, budget=ceiling(memory="96 MiB")))) as system:
        cache = system.ref("cache")
        for times in range(1, 4):
            await cache.ask(Hog.hold(75), timeout=60)
            async with asyncio.timeout(10):
                while len(await cache.ask(Hog.was_pressed(), timeout=60)) < 2 * times:  # noqa: ASYNC110  as above
                    await asyncio.sleep(0.01)
        assert cache.usage().restarts == 0


async def test_a_ceiling_is_of_the_whole_subtree_and_who_holds_most_is_hit() -> None:
    class Inner(Supervisor):
        small = hog("")
        large = hog("")

    async with ActorSystem(team(None, child(Inner, name="inner", budget=ceiling(memory="160 MiB")))) as system:
        small, large = system.ref("inner/small"), system.ref("inner/large")
        await small.ask(Hog.hold(50), timeout=60)
        exit_ = await ends_of(system, "inner/large", lambda: large.tell(Hog.hold(110)))
        assert isinstance(exit_.cause, MemoryCeilingError)
        assert (exit_.cause.path, exit_.cause.account) == ("/inner/large", "/inner")
        assert await small.ask(Hog.hold(1)) == 51
        assert await large.ask(Hog.ping(), timeout=60) == "pong"


@pytest.mark.usefixtures("switched")
@pytest.mark.parametrize("amount", [2_000, 100], ids=["in one go", "bit by bit"])
async def test_where_the_ceiling_says_stop_the_child_is_not_restarted(amount: int) -> None:
    budget = Budget(Ceiling(memory="96 MiB", on_exceeded="stop"))
    async with ActorSystem(team(None, hog("hog", budget=budget))) as system:
        worker = system.ref("hog")
        await worker.ask(Hog.ping(), timeout=60)
        worker.tell(Hog.hold(amount))
        async with asyncio.timeout(30):
            exit_ = await worker.wait_ended()
        assert isinstance(exit_, Killed)
        assert isinstance(exit_.cause, MemoryCeilingError)


async def test_a_ceiling_can_be_lowered_and_raised_while_it_is_in_force_and_is_told() -> None:
    async with ActorSystem(team(None, hog("hog", budget=ceiling(memory="1 GiB")))) as system:
        worker = system.ref("hog")
        await worker.ask(Hog.hold(60), timeout=60)
        await until(lambda: account(system, "/hog").held.get("memory", 0) > 60 * 2**20)
        assert system.root is not None
        (told,) = await system.root.ask(ResourceSupervisor.budgets())
        assert (told.kind, told.resource, told.limit, told.soft) == ("ceiling", "memory", 2**30, 0.8 * 2**30)
        assert told.used is not None
        assert told.available == pytest.approx(told.limit - told.used)
        await system.root.ask(ResourceSupervisor.set_budget("hog", ceiling(memory="48 MiB")))
        await until(lambda: worker.usage().restarts == 1)
        await system.root.ask(ResourceSupervisor.set_budget("hog", ceiling(memory="1 GiB")))
        assert await worker.ask(Hog.hold(60), timeout=60) == 60


async def test_a_worker_with_more_processes_than_it_may_is_killed_with_all_of_them() -> None:
    async with ActorSystem(team(None, hog("hog", budget=ceiling(processes=4)))) as system:
        worker = system.ref("hog")
        await worker.ask(Hog.begin_below(2), timeout=60)
        exit_ = await ends_of(system, "hog", lambda: worker.tell(Hog.begin_below(3)))
        assert isinstance(exit_.cause, CeilingExceededError)
        assert not isinstance(exit_.cause, MemoryCeilingError)
        assert exit_.cause.resource == "processes"
        assert await worker.ask(Hog.ping(), timeout=60) == "pong"
        assert limits.measure(worker).processes == 1


@pytest.mark.parametrize("host", [None, Thread(), Process()], ids=["loop", "thread", "process"])
async def test_what_an_actor_says_that_it_stores_counts_for_its_ceiling_of_storage(host: Any) -> None:
    spec = child(Files, name="files", host=host, budget=ceiling(storage="1 MiB"))
    async with ActorSystem(team(None, spec)) as system:
        files = system.ref("files")
        await files.ask(Files.store(1_000), timeout=60)
        await until(lambda: account(system, "/files").held.get("storage") == 1_000)
        exit_ = await ends_of(system, "files", lambda: files.tell(Files.store(2 << 20)))
        assert isinstance(exit_.cause, CeilingExceededError)
        assert exit_.cause.resource == "storage"


@pytest.mark.parametrize("resource", ["processes", "gpu_memory"])
def test_what_only_a_process_of_its_own_has_cannot_be_limited_without_one(resource: str) -> None:
    async def main() -> None:
        async with ActorSystem(team(None, child(Hog, name="hog", budget=ceiling(**{resource: 3})))):
            pass

    with pytest.raises(BaseException, match="give it host=Process"):
        asyncio.run(main())


async def test_a_kill_that_has_nothing_to_do_with_memory_is_none_of_the_ceiling_s() -> None:
    async with ActorSystem(team(None, hog("hog", budget=ceiling(memory="1 GiB")))) as system:
        worker = system.ref("hog")
        await worker.ask(Hog.ping(), timeout=60)
        pid = worker.usage().pid
        assert pid is not None
        exit_ = await ends_of(system, "hog", lambda: os.kill(pid, signal.SIGKILL))
        assert not isinstance(exit_.cause, MemoryCeilingError)


async def test_a_budget_without_ceilings_has_nobody_look() -> None:
    async with ActorSystem(team(None, hog("hog"))) as system:
        await system.ref("hog").ask(Hog.ping(), timeout=60)
        assert account(system, "/").bank.governor._timer is None
        assert system.root is not None
        await system.root.ask(ResourceSupervisor.set_budget("hog", ceiling(memory="1 GiB")))
        assert account(system, "/").bank.governor._timer is not None


def test_the_error_says_what_to_do_and_knows_its_facts() -> None:
    error = MemoryCeilingError("/a/b", "memory", 256 * 2**20, 300 * 2**20, "/a")
    assert "subtree `/a` has a ceiling of 256 MiB" in str(error)
    assert "300 MiB were held" in str(error)
    assert "llmagentos budget set /a memory=" in str(error)
    assert isinstance(error, MemoryError)
    assert "4 were held" in str(CeilingExceededError("/a", "processes", 4, 4, "/a"))


@pytest.mark.parametrize("host", [None, Thread()], ids=["loop", "thread"])
async def test_on_the_loop_and_on_a_thread_samples_of_state_and_mailbox_are_judged(host: Any) -> None:
    spec = child(Files, name="files", host=host, budget=ceiling(memory="8 MiB"))
    async with ActorSystem(team(None, spec, child(Files, name="beside"))) as system:
        files = system.ref("files")
        await files.ask(Files.remember(3), timeout=60)
        await until(lambda: 3 * 2**20 <= account(system, "/files").held.get("memory", 0) < 4 * 2**20)
        exit_ = await ends_of(system, "files", lambda: files.tell(Files.remember(20)))
        assert isinstance(exit_.cause, MemoryCeilingError)
        assert await files.ask(Files.ping(), timeout=60) == "pong"
        files.pause()
        for _ in range(9):
            files.tell(Files.note("\N{SNOWMAN}" * 2**19))
        await until(lambda: files.usage().restarts == 2)  # what waits outlives the life that it was held against
        files.resume()
