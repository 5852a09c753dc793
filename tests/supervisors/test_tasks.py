"""One-off work under supervision (row A115)."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import TypeVar

import pytest
from troupe import FaultError, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import Answered, Stream, Unanswered
from llmactors.errors import ActorEndedError, AskTimeoutError
from supervisors import Intensity, SpecError, TaskSupervisor
from supervisors.errors import TaskTimeoutError, TooManyChildrenError

R = TypeVar("R")


class Few(TaskSupervisor):
    """Two at most."""

    max_children = 2


class Patient(TaskSupervisor):
    """Grants two restarts."""

    intensity = Intensity(2, within=5.0)


class Log:
    """What tasks write down."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.finished: list[int] = []
        self.cancelled: list[int] = []
        self.at_once = self.most = 0

    async def double(self, seconds: int) -> int:
        """Take so many seconds for twice the number; below zero, fail."""
        self.begun.append(seconds)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if seconds < 0:
                raise FaultError(seconds)
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(seconds)
            raise
        finally:
            self.at_once -= 1
        self.finished.append(seconds)
        return 2 * seconds


async def stubborn(seconds: int) -> None:
    """Refuse to be cancelled, three times."""
    for _ in range(3):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            continue


@behaviour("A115")
async def test_start_answers_at_once_and_the_work_goes_on_alone() -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        ref = await tasks.ask(TaskSupervisor.start(log.double, 3))
        assert now() == pytest.approx(0.0)
        assert tasks.children() == (ref,)
        await ref.wait_ended()
        assert now() == pytest.approx(3.0)
        assert log.finished == [3]
        await settle()
        assert (await tasks.ask(TaskSupervisor.count_children())).specs == 0


@behaviour("A115")
async def test_what_was_started_and_fails_is_not_run_again_and_harms_nobody() -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        other = await tasks.ask(TaskSupervisor.start(log.double, 3))
        for _ in range(9):
            await tasks.ask(TaskSupervisor.start(log.double, -1))
        await other.wait_ended()
        assert (log.finished, log.begun.count(-1)) == ([3], 9)


@behaviour("A115")
async def test_a_transient_task_is_run_again_until_it_succeeds() -> None:
    lives: list[int] = []

    async def third_time() -> None:
        lives.append(len(lives))
        if len(lives) < 3:
            raise FaultError

    async with VirtualSystem(Patient) as system:
        ref = await system.ref("/").ask(TaskSupervisor.start(third_time, restart="transient"))
        await ref.wait_ended()
        assert lives == [0, 1, 2]


@behaviour("A115")
async def test_async_nolink_answers_with_the_result_or_the_error() -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        answers = await asyncio.gather(*(tasks.ask(TaskSupervisor.async_nolink(log.double, n)) for n in (3, 1, 2)))
        assert now() == pytest.approx(3.0)
        assert answers == [6, 2, 4]
        with pytest.raises(FaultError):
            await tasks.ask(TaskSupervisor.async_nolink(log.double, -1))
        await settle()
        assert tasks.children() == ()


@behaviour("A115")
@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_task_is_gone_when_its_asker_gives_up(cancelled: bool) -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        asked = asyncio.ensure_future(tasks.ask(TaskSupervisor.async_nolink(log.double, 60), timeout=2.0))
        await settle()
        if cancelled:
            asked.cancel()
        with pytest.raises(asyncio.CancelledError if cancelled else AskTimeoutError):
            await asked
        await settle()
        assert (log.cancelled, tasks.children()) == ([60], ())


@behaviour("A115")
async def test_the_asker_of_a_task_that_is_killed_gets_an_error() -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        asked = asyncio.ensure_future(tasks.ask(TaskSupervisor.async_nolink(Log().double, 60)))
        await settle()
        tasks.children()[0].kill()
        with pytest.raises(ActorEndedError):
            await asked


@behaviour("A115")
async def test_what_cannot_be_awaited_is_refused() -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        with pytest.raises(SpecError, match="async function"):
            await system.ref("/").ask(TaskSupervisor.async_nolink(len, "abc"))  # type: ignore[arg-type]


@behaviour("A115")
async def test_more_than_max_children_are_refused_however_they_are_asked_for() -> None:
    log = Log()
    async with VirtualSystem(Few) as system:
        tasks = system.ref("/")
        for _ in range(2):
            await tasks.ask(TaskSupervisor.start(log.double, 3))
        with pytest.raises(TooManyChildrenError):
            await tasks.ask(TaskSupervisor.start(log.double, 1))
        with pytest.raises(TooManyChildrenError):
            await tasks.ask(TaskSupervisor.async_nolink(log.double, 1))
        with pytest.raises(TooManyChildrenError):
            await collect(tasks.stream(TaskSupervisor.stream(log.double, [1])))
        await asyncio.sleep(4.0)
        assert log.begun == [3, 3]
        assert tasks.children() == ()


async def collect(stream: Stream[Answered[int, R] | Unanswered[int]]) -> list[Answered[int, R] | Unanswered[int]]:
    """Read a stream to its end."""
    async with stream as items:
        return [item async for item in items]


@behaviour("A115")
@pytest.mark.parametrize(
    ("ordered", "labels", "seconds"), [(True, [4, 1, 2, 2, 3], 9.0), (False, [1, 2, 4, 2, 3], 7.0)]
)
async def test_a_stream_gives_outcomes_in_order_or_as_they_come(
    ordered: bool,
    labels: list[int],
    seconds: float,
) -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        message = TaskSupervisor.stream(log.double, [4, 1, 2, 2, 3], concurrency=2, ordered=ordered)
        outcomes = await collect(system.ref("/").stream(message))
        assert outcomes == [Answered(label, 2 * label) for label in labels]
        assert now() == pytest.approx(seconds)
        assert log.most == 2


@behaviour("A115")
async def test_a_task_that_fails_is_an_outcome_and_the_others_go_on() -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        outcomes = await collect(system.ref("/").stream(TaskSupervisor.stream(Log().double, [1, -1, 2])))
        assert [outcome.label for outcome in outcomes] == [1, -1, 2]
        assert isinstance(outcomes[1], Unanswered)
        assert isinstance(outcomes[1].error, FaultError)


@behaviour("A115")
@pytest.mark.parametrize("ordered", [True, False])
async def test_a_task_that_is_too_slow_is_killed_alone(ordered: bool) -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        message = TaskSupervisor.stream(Log().double, [1, 60, 2], timeout=3.0, on_timeout="kill", ordered=ordered)
        outcomes = await collect(tasks.stream(message))
        errors = {outcome.label: outcome.error for outcome in outcomes if isinstance(outcome, Unanswered)}
        assert list(errors) == [60]
        assert isinstance(errors[60], TaskTimeoutError)
        assert len(outcomes) == 3
        assert now() == pytest.approx(3.0)


@behaviour("A115")
async def test_a_task_that_refuses_to_be_cancelled_is_killed_all_the_same() -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        outcomes = await collect(tasks.stream(TaskSupervisor.stream(stubborn, [60], timeout=1.0, on_timeout="kill")))
        assert isinstance(outcomes[0], Unanswered)
        await settle()
        assert tasks.children() == ()


@behaviour("A115")
async def test_a_task_that_is_too_slow_ends_the_stream_and_all_of_it() -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        with pytest.raises(TaskTimeoutError):
            await collect(tasks.stream(TaskSupervisor.stream(log.double, [60, 50, 1], timeout=2.0)))
        await settle()
        assert now() == pytest.approx(2.0)
        assert (sorted(log.cancelled), tasks.children()) == ([50, 60], ())


@behaviour("A115")
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_nothing_is_left_when_the_reader_leaves(concurrency: int) -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        message = TaskSupervisor.stream(log.double, count(1), concurrency=concurrency, timeout=None)
        async with tasks.stream(message) as items:
            first = await anext(items)
        await settle()
        assert first == Answered(1, 2)
        assert (log.at_once, tasks.children()) == (0, ())
        begun = len(log.begun)
        await asyncio.sleep(100.0)
        assert len(log.begun) == begun <= concurrency + 1


@behaviour("A115")
async def test_a_reader_that_stands_still_holds_the_inputs_back() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield 0

    async with VirtualSystem(TaskSupervisor) as system:
        message = TaskSupervisor.stream(Log().double, inputs(), concurrency=2)
        async with system.ref("/").stream(message, window=4) as items:
            await anext(items)
            await asyncio.sleep(10.0)
            assert len(taken) <= 4 + 2 + 2


@behaviour("A115")
async def test_inputs_that_fail_end_the_stream_and_leave_nothing() -> None:
    def inputs() -> Iterator[int]:
        yield 1
        raise FaultError

    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        with pytest.raises(ActorEndedError) as caught:
            await collect(tasks.stream(TaskSupervisor.stream(Log().double, inputs())))
        assert isinstance(caught.value.__cause__, FaultError)
        await settle()
        assert tasks.children() == ()


@behaviour("A115")
@pytest.mark.parametrize("options", [{"concurrency": 0}, {"timeout": 0}, {"on_timeout": "wait"}])
async def test_options_that_cannot_be_meant_are_refused(options: dict[str, object]) -> None:
    async with VirtualSystem(TaskSupervisor) as system:
        with pytest.raises(SpecError, match=next(iter(options))):
            await collect(system.ref("/").stream(TaskSupervisor.stream(Log().double, [1], **options)))  # type: ignore[arg-type]


@behaviour("A115")
async def test_tasks_end_with_their_supervisor() -> None:
    log = Log()
    async with VirtualSystem(TaskSupervisor) as system:
        tasks = system.ref("/")
        await tasks.ask(TaskSupervisor.start(log.double, 60))
        stream = tasks.stream(TaskSupervisor.stream(log.double, [50], timeout=None))
        reading = asyncio.ensure_future(collect(stream))
        await settle()
    with pytest.raises(ActorEndedError):
        await reading
    assert (log.at_once, now() <= 6.0) == (0, True)
