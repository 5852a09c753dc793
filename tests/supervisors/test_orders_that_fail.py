"""A supervisor of which an order fails ends, with all its children, and keeps nobody waiting."""

import pytest
from troupe import Diary, FaultError, Player, crash, settle
from virtual import VirtualSystem, behaviour, now

from supervisors import Supervisor, child
from supervisors._keeper import Keeper


@behaviour("X10")
async def test_a_supervisor_that_cannot_carry_an_order_out_crashes_and_its_parent_restarts_it() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        a = child(Player, diary)
        b = child(Player, diary)

    class App(Supervisor):
        inner = child(Inner)

    begin_start, fails = Keeper._begin_start, [True]

    def failing(self: Keeper, name: str) -> None:
        if self._context.name == "inner" and fails and len(diary) > 2:
            fails.clear()
            raise FaultError("no more")
        begin_start(self, name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Keeper, "_begin_start", failing)
        async with VirtualSystem(App) as system:
            diary.append("up")
            await crash(system.ref(Inner.a))
            await settle()
            assert fails == []
            assert diary == ["start a", "start b", "up", "stop a", "stop b", "start a", "start b"]
            assert system.ref(Inner.b).state == "idle"
            assert now() == 0.0
