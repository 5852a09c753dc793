"""Context variables and trace context travel with messages, and nothing that a handler sets leaks to another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any

import pytest
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, Later, Mailbox, Message, StateMachine, Topic, message
from llmactors.hosts import Loop, Thread

TENANT: ContextVar[str | None] = ContextVar("tenant", default=None)


@contextmanager
def tenant(name: str) -> Iterator[None]:
    token = TENANT.set(name)
    try:
        yield
    finally:
        TENANT.reset(token)


class Witness(Actor):
    """Notes the tenant that each of its handlers sees."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []

    @message
    def note(self) -> str | None:
        self.seen.append(TENANT.get())
        return TENANT.get()

    @message
    async def note_slowly(self) -> str | None:
        before = TENANT.get()
        await asyncio.sleep(0)
        self.seen.append(TENANT.get())
        assert before == TENANT.get()
        return before

    @message
    async def notes(self, count: int) -> AsyncIterator[str | None]:
        for _ in range(count):
            await asyncio.sleep(0)
            yield TENANT.get()

    @message
    def leave(self, name: str) -> str | None:
        before = TENANT.get()
        TENANT.set(name)
        return before

    @message
    async def leave_slowly(self, name: str) -> str | None:
        before = TENANT.get()
        TENANT.set(name)
        await asyncio.sleep(0)
        assert TENANT.get() == name
        return before

    @message
    def all_seen(self) -> list[str | None]:
        return self.seen

    def receive(self, message: Any) -> None:
        self.seen.append(f"{message} {TENANT.get()}")


class Relay(Actor):
    """Passes on what it is told, in several ways."""

    def __init__(self, to: ActorRef[Witness]) -> None:
        self.to = to

    @message
    def tell(self) -> None:
        self.to.tell(Witness.note())

    @message
    def tell_as(self, name: str) -> None:
        with tenant(name):
            self.to.tell(Witness.note())
        self.to.tell(Witness.note())

    @message
    async def ask(self) -> str | None:
        return await self.to.ask(Witness.note())

    @message
    async def ask_as(self, name: str) -> tuple[str | None, str | None]:
        with tenant(name):
            first = await self.to.ask(Witness.note_slowly())
        return first, await self.to.ask(Witness.note_slowly())

    @message
    def pass_on(self) -> Later[None]:
        return Later(by=self.to)

    @message
    def later(self, to: ActorRef[Witness]) -> None:
        self.context.send_after(0, Witness.note(), to)


def bare(body: Callable[[], Awaitable[None]]) -> None:
    """Run *body* where no variable is set at all."""
    Context().run(asyncio.run, body())  # type: ignore[arg-type]


async def settled(ref: ActorRef[Any], count: int) -> list[str | None]:
    """Answer what a witness has seen, once it is as much as that."""
    await until(lambda: len(ref.actor.seen) >= count)
    seen: list[str | None] = ref.actor.seen
    return seen


async def test_a_tell_brings_its_sender_s_variables() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Witness)
        ref.tell(Witness.note())
        with tenant("acme"):
            ref.tell(Witness.note())
            ref.tell(Witness.note_slowly())
            ref.tell("plainly")
        ref.tell(Witness.note())
        assert await settled(ref, 5) == [None, "acme", "acme", "plainly acme", None]


@pytest.mark.parametrize("credit", ["direct", "queued"])
async def test_an_ask_brings_its_sender_s_variables(credit: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Witness)
        system.scheduler.credit = system.scheduler.credit_per_turn = 64 if credit == "direct" else 0
        assert await ref.ask(Witness.note()) is None
        with tenant("acme"):
            assert await ref.ask(Witness.note()) == "acme"
            assert await ref.ask(Witness.note_slowly()) == "acme"
        assert await ref.ask(Witness.note()) is None
        assert await ref.ask(Witness.note_slowly()) is None


async def test_a_send_that_waits_for_room_brings_its_sender_s_variables() -> None:
    class Small(Witness):
        mailbox = Mailbox(capacity=1)

    async with ActorSystem() as system:
        ref = await system.spawn(Small)
        ref.pause()
        await asyncio.sleep(0)
        ref.tell(Small.note())
        with tenant("acme"):
            waiting = asyncio.create_task(ref.send(Small.note()))
        await asyncio.sleep(0)
        ref.resume()
        await waiting
        assert await settled(ref, 2) == [None, "acme"]


async def test_a_stream_brings_its_reader_s_variables() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Witness)
        with tenant("acme"):
            async with ref.stream(Witness.notes(2)) as items:
                assert [item async for item in items] == ["acme", "acme"]
        async with ref.stream(Witness.notes(1)) as items:
            assert [item async for item in items] == [None]


async def test_variables_travel_on_through_handlers_of_every_kind() -> None:
    async with ActorSystem() as system:
        witness = await system.spawn(Witness)
        relay = await system.spawn(Relay, witness)
        with tenant("acme"):
            relay.tell(Relay.tell())
            assert await relay.ask(Relay.ask()) == "acme"
            await relay.ask(Relay.pass_on())
            relay.tell(Relay.pass_on())
            await relay.ask(Relay.later(witness))
        seen = await settled(witness, 5)
    assert sorted(map(str, seen)) == [*["Relay.pass_on() acme"] * 2, *["acme"] * 3]


async def test_what_a_handler_sets_for_a_block_reaches_just_those_it_sends_to_there() -> None:
    async with ActorSystem() as system:
        witness = await system.spawn(Witness)
        relay = await system.spawn(Relay, witness)
        relay.tell(Relay.tell_as("acme"))
        relay.tell(Relay.tell())
        assert await settled(witness, 3) == ["acme", None, None]
        assert await relay.ask(Relay.ask_as("acme")) == ("acme", None)


@pytest.mark.parametrize("leave", [Witness.leave, Witness.leave_slowly])
async def test_what_a_handler_leaves_in_its_context_reaches_nobody(leave: Callable[[str], Message[Any, Any]]) -> None:
    async with ActorSystem() as system:
        first, other = await system.spawn(Witness), await system.spawn(Witness)
        for _ in range(3):
            first.tell(leave("acme"))
            first.tell(Witness.note())
            other.tell(Witness.note())
        assert await first.ask(leave("acme")) is None
        assert await other.ask(Witness.note()) is None
        assert await settled(first, 3) == [None] * 3
        assert await settled(other, 4) == [None] * 4
        assert TENANT.get() is None


async def test_what_a_constructor_or_a_hook_sets_reaches_neither_its_owner_nor_a_handler() -> None:
    class Setter(Witness):
        def __init__(self) -> None:
            super().__init__()
            TENANT.set("constructor")

        async def on_start(self) -> None:
            assert TENANT.get() == "constructor"
            TENANT.set("hook")
            await asyncio.sleep(0)

        async def on_stop(self, exit: object) -> None:
            assert TENANT.get() == "hook"

    async with ActorSystem() as system:
        ref = await system.spawn(Setter)
        assert TENANT.get() is None
        assert await ref.ask(Setter.note_slowly()) is None
        ref.stop()
        assert (await ref.wait_ended()).clean


def test_where_nothing_is_set_nothing_is_carried() -> None:
    async def body() -> None:
        async with ActorSystem() as system:
            witness = await system.spawn(Witness)
            relay = await system.spawn(Relay, witness)
            witness.pause()
            await asyncio.sleep(0)
            witness.tell(Witness.note())
            relay.tell(Relay.tell())
            relay.tell(Relay.tell_as("acme"))
            await asyncio.sleep(0)
            assert witness.inbox is not None
            assert [type(item).__name__ for item in witness.inbox] == ["note", "note", "Envelope", "note"]
            witness.resume()
            assert await settled(witness, 4) == [None, None, "acme", None]

    bare(body)


async def test_a_redelivered_message_comes_back_with_its_variables_as_they_were() -> None:
    from supervisors import Supervisor, child

    class Fragile(Witness):
        failed = False

        @message
        def fail_once(self) -> None:
            self.note_it()
            TENANT.set("spoilt")
            if not Fragile.failed:
                Fragile.failed = True
                raise ValueError("once")

        def note_it(self) -> None:
            self.seen.append(TENANT.get())

    class App(Supervisor):
        fragile = child(Fragile, redeliver=1)

    async with ActorSystem(App) as system:
        ref = system.ref(App.fragile)
        with tenant("acme"):
            ref.tell(Fragile.fail_once())
        await until(lambda: Fragile.failed and bool(ref.actor and ref.actor.seen))
        assert ref.actor.seen == ["acme"]


async def test_a_state_machine_sees_its_sender_s_variables_also_after_it_postponed_an_event() -> None:
    class Door(StateMachine[str]):
        initial = "shut"

        @message
        def enter(self) -> str | None:
            if self.state == "shut":
                self.postpone()
            return TENANT.get()

        @message
        def open(self) -> None:
            self.next_state("open")

    async with ActorSystem() as system:
        ref = await system.spawn(Door)
        with tenant("acme"):
            entering = asyncio.create_task(ref.ask(Door.enter()))
        await asyncio.sleep(0)
        ref.tell(Door.open())
        assert await entering == "acme"


async def test_subscribers_of_a_topic_see_the_publisher_s_variables() -> None:
    async with ActorSystem() as system:
        topic, ref = await system.spawn(Topic), await system.spawn(Witness)
        await topic.ask(Topic.subscribe(ref))
        with tenant("acme"):
            topic.tell(Topic.publish("news"))
        assert await settled(ref, 1) == ["news acme"]


@pytest.mark.parametrize("host", [Loop(), pytest.param(Thread(), id="thread")])
async def test_variables_travel_between_threads(host: Any) -> None:
    pytest.importorskip("pykka")
    async with ActorSystem() as system:
        ref = await system.spawn(Witness, host=host)

        def elsewhere() -> None:
            TENANT.set("acme")
            ref.tell(Witness.note())

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        with tenant("other"):
            assert await ref.ask(Witness.note()) == "other"
        assert await ref.ask(Witness.leave("left")) is None
        assert await ref.ask(Witness.note()) is None
        assert (await settled(ref, 3))[0] == "acme"
