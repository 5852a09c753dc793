"""Which ends of significant children end their supervisor (rows A89 to A96)."""

from typing import Any

import pytest
from troupe import Diary, Player, crash, drained, leave, settle
from virtual import VirtualSystem, behaviour

from supervisors import Intensity, Supervisor, child

SIGNIFICANT: dict[str, Any] = {"restart": "transient", "significant": True}


def under(job: type[Supervisor]) -> type[Supervisor]:
    """Put *job* under a root that lets it end."""

    class Root(Supervisor):
        it = child(job, restart="transient")

    return Root


@behaviour("A91")
@pytest.mark.parametrize("order", ["ab", "ba"])
async def test_with_all_significant_the_last_living_one_s_end_ends_it(order: str) -> None:
    diary: Diary = []

    class Job(Supervisor):
        auto_shutdown = "all_significant"
        helper = child(Player, diary)
        a = child(Player, diary, **SIGNIFICANT)
        b = child(Player, diary, **SIGNIFICANT)

    async with VirtualSystem(under(Job)) as system:
        it = system.ref("it")
        drained(diary)
        await leave(system.ref(f"it/{order[0]}"))
        assert (drained(diary), it.state) == ([f"stop {order[0]}"], "idle")
        await leave(system.ref(f"it/{order[1]}"))
        assert (drained(diary), it.state) == ([f"stop {order[1]}", "stop helper"], "discarded")


@behaviour("A91")
async def test_a_significant_one_that_is_restarted_has_not_ended() -> None:
    class Job(Supervisor):
        auto_shutdown = "all_significant"
        a = child(Player, [], **SIGNIFICANT)
        b = child(Player, [], **SIGNIFICANT)

    async with VirtualSystem(under(Job)) as system:
        it = system.ref("it")
        await crash(system.ref("it/a"))
        await leave(system.ref("it/b"))
        assert (it.state, system.ref("it/a").usage().restarts) == ("idle", 1)
        await leave(system.ref("it/a"))
        assert it.state == "discarded"


@behaviour("A90")
@pytest.mark.parametrize("how", ["leave", "crash", "kill"])
async def test_a_significant_temporary_child_ends_it_by_any_end(how: str) -> None:
    class Job(Supervisor):
        auto_shutdown = "any_significant"
        task = child(Player, [], restart="temporary", significant=True)

    async with VirtualSystem(under(Job)) as system:
        it, task = system.ref("it"), system.ref("it/task")
        if how == "kill":
            task.kill()
            await settle()
        else:
            await (leave if how == "leave" else crash)(task)
        assert it.state == "discarded"


@behaviour("A92")
@pytest.mark.parametrize("mode", ["any_significant", "all_significant"])
async def test_to_terminate_a_significant_child_does_not_end_it(mode: Any) -> None:
    class Job(Supervisor):
        auto_shutdown = mode
        task = child(Player, [], **SIGNIFICANT)

    async with VirtualSystem(under(Job)) as system:
        it = system.ref("it")
        await it.ask(Job.terminate_child("task"))
        assert it.state == "idle"
        task = await it.ask(Job.restart_child("task"))
        assert it.state == "idle"
        await leave(task)
        assert it.state == "discarded"


@behaviour("A93")
@pytest.mark.parametrize("mode", ["any_significant", "all_significant"])
@pytest.mark.parametrize("restart", ["transient", "temporary"])
async def test_a_significant_child_that_is_stopped_with_its_group_does_not_end_it(mode: Any, restart: Any) -> None:
    diary: Diary = []

    class Job(Supervisor):
        strategy = "one_for_all"
        auto_shutdown = mode
        task = child(Player, diary, restart=restart, significant=True)
        other = child(Player, diary)

    async with VirtualSystem(under(Job)) as system:
        drained(diary)
        await crash(system.ref("it/other"))
        again = ["start task", "start other"] if restart == "transient" else ["start other"]
        assert (drained(diary), system.ref("it").state) == (["stop other", "stop task", *again], "idle")


@behaviour("A96")
async def test_one_that_ends_so_as_a_permanent_child_is_started_again_like_any_other() -> None:
    class Job(Supervisor):
        auto_shutdown = "any_significant"
        task = child(Player, [], **SIGNIFICANT)

    class Root(Supervisor):
        intensity = Intensity(1)
        it = child(Job)

    async with VirtualSystem(Root) as system:
        await leave(system.ref("it/task"))
        it = system.ref("it")
        assert (it.state, it.usage().restarts, system.ref("it/task").state) == ("idle", 1, "idle")
