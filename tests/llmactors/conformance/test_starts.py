"""How incarnations begin, and begin again."""

import asyncio
from typing import Any

import pytest
from performers import Opener, Unstartable, Worker

from llmactors import Ended
from llmactors.errors import StartFailedError


@pytest.mark.parametrize("where", ["constructor", "on_start"])
async def test_an_error_at_the_start_is_a_failed_start(system: Any, host: Any, where: Any) -> None:
    with pytest.raises(StartFailedError) as caught:
        await system.spawn(Unstartable, where, host=host)
    assert "ZeroDivisionError" in str(caught.value)


async def test_start_ignored_is_told_as_itself(keep: Any, probe: Any, host: Any, system: Any) -> None:
    from performers import Keeper

    await system.spawn(Keeper, probe, host, Unstartable, "ignore")
    notes: list[Any] = await probe.actor.wait(1)
    assert type(notes[0].error).__name__ == "StartIgnored"


async def test_on_start_and_on_stop_run_in_one_task(system: Any, host: Any, probe: Any) -> None:
    opener = await system.spawn(Opener, probe, host=host)
    opener.stop()
    assert await probe.actor.wait(1) == [("same task", True, "Shutdown")]


async def test_g05_what_was_in_hand_is_told_and_the_rest_is_kept_in_order(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe, revivals=1, redeliver=1)
    worker.tell(Worker.hold("in hand"))
    await probe.actor.wait(2)
    for number in range(150):
        worker.tell(Worker.put(number))
    await asyncio.sleep(0)
    worker.kill()
    assert await worker.ask(Worker.logged()) == list(range(150))
    (ended,) = [note for note in probe.actor.notes if isinstance(note, Ended)]
    assert [(held.item, held.deliveries) for held in ended.in_hand] == [(Worker.hold("in hand"), 1)]


async def test_g05_what_was_in_hand_comes_back_first_when_its_owner_gives_it_back(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe, revivals=1, again=True, redeliver=1)
    worker.tell(Worker.hold("twice"))
    await probe.actor.wait(2)
    worker.tell(Worker.note("after it"))
    worker.kill()
    while probe.actor.notes.count(("holding", "twice")) < 2:
        await probe.actor.wait(len(probe.actor.notes) + 1)
    assert "after it" not in probe.actor.notes
    worker.kill()  # it would hold its message as long as it may take to stop


async def test_g05_a_recalled_message_is_handled_by_the_next_incarnation(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe, revivals=1)
    worker.tell(Worker.nap(0.05))
    await probe.actor.wait(2)
    for number in range(100):
        worker.tell(Worker.put(number))
    worker.stop()
    assert await worker.ask(Worker.logged()) == list(range(100))


async def test_g08_twenty_restarts_are_twenty_ends(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, revivals=20)
    for _ in range(20):
        assert await worker.ask(Worker.add(1)) == 1
        worker.kill()
    assert await worker.ask(Worker.add(1)) == 1
    assert worker.usage().restarts == 20
    assert sum(isinstance(note, Ended) for note in probe.actor.notes) == 20
