import pytest
from conforming import Journal, Probe

from llmactors import Actor, ActorRef, ActorSystem, Crash, Killed, Normal, Shutdown, message
from llmactors.errors import ActorEndedError, LLMActorsError
from llmactors.hosts import HostConfig


class Parent(Actor):
    def __init__(self, host: HostConfig, journal: ActorRef[Journal]) -> None:
        self._host, self._journal = host, journal

    @message
    async def bear(self) -> ActorRef[Probe]:
        return await self.context.spawn(Probe, self._journal, host=self._host)


class Guardian(Parent):
    trap_exits = True

    def receive(self, message: object) -> None:
        self._journal.tell(Journal.write(type(message).__name__))


async def test_the_four_ways_to_end_are_told_apart(system: ActorSystem, host: HostConfig) -> None:
    probes = [await system.spawn(Probe, host=host) for _ in range(3)]
    probes[0].tell(Probe.leave())
    probes[1].stop()
    probes[2].kill("enough")
    assert [await probe.wait_ended() for probe in probes] == [Normal(), Shutdown(), Killed("enough")]


async def test_everyone_who_watches_or_is_linked_hears_it_exactly_once(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    await journal.ask(Journal.watch(probe))
    await journal.ask(Journal.bind(probe))
    await journal.ask(Journal.bind(probe))
    probe.tell(Probe.fail("no disk"))
    exit = await probe.wait_ended()
    assert isinstance(exit, Crash)
    heard = await journal.ask(Journal.entries(3))
    assert sorted(heard) == [("down", "Crash"), ("down", "Crash"), ("exited", "Crash")]
    await journal.ask(Journal.write("the last word"))
    assert len(await journal.ask(Journal.entries())) == 4


async def test_a_crash_that_nobody_hears_is_raised_from_the_system(host: HostConfig) -> None:
    with pytest.raises((ValueError, LLMActorsError), match="no disk"):  # noqa: PT012 - the block's end raises
        async with ActorSystem() as system:
            probe = await system.spawn(Probe, host=host)
            with pytest.raises(ActorEndedError):  # an asker is nobody
                await probe.ask(Probe.fail("no disk"))


async def test_a_crash_that_is_heard_is_not_raised(host: HostConfig) -> None:
    async with ActorSystem() as system:
        journal, probe = await system.spawn(Journal), await system.spawn(Probe, host=host)
        await journal.ask(Journal.watch(probe))
        probe.tell(Probe.fail("no disk"))
        await probe.wait_ended()


async def test_a_spawned_child_s_crash_ends_its_owner(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    parent = await system.spawn(Parent, host, journal)
    await journal.ask(Journal.watch(parent))
    probe = await parent.ask(Parent.bear())
    probe.tell(Probe.fail("no disk"))
    exit = await parent.wait_ended()
    assert isinstance(exit, Crash)
    assert "no disk" in str(exit.error.__cause__)


async def test_an_owner_that_traps_exits_hears_of_it_instead(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    guardian = await system.spawn(Guardian, host, journal)
    probe = await guardian.ask(Guardian.bear())
    probe.tell(Probe.leave())
    assert await journal.ask(Journal.entries(2)) == [("stopped", "Normal"), "Exited"]
    assert guardian.state != "discarded"


async def test_an_owner_s_end_stops_its_children(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    parent = await system.spawn(Parent, host, journal)
    probe = await parent.ask(Parent.bear())
    parent.stop()
    assert await probe.wait_ended() == Shutdown()
    assert await parent.wait_ended() == Shutdown()
    assert await journal.ask(Journal.entries(1)) == [("stopped", "Shutdown")]
