"""An actor sees its system in the same way wherever it runs."""

from typing import Any

import pytest
from performers import Probe, Small, Trapper, Worker

from llmactors.errors import ActorEndedError


async def test_its_own_ref_is_the_one_that_others_have(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    assert await worker.ask(Worker.me()) is worker


async def test_it_asks_refs_that_it_was_handed(system: Any, host: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Worker, None, 40)
    assert await worker.ask(Worker.ask_other(other, 2)) == 42


async def test_it_asks_an_actor_on_the_same_kind_of_host(system: Any, host: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Worker, None, 40, host=host)
    assert await worker.ask(Worker.ask_other(other, 2)) == 42
    assert await worker.ask(Worker.sum_of(other, 10)) == 45


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("refusal", "RefusedError: None"),
        ("crash", "ActorEndedError: ZeroDivisionError('broken')"),
        ("timeout", "AskTimeoutError: None"),
        ("nonsense", "UnhandledMessageError: None"),
    ],
)
async def test_g06_its_asks_end_as_anybodys(keep: Any, system: Any, probe: Any, what: Any, outcome: Any) -> None:
    worker = await keep(Worker)
    other = await system.spawn(Worker)
    await probe.ask(Probe.watch(other))
    said = await worker.ask(Worker.ask_for(other, what))
    assert said.replace("RemoteError('ZeroDivisionError: broken')", "ZeroDivisionError('broken')") == outcome
    if what == "crash":
        await other.wait_ended()


async def test_it_reads_streams_of_others_and_leaves_them(system: Any, host: Any, probe: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Worker, probe)
    assert await worker.ask(Worker.sum_of(other, 20)) == 190
    assert await worker.ask(Worker.first_of(other)) == 0
    while probe.actor.notes.count("closed") < 2:
        await probe.actor.wait(len(probe.actor.notes) + 1)


async def test_what_it_spawns_ends_with_it(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    assert await worker.ask(Worker.spawned(10)) == 11
    (child,) = worker.children()
    assert child.name == "child"
    worker.kill()
    await worker.wait_ended()
    assert child.state == "discarded"


async def test_a_crash_of_what_it_spawned_ends_it(keep: Any, probe: Any) -> None:
    worker = await keep(Worker)
    await worker.ask(Worker.spawned(10))
    (child,) = worker.children()
    child.tell(Worker.crash())
    notes: list[Any] = await probe.actor.wait(2)
    assert type(notes[1].exit).__name__ == "Crash"


async def test_a_name_that_is_taken_is_told_at_once(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    assert await worker.ask(Worker.spawn_twice()) == "NameTakenError"


async def test_it_looks_others_up_by_name(system: Any, host: Any) -> None:
    worker = await system.spawn(Worker, host=host)
    await system.spawn(Worker, None, 7, name="seven")
    assert await worker.ask(Worker.look_up("seven")) == 7
    assert await worker.ask(Worker.look_up("nobody")) == -1


async def test_it_sends_itself_messages_after_a_delay(system: Any, host: Any, probe: Any) -> None:
    worker = await system.spawn(Worker, probe, host=host)
    await worker.ask(Worker.remind(0.01, "now"))
    assert await probe.actor.wait(1) == ["now"]


async def test_g08_it_monitors_others(system: Any, host: Any, probe: Any) -> None:
    worker, other = await system.spawn(Worker, probe, host=host), await system.spawn(Worker)
    await worker.ask(Worker.watch(other))
    other.kill()
    assert await probe.actor.wait(1) == [("Down", "Killed")]


async def test_g08_it_links_to_others_and_ends_with_them(keep: Any, system: Any, probe: Any) -> None:
    worker, other = await keep(Worker), await system.spawn(Worker)
    await worker.ask(Worker.tie(other))
    await worker.ask(Worker.add(1))
    other.kill()
    notes: list[Any] = await probe.actor.wait(2)
    assert type(notes[1].exit).__name__ == "Killed"


async def test_g08_one_that_traps_exits_hears_of_the_end(system: Any, host: Any, probe: Any) -> None:
    worker, other = await system.spawn(Trapper, probe, host=host), await system.spawn(Worker)
    await worker.ask(Worker.tie(other))
    await worker.ask(Worker.add(1))
    other.kill()
    assert await probe.actor.wait(1) == [("Exited", "Killed")]


async def test_it_waits_for_the_end_of_others(system: Any, host: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Worker)
    other.stop()
    assert await worker.ask(Worker.see_end(other)) == "Shutdown"


async def test_it_waits_for_room_in_others(system: Any, host: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Small)
    await worker.ask(Worker.fill(other, 50))
    assert await other.ask(Worker.logged()) == list(range(50))


async def test_g08_it_ends_itself_as_normal(keep: Any, probe: Any) -> None:
    worker = await keep(Worker, probe)
    worker.tell(Worker.finish())
    notes: list[Any] = await probe.actor.wait(3)
    assert notes[1] == ("on_stop", "Normal")
    assert type(notes[2].exit).__name__ == "Normal"


async def test_g06_asks_to_one_that_is_gone_fail_at_once(system: Any, host: Any) -> None:
    worker, other = await system.spawn(Worker, host=host), await system.spawn(Worker)
    other.stop()
    await other.wait_ended()
    with pytest.raises(ActorEndedError):
        await other.ask(Worker.add(1))
    assert (await worker.ask(Worker.ask_for(other, "refusal"))).startswith("ActorEndedError")
