"""`drive`: one actor by hand; what it answers, sends, spawns, schedules and reserves."""
# house: long because all that a driven actor can do is shown by the same two actors

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from llmactors import (
    Actor,
    ActorRef,
    Crash,
    Down,
    Exit,
    Exited,
    Killed,
    Later,
    Normal,
    Request,
    Shutdown,
    StartIgnored,
    StateMachine,
    message,
)
from llmactors.errors import ActorEndedError, AskTimeoutError, UnhandledMessageError, UnknownActorError
from llmactors.hosts import Process
from llmactors.testing import Driven, ExpectationError, NotAnsweredError, VirtualTimeError, drive, stand_in


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        return self.total

    @message(raises=(KeyError,))
    def share(self, by: int) -> float:
        if by < 0:
            raise KeyError(by)
        return self.total / by

    @message
    async def numbers(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            await asyncio.sleep(0)
            yield number


class Relay(Actor):
    trap_exits = True

    def __init__(self, other: ActorRef[Counter]) -> None:
        self.other = other
        self.notices: list[Any] = []

    @message
    async def double(self, amount: int) -> int:
        return 2 * await self.other.ask(Counter.add(amount))

    @message
    def spread(self) -> None:
        self.other.tell(Counter.add(1))
        self.context.self_ref.tell(Relay.spread_more())
        self.other.tell(Counter.add(2))

    @message
    def spread_more(self) -> None:
        self.other.tell(Counter.add(3))

    @message
    async def collect(self) -> list[int]:
        async with self.other.stream(Counter.numbers(3)) as numbers:
            return [number async for number in numbers]

    @message
    def later(self) -> None:
        self.context.send_after(3600, Counter.add(7), to=self.other)
        self.context.send_after(5, Relay.spread_more())

    @message
    async def nap(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "awake"

    @message
    def begin(self) -> None:
        child = self.context.spawn(Counter, 5, name="kid", host=Process())
        child.tell(Counter.add(1))

    @message
    def watch(self) -> None:
        self.context.monitor(self.other)
        self.context.link(self.other)

    @message
    def end_other(self) -> None:
        self.other.stop()
        self.other.kill()

    @message
    def leave(self) -> None:
        self.context.stop()

    @message
    def pass_on(self) -> Later[int]:
        return Later(by=self.other)

    def receive(self, notice: Down | Exited) -> None:
        self.notices.append(notice)


class Ping(Request[str]):
    pass


@pytest.fixture
def other() -> ActorRef[Counter]:
    return stand_in(Counter)


@pytest.fixture
def relay(other: ActorRef[Counter]) -> Driven[Relay]:
    return drive(Relay(other))


# -- answers -------------------------------------------------------------------------------------------------
def test_an_actor_is_driven_as_an_instance_or_as_a_class_with_its_arguments() -> None:
    for counter in (drive(Counter(3)), drive(Counter, 3), drive(Counter, start=3)):
        assert counter.ask(Counter.add(4)) == 7
        assert counter.actor.total == 7


def test_an_error_that_is_an_answer_is_raised_and_the_actor_lives_on() -> None:
    counter = drive(Counter(3))
    with pytest.raises(KeyError):
        counter.ask(Counter.share(-1))
    assert counter.exit is None
    assert counter.ask(Counter.share(3)) == 1


def test_a_crash_is_raised_as_the_error_that_it_was_by_the_call_in_which_it_happened() -> None:
    counter = drive(Counter(3))
    with pytest.raises(ZeroDivisionError) as caught:
        counter.ask(Counter.share(0))
    assert counter.exit == Crash(caught.value)
    with pytest.raises(ActorEndedError):
        counter.ask(Counter.add(1))
    with pytest.raises(ZeroDivisionError):
        drive(Counter(3)).tell(Counter.share(0))


def test_a_message_without_a_handler_is_an_error_to_who_asks_and_a_dead_letter() -> None:
    counter = drive(Counter(3))
    with pytest.raises(UnhandledMessageError):
        counter.ask(Ping())
    assert counter.tell("what?")
    assert [letter.reason for letter in counter.dead_letters] == ["unhandled", "unhandled"]


def test_a_stream_is_read_to_its_end() -> None:
    assert drive(Counter()).stream(Counter.numbers(100), window=3) == list(range(100))


def test_it_works_where_a_loop_is_running() -> None:
    async def within() -> None:
        assert drive(Counter(1)).ask(Counter.add(1)) == 2
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.get_loop() is asyncio.get_running_loop()

    asyncio.run(within())


# -- what it sends -------------------------------------------------------------------------------------------
def test_what_it_sends_is_noted_in_the_order_in_which_it_was_sent(
    relay: Driven[Relay], other: ActorRef[Counter]
) -> None:
    relay.tell(Relay.spread())
    assert relay.sent == [(other, Counter.add(1)), (other, Counter.add(2)), (other, Counter.add(3))]
    relay.sent.clear()
    assert relay.sent == []


def test_what_it_asks_is_answered_by_the_test(relay: Driven[Relay], other: ActorRef[Counter]) -> None:
    reply = relay.send(Relay.double(4))
    assert not reply.done
    assert [(asked.to, asked.message) for asked in relay.asked] == [(other, Counter.add(4))]
    relay.answer(21)
    assert (reply.done, reply.value, relay.asked) == (True, 42, [])


def test_what_it_asks_may_be_answered_by_an_error(relay: Driven[Relay]) -> None:
    relay.send(Relay.double(4))
    with pytest.raises(LookupError, match="gone"):
        relay.fail(LookupError("gone"), to=Counter.add)
    assert isinstance(relay.exit, Crash)


def test_an_ask_that_the_test_has_to_answer_first_says_so(relay: Driven[Relay]) -> None:
    with pytest.raises(NotAnsweredError, match=r"`/relay` waits for an answer(.|\n)*`Counter.add` of `/counter`"):
        relay.ask(Relay.double(4))


def test_only_what_is_asked_can_be_answered(relay: Driven[Relay]) -> None:
    with pytest.raises(ExpectationError, match="asks nothing that could be answered"):
        relay.answer(1)
    relay.send(Relay.double(4))
    with pytest.raises(ExpectationError, match=r"asks no `Counter.share` that could be answered; it does ask:"):
        relay.answer(1, to=Counter.share)


def test_an_ask_has_its_deadline(relay: Driven[Relay]) -> None:
    reply = relay.send(Relay.double(4), timeout=60)
    relay_asks = relay.asked
    with pytest.raises(AskTimeoutError):
        relay.advance(6)
    assert reply.done
    assert relay_asks == []


def test_a_stream_that_it_reads_is_answered_with_its_items(relay: Driven[Relay]) -> None:
    reply = relay.send(Relay.collect())
    relay.answer([7, 8, 9], to=Counter.numbers)
    assert reply.value == [7, 8, 9]


def test_a_stream_that_it_reads_may_be_answered_by_an_error(relay: Driven[Relay]) -> None:
    relay.send(Relay.collect())
    with pytest.raises(LookupError):
        relay.fail(LookupError())


def test_what_it_passes_on_is_asked(relay: Driven[Relay]) -> None:
    reply = relay.send(Relay.pass_on())
    relay.answer(5)
    assert reply.value == 5


# -- time ----------------------------------------------------------------------------------------------------
def test_what_it_schedules_is_seen_and_goes_off_in_its_time(relay: Driven[Relay], other: ActorRef[Counter]) -> None:
    relay.tell(Relay.later())
    assert relay.scheduled == [(5, Relay.spread_more(), relay.ref), (3600, Counter.add(7), other)]
    relay.advance(3599)
    assert relay.sent == [(other, Counter.add(3))]
    assert relay.scheduled == [(1, Counter.add(7), other)]
    relay.advance(1)
    assert relay.sent[1:] == [(other, Counter.add(7))]
    assert relay.now == 3600


def test_a_handler_that_sleeps_goes_on_when_time_has_passed(relay: Driven[Relay]) -> None:
    nap = relay.send(Relay.nap(3))
    with pytest.raises(NotAnsweredError, match=r"waits, and asks nobody; let time pass by `advance"):
        nap.value  # noqa: B018
    relay.advance(3)
    assert nap.value == "awake"


def test_time_does_not_go_back(relay: Driven[Relay]) -> None:
    with pytest.raises(ValueError, match="time goes forward"):
        relay.advance(-1)


# -- others --------------------------------------------------------------------------------------------------
def test_what_it_spawns_is_noted_and_does_not_run(relay: Driven[Relay]) -> None:
    relay.tell(Relay.begin())
    (spawned,) = relay.spawned
    assert (spawned.actor, spawned.args, spawned.kwargs, spawned.host) == (Counter, (5,), {}, Process())
    assert spawned.ref.path == "/relay/kid"
    assert relay.sent == [(spawned.ref, Counter.add(1))]


def test_whom_it_watches_is_seen_and_the_test_says_when_they_end(
    relay: Driven[Relay], other: ActorRef[Counter]
) -> None:
    relay.tell(Relay.watch())
    assert (relay.monitored, relay.linked) == ([other], [other])
    error = ValueError("broken")
    relay.end(other, Crash(error))
    assert sorted(relay.actor.notices, key=repr) == [Down(other, Crash(error)), Exited(other, Crash(error))]


def test_whom_it_stops_and_kills_is_noted(relay: Driven[Relay], other: ActorRef[Counter]) -> None:
    relay.tell(Relay.end_other())
    assert (relay.stopped, relay.killed) == ([other], [other])


def test_what_it_looks_up_is_what_the_test_says_is_known() -> None:
    class Seeker(Actor):
        @message
        def seek(self, name: str) -> str:
            return self.context.ref(name).path

    models = stand_in(Counter, "models")
    seeker = drive(Seeker(), known={"models": models})
    assert seeker.ask(Seeker.seek("models")) == "/models"
    with pytest.raises(UnknownActorError):
        seeker.ask(Seeker.seek("others"))


def test_a_stand_in_that_nobody_drives_with_says_so(other: ActorRef[Counter]) -> None:
    assert other.path == "/counter"
    with pytest.raises(RuntimeError, match="lives nowhere yet"):
        other.tell(Counter.add(1))


def test_stand_ins_of_one_class_have_names_of_their_own() -> None:
    class Two(Actor):
        def __init__(self, *others: ActorRef[Counter]) -> None:
            self.others = others

        def on_start(self) -> None:
            for other in self.others:
                other.tell(Counter.add(1))

    two = drive(Two(stand_in(Counter), stand_in(Counter)))
    assert [sent.to.path for sent in two.sent] == ["/counter", "/counter-2"]


# -- its life ------------------------------------------------------------------------------------------------
class Hooked(Actor):
    def __init__(self, broken: BaseException | None = None) -> None:
        self.log: list[Any] = []
        self.broken = broken

    async def on_start(self) -> None:
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        self.log.append("started")

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(0)
        self.log.append(exit)


def test_its_hooks_run() -> None:
    hooked = drive(Hooked())
    assert hooked.actor.log == ["started"]
    assert hooked.stop() == Shutdown()
    assert hooked.actor.log == ["started", Shutdown()]
    assert hooked.exit == Shutdown()


@pytest.mark.parametrize("error", [ValueError("broken"), StartIgnored()])
def test_what_keeps_it_from_starting_is_raised(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        drive(Hooked(error))
    assert caught.value is error


def test_a_kill_runs_no_hook() -> None:
    hooked = drive(Hooked())
    hooked.kill()
    assert (hooked.actor.log, hooked.exit) == (["started"], Killed(None))


def test_an_actor_that_ends_by_itself_has_an_exit(relay: Driven[Relay]) -> None:
    relay.tell(Relay.leave())
    assert relay.exit == Normal()


def test_a_stop_that_waits_for_a_handler_says_so(relay: Driven[Relay]) -> None:
    relay.send(Relay.nap(100), timeout=200)
    with pytest.raises(NotAnsweredError):
        relay.stop()


class Door(StateMachine[str]):
    initial = "closed"

    @message
    def push(self) -> str:
        self.next_state("open")
        self.state_timeout(10, Door.close())
        return self.state

    @message
    def close(self) -> None:
        self.next_state("closed")


def test_a_state_machine_is_driven_like_any_actor_and_its_timeouts_are_seen() -> None:
    door = drive(Door())
    door.ask(Door.push())
    assert door.actor.state == "open"
    assert door.scheduled == [(10, Door.close(), door.ref)]
    door.advance(10)
    assert door.actor.state == "closed"


def test_an_actor_that_goes_round_in_circles_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Restless(Actor):
        @message
        def again(self) -> None:
            self.context.self_ref.tell(Restless.again())

    monkeypatch.setattr("llmactors.testing._still.ENDLESS", 100)
    restless = drive(Restless())
    with pytest.raises(VirtualTimeError, match="does not come to rest"):
        restless.tell(Restless.again())


def test_work_in_a_thread_is_waited_for() -> None:
    class Threaded(Actor):
        @message
        async def work(self) -> int:
            return await asyncio.to_thread(lambda: 7)

    assert drive(Threaded()).ask(Threaded.work()) == 7


# -- budgets -------------------------------------------------------------------------------------------------
class Spender(Actor):
    @message
    async def think(self) -> None:
        async with self.context.reserve(calls=1, tokens=1000) as reserved:
            reserved.used(calls=1, tokens=400)

    @message
    def spend(self) -> None:
        self.context.spend("money", 2)


def test_what_it_reserves_and_spends_is_seen() -> None:
    spender = drive(Spender())
    spender.ask(Spender.think())
    spender.ask(Spender.spend())
    assert spender.reserved == [{"calls": 1, "tokens": 1000}]
    assert spender.spent == {"calls": 1, "tokens": 400, "money": 2}


def test_a_reservation_may_be_refused() -> None:
    spender = drive(Spender())
    spender.refuse_reservations(PermissionError("no more"))
    with pytest.raises(PermissionError):
        spender.ask(Spender.think())


# -- mistakes ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", [object(), 7, dict, "Counter"])
def test_what_is_no_actor_is_refused(what: Any) -> None:
    with pytest.raises(TypeError, match="give an actor"):
        drive(what)


def test_an_instance_takes_no_arguments_and_is_driven_once() -> None:
    counter = Counter()
    with pytest.raises(TypeError, match="give an actor"):
        drive(counter, 3)  # type: ignore[call-overload]
    drive(counter)
    with pytest.raises(TypeError, match="run by a system already"):
        drive(counter)


def test_an_actor_that_is_dropped_in_the_middle_of_something_leaves_no_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    drive(Relay(stand_in(Counter))).send(Relay.nap(100))
    drive(Relay(stand_in(Counter))).send(Relay.collect())
    gc.collect()
    assert not recwarn.list
