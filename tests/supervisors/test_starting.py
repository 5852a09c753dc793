"""How a supervisor starts (rows A1 to A11)."""

import asyncio
from typing import Any

import pytest
from troupe import Diary, FaultError, Player, Times, crash, drained, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import Actor, StartIgnored
from supervisors import ChildSpec, SpecError, Supervisor, SupervisorError, child
from supervisors.errors import ChildStartError


class Three(Supervisor):
    """Three children, whose names do not sort like their order."""

    def __init__(self, diary: Diary, **middle: Any) -> None:
        super().__init__(
            [
                child(Player, diary, name="z"),
                child(Player, diary, middle.get("slow", 0.0), 0.0, middle.get("fails", Times()), name="m"),
                child(Player, diary, name="a"),
            ]
        )


@behaviour("A1", "A2")
async def test_it_is_up_once_every_child_is_and_children_start_one_after_another_in_order() -> None:
    diary: Diary = []
    async with VirtualSystem(lambda_of(Three, diary, slow=2.0)):
        assert diary == ["start z", "begin m", "start m", "start a"]
        assert now() == pytest.approx(2.0)


@behaviour("A3")
async def test_a_supervisor_that_answers_that_it_need_not_run_is_passed_over() -> None:
    class Needless(Supervisor):
        async def on_start(self) -> None:
            raise StartIgnored

    class App(Supervisor):
        needless = child(Needless)
        after = child(Player, [])

    async with VirtualSystem(App) as system:
        infos = await system.ref("/").ask(App.which_children())
        assert [(info.name, info.state) for info in infos] == [("after", "up"), ("needless", "down")]


@behaviour("A4")
async def test_children_that_are_no_specs_are_an_error_at_the_start() -> None:
    class App(Supervisor):
        def __init__(self) -> None:
            super().__init__([Player])  # type: ignore[list-item]

    with pytest.raises(SpecError, match="children"):
        await VirtualSystem(App).start()


@behaviour("A5", "A7")
async def test_a_constructor_that_raises_is_an_error_at_the_start() -> None:
    class App(Supervisor):
        def __init__(self) -> None:
            raise FaultError

    with pytest.raises(FaultError):
        await VirtualSystem(App).start()


@behaviour("A6")
async def test_a_child_that_fails_to_start_has_those_before_it_stopped_in_reverse_order() -> None:
    diary: Diary = []

    class App(Supervisor):
        b = child(Player, diary)
        a = child(Player, diary)
        broken = child(Player, diary, 0.0, 0.0, Times(1))
        never = child(Player, diary)

    with pytest.raises(ChildStartError, match="broken") as caught:
        async with VirtualSystem(App):
            pytest.fail("it cannot be up")
    assert isinstance(caught.value.__cause__, FaultError)
    assert caught.value.child == "broken"
    assert diary == ["start b", "start a", "fail broken", "stop a", "stop b"]


@behaviour("A7")
async def test_a_start_that_runs_out_of_time_is_a_failed_start() -> None:
    class App(Supervisor):
        slow = child(Player, [], 9.0, start_timeout=1.0)

    with pytest.raises(ChildStartError) as caught:
        await VirtualSystem(App).start()
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert now() == pytest.approx(1.0)


@behaviour("A8")
async def test_a_child_that_dies_while_the_supervisor_starts_is_restarted_right_after() -> None:
    diary: Diary = []

    class Hasty(Player):
        async def on_start(self) -> None:
            await super().on_start()
            if len(diary) == 1:
                self.context.self_ref.tell(Player.crash())

    class App(Supervisor):
        hasty = child(Hasty, diary)
        slow = child(Player, diary, 1.0)

    async with VirtualSystem(App):
        await settle()
        assert diary == ["start hasty", "begin slow", "stop hasty", "start slow", "start hasty"]


@behaviour("A9", "A68")
async def test_a_stranger_s_crash_does_not_end_a_supervisor_though_they_are_linked() -> None:
    class Stranger(Player):
        @property
        def friend(self) -> Any:
            return self.context.system.ref("/")

        async def on_start(self) -> None:
            self.context.link(self.friend)

    diary: Diary = []
    system = VirtualSystem(lambda_of(Three, diary))
    await system.start()
    stranger = await system.spawn(Stranger, [])
    drained(diary)
    await crash(stranger)
    assert system.root is not None
    assert system.root.state == "idle"
    assert drained(diary) == []
    await system.stop()


@behaviour("A10", "A69")
async def test_a_supervisor_that_was_killed_is_restarted_under_its_name_with_its_children() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        leaf = child(Player, diary)

    class App(Supervisor):
        inner = child(Inner)

    async with VirtualSystem(App) as system:
        inner, leaf = system.ref(App.inner), system.ref(Inner.leaf)
        inner.kill()
        await settle()
        assert diary == ["start leaf", "start leaf"], "a killed supervisor runs no shutdown"
        assert system.ref("inner") is inner
        assert system.ref("inner/leaf") is leaf
        assert await leaf.ask(Player.hear(1)) == 1


@behaviour("A11", "X2")
async def test_while_a_child_takes_its_time_to_start_the_supervisor_answers_and_can_be_stopped() -> None:
    diary: Diary = []

    class App(Supervisor):
        slow = child(Player, diary, 10.0)
        quick = child(Player, diary)

    async with VirtualSystem(App) as system:
        started = now()
        await crash(system.ref(App.slow))
        infos = await system.ref("/").ask(App.which_children())
        assert [(info.name, info.state) for info in infos] == [("quick", "up"), ("slow", "starting")]
        await crash(system.ref(App.quick))
        assert drained(diary)[-2:] == ["stop quick", "start quick"], "and its siblings are looked after"
        assert now() == started
    assert now() == started, "stopping waits for no start"


@behaviour("X2")
async def test_a_supervisor_is_stopped_while_it_starts() -> None:
    diary: Diary = []

    class Slow(Supervisor):
        first = child(Player, diary)
        endless = child(Player, diary, 1e6)

    class App(Supervisor):
        pass

    async with VirtualSystem(App) as system:
        ask = asyncio.ensure_future(system.ref("/").ask(App.start_child(child(Slow, name="slow"))))
        await settle()
        assert drained(diary) == ["start first", "begin endless"]
        await system.ref("/").ask(App.terminate_child("slow"))
        assert "stop first" in drained(diary)
        with pytest.raises(SupervisorError, match="called off"):
            await ask
        assert now() < 1.0


def lambda_of(cls: type[Actor], *args: Any, **kwargs: Any) -> Any:
    """Make a class whose constructor takes no arguments."""

    class Root(cls):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__(*args, **kwargs)

    return Root


def test_a_spec_reads_back() -> None:
    assert isinstance(Three.__mro__[0], type)
    assert isinstance(child(Player, []), ChildSpec)
