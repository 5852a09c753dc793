"""Many asks at once: rows B35 to B37 of the conformance table, and hedging."""

import asyncio

import pytest
from virtual import VirtualSystem, behaviour, now

from llmactors import Actor, ActorRef, Answered, Asks, Unanswered, hedged, message
from llmactors.errors import ActorEndedError, AskTimeoutError, NoAnswerError


class Worker(Actor):
    """Answers when told to, and writes down what became of its handlers."""

    def __init__(self, diary: list[str] | None = None) -> None:
        self.diary = [] if diary is None else diary

    @message(timeout=100)
    async def work(self, seconds: float, answer: str) -> str:
        self.diary.append(f"began {answer}")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.diary.append(f"cancelled {answer}")
            raise
        return answer

    @message
    def crash(self) -> str:
        raise OSError("broken")

    @message(raises=(KeyError,))
    def refuse(self) -> str:
        raise KeyError("no")

    @message(timeout=100)
    async def ask_both(self, other: ActorRef["Worker"]) -> str:
        async with Asks[str, str](timeout=50) as asks:
            asks.add("a", other, Worker.work(30, "inner"))
            await asks.gather()
        return "never"


async def crew(system: VirtualSystem, count: int = 3) -> list[ActorRef[Worker]]:
    """Run workers whose crashes somebody hears."""
    workers = [await system.spawn(Worker) for _ in range(count)]
    hearer = await system.spawn(Hearer, workers)
    assert hearer.name
    return workers


class Hearer(Actor):
    """Hears of every end."""

    def __init__(self, refs: list[ActorRef[Worker]]) -> None:
        self.refs = refs

    def on_start(self) -> None:
        for ref in self.refs:
            self.context.monitor(ref)

    def receive(self, message: object) -> None:
        """Note nothing."""


@behaviour("B35")
async def test_one_may_wait_for_a_while_and_go_on_waiting_or_abandon_the_ask() -> None:
    async with VirtualSystem() as system:
        (worker, *_) = await crew(system)
        async with Asks[str, str](timeout=10) as asks:
            asks.add("one", worker, Worker.work(3, "one"))
            with pytest.raises(TimeoutError):
                await asks.next(timeout=1)
            assert await asks.next(timeout=5) == Answered("one", "one")
            asks.add("two", worker, Worker.work(3, "two"))
            await asyncio.sleep(1)
            asks.drop("two")
            assert len(asks) == 0
            await asyncio.sleep(0.1)
        assert worker.actor.diary[-1] == "cancelled two"


@behaviour("B36")
async def test_outcomes_come_in_the_order_of_completion_under_their_labels() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        async with Asks[int, str](timeout=10) as asks:
            for label, (worker, seconds) in enumerate(zip(workers, (3, 1, 2), strict=True)):
                asks.add(label, worker, Worker.work(seconds, f"after {seconds}"))
            assert asks.labels == {0, 1, 2}
            assert [outcome async for outcome in asks] == [
                Answered(1, "after 1"),
                Answered(2, "after 2"),
                Answered(0, "after 3"),
            ]
            assert len(asks) == 0


@behaviour("B36")
async def test_the_deadline_is_absolute_also_for_what_is_added_later() -> None:
    async with VirtualSystem() as system:
        first, second, _ = await crew(system)
        async with Asks[str, str](timeout=4) as asks:
            asks.add("first", first, Worker.work(60, "never"))
            await asyncio.sleep(3)
            asks.add("second", second, Worker.work(60, "never"))
            _, errors = await asks.gather()
        assert {label: type(error) for label, error in errors.items()} == dict.fromkeys(
            ["first", "second"], AskTimeoutError
        )
        assert now() == pytest.approx(4, abs=0.05)


@behaviour("B36")
async def test_a_label_in_use_is_refused_and_one_that_was_taken_is_free_again() -> None:
    async with VirtualSystem() as system:
        (worker, *_) = await crew(system)
        async with Asks[str, str]() as asks:
            asks.add("one", worker, Worker.work(1, "one"))
            with pytest.raises(ValueError, match="in use"):
                asks.add("one", worker, Worker.work(1, "one"))
            await asyncio.sleep(2)
            with pytest.raises(ValueError, match="in use"):
                asks.add("one", worker, Worker.work(1, "one"))
            await asks.next()
            asks.add("one", worker, Worker.work(1, "one more"))
            assert await asks.next() == Answered("one", "one more")


@behaviour("B36")
async def test_an_empty_collection_says_so_at_once() -> None:
    async with VirtualSystem(), Asks[str, str]() as asks:
        with pytest.raises(LookupError, match="no ask is in flight"):
            await asks.next()
        assert [outcome async for outcome in asks] == []
        assert await asks.gather() == ({}, {})


@behaviour("B36")
async def test_a_dead_actor_is_an_error_for_its_own_ask_only() -> None:
    async with VirtualSystem() as system:
        first, second, third = await crew(system)
        async with Asks[str, str]() as asks:
            asks.add("well", first, Worker.work(1, "well"))
            asks.add("crashed", second, Worker.crash())
            asks.add("refused", third, Worker.refuse())
            outcomes = {outcome.label: outcome async for outcome in asks}
        assert outcomes["well"] == Answered("well", "well")
        crashed, refused = outcomes["crashed"], outcomes["refused"]
        assert isinstance(crashed, Unanswered)
        assert isinstance(crashed.error, ActorEndedError)
        assert isinstance(refused, Unanswered)
        assert isinstance(refused.error, KeyError)


@behaviour("B37")
async def test_answers_and_errors_are_gathered_within_one_time_and_late_answers_are_dropped() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        async with Asks[int, str](timeout=2) as asks:
            for label, (worker, seconds) in enumerate(zip(workers, (1, 5, 1.5), strict=True)):
                asks.add(label, worker, Worker.work(seconds, str(label)))
            answers, errors = await asks.gather()
        assert answers == {0: "0", 2: "2"}
        assert list(errors) == [1]
        assert workers[1].actor.diary == ["began 1", "cancelled 1"]


@behaviour("first")
async def test_the_first_answer_ends_the_others() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        async with Asks[int, str]() as asks:
            asks.add(0, workers[0], Worker.crash())
            asks.add(1, workers[1], Worker.work(3, "slow"))
            asks.add(2, workers[2], Worker.work(1, "fast"))
            assert await asks.first() == Answered(2, "fast")
            assert len(asks) == 0
            assert workers[1].actor.diary == ["began slow", "cancelled slow"]


@behaviour("first")
async def test_without_any_answer_all_errors_are_told() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        async with Asks[str, str]() as asks:
            asks.add("a", workers[0], Worker.crash())
            asks.add("b", workers[1], Worker.refuse())
            with pytest.raises(NoAnswerError) as none:
                await asks.first()
        assert set(none.value.errors) == {"a", "b"}


@behaviour("leaving")
async def test_leaving_the_block_abandons_what_is_in_flight() -> None:
    async with VirtualSystem() as system:
        (worker, *_) = await crew(system)
        async with Asks[str, str]() as asks:
            asks.add("a", worker, Worker.work(3, "a"))
            await asyncio.sleep(1)
        assert worker.actor.diary == ["began a", "cancelled a"]
        with pytest.raises(RuntimeError, match="inside of"):
            asks.add("b", worker, Worker.work(3, "b"))


@behaviour("deadlines")
async def test_the_deadline_of_the_ask_that_is_being_answered_holds_for_those_made_meanwhile() -> None:
    async with VirtualSystem() as system:
        outer, inner, _ = await crew(system)
        with pytest.raises(AskTimeoutError):
            await outer.ask(Worker.ask_both(inner), timeout=2)
        await asyncio.sleep(0.1)
        assert inner.actor.diary == ["began inner", "cancelled inner"]


@behaviour("hedge")
async def test_a_quick_answer_needs_no_hedge() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        assert await hedged(workers, Worker.work(1, "x"), delay=2) == "x"
        assert [len(worker.actor.diary) for worker in workers] == [1, 0, 0]


@behaviour("hedge")
async def test_a_slow_one_is_overtaken_by_the_next_and_cancelled() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        busy = asyncio.create_task(workers[0].ask(Worker.work(50, "busy")))
        await asyncio.sleep(0)
        assert await hedged(workers, Worker.work(1, "x"), delay=2, timeout=20) == "x"
        assert now() == pytest.approx(3)
        assert [len(worker.actor.diary) for worker in workers] == [1, 1, 0]
        busy.cancel()
        await asyncio.wait([busy])


@behaviour("hedge")
async def test_one_that_fails_is_followed_by_the_next_at_once_and_all_errors_are_told() -> None:
    async with VirtualSystem() as system:
        workers = await crew(system)
        with pytest.raises(NoAnswerError) as none:
            await hedged(workers, Worker.crash(), delay=100)
        assert set(none.value.errors) == {0, 1, 2}
        assert now() < 1
        with pytest.raises(NoAnswerError, match="nobody was asked"):
            await hedged([], Worker.crash(), delay=1)
