from conforming import Gate, Journal, Probe, Small

from llmactors import ActorRef, ActorSystem, Shutdown
from llmactors.hosts import HostConfig
from supervisors import Supervisor, child


async def test_a_stop_overtakes_what_waits_in_the_mailbox(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    probe = await system.spawn(Probe, host=host)
    held = probe.tell(Probe.hold(gate))
    await gate.ask(Gate.arrivals(1))
    for number in range(100):
        probe.tell(Probe.note(number))
    probe.stop()
    await gate.ask(Gate.open())
    assert held
    assert await probe.wait_ended() == Shutdown()
    assert system.dead_letters.counts["discarded"] == 100


async def test_a_down_comes_after_all_that_the_ended_life_had_sent(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    probe.tell(Probe.write_and_fail(journal, 5))
    assert await journal.ask(Journal.entries(6)) == [0, 1, 2, 3, 4, ("down", "Crash")]


async def test_a_notice_needs_no_room_in_the_mailbox(
    system: ActorSystem, host: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    small = await system.spawn(Small, journal)
    await small.ask(Small.watch(probe))
    small.pause()
    assert small.tell(Small.write("full"))
    assert not small.tell(Small.write("refused"))
    probe.kill()
    await probe.wait_ended()
    small.resume()
    assert await journal.ask(Journal.entries(2)) == ["full", ("down", "Killed")]


async def test_a_monitor_gives_one_down_and_one_until_discarded_outlives_restarts(host: HostConfig) -> None:
    class App(Supervisor):
        journal = child(Journal)
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        journal, probe = system.ref(App.journal), system.ref(App.probe)
        await journal.ask(Journal.watch(probe))
        await journal.ask(Journal.watch(probe, until_discarded=True))
        probe.kill()
        await probe.ask(Probe.seen())
        probe.kill()
        await probe.ask(Probe.seen())
        assert system.root is not None
        await system.root.ask(App.terminate_child("probe"))
        await system.root.ask(App.delete_child("probe"))
        assert await journal.ask(Journal.entries(2)) == [("down", "Killed"), ("down", "Shutdown")]
