"""Seeing what a living actor is doing: OTP's `sys` (rows B58-B61), and what stays hidden (B48)."""

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Later, Report, Watchdog, message, trace
from llmactors import introspection as sight
from llmactors.errors import ActorDownError, ActorEndedError, HostCapabilityError
from llmactors.hosts import Loop, Process, Thread

HOSTS = [
    pytest.param(Loop(), id="loop"),
    pytest.param(Thread(), id="thread"),
    pytest.param(Process(), id="process", marks=pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")),
]
NEAR = HOSTS[:2]


@dataclass
class Login:
    user: str
    password: str


class Clerk(Actor):
    def __init__(self) -> None:
        self.total = 0
        self.api_key = "sk-123"
        self.login = Login("ann", "hunter2")
        self.options = {"max_tokens": 5, "Authorization": "Bearer xyz"}
        self.gate = asyncio.Event()
        self.later: Later[int] | None = None

    @message
    def add(self, amount: int) -> int:
        self.total += amount
        return self.total

    @message
    async def wait(self) -> int:
        await self.gate.wait()
        return self.total

    @message
    def fail(self, password: str) -> int:
        raise ValueError(f"no good: {len(password)}")

    @message
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    @message(raises=(KeyError,))
    def miss(self) -> int:
        raise KeyError("gone")

    @message
    def promise(self) -> Later[int]:
        self.later = Later()
        return self.later

    @message
    async def count(self, to: int) -> Any:
        for number in range(to):
            yield number


class Discreet(Clerk):
    def redact(self, report: Report) -> Report:
        return replace(report, state={**report.state, "total": "some"}, message="a message", value=None)


class Broken(Clerk):
    def redact(self, report: Report) -> Report:
        raise RuntimeError(report.path)


def b(*rows: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows)


async def events_of(watched: sight.Tracing, count: int) -> list[tuple[str, str, str]]:
    events: list[tuple[str, str, str]] = []
    async with asyncio.timeout(5):
        async for event in watched:
            events.append((event.what, event.message, event.text))
            if len(events) == count:
                break
    return events


@b("B59", "B61")
@pytest.mark.parametrize("host", HOSTS)
async def test_a_state_is_told_in_words_and_without_secrets(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        await ref.ask(Clerk.add(3))
        told = await sight.describe(ref)
    assert told["total"] == "3"
    assert told["api_key"] == "(hidden)"
    assert told["login"] == "Login(user='ann', password=(hidden))"
    assert told["options"] == "{'max_tokens': 5, 'Authorization': (hidden)}"


@b("B59")
@pytest.mark.parametrize("host", NEAR)
async def test_a_state_is_read_and_replaced_also_while_the_actor_is_suspended(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        ref.pause()
        await until(lambda: ref.state == "paused")
        asking = asyncio.create_task(ref.ask(Clerk.add(1)))
        assert (await sight.get_state(ref))["total"] == 0
        after = await sight.replace_state(ref, lambda state: {**state, "total": 41, "extra": "new"})
        assert (after["total"], after["extra"]) == (41, "new")
        assert not asking.done()
        ref.resume()
        assert await asking == 42


@b("B59")
@pytest.mark.parametrize("host", NEAR)
async def test_a_change_of_state_that_fails_changes_nothing_and_the_actor_lives_on(host: Any, row: str) -> None:
    def spoil(state: dict[str, Any]) -> dict[str, Any]:
        state["total"] = 1_000
        raise ZeroDivisionError

    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        with pytest.raises(ZeroDivisionError):
            await sight.replace_state(ref, spoil)
        with pytest.raises(TypeError, match="return a dict"):
            await sight.replace_state(ref, lambda _: 5)  # type: ignore[arg-type,return-value]
        assert await ref.ask(Clerk.add(1)) == 1


@b("B59")
async def test_an_attribute_that_is_left_out_of_a_new_state_is_deleted(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk)
        await sight.replace_state(ref, lambda state: {"total": state["total"]})
        assert await sight.get_state(ref) == {"total": 0}


@b("B59")
async def test_a_process_tells_its_state_but_does_not_hand_it_out(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=Process())
        with pytest.raises(HostCapabilityError):
            await sight.get_state(ref)
        with pytest.raises(HostCapabilityError):
            await sight.replace_state(ref, dict)


@b("B59")
@pytest.mark.parametrize("host", HOSTS)
async def test_who_is_gone_has_no_state(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        ref.stop()
        await ref.wait_ended()
        with pytest.raises(ActorEndedError):
            await sight.describe(ref)


@b("B59")
async def test_who_is_not_up_yet_has_no_state(row: str) -> None:
    class Slow(Clerk):
        async def on_start(self) -> None:
            await asyncio.Event().wait()

    async with ActorSystem() as system:
        starting = asyncio.create_task(system.spawn(Slow, name="slow"))
        await until(lambda: any(ref.name == "slow" for ref in system.actors()))
        with pytest.raises(ActorDownError):
            await sight.get_state(system.ref("slow"))
        starting.cancel()


@b("B48")
@pytest.mark.parametrize("host", HOSTS)
async def test_redact_decides_what_is_told(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Discreet, host=host)
        assert (await sight.describe(ref))["total"] == "'some'"
        async with sight.trace(ref) as watched:
            await ref.ask(Clerk.add(7))
            assert await events_of(watched, 2) == [("received", "a message", ""), ("answered", "a message", "")]


@b("B48")
async def test_a_redact_that_fails_shows_nothing_and_harms_nobody(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Broken)
        (told,) = (await sight.describe(ref)).values()
        assert "redact" in told
        assert "RuntimeError" in told
        async with sight.trace(ref) as watched:
            assert await ref.ask(Clerk.add(7)) == 7
            assert all("7" not in message for _, message, _ in await events_of(watched, 2))


@b("B60")
@pytest.mark.parametrize("host", HOSTS)
async def test_a_trace_tells_what_came_and_what_became_of_it(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        async with sight.trace(ref) as watched:
            ref.tell(Clerk.add(1))
            await ref.ask(Clerk.add(2))
            with pytest.raises(KeyError):
                await ref.ask(Clerk.miss())
            assert await events_of(watched, 6) == [
                ("received", "Clerk.add(amount=1)", ""),
                ("answered", "Clerk.add(amount=1)", "1"),
                ("received", "Clerk.add(amount=2)", ""),
                ("answered", "Clerk.add(amount=2)", "3"),
                ("received", "Clerk.miss()", ""),
                ("failed", "Clerk.miss()", "KeyError('gone')"),
            ]
            assert watched.counts == {"received": 3, "answered": 2, "failed": 1}
        assert type(ref.handlers).__name__ in {"Table", "FarTable"}
        await ref.ask(Clerk.add(1))
        assert watched.counts["received"] == 3


@b("B60")
async def test_a_trace_tells_of_async_handlers_streams_promises_and_what_was_cancelled(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk)
        async with sight.trace(ref) as watched:
            asking = asyncio.create_task(ref.ask(Clerk.wait()))
            await until(lambda: ref.state == "running")
            asking.cancel()
            with trace.use(trace.begin()) as root:
                promised = asyncio.create_task(ref.ask(Clerk.promise()))
                await until(lambda: ref.actor.later is not None)
            async with ref.stream(Clerk.count(2)) as numbers:
                assert [number async for number in numbers] == [0, 1]
            ref.actor.later.answer(5)
            assert await promised == 5
            events = [await anext(watched) for _ in range(5)]
    assert [(event.what, event.message) for event in events] == [
        ("received", "Clerk.wait()"),
        ("cancelled", "Clerk.wait()"),
        ("received", "Clerk.promise()"),
        ("later", "Clerk.promise()"),
        ("received", "Clerk.count(to=2)"),
    ]
    assert root is not None
    assert [event.trace and event.trace.parent_id for event in events[2:4]] == [root.span_id] * 2


@b("B60")
async def test_a_trace_is_bounded_and_counts_what_nobody_took(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk)
        async with sight.trace(ref, keep=3) as watched, sight.trace(ref) as other:
            for _ in range(4):
                await ref.ask(Clerk.add(1))
            assert watched.missed == 5
            assert [text for _, _, text in await events_of(watched, 3)] == ["3", "", "4"]
            assert other.missed == 0
    with pytest.raises(ValueError, match="at least 1"):
        sight.trace(ref, keep=0)


@b("B60")
@pytest.mark.parametrize("host", HOSTS)
async def test_a_trace_goes_on_across_restarts_and_ends_with_the_slot(host: Any, row: str) -> None:
    from supervisors import Supervisor, child

    class App(Supervisor):
        clerk = child(Clerk, host=host)

    async with ActorSystem(App) as system:
        ref: ActorRef[Clerk] = system.ref(App.clerk)
        async with sight.trace(ref) as watched:
            with pytest.raises(ActorEndedError):
                await ref.ask(Clerk.fail("hunter2"))
            assert await ref.ask(Clerk.add(1)) == 1
            events = await events_of(watched, 4)
            assert events[:2] == [
                ("received", "Clerk.fail(password=(hidden))", ""),
                ("failed", "Clerk.fail(password=(hidden))", "ValueError('no good: 7')"),
            ]
            waiting = asyncio.ensure_future(anext(watched))
            await asyncio.sleep(0)
            await system.root.ask(Supervisor.terminate_child("clerk"))  # type: ignore[union-attr]
            with pytest.raises(StopAsyncIteration):
                await waiting


@b("B60")
@pytest.mark.parametrize("host", HOSTS)
async def test_the_events_of_messages_in_a_trace_say_their_step_on_every_host(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        async with sight.trace(ref) as watched:
            with trace.use(trace.begin()) as root:
                await ref.ask(Clerk.add(1))
            await ref.ask(Clerk.add(1))
            events = [await anext(watched) for _ in range(4)]
    assert root is not None
    assert [event.trace and event.trace.trace_id for event in events] == [root.trace_id] * 2 + [None] * 2


@b("B60")
async def test_several_trace_a_worker_and_only_while_they_do(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=Process())
        async with sight.trace(ref) as one:
            async with sight.trace(ref) as other:
                await ref.ask(Clerk.add(1))
                assert await events_of(one, 2) == await events_of(other, 2)
            await ref.ask(Clerk.add(1))
            assert len(await events_of(one, 2)) == 2
        await ref.ask(Clerk.add(1))
        assert (one.counts["received"], other.counts["received"]) == (2, 1)


@b("B58")
async def test_suspending_and_resuming_twice_is_fine_and_asks_time_out_meanwhile(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk)
        for _ in range(2):
            ref.pause()
        await until(lambda: ref.state == "paused")
        with pytest.raises(TimeoutError):
            await ref.ask(Clerk.add(1), timeout=0.01)
        assert ref.usage().handled == 0
        for _ in range(2):
            ref.resume()
        assert await ref.ask(Clerk.add(1)) == 1


@b("B60")
async def test_an_account_counts_what_was_handled(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk)
        for _ in range(3):
            await ref.ask(Clerk.add(1))
        usage = ref.usage()
        assert (usage.handled, usage.restarts, usage.mailbox) == (3, 0, 0)


async def test_g13_it_is_said_what_a_handler_that_does_not_return_is_interrupted_by() -> None:
    async with ActorSystem() as unwatched, ActorSystem(watchdog=Watchdog(sentinel=False)) as watched:
        said = {host: sight.interruption(await watched.spawn(Clerk, host=host)) for host in (Loop(), Thread())}
        assert said == {Loop(): "a signal", Thread(): "PyThreadState_SetAsyncExc"}
        assert sight.interruption(await unwatched.spawn(Clerk)) == "nothing: the system has no watchdog"
        assert sight.interruption(await watched.spawn(Clerk, host=Process())) == "the end of its process"


def test_g13_off_the_main_thread_a_loop_is_interrupted_as_a_thread_is() -> None:
    with ActorSystem(watchdog=Watchdog(sentinel=False)).blocking() as system:
        assert sight.interruption(system.spawn(Clerk).ref) == "PyThreadState_SetAsyncExc"


@b("B59")
@pytest.mark.parametrize("host", HOSTS)
async def test_it_is_said_what_is_in_hand_also_of_one_that_does_not_come_back(host: Any, row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Clerk, host=host)
        assert sight.in_hand(ref) == ()
        ref.tell(Clerk.wait())
        ref.tell(Clerk.add(1))
        await until(lambda: sight.in_hand(ref) == ("Clerk.wait",))
        if host != Loop():
            busy = await system.spawn(Clerk, host=host)
            busy.tell(Clerk.sleep(0.5))
            await until(lambda: sight.in_hand(busy) == ("Clerk.sleep",))
            assert busy.state == "running"
            await until(lambda: sight.in_hand(busy) == ())
        ref.kill()
        await ref.wait_ended()
