"""Guarantees 1, 2, 4 and 6: one at a time, in order, and every ask ends."""

import asyncio
from typing import Any

import pytest
from performers import Pair, Probe, Question, RefusedError, Small, Three, Worker

from llmactors import Crash, Down, Ended
from llmactors.errors import (
    ActorDownError,
    ActorEndedError,
    AskTimeoutError,
    MailboxFullError,
    UnhandledMessageError,
)


async def test_g01_one_message_at_a_time(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    assert await asyncio.gather(*(worker.ask(Worker.overlap()) for _ in range(5))) == [1] * 5


async def test_g01_a_class_may_declare_more(system: Any, host: Any) -> None:
    worker = await system.spawn(Three, host=host)
    assert max(await asyncio.gather(*(worker.ask(Worker.overlap()) for _ in range(9)))) == 3


async def test_g01_a_tell_never_runs_the_handler_inside_the_call(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    assert worker.tell(Worker.note("handled"))
    assert probe.actor.notes == []
    assert await probe.actor.wait(1) == ["handled"]


async def test_g02_messages_of_one_sender_are_handled_in_the_order_sent(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    for number in range(300):
        worker.tell(Worker.put(number))
    await worker.ask(Worker.put(300))
    for number in range(301, 400):
        await worker.send(Worker.put(number))
    assert await worker.ask(Worker.logged()) == list(range(400))


async def test_g02_sends_keep_their_order_when_the_mailbox_is_full(system: Any, host: Any) -> None:
    worker = await system.spawn(Small, host=host)
    for number in range(200):
        await worker.send(Worker.put(number))
    assert await worker.ask(Worker.logged()) == list(range(200))


async def test_g04_a_notice_comes_after_all_that_the_ended_one_had_sent(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    await probe.ask(Probe.watch(worker))
    for number in range(20):
        worker.tell(Worker.note(number))
    worker.tell(Worker.crash())
    notes = await probe.actor.wait(22)
    assert notes[:20] == list(range(20))
    assert notes[20] == ("on_stop", "Crash")
    assert isinstance(notes[21], Down)


async def test_g04_a_stop_overtakes_messages(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe)
    worker.tell(Worker.nap(0.05))
    for number in range(100):
        worker.tell(Worker.note(number))
    await probe.actor.wait(2)
    worker.stop()
    notes = await probe.actor.wait(5)
    assert [note for note in notes if not isinstance(note, int)][1:4] == ["napping", "napped", ("on_stop", "Shutdown")]
    assert not [note for note in notes if isinstance(note, int)]


async def test_g06_an_ask_ends_with_the_answer(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, None, 10, host=host)
    assert await worker.ask(Worker.add(5)) == 15
    assert await worker.ask(Worker.pair(Pair(1, ("a",)))) == Pair(1, ("a",))
    assert await worker.ask(Worker.nap(0.001)) == "rested"
    assert await worker.ask(Question("why")) == "WHY"
    assert await worker.ask(Worker.later()) == "later"


async def test_g06_a_declared_error_is_an_answer_and_the_actor_lives_on(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    with pytest.raises(KeyError, match="key"):
        await worker.ask(Worker.refuse("key"))
    with pytest.raises(RefusedError) as caught:
        await worker.ask(Worker.refuse("no"))
    assert (caught.value.what, caught.value.code) == ("no", 7)
    assert await worker.ask(Worker.add(1)) == 1


async def test_g06_a_declared_error_under_a_tell_is_a_dead_letter(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    worker.tell(Worker.refuse("no"))
    assert await worker.ask(Worker.add(1)) == 1
    assert system.dead_letters.counts == {"unheard": 1}


async def test_g06_what_nobody_handles_is_a_dead_letter_and_an_error_to_its_asker(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    worker.tell(("not", "handled"))
    with pytest.raises(UnhandledMessageError):
        await worker.ask(("not", "handled"))
    assert await worker.ask(Worker.add(1)) == 1
    assert system.dead_letters.counts == {"unhandled": 2}


@pytest.mark.parametrize("message", [Worker.crash(), Worker.crash_later()], ids=["plain", "async"])
async def test_g06_any_other_error_ends_the_incarnation_and_the_asker_hears_the_cause(
    keep: Any, probe: Any, message: Any
) -> None:
    worker = await keep(Worker)
    with pytest.raises(ActorEndedError) as caught:
        await worker.ask(message)
    assert "broken" in str(caught.value.__cause__)
    assert isinstance(caught.value.exit, Crash)


async def test_g06_an_ask_times_out_and_its_async_handler_is_cancelled(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    with pytest.raises(AskTimeoutError):
        await worker.ask(Worker.hold("x"), timeout=0.1)
    assert await probe.actor.wait(2) == [("holding", "x"), ("cancelled", "x")]
    assert await worker.ask(Worker.add(1)) == 1


async def test_g06_a_handler_that_finishes_what_it_began_does_although_its_asker_gave_up(
    system: Any, host: Any, probe: Any
) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    with pytest.raises(AskTimeoutError):
        await worker.ask(Worker.hold_on(0.1), timeout=0.03)
    assert await probe.actor.wait(1) == ["finished all the same"]


async def test_g06_an_asker_that_is_cancelled_cancels_the_handler(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    asking = asyncio.ensure_future(worker.ask(Worker.hold("x")))
    await probe.actor.wait(1)
    asking.cancel()
    assert await probe.actor.wait(2) == [("holding", "x"), ("cancelled", "x")]


async def test_g07_a_queued_message_whose_asker_gave_up_is_skipped(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    first = asyncio.ensure_future(worker.ask(Worker.nap(0.1)))
    await probe.actor.wait(1)
    with pytest.raises(AskTimeoutError):
        await worker.ask(Worker.note("skipped"), timeout=0.01)
    await first
    await worker.ask(Worker.note("seen"))
    assert await probe.actor.wait(3) == ["napping", "napped", "seen"]


async def test_g06_a_queued_ask_waits_for_the_next_incarnation(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, None, 5, revivals=1)
    crashing = asyncio.ensure_future(worker.ask(Worker.crash()))
    adding = asyncio.ensure_future(worker.ask(Worker.add(1)))
    with pytest.raises(ActorEndedError):
        await crashing
    assert await adding == 6


async def test_g06_an_ask_may_fail_at_once_while_the_actor_is_down(keep: Any, probe: Any) -> None:
    worker = await keep(Worker)
    worker.kill()
    await probe.actor.wait(2)
    with pytest.raises(ActorDownError):
        await worker.ask(Worker.add(1), when_down="fail")


async def test_g06_asks_that_wait_for_a_later_answer_fail_with_the_incarnation(keep: Any, probe: Any) -> None:
    worker = await keep(Worker)
    asking = asyncio.ensure_future(worker.ask(Worker.never()))
    await asyncio.sleep(0)  # it asks
    await worker.ask(Worker.add(1))
    worker.kill()
    with pytest.raises(ActorEndedError):
        await asking


async def test_g11_a_full_mailbox_refuses_and_an_ask_hears_it_at_once(system: Any, host: Any) -> None:
    worker = await system.spawn(Small, host=host)
    worker.pause()
    await asyncio.sleep(0)
    accepted = [worker.tell(Worker.put(number)) for number in range(6)]
    assert accepted == [True] * 4 + [False] * 2
    with pytest.raises(MailboxFullError):
        await worker.ask(Worker.logged())
    worker.resume()
    await worker.send(Worker.put(4))
    await worker.send(Worker.put(5))
    assert await worker.ask(Worker.logged()) == list(range(6))


async def test_an_ended_actor_is_told_once_to_its_owner(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, revivals=2)
    for crashes in (1, 2):
        worker.tell(Worker.crash())
        await probe.actor.wait(2 * crashes + 1)
    worker.kill()
    notes: list[Any] = await probe.actor.wait(6)
    assert [type(note).__name__ for note in notes] == ["Started", "Ended"] * 3
    assert [type(note.exit).__name__ for note in notes if isinstance(note, Ended)] == ["Crash", "Crash", "Killed"]
