"""`@message.batched`: messages that are handled together, each with an asker of its own, in the order of arrival."""

import asyncio
from typing import Any

import pytest
from batching import Keeper, Net, asks, settled
from virtual import VirtualSystem, behaviour, now

from llmactors import ActorRef, ActorSystem, StateMachine, message
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import HostConfig, Process, Thread


async def kept(system: VirtualSystem, redeliver: int = 0) -> ActorRef[Net]:
    """Run a net whose owner brings it back."""
    keeper = await system.spawn(Keeper, redeliver)
    (net,) = keeper.children()
    return await net


@behaviour("full")
@pytest.mark.parametrize("credit", [0, 64])
async def test_a_full_batch_is_handled_at_once_and_each_asker_gets_its_answer(credit: int) -> None:
    async with VirtualSystem() as system:
        system.scheduler.credit = system.scheduler.credit_per_turn = credit
        net = await system.spawn(Net)
        assert await asyncio.gather(*asks(net, 1, 2, 3, 4)) == [2, 4, 6, 8]
        assert now() == 0
        assert net.actor.batches == [[1, 2, 3, 4]]
        assert net.usage().handled >= 4


@behaviour("within")
async def test_a_batch_waits_for_others_as_long_as_it_says_and_no_longer() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        first = asks(net, 1)
        await asyncio.sleep(0.9)
        second = asks(net, 2)
        assert net.usage().mailbox == 1
        assert await asyncio.gather(*first, *second) == [2, 4]
        assert now() == pytest.approx(1.0)
        assert await net.ask(Net.double(3)) == 6
        assert net.actor.batches == [[1, 2], [3]]


@behaviour("within")
async def test_without_patience_it_takes_only_what_is_there() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        net.tell(Net.rest(1))
        await settled()
        for number in range(6):
            assert net.tell(Net.eagerly(number))
        await asyncio.sleep(2)
        assert await net.ask(Net.eagerly(6)) == 12
        assert net.actor.batches == [[0, 1, 2, 3], [4, 5], [6]]


@behaviour("order")
async def test_what_is_sent_between_closes_the_batch_and_keeps_its_place() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        net.tell(Net.double(1))
        await settled()
        net.tell(Net.double(2))
        net.tell(Net.mark())
        net.tell(Net.double(3))
        net.tell(Net.slowly(4))
        await asyncio.sleep(10)
        assert net.actor.batches == [[1, 2], [], [3], [4]]


@behaviour("order")
async def test_an_async_batch_is_in_hand_like_any_message() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        asked = [asyncio.create_task(net.ask(Net.slowly(number))) for number in range(6)]
        await asyncio.sleep(0.5)
        marked = asyncio.create_task(net.ask(Net.mark(), timeout=60))
        assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8, 10]
        await marked
        assert net.actor.batches == [[0, 1, 2, 3], [4, 5], []]


@behaviour("capacity")
async def test_gathering_keeps_the_bound_and_lets_waiting_senders_in() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        net.tell(Net.rest(1))
        await settled()
        assert [net.tell(Net.double(number)) for number in range(7)] == [True] * 6 + [False]
        sent = [asyncio.create_task(net.send(Net.double(number))) for number in (7, 8)]
        await asyncio.sleep(5)
        assert all(task.done() for task in sent)
        assert net.actor.batches == [[0, 1, 2, 3], [4, 5, 7, 8]]
        await net.send(Net.double(9))
        await net.send(Net.double(10))
        assert now() == pytest.approx(5)
        await asyncio.sleep(2)
        assert net.actor.batches[-1] == [9, 10]


@behaviour("asks")
async def test_an_asker_that_gave_up_is_left_out() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        (hasty,) = asks(net, 1, timeout=0.1)
        (patient,) = asks(net, 2)
        with pytest.raises(AskTimeoutError):
            await hasty
        assert await patient == 4
        (only,) = asks(net, 3, timeout=0.1)
        with pytest.raises(AskTimeoutError):
            await only
        await asyncio.sleep(2)
        assert net.actor.batches == [[2]]
        assert system.dead_letters.counts == {"expired": 2}


@behaviour("crash")
async def test_a_crash_ends_the_asks_of_its_batch_and_no_others() -> None:
    async with VirtualSystem() as system:
        net = await kept(system)
        first, second = asks(net, 1, -1), asks(net, 5, 6)
        third = asks(net, 7)
        for task in (*first, *second):
            with pytest.raises(ActorEndedError):
                await task
        assert await asyncio.gather(*third) == [14]


@behaviour("crash")
async def test_under_redelivery_the_messages_of_a_batch_come_back_and_the_poison_is_buried() -> None:
    async with VirtualSystem() as system:
        net = await kept(system, redeliver=1)
        good, bad = asks(net, 1, -1)
        with pytest.raises(ActorEndedError):
            await bad
        assert await good == 2
        assert system.dead_letters.counts == {"poison": 1}


@behaviour("crash")
async def test_a_wrong_number_of_answers_is_a_crash_that_says_so() -> None:
    async with VirtualSystem() as system:
        net = await kept(system)
        with pytest.raises(ActorEndedError) as ended:
            await net.ask(Net.miscount(1))
        assert "had 1 messages, and its handler returned 0 answers" in str(ended.value.__cause__)


@behaviour("raises")
async def test_a_declared_error_is_the_answer_to_the_whole_batch() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        net.tell(Net.refuse(0))
        asked = [asyncio.create_task(net.ask(Net.refuse(number))) for number in (1, 2)]
        assert [str(error) for error in await asyncio.gather(*asked, return_exceptions=True)] == ["3", "3"]
        assert system.dead_letters.counts == {"unheard": 1}
        assert await net.ask(Net.seen()) == []


@behaviour("lives")
async def test_what_was_gathered_when_a_life_ends_waits_for_the_next() -> None:
    async with VirtualSystem() as system:
        net = await kept(system)
        asked = asks(net, 1, 2)
        await asyncio.sleep(0.5)
        net.kill()
        assert await asyncio.gather(*asked) == [2, 4]
        assert net.actor.batches == [[1, 2]]
        assert net.usage().restarts == 1


@behaviour("lives")
async def test_a_slot_that_goes_takes_what_was_gathered_along() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        asked = asks(net, 1)
        net.tell(Net.double(2))
        await settled()
        net.stop()
        with pytest.raises(ActorEndedError):
            await asked[0]
        assert system.dead_letters.counts == {"discarded": 2}


@behaviour("lives")
async def test_draining_does_not_wait_for_more() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        asked = asks(net, 1, 2)
        await asyncio.sleep(0.5)
        net.stop(drain=True)
        assert await asyncio.gather(*asked) == [2, 4]
        await net.wait_ended()
        assert now() == pytest.approx(0.5)


@behaviour("pause")
async def test_a_paused_actor_gathers_on_and_begins_when_it_goes_on() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Net)
        asked = asks(net, 1, timeout=60)
        await settled()
        net.pause()
        await asyncio.sleep(3)
        asked += asks(net, 2, timeout=60)
        await asyncio.sleep(1)
        assert net.actor.batches == []
        net.resume()
        assert await asyncio.gather(*asked) == [2, 4]


class Overridden(Net):
    """Overrides a batched handler with a plain method."""

    def double(self, xs: list[int]) -> list[int]:
        return [3 * x for x in super().double(xs)]


@behaviour("override")
async def test_a_subclass_may_override_the_method() -> None:
    async with VirtualSystem() as system:
        net = await system.spawn(Overridden)
        assert await asyncio.gather(*asks(net, 1, 2, 3, 4)) == [6, 12, 18, 24]
        assert net.actor.batches == [[1, 2, 3, 4]]


class Machine(StateMachine[str]):
    """Takes batches only when it is warm."""

    initial = "cold"

    def __init__(self) -> None:
        self.sizes: list[int] = []

    @message
    def warm(self) -> None:
        self.next_state("warm")

    @message.batched(4, within=0.5)
    def double(self, xs: list[int]) -> list[int]:
        self.sizes.append(len(xs))
        return [2 * x for x in xs] if self.state == "warm" else self.postpone()


@behaviour("machine")
async def test_a_state_machine_may_postpone_a_batch() -> None:
    async with VirtualSystem() as system:
        machine = await system.spawn(Machine)
        asked = [asyncio.create_task(machine.ask(Machine.double(number))) for number in (1, 2)]
        await asyncio.sleep(1)
        machine.tell(Machine.warm())
        assert await asyncio.gather(*asked) == [2, 4]
        assert machine.actor.sizes == [2, 2]


@behaviour("machine")
async def test_what_was_postponed_when_the_slot_goes_ends_its_asks() -> None:
    async with VirtualSystem() as system:
        machine = await system.spawn(Machine)
        asked = [asyncio.create_task(machine.ask(Machine.double(number))) for number in (1, 2)]
        await asyncio.sleep(1)
        machine.stop()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in ended] == [ActorEndedError] * 2


@pytest.mark.parametrize("host", [Thread(), Process()], ids=repr)
async def test_other_hosts_handle_batches_too(host: HostConfig) -> None:
    async with ActorSystem() as system:
        net = await system.spawn(Net, host=host)
        assert await asyncio.gather(*asks(net, 1, 2, 3, 4)) == [2, 4, 6, 8]
        assert await net.ask(Net.seen()) == [[1, 2, 3, 4]]


@pytest.mark.parametrize("host", [Thread(), Process()], ids=repr)
async def test_other_hosts_gather_what_is_told_and_what_is_asked(host: HostConfig) -> None:
    async with ActorSystem() as system:
        net = await system.spawn(Net, host=host)
        for turn in range(0, 18, 6):
            for number in range(turn, turn + 4):
                assert net.tell(Net.double(number))
            last = (turn + 4, turn + 5)
            assert await asyncio.gather(*asks(net, *last)) == [2 * number for number in last]
        seen = await net.ask(Net.seen())
        assert [number for batch in seen for number in batch] == list(range(18))
        assert max(map(len, seen)) > 1


def test_on_an_instance_it_is_the_method() -> None:
    assert Net().double([1, 2]) == [2, 4]


@pytest.mark.parametrize(("most", "within"), [(0, 1.0), (True, 1.0), (4, -1.0), (4, float("nan"))])
def test_a_batch_that_makes_no_sense_is_refused(most: int, within: float) -> None:
    with pytest.raises(ValueError, match="batched"):
        message.batched(most, within=within)


async def _stream(self: object, xs: list[int]) -> Any:
    yield xs


@pytest.mark.parametrize("function", [lambda self: 1, lambda self, xs, more: 1, lambda self, *xs: 1, _stream])
def test_a_handler_that_takes_no_list_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="batched"):
        message.batched(4, within=1)(function)
