"""What hangs on an actor that ends: it is ended in order, nothing joins it, and depth costs no stack."""

import asyncio
import itertools
from typing import Any

import pytest
from keepers import turns
from virtual import VirtualSystem, now, run

from llmactors import Actor, ActorRef, Exit, Killed, Shutdown, message
from llmactors.errors import ActorEndedError, LinkedActorEndedError, NameTakenError
from llmactors.hosts._loop import LoopHost


class Child(Actor):
    """Writes its end down, which takes a second."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def on_stop(self, exit: Exit) -> None:
        await asyncio.sleep(1.0)
        self.diary.append(f"{self.context.name} {type(exit).__name__} at {now():g}")


class Owner(Actor):
    """Keeps two slots and does not care for their end."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def on_start(self) -> None:
        for name in ("a", "b"):
            self.context.open(name, Child, self.diary).start()

    def receive(self, message: object) -> None:
        """Hear of the slots."""

    @message
    def fail(self) -> None:
        raise ValueError


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_slots_that_an_owner_leaves_alive_are_stopped_after_it_the_youngest_first(how: str) -> None:
    async def main() -> None:
        diary: list[str] = []
        system = VirtualSystem()
        await system.start()
        ref = await system.spawn(Owner, diary)
        ended = asyncio.create_task(ref.wait_ended())
        await turns()
        if how == "stop":
            ref.stop()
        else:
            ref.tell(Owner.fail())
        await ended
        assert diary == ["b Shutdown at 1", "a Shutdown at 2"]
        await system.stop()

    run(main())


def test_slots_that_an_owner_leaves_alive_have_its_shutdown_time_and_are_killed_with_it() -> None:
    async def main() -> None:
        diary: list[str] = []
        system = VirtualSystem()
        await system.start()
        ref = system.spawn_under(system.guardian, Owner, (diary,), None, shutdown=1.5)
        await ref
        ref.stop()
        assert isinstance(await ref.wait_ended(), Shutdown | Killed)
        assert diary == ["b Shutdown at 1"]
        assert now() == pytest.approx(1.5)
        await system.stop()

    run(main())


def test_nothing_is_spawned_in_a_system_that_stops_not_even_by_an_on_stop() -> None:
    heard: list[BaseException] = []

    class Late(Actor):
        async def on_stop(self, exit: Exit) -> None:
            try:
                await self.context.system.spawn(Child, [])
            except ActorEndedError as error:
                heard.append(error)

    async def main() -> None:
        async with VirtualSystem() as system:
            await system.spawn(Late)
        assert len(heard) == 1
        assert list(system.actors()) == []

    run(main())


def test_an_actor_that_waits_for_the_end_of_its_own_system_is_refused_at_once() -> None:
    class Ender(Actor):
        @message(raises=(RuntimeError,))
        async def end(self) -> None:
            await self.context.system.stop()

    async def main() -> None:
        async with VirtualSystem() as system:
            ref = await system.spawn(Ender)
            with pytest.raises(RuntimeError, match="its own system"):
                await ref.ask(Ender.end())
        assert now() == 0.0

    run(main())


def test_an_actor_may_stop_another_system() -> None:
    other: list[VirtualSystem] = []

    class Ender(Actor):
        @message
        async def end(self) -> int:
            await other[0].stop()
            return len(list(other[0].actors()))

    async def main() -> None:
        other.append(VirtualSystem())
        await other[0].start()
        await other[0].spawn(Child, [])
        async with VirtualSystem() as system:
            assert await (await system.spawn(Ender)).ask(Ender.end()) == 0

    run(main())


def test_starts_within_starts_go_as_deep_as_one_likes() -> None:
    class Nested(Actor):
        def __init__(self, depth: int) -> None:
            self.depth = depth

        def on_start(self) -> None:
            if self.depth:
                self.context.spawn(Nested, self.depth - 1)

    async def main() -> None:
        async with VirtualSystem() as system:
            await system.spawn(Nested, 400)
            await asyncio.sleep(1)
            assert [ref.state for ref in system.actors()] == ["idle"] * 401
        assert list(system.actors()) == []

    run(main())


def test_errors_that_tell_of_errors_that_tell_of_errors_stay_short() -> None:
    class Linked(Actor):
        @message
        def link(self, other: object) -> None:
            self.context.link(other)  # type: ignore[arg-type]  # a ref

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        refs = [await system.spawn(Linked) for _ in range(300)]
        for one, other in itertools.pairwise(refs):
            await one.ask(Linked.link(other))
        refs[0].kill("the first")
        await turns(400)
        assert list(system.actors()) == []
        await system.stop()
        with pytest.raises(LinkedActorEndedError) as caught:
            system.raise_unheard()
        assert len(str(caught.value)) < 1_000

    run(main())


def test_a_name_that_is_made_up_is_not_one_that_was_given() -> None:
    async def main() -> None:
        async with VirtualSystem() as system:
            given = await system.spawn(Child, [], name="child-2")
            made_up = [await system.spawn(Child, []) for _ in range(3)]
            assert [ref.name for ref in made_up] == ["child-1", "child-3", "child-4"]
            assert system.ref("child-2") is given
            with pytest.raises(NameTakenError):
                await system.spawn(Child, [], name="child-3")

    run(main())


def test_an_actor_that_is_killed_while_it_starts_ends_however_long_its_children_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Starting(Actor):
        async def on_start(self) -> None:
            self.context.spawn(Child, [])
            await asyncio.sleep(1e6)

    kill = LoopHost.kill

    def slowly(host: LoopHost, cell: ActorRef[Any]) -> None:
        cell.scheduler.loop.call_later(1.0 if cell.cls is Child else 0.0, kill, host, cell)

    async def main() -> None:
        system = VirtualSystem()
        await system.start()
        monkeypatch.setattr(LoopHost, "kill", slowly)
        ref = system.spawn_under(system.guardian, Starting, (), None)
        await turns()
        ref.kill("enough")
        assert await ref.wait_ended() == Killed("enough")
        assert now() == pytest.approx(1.0)
        await system.stop()

    run(main())
