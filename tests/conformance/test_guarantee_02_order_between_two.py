from conforming import Probe

from llmactors import ActorSystem
from llmactors.hosts import HostConfig


async def test_messages_from_one_sender_are_handled_in_the_order_sent(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    numbers = list(range(300))
    for number in numbers:
        assert probe.tell(Probe.note(number))
    assert await probe.ask(Probe.seen()) == numbers


async def test_tells_sends_and_asks_keep_their_order_among_each_other(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    for number in range(0, 30, 3):
        probe.tell(Probe.note(number))
        await probe.ask(Probe.note(number + 1))
        await probe.send(Probe.note(number + 2))
    assert await probe.ask(Probe.seen()) == list(range(30))
