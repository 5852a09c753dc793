import pytest
from conforming import Gate, Pair, Probe

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import HostConfig


async def test_an_actor_has_one_message_in_hand_at_a_time(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    probe = await system.spawn(Probe, host=host)
    for _ in range(3):
        probe.tell(Probe.hold(gate))
    for turn in (1, 2, 3):
        await gate.ask(Gate.arrivals(turn))
        await gate.ask(Gate.open())
    assert await probe.ask(Probe.most_inside()) == 1


async def test_a_class_with_concurrency_2_has_two_and_no_more(
    system: ActorSystem, host: HostConfig, gate: ActorRef[Gate]
) -> None:
    pair = await system.spawn(Pair, host=host)
    for _ in range(4):
        pair.tell(Pair.hold(gate))
    for arrived in (2, 4):
        await gate.ask(Gate.arrivals(arrived))
        await gate.ask(Gate.open())
    assert await pair.ask(Pair.most_inside()) == 2


async def test_a_tell_never_runs_the_handler_inside_its_sender_s_call(system: ActorSystem, host: HostConfig) -> None:
    probe = await system.spawn(Probe, host=host)
    assert probe.tell(Probe.note(1))
    assert probe.usage().handled == 0
    assert await probe.ask(Probe.seen()) == [1]


async def test_only_on_the_loop_and_with_credit_is_an_ask_handed_over_directly(
    system: ActorSystem, host: HostConfig, request: pytest.FixtureRequest
) -> None:
    probe = await system.spawn(Probe, host=host)
    asking = probe.ask(Probe.seen())
    try:
        asking.send(None)
    except StopIteration as answer:
        directly = answer.value == []
    else:
        directly = False
    asking.close()
    assert directly == (request.node.callspec.params["host"] == "loop")
