"""What becomes of messages and refs when an actor ends and comes back (X11, X12)."""

import asyncio
from typing import Any

import pytest
from troupe import Diary, FaultError, Player, crash, drained, settle
from virtual import VirtualSystem, behaviour, now

from llmactors import message
from llmactors.errors import ActorDownError, ActorEndedError, AskTimeoutError
from supervisors import Backoff, Intensity, Supervisor, child

LATER = Backoff(5.0, 5.0, jitter=0.0)


class Fragile(Player):
    """Crashes over some messages."""

    @message
    def take(self, what: str) -> str:
        """Take note, and crash over what is poison."""
        self.diary.append(what)
        if what.startswith("poison"):
            raise FaultError(what)
        return what


def keep(diary: Diary, **options: Any) -> type[Supervisor]:
    class App(Supervisor):
        intensity = Intensity(10)
        it = child(Fragile, diary, **options)

    return App


@behaviour("X11")
async def test_the_mailbox_is_kept_but_for_the_message_in_hand() -> None:
    diary: Diary = []
    async with VirtualSystem(keep(diary)) as system:
        it = system.ref("it")
        drained(diary)
        for what in ("one", "poison", "two", "three"):
            it.tell(Fragile.take(what))
        await settle()
        assert drained(diary) == ["one", "poison", "stop it", "start it", "two", "three"]


@behaviour("X11")
@pytest.mark.parametrize("times", [1, 3])
async def test_a_message_is_redelivered_so_often_and_then_it_is_poison(times: int) -> None:
    diary: Diary = []
    async with VirtualSystem(keep(diary, redeliver=times)) as system:
        it = system.ref("it")
        it.tell(Fragile.take("poison"))
        it.tell(Fragile.take("after"))
        await settle()
        assert diary.count("poison") == times + 1
        assert diary[-1] == "after", "it went to the front"
        assert system.dead_letters.counts["poison"] == 1
        with pytest.raises(ActorEndedError):
            await it.ask(Fragile.take("poisonous"))
        assert diary.count("poisonous") == times + 1


@behaviour("X11")
async def test_what_was_sent_while_an_actor_backs_off_is_handled_by_its_next_life() -> None:
    diary: Diary = []
    async with VirtualSystem(keep(diary, backoff=LATER)) as system:
        it = system.ref("it")
        await crash(it)
        assert await it.ask(Fragile.take("later"), timeout=60.0) == "later"
        assert now() == pytest.approx(5.0, abs=0.1)


@behaviour("X12")
async def test_a_ref_names_the_slot_and_outlives_the_incarnation() -> None:
    async with VirtualSystem(keep([])) as system:
        it = system.ref("it")
        await crash(it)
        assert system.ref("it") is it
        assert await it.ask(Fragile.take("x")) == "x"


@behaviour("X12")
async def test_an_asker_chooses_to_wait_for_the_next_life_or_to_fail_at_once() -> None:
    async with VirtualSystem(keep([], backoff=LATER)) as system:
        it = system.ref("it")
        await crash(it)
        with pytest.raises(ActorDownError):
            await it.ask(Fragile.take("x"), when_down="fail")
        assert now() < 1.0
        with pytest.raises(AskTimeoutError):
            await it.ask(Fragile.take("x"), timeout=1.0)
        assert await it.ask(Fragile.take("x"), timeout=60.0) == "x"


@behaviour("X12")
async def test_a_ref_outlives_the_restart_of_the_supervisors_above() -> None:
    diary: Diary = []

    class Inner(Supervisor):
        it = child(Fragile, diary)

    class Outer(Supervisor):
        inner = child(Inner)

    class Top(Supervisor):
        outer = child(Outer, backoff=LATER)

    async with VirtualSystem(Top) as system:
        it = system.ref(Inner.it)
        drained(diary)
        system.ref(Top.outer).kill()
        await settle()
        it.tell(Fragile.take("kept"))
        await asyncio.sleep(6.0)
        assert drained(diary) == ["start it", "kept"]
        assert system.ref(Inner.it) is it


@behaviour("X12", "A27")
async def test_who_waits_for_a_child_that_is_terminated_hears_it_at_once() -> None:
    class App(Supervisor):
        it = child(Fragile, [], backoff=LATER)

    async with VirtualSystem(App) as system:
        it = system.ref(App.it)
        await crash(it)
        ask = asyncio.ensure_future(it.ask(Fragile.take("x"), timeout=60.0))
        await settle()
        await system.ref("/").ask(App.terminate_child("it"))
        with pytest.raises(ActorEndedError):
            await ask
        assert now() < 1.0


@behaviour("X12", "A25")
async def test_who_waits_for_a_child_that_has_finished_hears_it_at_once() -> None:
    class App(Supervisor):
        it = child(Fragile, [], restart="transient")

    async with VirtualSystem(App) as system:
        it = system.ref(App.it)
        it.tell(Player.leave())
        await settle()
        with pytest.raises(ActorEndedError):
            await it.ask(Fragile.take("x"))
