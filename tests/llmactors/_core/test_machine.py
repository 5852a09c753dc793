"""What a state machine decides, without an actor: rows B50 to B55 as tables, and laws that hold for all sequences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._core.machine import (
    EVENT,
    STATE,
    Action,
    Alarm,
    Arm,
    CancelTimeout,
    Disarm,
    Effect,
    Enter,
    Machine,
    NextEvent,
    NextState,
    Queue,
    RepeatState,
    SetTimeout,
    UpdateTimeout,
    arrive,
    decide,
    is_due,
)

PLAIN = Machine("a")
TIMED = Machine("a", {STATE: Alarm(1, "s"), EVENT: Alarm(2, "e"), "n": Alarm(3, "m")}, 3)


@pytest.mark.parametrize(
    ("start", "actions", "effects"),
    [
        pytest.param(PLAIN, (), (), id="nothing asked, nothing done"),
        pytest.param(PLAIN, (NextState("b"),), (Queue(retry=True), Enter("a", "b")), id="B51 a change retries"),
        pytest.param(PLAIN, (NextState("a"),), (), id="B51 the same state is no change"),
        pytest.param(PLAIN, (NextState("b"), NextState("a")), (), id="the last state counts"),
        pytest.param(PLAIN, (RepeatState(),), (Enter("a", "a"),), id="B55 repeat enters again"),
        pytest.param(PLAIN, (RepeatState(), NextState("b")), (Queue(retry=True), Enter("a", "b")), id="one enter"),
        pytest.param(PLAIN, (NextEvent((1, 2)),), (Queue((1, 2)),), id="B50 in order"),
        pytest.param(PLAIN, (NextEvent((1,)), NextEvent((2, 3))), (Queue((2, 3, 1)),), id="B50 the last call first"),
        pytest.param(
            PLAIN, (SetTimeout("n", 2.0, "m"),), (Arm("n", 1, 2.0),), id="B52 a timeout is an alarm with a number"
        ),
        pytest.param(
            PLAIN, (SetTimeout("n", 0, "m"),), (Disarm("n"), Queue(last=(("n", 1),))), id="B53 zero needs no timer"
        ),
        pytest.param(
            PLAIN,
            (SetTimeout("n", 0, "m"), CancelTimeout("n")),
            (Disarm("n"), Disarm("n")),
            id="B54 a zero timeout can be taken back",
        ),
        pytest.param(
            PLAIN,
            (SetTimeout("n", 0, "m"), SetTimeout("n", 5, "m")),
            (Disarm("n"), Arm("n", 2, 5)),
            id="B52 setting again replaces",
        ),
        pytest.param(
            TIMED,
            (NextState("b"),),
            (Disarm(STATE), Queue(retry=True), Enter("a", "b")),
            id="B52 a change cancels the state timeout only",
        ),
        pytest.param(
            TIMED,
            (NextState("b"), SetTimeout(STATE, 1, "t")),
            (Disarm(STATE), Arm(STATE, 4, 1), Queue(retry=True), Enter("a", "b")),
            id="B52 a state timeout set at a change is the new state's",
        ),
        pytest.param(TIMED, (UpdateTimeout("n", "new"),), (), id="B54 an update leaves the clock alone"),
        pytest.param(
            PLAIN,
            (UpdateTimeout("n", "new"),),
            (Disarm("n"), Queue(last=(("n", 1),))),
            id="B54 an update of nothing comes at once",
        ),
    ],
)
def test_what_follows_from_what_a_handler_asked_for(
    start: Machine, actions: tuple[Action, ...], effects: tuple[Effect, ...]
) -> None:
    assert decide(start, actions)[1] == effects


@pytest.mark.parametrize(
    ("due", "left"),
    [
        pytest.param(None, {STATE, "n"}, id="any event cancels the event timeout"),
        pytest.param("n", {STATE}, id="a timeout that is handled is over"),
        pytest.param(EVENT, {STATE, "n"}, id="so is the event timeout itself"),
    ],
)
def test_an_event_that_arrives(due: str | None, left: set[str]) -> None:
    machine, effects = arrive(TIMED, due)
    assert set(machine.alarms) == left
    assert {effect.name for effect in effects if isinstance(effect, Disarm)} == TIMED.alarms.keys() - left


def test_an_update_changes_what_a_timeout_brings() -> None:
    machine, _ = decide(TIMED, (UpdateTimeout("n", "new"),))
    assert machine.alarms["n"] == Alarm(3, "new")
    assert is_due(machine, "n", 3)


NAMES = st.sampled_from([STATE, EVENT, "n", "o"])
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(NextState, st.sampled_from("abc")),
    st.just(RepeatState()),
    st.builds(NextEvent, st.tuples(st.integers())),
    st.builds(SetTimeout, NAMES, st.sampled_from([0.0, 1.0]), st.integers()),
    st.builds(CancelTimeout, NAMES),
    st.builds(UpdateTimeout, NAMES, st.integers()),
)


@given(st.lists(st.lists(ACTIONS, max_size=6), max_size=6))
def test_each_alarm_has_exactly_one_way_to_fire(steps: list[list[Action]]) -> None:
    machine = PLAIN
    timers: dict[str, int] = {}
    queued: set[tuple[str, int]] = set()
    for actions in steps:
        before = machine
        machine, effects = decide(machine, tuple(actions))
        for effect in effects:
            match effect:
                case Arm(name, serial, _):
                    timers[name] = serial
                case Disarm(name):
                    timers.pop(name, None)
                case Queue(_, retry, last):
                    queued.update(last)
                    assert retry == (machine.state != before.state)
                case _:
                    pass
        assert machine.serial >= before.serial
        for name, alarm in machine.alarms.items():
            assert (timers.get(name) == alarm.serial) != ((name, alarm.serial) in queued)
        assert timers.keys() <= machine.alarms.keys()
