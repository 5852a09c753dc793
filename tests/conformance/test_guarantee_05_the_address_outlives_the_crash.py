import pytest
from conforming import Gate, Journal, Probe

from llmactors import ActorRef, ActorSystem
from llmactors.errors import ActorEndedError
from llmactors.hosts import HostConfig
from supervisors import Supervisor, child


async def test_a_ref_goes_on_naming_the_actor_after_its_restart(host: HostConfig) -> None:
    class App(Supervisor):
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        probe = system.ref(App.probe)
        await probe.ask(Probe.note(1))
        probe.kill()
        assert await probe.ask(Probe.seen()) == []
        assert system.ref(App.probe) is probe
        assert probe.usage().restarts == 1


async def test_the_mailbox_keeps_all_but_the_message_in_hand(host: HostConfig) -> None:
    class App(Supervisor):
        gate = child(Gate)
        probe = child(Probe, host=host)

    async with ActorSystem(App) as system:
        gate, probe = system.ref(App.gate), system.ref(App.probe)
        probe.tell(Probe.hold(gate))
        for number in range(20):
            probe.tell(Probe.note(number))
        await gate.ask(Gate.arrivals(1))
        probe.kill()
        assert await probe.ask(Probe.seen()) == list(range(20))


async def test_with_redeliver_1_the_message_in_hand_comes_back_first_and_is_poison_the_second_time(
    host: HostConfig,
) -> None:
    class App(Supervisor):
        gate = child(Gate)
        probe = child(Probe, host=host, redeliver=1)

    async with ActorSystem(App) as system:
        gate, probe = system.ref(App.gate), system.ref(App.probe)
        probe.tell(Probe.hold(gate))
        probe.tell(Probe.note(1))
        for delivery in (1, 2):
            await gate.ask(Gate.arrivals(delivery))
            probe.kill()
        assert await probe.ask(Probe.seen()) == [1]
        assert system.dead_letters.counts["poison"] == 1


async def test_what_is_queued_when_the_slot_is_discarded_becomes_dead_letters_and_its_asks_fail(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate], journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=host)
    await journal.ask(Journal.watch(probe))
    probe.tell(Probe.hold(gate))
    await gate.ask(Gate.arrivals(1))
    probe.tell(Probe.note(1))
    probe.kill()
    with pytest.raises(ActorEndedError):
        await probe.ask(Probe.seen())
    assert system.dead_letters.counts["discarded"] >= 1
    assert not probe.tell(Probe.note(2))
