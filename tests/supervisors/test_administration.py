"""What may be asked of a running supervisor (rows A72 to A86, X9)."""

import asyncio

import pytest
from troupe import Diary, FaultError, Ignoring, Player, Times, drained, leave, settle
from virtual import VirtualSystem, behaviour

from llmactors.errors import ActorEndedError, NameTakenError, UnhandledMessageError
from supervisors import DynamicSupervisor, Intensity, SpecError, Supervisor, child
from supervisors.errors import (
    AlreadyPresentError,
    AlreadyStartedError,
    ChildNotFoundError,
    ChildRunningError,
    ChildStartError,
    SupervisorStoppingError,
    TooManyChildrenError,
)


class App(Supervisor):
    """One child."""

    it = child(Player, [])


class Crowd(DynamicSupervisor):
    """Nobody."""


KINDS = [App, Crowd]


@behaviour("A72")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_is_taken_is_refused_running_or_not(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        await root.ask(kind.start_child(child(Player, [], name="more")))
        with pytest.raises(AlreadyStartedError):
            await root.ask(kind.start_child(child(Player, [], name="more")))
        await root.ask(kind.terminate_child("more"))
        with pytest.raises(AlreadyPresentError):
            await root.ask(kind.start_child(child(Player, [], name="more")))


@behaviour("A73")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_start_that_fails_is_answered_with_its_error_and_nothing_is_stored(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        before = await root.ask(kind.count_children())
        with pytest.raises(ChildStartError) as caught:
            await root.ask(kind.start_child(child(Player, [], 0.0, 0.0, Times(1), name="bad")))
        assert isinstance(caught.value.__cause__, FaultError)
        assert await root.ask(kind.count_children()) == before
        await root.ask(kind.start_child(child(Player, [], name="bad")))


@behaviour("A75")
@pytest.mark.parametrize(
    ("kind", "restart", "kept"),
    [(App, "permanent", True), (App, "transient", True), (App, "temporary", False), (Crowd, "permanent", False)],
)
async def test_a_child_that_need_not_run_is_answered_so(kind: type[App | Crowd], restart: str, kept: bool) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        spec = child(Ignoring, [], restart=restart, name="needless")  # type: ignore[arg-type]
        assert await root.ask(kind.start_child(spec)) is None
        infos = {info.name: info.state for info in await root.ask(kind.which_children())}
        assert infos.get("needless") == ("down" if kept else None)


@behaviour("A77")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_termination_is_idempotent_and_the_child_is_gone_when_it_is_answered(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        it = await root.ask(kind.start_child(child(Player, [], 0.0, 3.0, name="more")))
        asks = [root.ask(kind.terminate_child("more")) for _ in range(2)]
        await asyncio.gather(*asks)
        assert it.state == "discarded"
        await root.ask(kind.terminate_child("more"))
        with pytest.raises(ChildNotFoundError):
            await root.ask(kind.terminate_child("nobody"))


@behaviour("A78")
async def test_a_child_is_named_by_its_ref_too_and_a_stranger_is_left_alone() -> None:
    async with VirtualSystem(Crowd) as system:
        root = system.ref("/")
        mine = await root.ask(Crowd.start_child(child(Player, [])))
        stranger = await system.spawn(Player, [], name=mine.name + "x")
        with pytest.raises(ChildNotFoundError):
            await root.ask(Crowd.terminate_child(stranger))
        assert stranger.state == "idle"
        await root.ask(Crowd.terminate_child(mine))
        assert mine.state == "discarded"
        await root.ask(Crowd.terminate_child(mine))


@behaviour("A79")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_stopped_child_starts_again_when_asked_and_others_are_refused(kind: type[App | Crowd]) -> None:
    fails = Times()
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        await root.ask(kind.start_child(child(Player, [], 0.0, 0.0, fails, name="more")))
        with pytest.raises(ChildRunningError):
            await root.ask(kind.restart_child("more"))
        with pytest.raises(ChildNotFoundError):
            await root.ask(kind.restart_child("nobody"))
        await root.ask(kind.terminate_child("more"))
        fails.arm(1)
        with pytest.raises(ChildStartError):
            await root.ask(kind.restart_child("more"))
        assert (await root.ask(kind.restart_child("more"))).state == "idle"


@behaviour("A80")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_stopped_child_can_be_deleted_and_its_name_is_free(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        await root.ask(kind.start_child(child(Player, [], name="more")))
        with pytest.raises(ChildRunningError):
            await root.ask(kind.delete_child("more"))
        with pytest.raises(ChildNotFoundError):
            await root.ask(kind.delete_child("nobody"))
        await root.ask(kind.terminate_child("more"))
        await root.ask(kind.delete_child("more"))
        with pytest.raises(ChildNotFoundError):
            await root.ask(kind.restart_child("more"))
        await root.ask(kind.start_child(child(Player, [], name="more")))


@behaviour("A81")
async def test_the_children_are_listed_last_started_first() -> None:
    class Tree(Supervisor):
        worker = child(Player, [])
        inner = child(App)

    async with VirtualSystem(Tree) as system:
        root = system.ref("/")
        await root.ask(Tree.start_child(child(Player, [], name="last")))
        await root.ask(Tree.terminate_child(Tree.worker))
        infos = await root.ask(Tree.which_children())
        assert [(i.name, i.state, i.supervisor) for i in infos] == [
            ("last", "up", False),
            ("inner", "up", True),
            ("worker", "down", False),
        ]
        assert infos[0].ref is system.ref("last")
        assert infos[2].ref is None
        assert (infos[0].actor, infos[0].restart, infos[0].starts) == (Player, "permanent", 1)


@behaviour("A82")
async def test_the_children_are_counted() -> None:
    class Tree(Supervisor):
        worker = child(Player, [])
        done = child(Player, [], restart="transient")
        inner = child(App)

    async with VirtualSystem(Tree) as system:
        await leave(system.ref(Tree.done))
        count = await system.ref("/").ask(Tree.count_children())
        assert (count.specs, count.active, count.supervisors, count.workers) == (3, 2, 1, 2)


@behaviour("A84")
async def test_siblings_find_each_other_through_the_supervisor_s_names() -> None:
    class Sibling(Player):
        async def on_start(self) -> None:
            self.other = self.context.ref("later")

    class Tree(Supervisor):
        first = child(Sibling, [])
        later = child(Player, [])

    async with VirtualSystem(Tree) as system:
        assert system.ref(Tree.first).actor.other is system.ref(Tree.later)


@behaviour("A85")
async def test_a_call_to_a_supervisor_that_is_gone_fails_at_once() -> None:
    class Tree(Supervisor):
        inner = child(App, restart="temporary")

    async with VirtualSystem(Tree) as system:
        inner = system.ref(Tree.inner)
        await system.ref("/").ask(Tree.terminate_child("inner"))
        with pytest.raises(ActorEndedError):
            await inner.ask(App.which_children())


@behaviour("A86", "X9")
@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_question_is_refused_to_the_asker_and_harms_nobody(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        root = system.ref("/")
        with pytest.raises(UnhandledMessageError):
            await root.ask(Player.hear(1))
        root.tell("what is this?")
        await settle()
        assert root.state == "idle"
        assert system.dead_letters.counts["unhandled"] == 2


@behaviour("A52", "A27")
async def test_a_static_supervisor_names_a_nameless_new_child_after_its_class() -> None:
    async with VirtualSystem(App) as system:
        assert (await system.ref("/").ask(App.start_child(child(Player, [])))).name == "player-1"


@behaviour("A21", "A22")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_child_that_could_not_be_declared_cannot_be_added(kind: type[App | Crowd]) -> None:
    async with VirtualSystem(kind) as system:
        with pytest.raises(SpecError, match="auto_shutdown"):
            await system.ref("/").ask(kind.start_child(child(Player, [], restart="transient", significant=True)))


@behaviour("A74")
async def test_a_name_that_an_outsider_holds_is_no_child_and_stays_as_it_is() -> None:
    class Host(Supervisor):
        async def on_start(self) -> None:
            await super().on_start()
            self.guest = self.context.spawn(Player, [], name="guest")

    async with VirtualSystem(Host) as system:
        root = system.ref("/")
        with pytest.raises(ChildStartError) as caught:
            await root.ask(Host.start_child(child(Player, [], name="guest")))
        assert isinstance(caught.value.__cause__, NameTakenError)
        assert root.actor.guest.state == "idle"
        assert await root.ask(Host.which_children()) == []


@behaviour("A35")
async def test_a_number_that_somebody_took_as_a_name_is_passed_over() -> None:
    async with VirtualSystem(Crowd) as system:
        root = system.ref("/")
        await root.ask(Crowd.start_child(child(Player, [], name="player-1")))
        assert (await root.ask(Crowd.start_child(child(Player, [])))).name == "player-2"


@behaviour("A110")
async def test_max_children_is_a_limit() -> None:
    class Few(DynamicSupervisor):
        max_children = 1

    async with VirtualSystem(Few) as system:
        root = system.ref("/")
        it = await root.ask(Few.start_child(child(Player, [])))
        with pytest.raises(TooManyChildrenError):
            await root.ask(Few.start_child(child(Player, [])))
        await root.ask(Few.terminate_child(it))
        await root.ask(Few.start_child(child(Player, [])))


@behaviour("A40")
async def test_a_supervisor_on_its_way_out_refuses_new_children() -> None:
    class Tree(Supervisor):
        intensity = Intensity(0)
        slow = child(Player, [], 0.0, 5.0)
        bad = child(Player, [])

    class Root(Supervisor):
        tree = child(Tree, restart="temporary")

    async with VirtualSystem(Root) as system:
        tree = system.ref(Root.tree)
        system.ref(Tree.bad).kill()
        await settle()
        infos = {info.name: info.state for info in await tree.ask(Tree.which_children())}
        assert infos == {"slow": "stopping", "bad": "down"}
        with pytest.raises(SupervisorStoppingError):
            await tree.ask(Tree.start_child(child(Player, [])))


@behaviour("A89", "A90", "A94", "A95")
@pytest.mark.parametrize(("significant", "closes"), [(True, True), (False, False)])
async def test_the_end_of_a_significant_child_ends_its_supervisor_cleanly(significant: bool, closes: bool) -> None:
    diary: Diary = []

    class Job(Supervisor):
        auto_shutdown = "any_significant"
        helper = child(Player, diary)
        task = child(Player, diary, restart="transient", significant=significant)

    class Root(Supervisor):
        job = child(Job, restart="transient")

    async with VirtualSystem(Root) as system:
        job = system.ref(Root.job)
        drained(diary)
        await leave(system.ref(Job.task))
        assert drained(diary) == (["stop task", "stop helper"] if closes else ["stop task"])
        assert (job.state == "discarded") is closes
