"""Several workers behind one queue."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from troupe import Diary, FaultError, settle
from virtual import VirtualSystem, now, run

from llmactors import Actor, Mailbox, message
from llmactors.errors import ActorEndedError, AskTimeoutError, MailboxFullError
from llmactors.hosts import Loop
from supervisors import Backoff, GaveUpError, Intensity, SpecError, Supervisor, child, pool
from supervisors.errors import UnknownOptionError


class Net(Actor):
    """A worker that takes its time."""

    lives = 0

    def __init__(self, diary: Diary | None = None) -> None:
        self.diary = [] if diary is None else diary

    @message(timeout=100.0, raises=(KeyError,))
    async def predict(self, x: int, seconds: float = 1.0) -> str:
        """Answer who predicted, after a while."""
        self.diary.append(f"{self.context.name} {x}")
        if x < 0:
            raise KeyError(x)
        await asyncio.sleep(seconds)
        return self.context.name

    @message(timeout=100.0)
    def break_down(self, x: int) -> str:
        """Crash the first time."""
        self.diary.append(f"{self.context.name} breaks {x}")
        if self.diary.count(f"{self.context.name} breaks {x}") == 1:
            raise FaultError
        return "recovered"

    @message
    async def count(self, n: int) -> AsyncIterator[int]:
        """Count to *n*."""
        for number in range(n):
            await asyncio.sleep(0.1)
            yield number


DIARY: Diary = []


class App(Supervisor):
    """A pool of two."""

    nets = pool(Net, DIARY, size=2)


def test_messages_go_to_the_workers_that_are_free_and_the_rest_waits_in_order() -> None:
    async def main() -> None:
        DIARY.clear()
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            answers = await asyncio.gather(*(nets.ask(Net.predict(x)) for x in range(6)))
            assert answers == ["net-1", "net-2"] * 3
            assert DIARY == ["net-1 0", "net-2 1", "net-1 2", "net-2 3", "net-1 4", "net-2 5"]
            assert now() == pytest.approx(3.0)
            assert [ref.path for ref in nets.children()] == ["/nets/net-1", "/nets/net-2"]

    run(main())


def test_a_quick_worker_takes_more() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            slow = asyncio.ensure_future(nets.ask(Net.predict(0, 10.0)))
            await settle()
            answers = await asyncio.gather(*(nets.ask(Net.predict(x)) for x in range(5)))
            assert len(set(answers)) == 1
            assert await slow not in answers

    run(main())


def test_what_is_told_is_handled_too() -> None:
    async def main() -> None:
        DIARY.clear()
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            for x in range(3):
                assert nets.tell(Net.predict(x))
            await asyncio.sleep(5.0)
            assert [line.split()[1] for line in DIARY] == ["0", "1", "2"]

    run(main())


def test_a_declared_error_is_an_answer_and_a_crash_fails_only_who_was_in_hand() -> None:
    async def main() -> None:
        DIARY.clear()
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            with pytest.raises(KeyError):
                await nets.ask(Net.predict(-1))
            others = [asyncio.ensure_future(nets.ask(Net.predict(x))) for x in range(4)]
            broken = asyncio.ensure_future(nets.ask(Net.break_down(7)))
            more = [asyncio.ensure_future(nets.ask(Net.predict(x))) for x in range(4)]
            with pytest.raises(ActorEndedError) as caught:
                await broken
            assert isinstance(caught.value.__cause__, FaultError)
            assert {await answer for answer in others + more} == {"net-1", "net-2"}
            assert sum(ref.usage().restarts for ref in nets.children()) == 1
            assert nets.usage().restarts == 0

    run(main())


def test_under_redeliver_the_message_in_hand_is_handled_by_the_next_life() -> None:
    diary: Diary = []

    class Careful(Supervisor):
        nets = pool(Net, diary, size=1, redeliver=1)

    async def main() -> None:
        async with VirtualSystem(Careful) as system:
            assert await system.ref(Careful.nets).ask(Net.break_down(1)) == "recovered"

    run(main())


def test_under_redeliver_the_message_in_hand_goes_to_whoever_is_free_before_all_others() -> None:
    diary: Diary = []

    class Careful(Supervisor):
        nets = pool(Net, diary, size=2, redeliver=1, backoff=Backoff(60.0, 60.0, jitter=0.0))

    async def main() -> None:
        async with VirtualSystem(Careful) as system:
            nets = system.ref(Careful.nets)
            asks = [asyncio.ensure_future(nets.ask(Net.predict(x))) for x in range(5)]
            await settle()
            nets.children()[0].kill()
            answers = await asyncio.gather(*asks)
            assert answers == ["net-2"] * 5
            assert diary == ["net-1 0", "net-2 1", "net-2 0", "net-2 2", "net-2 3", "net-2 4"]
            assert now() < 60.0, "the other one is not waited for"

    run(main())


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_a_message_that_ends_every_worker_is_a_dead_letter_after_its_last_redelivery(limit: int) -> None:
    tried: list[bool] = []

    class Fragile(Actor):
        @message
        def handle(self, poison: bool) -> str:
            tried.append(poison)
            if poison:
                raise FaultError
            return "handled"

    class Careful(Supervisor):
        many = pool(Fragile, size=3, redeliver=limit, intensity=Intensity(10))

    async def main() -> None:
        async with VirtualSystem(Careful) as system:
            many = system.ref(Careful.many)
            bad = asyncio.ensure_future(many.ask(Fragile.handle(poison=True)))
            good = asyncio.ensure_future(many.ask(Fragile.handle(poison=False)))
            with pytest.raises(ActorEndedError) as caught:
                await bad
            assert isinstance(caught.value.__cause__, FaultError)
            assert await good == "handled"
            assert tried.count(True) == 1 + limit
            many.tell(Fragile.handle(poison=True))
            await asyncio.sleep(1.0)
            assert tried.count(True) == 2 * (1 + limit)
            assert system.dead_letters.counts == ({"poison": 2} if limit else {})

    run(main())


def test_an_asker_may_give_up_while_its_message_waits_to_be_delivered_again() -> None:
    diary: Diary = []

    class Careful(Supervisor):
        nets = pool(Net, diary, size=1, redeliver=1, backoff=Backoff(60.0, 60.0, jitter=0.0))

    async def main() -> None:
        async with VirtualSystem(Careful) as system:
            nets = system.ref(Careful.nets)
            ask = asyncio.ensure_future(nets.ask(Net.predict(1), timeout=10.0))
            await settle()
            nets.children()[0].kill()
            with pytest.raises(AskTimeoutError):
                await ask
            assert await nets.ask(Net.predict(2)) == "net-1"
            assert diary == ["net-1 1", "net-1 2"]

    run(main())


def test_every_message_is_handled_once_by_workers_that_die_all_the_time() -> None:
    done: list[int] = []

    class Mortal(Actor):
        @message
        async def handle(self, x: int) -> None:
            await asyncio.sleep(0.01)
            done.append(x)

    class Careful(Supervisor):
        many = pool(Mortal, size=4, redeliver=1_000, intensity=Intensity(10_000))

    async def main() -> None:
        async with VirtualSystem(Careful) as system:
            many = system.ref(Careful.many)
            for x in range(200):
                assert many.tell(Mortal.handle(x))
            for turn in range(100):
                await asyncio.sleep(0.007)
                many.children()[turn % 4].kill()
            await asyncio.sleep(5.0)
            assert sorted(done) == list(range(200))

    run(main())


def test_a_killed_worker_loses_what_it_had_in_hand_and_nothing_else() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            asks = [asyncio.ensure_future(nets.ask(Net.predict(x))) for x in range(6)]
            await settle()
            nets.children()[0].kill()
            answers = await asyncio.gather(*asks, return_exceptions=True)
            assert [type(answer) for answer in answers].count(ActorEndedError) == 1
            assert isinstance(answers[0], ActorEndedError)

    run(main())


def test_what_a_worker_had_not_begun_when_it_was_killed_goes_to_another() -> None:
    async def main() -> None:
        DIARY.clear()
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            first, second = nets.children()
            first.pause()
            await settle()
            ask = asyncio.ensure_future(nets.ask(Net.predict(1)))
            also = asyncio.ensure_future(nets.ask(Net.predict(2)))
            await settle()
            first.kill()
            assert {await ask, await also} == {second.name}

    run(main())


def test_a_stream_goes_through_a_pool() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            async with nets.stream(Net.count(3)) as numbers:
                assert [number async for number in numbers] == [0, 1, 2]
            async with nets.stream(Net.count(1000)) as numbers:
                async for number in numbers:
                    if number == 2:
                        break
            answers = await asyncio.gather(*(nets.ask(Net.predict(x)) for x in range(2)))
            assert set(answers) == {"net-1", "net-2"}, "leaving a stream frees its worker"

    run(main())


def test_an_asker_that_gives_up_frees_the_worker() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            nets = system.ref(App.nets)
            for _ in range(2):
                with pytest.raises(AskTimeoutError):
                    await nets.ask(Net.predict(1, 1000.0), timeout=1.0)
            assert await nets.ask(Net.predict(1)) in ("net-1", "net-2")
            assert now() < 4.0

    run(main())


def test_the_queue_has_a_bound() -> None:
    class Small(Supervisor):
        nets = pool(Net, size=1, mailbox=Mailbox(capacity=2))

    async def main() -> None:
        async with VirtualSystem(Small) as system:
            nets = system.ref(Small.nets)
            nets.tell(Net.predict(0))
            await settle()
            assert [nets.tell(Net.predict(x)) for x in range(1, 4)] == [True, True, False]
            with pytest.raises(MailboxFullError):
                await nets.ask(Net.predict(5))

    run(main())


def test_a_pool_whose_workers_keep_failing_gives_up() -> None:
    class Hopeless(Supervisor):
        intensity = Intensity(0)
        nets = pool(Net, size=1, intensity=Intensity(1, within=5.0))

    async def go() -> None:
        async with VirtualSystem(Hopeless) as system:
            nets = system.ref(Hopeless.nets)
            for x in range(2):
                nets.tell(Net.break_down(x))
            await asyncio.sleep(1.0)

    async def main() -> None:
        with pytest.raises(GaveUpError) as caught:
            await go()
        assert isinstance(caught.value.__cause__, GaveUpError)

    run(main())


def test_stopping_a_pool_lets_what_is_in_hand_finish() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            ask = asyncio.ensure_future(system.ref(App.nets).ask(Net.predict(1)))
            await settle()
        assert await ask == "net-1"

    run(main())


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "2"])
def test_a_size_that_is_none_is_refused(size: object) -> None:
    with pytest.raises(SpecError, match="size"):
        pool(Net, size=size)  # type: ignore[arg-type]


def test_an_option_that_does_not_exist_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownOptionError, match="did you mean `size`"):
        pool(Net, sise=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("option", ["name", "significant", "mailbox"])
def test_what_is_said_of_the_pool_itself_is_not_said_of_its_workers(option: str) -> None:
    options: dict[str, Any] = {"name": "nets", "significant": True, "mailbox": Mailbox(capacity=7)}
    spec: Any = pool(Net, size=3, redeliver=2, **{option: options[option]})
    worker, size, intensity = spec.args
    assert (size, intensity, worker.redeliver, spec.redeliver) == (3, Intensity(), 2, 0)
    assert getattr(spec, option) == options[option]
    assert getattr(worker, option) != options[option]


def test_an_intensity_of_a_pool_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError, match="intensity"):
        pool(Net, intensity=3)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ahead(Loop):
    """A host that hands messages over ahead of time."""

    prefetch: int = 64


def test_a_host_hands_a_worker_of_a_pool_one_message_at_a_time() -> None:
    spec: Any = pool(Net, host=Ahead())
    assert spec.args[0].host == Ahead(prefetch=1)
    spec = pool(Net, host=Loop())
    assert spec.args[0].host == Loop()


def test_a_child_of_a_pool_is_refused() -> None:
    async def main() -> None:
        async with VirtualSystem(App) as system:
            with pytest.raises(SpecError, match="size"):
                await system.ref("nets").ask(Supervisor.start_child(child(Net)))

    run(main())
