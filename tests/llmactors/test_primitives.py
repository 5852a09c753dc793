"""Primitives of OTP that have no other test of their own here (rows of part B of the conformance page)."""

import asyncio

from keepers import keeper, turns

from llmactors import Actor, ActorRef, ActorSystem, Down, Ended, Normal, message


class Watcher(Actor):
    """Monitors itself."""

    def __init__(self, heard: list[object]) -> None:
        self.heard = heard

    def on_start(self) -> None:
        self.context.monitor(self.context.self_ref)

    def receive(self, message: object) -> None:
        self.heard.append(message)

    @message
    def hello(self) -> str:
        return "hello"


class Leaver(Actor):
    """Ends itself."""

    @message
    def leave(self) -> None:
        self.context.stop()


class Busy(Actor):
    """Asks another while messages wait for it."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    @message
    def note(self) -> None:
        self.log.append("note")

    @message
    async def ask(self, other: ActorRef["Watcher"]) -> None:
        self.log.append(await other.ask(Watcher.hello()))


class Late(Actor):
    """Goes on with its start after others may tell it things."""

    def __init__(self, log: list[str], may_go_on: asyncio.Event) -> None:
        self.log, self.may_go_on = log, may_go_on

    async def on_start(self) -> None:
        await self.may_go_on.wait()
        self.log.append("started")

    @message
    def note(self) -> None:
        self.log.append("note")


async def test_b5_who_ends_itself_ends_normally_although_others_would_have_to_kill_it() -> None:
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Leaver, shutdown="kill")
        slot.ref.tell(Leaver.leave())
        assert (await owner.hears(Ended)).exit == Normal()


async def test_b23_who_monitors_itself_lives_as_anybody_and_hears_nothing() -> None:
    heard: list[object] = []
    async with ActorSystem() as system:
        watcher, other = await system.spawn(Watcher, heard), await keeper(system)
        assert await watcher.ask(Watcher.hello()) == "hello"
        other.context.monitor(watcher)
        watcher.stop()
        await other.hears(Down, 1)
        await turns()
    assert heard == []


async def test_b34_an_answer_does_not_queue_behind_the_messages_of_its_asker() -> None:
    log: list[str] = []
    async with ActorSystem() as system:
        busy, other = await system.spawn(Busy, log), await system.spawn(Watcher, [])
        busy.tell(Busy.ask(other))
        for _ in range(500):
            busy.tell(Busy.note())
        await busy.ask(Busy.note())
    assert log == ["hello", *["note"] * 501]


async def test_b40_messages_wait_for_what_a_start_goes_on_with() -> None:
    log: list[str] = []
    may_go_on = asyncio.Event()
    async with ActorSystem() as system:
        owner = await keeper(system)
        slot = owner.opens(Late, log, may_go_on)
        asking = asyncio.create_task(slot.ref.ask(Late.note()))
        await turns()
        assert log == []
        may_go_on.set()
        await asking
    assert log == ["started", "note"]
