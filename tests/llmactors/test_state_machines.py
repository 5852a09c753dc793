"""State machines, as OTP's gen_statem behaves: rows B50 to B57 of the conformance table."""
# house: long because rows B50 to B57 are told of one actor

import asyncio
from enum import Enum, auto
from typing import Any

import pytest
from virtual import VirtualSystem, behaviour, now

from llmactors import ActorRef, Ended, Exit, Later, Mailbox, Slot, StateMachine, message
from llmactors.errors import ActorEndedError, MailboxFullError, UnhandledMessageError


class Mode(Enum):
    """The states of the machine under test."""

    COLD = auto()
    WARM = auto()
    HOT = auto()


class Script(StateMachine[Mode]):
    """Does in each event what the event says, and writes down what it handles, when, and in which state."""

    mailbox = Mailbox(capacity=4)
    initial = Mode.COLD

    def __init__(self, first: Mode | None = None) -> None:
        self.diary: list[tuple[str, Mode]] = []
        self.times: list[tuple[str, float]] = []
        self.entered: list[tuple[Mode, Mode]] = []
        self.on_entry: list[Any] = []
        self.pending: list[Later[str]] = []
        if first is not None:
            self.initial = first

    def note(self, what: str) -> None:
        self.diary.append((what, self.state))
        self.times.append((what, round(now(), 3)))

    def on_enter(self, old: Mode, new: Mode) -> None:
        self.entered.append((old, new))
        for name, *arguments in self.on_entry:
            getattr(self, name)(*arguments)

    @message
    def do(self, what: str, *orders: tuple[Any, ...]) -> str:
        """Write *what*, then call the methods named by *orders*."""
        self.note(what)
        for name, *arguments in orders:
            getattr(self, name)(*arguments)
        return what

    @message
    async def do_slowly(self, what: str, *orders: tuple[Any, ...]) -> str:
        await asyncio.sleep(1)
        return self.do(what, *orders)

    @message
    def only_in(self, mode: Mode, what: str, *orders: tuple[Any, ...]) -> str:
        """Postpone, except in *mode*."""
        for name, *arguments in orders:
            getattr(self, name)(*arguments)
        if self.state is not mode:
            self.postpone()
        self.note(what)
        return what

    @message
    def later(self) -> Later[str]:
        answer = Later[str]()
        self.pending.append(answer)
        return answer

    @message
    def finish(self) -> None:
        for answer in self.pending:
            answer.answer("finished")
        self.context.stop()

    @message(raises=(KeyError,))
    def refuse(self, mode: Mode) -> None:
        self.next_state(mode)
        raise KeyError("no")

    @message
    def look(self) -> Mode:
        return self.state

    def on_stop(self, exit: Exit) -> None:
        self.diary.append((type(exit).__name__, self.state))


def names(machine: Script) -> list[str]:
    """Return what the machine has handled, in order."""
    return [what for what, _ in machine.diary]


async def made(system: VirtualSystem, *arguments: Any) -> tuple[ActorRef[Script], Script]:
    """Run a machine; return it from outside and from inside."""
    ref = await system.spawn(Script, *arguments)
    machine: Script = ref.actor
    return ref, machine


async def settled() -> None:
    """Let everything happen that can happen now."""
    for _ in range(20):
        await asyncio.sleep(0)


@behaviour("B50")
async def test_inserted_events_come_before_everything_that_waits_in_order() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("next_event", Script.do("1a"), Script.do("1b"))))
        ref.tell(Script.do("2"))
        await settled()
        assert names(machine) == ["1", "1a", "1b", "2"]


@behaviour("B50")
async def test_events_of_all_kinds_are_events() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        assert await ref.ask(Script.do("asked")) == "asked"
        ref.tell(Script.do("told", ("state_timeout", 1, Script.do("timed"))))
        ref.tell("no endpoint's")
        await asyncio.sleep(2)
        assert names(machine) == ["asked", "told", "timed"]
        assert system.dead_letters.counts == {"unhandled": 1}


@behaviour("B51")
async def test_a_postponed_event_waits_for_a_change_of_state_and_comes_first() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.only_in(Mode.HOT, "p1"))
        ref.tell(Script.only_in(Mode.WARM, "p2"))
        ref.tell(Script.do("stays", ("next_state", Mode.COLD)))
        ref.tell(Script.do("goes", ("next_state", Mode.WARM), ("next_event", Script.do("inserted"))))
        await settled()
        ref.tell(Script.do("goes on", ("next_state", Mode.HOT)))
        await settled()
        assert names(machine) == ["stays", "goes", "inserted", "p2", "goes on", "p1"]


@behaviour("B51")
async def test_postponed_events_keep_their_order_over_several_states() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        for number in range(4):
            ref.tell(Script.only_in(Mode.HOT, str(number)))
        await settled()
        ref.tell(Script.do("warm", ("next_state", Mode.WARM)))
        ref.tell(Script.do("hot", ("next_state", Mode.HOT)))
        await settled()
        assert names(machine) == ["warm", "hot", "0", "1", "2", "3"]


@behaviour("B51")
async def test_an_event_that_changes_the_state_and_is_postponed_comes_back_at_once() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        assert await ref.ask(Script.only_in(Mode.WARM, "p", ("next_state", Mode.WARM))) == "p"
        assert machine.diary == [("p", Mode.WARM)]


@behaviour("B51")
async def test_who_asked_a_postponed_question_gets_the_answer() -> None:
    async with VirtualSystem() as system:
        ref, _ = await made(system)
        asked = asyncio.create_task(ref.ask(Script.only_in(Mode.WARM, "p")))
        await asyncio.sleep(1)
        assert not asked.done()
        await ref.ask(Script.do_slowly("go", ("next_state", Mode.WARM)))
        assert await asked == "p"


@behaviour("B51")
async def test_an_inserted_event_and_a_timeout_can_be_postponed_too() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(
            Script.do(
                "1",
                ("next_event", Script.only_in(Mode.WARM, "inserted")),
                ("timeout", "t", 1, Script.only_in(Mode.WARM, "timed")),
            )
        )
        await asyncio.sleep(2)
        ref.tell(Script.do("2", ("next_state", Mode.WARM)))
        await settled()
        assert names(machine) == ["1", "2", "inserted", "timed"]


@behaviour("B51")
async def test_postponed_events_are_bounded_like_the_mailbox() -> None:
    async with VirtualSystem() as system:
        ref, _ = await made(system)
        for _ in range(4):
            ref.tell(Script.only_in(Mode.HOT, "p"))
        await settled()
        with pytest.raises(MailboxFullError):
            await ref.ask(Script.only_in(Mode.HOT, "one more"))


@behaviour("B52")
async def test_any_event_cancels_the_event_timeout() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("event_timeout", 2, Script.do("silence"))))
        await asyncio.sleep(1)
        ref.tell(Script.do("2"))
        await asyncio.sleep(5)
        ref.tell(Script.do("3", ("event_timeout", 2, Script.do("silence"))))
        await asyncio.sleep(5)
        assert names(machine) == ["1", "2", "3", "silence"]
        assert machine.times[-1] == ("silence", 8.0)


@behaviour("B52")
async def test_a_change_of_state_cancels_the_state_timeout_and_staying_does_not() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("state_timeout", 2, Script.do("too long cold"))))
        ref.tell(Script.do("2", ("next_state", Mode.COLD)))
        await asyncio.sleep(3)
        ref.tell(Script.do("3", ("state_timeout", 2, Script.do("too long cold"))))
        ref.tell(Script.do("4", ("next_state", Mode.WARM)))
        await asyncio.sleep(3)
        assert names(machine) == ["1", "2", "too long cold", "3", "4"]


@behaviour("B52")
async def test_named_timeouts_live_until_they_are_cancelled_and_setting_again_replaces() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(
            Script.do(
                "1",
                ("timeout", "a", 1, Script.do("a")),
                ("timeout", "b", 2, Script.do("b")),
                ("timeout", "c", 3, Script.do("c")),
            )
        )
        ref.tell(Script.do("2", ("next_state", Mode.WARM), ("cancel_timeout", "a")))
        ref.tell(Script.do("3", ("timeout", "b", 5, Script.do("b again"))))
        await asyncio.sleep(10)
        assert machine.times == [("1", 0.0), ("2", 0.0), ("3", 0.0), ("c", 3.0), ("b again", 5.0)]


class Timed(Script):
    """Sets its timeouts by the clock."""

    @message
    def at(self, when: float) -> None:
        """Be called at a time on the system's clock."""
        self.timeout("alarm", at=when, message=Script.do("alarm"))


@behaviour("B52")
async def test_a_timeout_may_be_set_to_a_time_instead_of_a_delay() -> None:
    async with VirtualSystem() as system:
        await asyncio.sleep(3)
        ref = await system.spawn(Timed)
        machine: Timed = ref.actor
        ref.tell(Timed.at(5.0))
        await asyncio.sleep(4)
        ref.tell(Timed.at(5.0))  # it has passed
        await settled()
        assert machine.times == [("alarm", 5.0), ("alarm", 7.0)]


@behaviour("B53")
async def test_a_zero_timeout_comes_after_inserted_events_and_before_the_mailbox() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(
            Script.do(
                "1",
                ("timeout", "t", 0, Script.do("zero")),
                ("next_event", Script.do("inserted"), Script.do("inserted too")),
            )
        )
        ref.tell(Script.do("2"))
        await settled()
        assert names(machine) == ["1", "inserted", "inserted too", "zero", "2"]


@behaviour("B53")
async def test_a_zero_event_timeout_is_dropped_if_another_event_comes_first() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("event_timeout", 0, Script.do("zero")), ("next_event", Script.do("inserted"))))
        ref.tell(Script.do("2", ("event_timeout", 0, Script.do("zero again"))))
        await settled()
        assert names(machine) == ["1", "inserted", "2", "zero again"]


class Busy(Script):
    """Lets its timeout fire while it is busy, then takes it back or changes what it brings."""

    @message
    async def begin(self) -> None:
        """Set it."""
        self.timeout("t", 1, Script.do("old"))

    @message
    async def be_busy(self, order: tuple[Any, ...]) -> None:
        """Be busy until it has fired and waits in the mailbox."""
        await asyncio.sleep(2)
        getattr(self, order[0])(*order[1:])


@behaviour("B54")
@pytest.mark.parametrize(
    ("order", "handled"),
    [(("cancel_timeout", "t"), []), (("update_timeout", "t", Script.do("new")), ["new"])],
    ids=["cancelled", "updated"],
)
async def test_a_timeout_that_has_fired_but_was_not_handled_can_be(order: tuple[Any, ...], handled: list[str]) -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Busy)
        machine: Busy = ref.actor
        ref.tell(Busy.begin())
        ref.tell(Busy.be_busy(order))
        await asyncio.sleep(5)
        assert names(machine) == handled


@behaviour("B54")
async def test_an_update_does_not_reset_the_clock() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("timeout", "t", 3, Script.do("old"))))
        await asyncio.sleep(2)
        ref.tell(Script.do("2", ("update_timeout", "t", Script.do("new"))))
        await asyncio.sleep(2)
        assert machine.times == [("1", 0.0), ("2", 2.0), ("new", 3.0)]


@behaviour("B55")
async def test_states_are_entered_first_at_each_change_and_when_repeated() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        await ref.ask(Script.do("stay"))
        await ref.ask(Script.do("change", ("next_state", Mode.WARM)))
        await ref.ask(Script.do("repeat", ("repeat_state",)))
        cold, warm = Mode.COLD, Mode.WARM
        assert machine.entered == [(cold, cold), (cold, warm), (warm, warm)]


@behaviour("B55")
@pytest.mark.parametrize("order", [("next_state", Mode.HOT), ("repeat_state",), ("postpone",), ("next_event", 1)])
async def test_entering_may_neither_change_the_state_nor_postpone_nor_insert(order: tuple[Any, ...]) -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        monitor = await system.spawn(Watch, ref)
        machine.on_entry = [order]
        with pytest.raises(ActorEndedError) as failed:
            await ref.ask(Script.do("change", ("next_state", Mode.WARM)))
        assert isinstance(failed.value.__cause__, RuntimeError)
        await monitor.wait_ended()


class Watch(StateMachine[Mode]):
    """Ends when what it watches does."""

    initial = Mode.COLD

    def __init__(self, ref: ActorRef[Any]) -> None:
        self.ref = ref

    def on_start(self) -> None:
        self.context.monitor(self.ref)

    def receive(self, message: object) -> None:
        self.context.stop()


class Entering(StateMachine[Mode]):
    """Sets a timeout for each state as it enters it."""

    initial = Mode.COLD

    def on_enter(self, old: Mode, new: Mode) -> None:
        if new is not Mode.HOT:
            self.state_timeout(1, Entering.warmer())

    @message
    def warmer(self) -> None:
        """Go to the next state."""
        self.next_state(Mode(self.state.value + 1))

    @message
    def look(self) -> Mode:
        return self.state


@behaviour("B55")
async def test_entering_may_set_timeouts_also_in_the_first_state() -> None:
    async with VirtualSystem() as system:
        ref = await system.spawn(Entering)
        seen = []
        for _ in range(4):
            seen.append(await ref.ask(Entering.look()))
            await asyncio.sleep(1.01)
        assert seen == [Mode.COLD, Mode.WARM, Mode.HOT, Mode.HOT]


@behaviour("B56")
async def test_all_pending_answers_are_given_then_it_stops() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        asked = [asyncio.create_task(ref.ask(Script.later())) for _ in range(2)]
        await settled()
        await ref.ask(Script.finish())
        assert [await task for task in asked] == ["finished"] * 2
        await ref.wait_ended()
        assert machine.diary == [("Normal", Mode.COLD)]


# -- what OTP has no words for ---------------------------------------------------------------------------------
@behaviour("changes")
async def test_a_handler_that_raises_has_asked_for_nothing() -> None:
    async with VirtualSystem() as system:
        ref, _ = await made(system)
        with pytest.raises(KeyError):
            await ref.ask(Script.refuse(Mode.HOT))
        assert await ref.ask(Script.look()) is Mode.COLD


@behaviour("changes")
async def test_the_first_state_may_be_chosen_by_the_constructor_and_by_on_start() -> None:
    class Chosen(Script):
        def on_start(self) -> None:
            self.next_state(Mode.WARM)
            self.timeout("t", 1, Script.do("set in on_start"))

    async with VirtualSystem() as system:
        _, machine = await made(system, Mode.HOT)
        assert machine.entered == [(Mode.HOT, Mode.HOT)]
        ref = await system.spawn(Chosen)
        chosen: Chosen = ref.actor
        await asyncio.sleep(2)
        assert chosen.entered == [(Mode.WARM, Mode.WARM)]
        assert names(chosen) == ["set in on_start"]


class Keeper(StateMachine[Mode]):
    """Brings its machine back; it is one itself, and hears of its slot in an event."""

    initial = Mode.COLD

    def on_start(self) -> None:
        self.slot: Slot[Script] = self.context.open("script", Script)
        self.slot.start()

    def receive(self, message: object) -> None:
        if isinstance(message, Ended):
            self.next_state(Mode.HOT)
            self.slot.revive()


@behaviour("lives")
async def test_a_new_life_keeps_what_was_postponed_but_neither_timeouts_nor_inserted_events() -> None:
    async with VirtualSystem() as system:
        keeper = await system.spawn(Keeper)
        (ref,) = keeper.children()
        _ = await ref
        ref.tell(Script.only_in(Mode.WARM, "postponed"))
        ref.tell(
            Script.do(
                "1",
                ("timeout", "t", 1, Script.do("timed")),
                ("next_event", Script.do("2", ("no such method",)), Script.do("3")),
            )
        )
        await asyncio.sleep(2)
        assert keeper.actor.state is Mode.HOT
        machine: Script = ref.actor
        assert names(machine) == []
        ref.tell(Script.do("go", ("next_state", Mode.WARM)))
        await settled()
        assert names(machine) == ["go", "postponed"]


@behaviour("full")
async def test_a_timeout_finds_room_in_a_full_mailbox() -> None:
    async with VirtualSystem() as system:
        ref, machine = await made(system)
        ref.tell(Script.do("1", ("state_timeout", 1, Script.do("timed"))))
        ref.tell(Script.do_slowly("slow"))
        await settled()
        for number in range(4):
            assert ref.tell(Script.do(str(number)))
        assert not ref.tell(Script.do("one too many"))
        await asyncio.sleep(3)
        assert names(machine)[-1] == "timed"


@behaviour("unhandled")
async def test_what_nobody_handles_is_no_crash_wherever_it_comes_from() -> None:
    async with VirtualSystem() as system:
        ref, _ = await made(system)
        ref.tell(Script.do("1", ("next_event", "a"), ("timeout", "t", 1, "b")))
        await asyncio.sleep(2)
        assert [letter.message for letter in system.dead_letters.recent] == ["a", "b"]
        with pytest.raises(UnhandledMessageError):
            await ref.ask("c")  # type: ignore[call-overload]


def test_a_state_machine_handles_one_event_at_a_time() -> None:
    with pytest.raises(TypeError, match="concurrency"):
        type("Wide", (StateMachine,), {"concurrency": 2})


def test_entering_is_not_async() -> None:
    async def on_enter(_self: object, _old: object, _new: object) -> None: ...

    with pytest.raises(TypeError, match="on_enter"):
        type("Slow", (StateMachine,), {"on_enter": on_enter})


@behaviour("outside")
async def test_a_transition_outside_of_a_handler_is_refused() -> None:
    async with VirtualSystem() as system:
        _, machine = await made(system)
        with pytest.raises(RuntimeError, match="outside of the handler"):
            machine.next_state(Mode.HOT)
