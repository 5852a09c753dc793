"""Simulated runs: the same seed is the same run, laws hold, and faults do what they say."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from llmactors import Actor, Later, Mailbox, message
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import Process, Thread
from llmactors.testing import (
    At,
    DeadLettered,
    Faults,
    Injected,
    LifeBegan,
    LifeEnded,
    Redelivered,
    Resolved,
    Taken,
    World,
)
from llmactors.testing._core.schedules import PCT, RandomWalk
from llmactors.testing._core.tape import Player
from llmactors.testing._laws import LAWS
from llmactors.testing._sim._playing import Outcome, Program
from llmactors.testing._sim._quiet import quiet
from llmactors.testing._sim._run import play
from llmactors.testing.errors import NotSettledError, SimulationError
from supervisors import Backoff, Intensity, Supervisor, child, pool

Test = Callable[[World], Coroutine[Any, Any, None]]


class Net(Actor):
    @message
    async def predict(self, number: int) -> int:
        await asyncio.sleep(0.1)
        return number * number


class Counter(Actor):
    mailbox = Mailbox(capacity=100)

    def __init__(self) -> None:
        self.seen: list[int] = []

    @message
    def note(self, number: int) -> None:
        self.seen.append(number)

    @message
    def all(self) -> list[int]:
        return self.seen

    @message
    async def count_to(self, number: int) -> int:
        for _ in range(number):
            await asyncio.sleep(1.0)
        return number


class App(Supervisor):
    intensity = Intensity(5, within=5.0)
    counter = child(Counter, redeliver=1)
    nets = pool(Net, size=2, host=Process(), redeliver=3)
    apart = child(Counter, host=Process())
    slow = child(Counter, backoff=Backoff(3600.0, jitter=0.0, maximum=3600.0))
    thread = child(Counter, host=Thread())


def run(test: Test, faults: Faults | None = None, seed: int | None = None) -> Outcome:
    """Run *test* once: plainly, or at random by a seed."""
    program = Program(test=test, root=App, faults=faults or Faults(), laws=LAWS)
    picker = None if seed is None else RandomWalk(Random(seed))
    with quiet():
        return play(program, seed or 0, picker)


def passes(test: Test, faults: Faults | None = None) -> Outcome:
    outcome = run(test, faults)
    if outcome.error is not None:
        raise outcome.error
    assert outcome.broken is None
    return outcome


async def busy(world: World) -> None:
    jobs = [world.ask(App.nets, Net.predict(number), timeout=60) for number in range(6)]
    for number in range(5):
        world.tell(App.counter, Counter.note(number))
    await world.heal()
    assert await world.settle(jobs) == [number * number for number in range(6)]


EVERYTHING = Faults(kill=App.nets, crash=App.counter, slow=True, delay=App.counter, drop=App.slow, rate=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_the_same_seed_is_the_same_run_and_the_laws_hold_in_it(seed: int) -> None:
    one, other = run(busy, EVERYTHING, seed), run(busy, EVERYTHING, seed)
    assert one.history == other.history
    assert one.choices == other.choices
    assert one.broken is None, one.error


def test_different_seeds_are_different_runs() -> None:
    assert len({run(busy, EVERYTHING, seed).digest() for seed in range(10)}) > 1


@pytest.mark.parametrize("seed", range(10))
def test_what_was_chosen_in_a_run_makes_the_same_run_again(seed: int) -> None:
    program = Program(test=busy, root=App, faults=EVERYTHING, laws=LAWS)
    with quiet():
        one = play(program, seed, PCT(Random(seed), depth=3, steps=50))
        player = Player(one.choices)
        again = play(program, seed, replay=player)
    assert again.history == one.history
    assert player.unmet() == ()


def test_time_is_virtual() -> None:
    async def waits(world: World) -> None:
        await world.advance(86_400.0)
        assert world.now == 86_400.0

    assert passes(waits).seconds >= 86_400.0


def test_a_kill_after_a_message_was_taken_has_it_delivered_again() -> None:
    async def kills(world: World) -> None:
        job = world.ask(App.nets, Net.predict(3), timeout=60)
        killed = await world.kill(App.nets, after="taken")
        assert killed.startswith("/nets/")
        assert await job == 9
        assert world.seen(Redelivered)

    passes(kills)


@pytest.mark.parametrize("after", ["taken", "await", "finished"])
def test_a_kill_at_any_place_in_a_message_s_life_fails_its_asker_where_nothing_is_redelivered(after: Any) -> None:
    async def kills(world: World) -> None:
        job = world.ask(App.apart, Counter.count_to(2), timeout=60)
        await world.kill(App.apart, after=after)
        with pytest.raises(ActorEndedError):
            await job
        assert await world.ask(App.apart, Counter.all()) == []

    passes(kills)


def test_a_kill_at_once_ends_an_actor_at_once() -> None:
    async def kills(world: World) -> None:
        await world.kill(App.counter)
        assert world.ref(App.counter).usage().restarts == 0
        assert await world.ask(App.counter, Counter.all()) == []
        assert world.ref(App.counter).usage().restarts == 1

    passes(kills)


def test_the_nth_message_may_be_the_one_and_certain_then() -> None:
    async def tells(world: World) -> None:
        for number in range(4):
            world.tell(App.counter, Counter.note(number))
        assert await world.ask(App.counter, Counter.all()) == [1, 2, 3]  # what was in hand is delivered again

    outcome = passes(tells, Faults(crash=At(App.counter, message=Counter.note, nth=2, when="finished"), rate=0.0))
    assert [event.point for event in outcome.history if isinstance(event, Injected)] == ["finished Counter.note #2"]


def test_a_handler_that_hangs_is_ended_by_its_limit() -> None:
    async def hangs(world: World) -> None:
        with pytest.raises(ActorEndedError, match="longer than"):
            await world.ask(App.apart, Counter.note(1), timeout=120)
        assert 60.0 <= world.now <= 61.0

    passes(hangs, Faults(hang=At(App.apart, nth=1), rate=0.0))


def test_a_slow_handler_takes_so_much_longer() -> None:
    async def waits(world: World) -> None:
        await world.ask(App.counter, Counter.note(1))
        assert world.now == pytest.approx(1.5)

    passes(waits, Faults(slow=At(App.counter, nth=1, seconds=1.5), rate=0.0))


def test_a_message_that_is_dropped_is_a_dead_letter_of_a_fault_and_its_asker_waits_in_vain() -> None:
    async def asks(world: World) -> None:
        with pytest.raises(AskTimeoutError):
            await world.ask(App.counter, Counter.note(1), timeout=2.0)
        assert world.now == pytest.approx(2.0)

    outcome = passes(asks, Faults(drop=At(App.counter, rate=1.0)))
    assert [event.reason for event in outcome.history if isinstance(event, DeadLettered)] == ["fault"]


def test_a_delayed_message_holds_those_behind_it_up_so_that_order_is_kept() -> None:
    async def tells(world: World) -> None:
        for number in range(20):
            world.tell(App.counter, Counter.note(number))
        assert await world.ask(App.counter, Counter.all(), timeout=60) == list(range(20))
        assert world.now > 0

    passes(tells, Faults(delay=At(App.counter, rate=1.0, seconds=(0.5, 2.0)), most=2))


def test_what_is_duplicated_is_handled_twice_where_the_mailbox_redelivers() -> None:
    async def asks(world: World) -> None:
        assert await world.ask(App.nets, Net.predict(2), timeout=60) == 4
        assert world.seen(Redelivered)

    passes(asks, Faults(duplicate=At("/nets/*", rate=1.0), most=1))


def test_an_actor_that_cannot_start_again_is_tried_once_more() -> None:
    async def kills(world: World) -> None:
        await world.kill(App.counter)
        assert await world.ask(App.counter, Counter.all()) == []
        assert world.seen(lambda event: isinstance(event, Injected) and event.fault == "start_failure")

    passes(kills, Faults(start_failure=At(App.counter, nth=2), rate=0.0))


def test_a_tree_that_cannot_start_fails_the_run_with_the_reason() -> None:
    outcome = run(busy, Faults(start_failure=At(App.counter, nth=1), rate=0.0))
    assert outcome.broken is not None
    assert "cannot start" in outcome.broken.what or "start" in outcome.broken.what


def test_an_hour_of_back_off_takes_no_time() -> None:
    async def crashes(world: World) -> None:
        await world.kill(App.slow)
        assert await world.ask(App.slow, Counter.all(), timeout=7200.0) == []
        assert world.now >= 3600.0

    passes(crashes)


def test_a_worker_that_stands_still_does_nothing_until_it_goes_on() -> None:
    async def freezes(world: World) -> None:
        job = world.ask(App.apart, Counter.count_to(2), timeout=60)
        await world.advance(0.5)
        async with world.frozen(App.apart):
            await world.advance(4.0)
            assert not job.done()
        assert await job == 2
        assert world.now == pytest.approx(5.5)

    passes(freezes)


def test_a_worker_that_stands_still_for_too_long_is_given_up() -> None:
    async def freezes(world: World) -> None:
        job = world.ask(App.apart, Counter.count_to(2), timeout=60)
        await world.advance(0.5)
        async with world.frozen(App.apart):
            with pytest.raises(ActorEndedError, match="stopped for 5 s"):
                await job
        assert await world.ask(App.apart, Counter.all()) == []

    passes(freezes)


def test_nothing_comes_to_a_worker_that_is_cut_off_until_it_is_joined_again() -> None:
    async def cuts(world: World) -> None:
        async with world.partition(App.apart):
            for number in range(3):
                world.tell(App.apart, Counter.note(number))
            with pytest.raises(AskTimeoutError):
                await world.ask(App.apart, Counter.all(), timeout=1.0)
        assert await world.ask(App.apart, Counter.all()) == [0, 1, 2]

    passes(cuts)


def test_after_heal_there_are_no_more_faults() -> None:
    async def heals(world: World) -> None:
        await world.heal()
        for number in range(50):
            world.tell(App.counter, Counter.note(number))
        assert await world.ask(App.counter, Counter.all(), timeout=60) == list(range(50))

    passes(heals, Faults(crash=True, rate=1.0, most=None))


def test_there_are_no_more_faults_in_a_run_than_the_plan_says() -> None:
    async def tells(world: World) -> None:
        for number in range(50):
            world.tell(App.counter, Counter.note(number))
        await world.ask(App.counter, Counter.all(), timeout=60)

    outcome = passes(tells, Faults(crash=App.counter, rate=1.0, most=2))
    assert sum(isinstance(event, Injected) for event in outcome.history) == 2


def test_a_run_that_waits_for_what_never_comes_says_who_waits() -> None:
    async def waits(world: World) -> None:
        await asyncio.get_running_loop().create_future()

    outcome = run(waits)
    assert isinstance(outcome.error, SimulationError)
    assert "nothing will ever happen again" in str(outcome.error)


def test_a_run_without_end_is_ended() -> None:
    async def turns(world: World) -> None:
        while True:  # noqa: ASYNC110  that is what is tested
            await asyncio.sleep(0)

    outcome = run(turns)
    assert "no end" in str(outcome.error)


def test_asks_that_are_not_settled_in_time_are_named() -> None:
    async def waits(world: World) -> None:
        jobs = [world.ask(App.counter, Counter.count_to(1000), timeout=10_000)]
        await world.settle(jobs, within=5.0)

    outcome = run(waits)
    assert isinstance(outcome.error, NotSettledError)
    assert "Counter.count_to(number=1000)" in str(outcome.error)


def test_always_is_looked_at_after_every_step() -> None:
    async def tells(world: World) -> None:
        counter: Any = world.ref(App.counter)
        world.always("no more than three", lambda: counter.actor is None or len(counter.actor.seen) <= 3)
        for number in range(5):
            world.tell(App.counter, Counter.note(number))
        await world.ask(App.counter, Counter.all())

    outcome = run(tells)
    assert outcome.broken is not None
    assert "no more than three" in outcome.broken.what


def test_eventually_waits_until_it_is_so() -> None:
    async def waits(world: World) -> None:
        world.ask(App.counter, Counter.count_to(3), timeout=60)
        await world.eventually("it is answered", lambda: world.seen(lambda event: isinstance(event, Resolved)))
        assert world.now == pytest.approx(3.0)
        with pytest.raises(NotSettledError, match="never"):
            await world.eventually("never", lambda: False, within=10.0)

    passes(waits)


def test_a_task_that_is_left_is_found() -> None:
    async def leaves(world: World) -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(1000), name="the one that is left")

    outcome = run(leaves)
    assert outcome.broken is not None
    assert "the one that is left" in outcome.broken.what


def test_events_tell_what_led_to_them() -> None:
    async def kills(world: World) -> None:
        job = world.ask(App.nets, Net.predict(3), timeout=60)
        await world.kill(App.nets, after="taken")
        await job

    history = passes(kills).history
    began = next(event for event in reversed(history) if isinstance(event, LifeBegan) and event.kind == "Net")
    ended = history[began.cause or 0]
    assert isinstance(ended, LifeEnded)
    assert ended.path == began.path
    injected = next(event for event in history if isinstance(event, Injected))
    assert isinstance(history[injected.cause or 0], Taken)


class Passer(Actor):
    @message
    def later(self) -> Later[int]:
        later: Later[int] = Later()
        asyncio.get_running_loop().call_later(1.0, later.answer, 7)
        return later


def test_answers_that_come_later_are_answers() -> None:
    async def asks(world: World) -> None:
        passer = await world.system.spawn(Passer)
        assert await world.ask(passer, Passer.later()) == 7

    passes(asks)
