"""A killed supervisor is gone: it begins no life anew, and leaves no timer and no task."""

import asyncio

import pytest
from troupe import Diary, Player, crash, drained, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import ActorSystem
from llmactors.errors import ActorEndedError
from supervisors import Backoff, Supervisor, child

LONG = 20.0


class Parent(Player):
    """Has a child of its own, on which its end waits."""

    async def on_start(self) -> None:
        await super().on_start()
        self.context.spawn(Player, self.diary)


def timers() -> list[asyncio.TimerHandle]:
    """Return the timers that are set on the running loop."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return [timer for timer in scheduled if not timer.cancelled()]


def see_it_end_by_the_kill(system: ActorSystem) -> None:
    with pytest.raises(ActorEndedError, match="killed: enough"):
        system.raise_unheard()


@behaviour("X10")
async def test_a_killed_supervisor_does_not_restart_the_children_that_end_with_it() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        deep = child(Parent, diary)

    class App(Supervisor):
        a = child(Player, diary)  # it has ended some turns before what is deeper
        inner = child(Inner)

    system = VirtualSystem(App)
    await system.start()
    drained(diary)
    system.ref("/").kill("enough")
    await system.wait_root_ended()
    await settle()
    assert not any(line.startswith("start") for line in diary)
    assert all(ref.state in {"down", "discarded"} for ref in system.actors())
    await system.stop()
    see_it_end_by_the_kill(system)


@behaviour("X10")
async def test_a_supervisor_that_is_killed_while_a_child_backs_off_leaves_no_timer() -> None:
    diary: Diary = []

    class App(Supervisor):
        it = child(Player, diary, backoff=Backoff(LONG))

    system = VirtualSystem(App)
    await system.start()
    before = timers()
    await crash(system.ref(App.it))
    await settle()
    assert len(timers()) > len(before)
    system.ref("/").kill("enough")
    await system.stop()
    assert timers() == []
    assert drained(diary).count("start it") == 1
    see_it_end_by_the_kill(system)


@behaviour("X10")
async def test_a_supervisor_that_is_killed_while_it_starts_leaves_no_task() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        slow = child(Player, diary, LONG)

    class App(Supervisor):
        inner = child(Inner)

    system = VirtualSystem(App)
    before = asyncio.all_tasks()
    starting = asyncio.ensure_future(system.start())
    await settle()
    system.ref(App.inner).kill("enough")
    with pytest.raises(Exception, match="failed to start"):
        await starting
    await settle()
    assert asyncio.all_tasks() == before
    assert now() == 0.0, "nobody waited for it, either"
