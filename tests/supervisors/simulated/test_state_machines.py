"""State machines under every fault: what was postponed comes back in order, and time-outs know their state and life."""

from __future__ import annotations

import asyncio
from enum import Enum

from shaken import PATIENT, begin, note, noted, open_letters, settled, words

from llmactors import StateMachine, message
from llmactors.testing import At, Faults, Injected, PutAside, Redelivered, Sent, World, simulate
from supervisors import Supervisor, child

OPEN_FOR, QUIET_FOR = 1.0, 0.3
LATE = 0.2
"""Seconds: what is in hand when a time-out comes is finished first."""


class State(Enum):
    """What the door is."""

    CLOSED = "closed"
    OPEN = "open"


class Door(StateMachine[State]):
    """Lets guests in while it is open, and keeps those that come before waiting in a row."""

    initial = State.CLOSED

    def __init__(self) -> None:
        self.now = asyncio.get_running_loop().time
        self.entered = self.last = self.now()
        note("life")

    def on_enter(self, old: State, new: State) -> None:
        note("state", old.name, new.name)
        self.entered = self.now()
        if new is State.OPEN:
            self.state_timeout(OPEN_FOR, Door.too_long())

    @message(timeout=1_000.0)
    def enter(self, guest: int) -> int:
        self.last = self.now()
        if self.state is State.CLOSED:
            self.event_timeout(QUIET_FOR, Door.quiet())
            self.postpone()
        note("entered", guest)
        self.next_event(Door.greet(guest))
        return guest

    @message
    def greet(self, guest: int) -> None:
        self.last = self.now()
        note("greeted", guest)

    @message
    async def open(self) -> None:
        self.last = self.now()
        await asyncio.sleep(0.01)
        self.next_state(State.OPEN)

    @message
    def shut(self) -> None:
        self.last = self.now()
        self.next_state(State.CLOSED)

    @message
    def too_long(self) -> None:
        note("too-long", self.state.name, round(self.now() - self.entered, 6))
        self.last = self.now()
        self.next_state(State.CLOSED)

    @message
    def quiet(self) -> None:
        note("quiet", round(self.now() - self.last, 6))


class App(Supervisor):
    intensity = PATIENT
    door = child(Door, redeliver=1)


HARM = Faults(
    crash=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="await"), At("/*", when="finished")],
    delay="/*",
    drop="/*",
    start_failure=[At("/*", nth=2, rate=0.2)],
    rate=0.02,
    most=4,
)


@simulate(App, faults=HARM)
async def test_postponed_events_come_back_in_order_and_time_outs_belong_to_their_state(world: World) -> None:
    begin(world)
    random, jobs = world.random, []
    for number in range(15):
        if random.random() < 0.5:
            jobs.append(world.ask(App.door, Door.enter(number)))
        else:
            world.tell(App.door, Door.enter(number))
        match random.randrange(6):
            case 0 | 1:
                world.tell(App.door, Door.open())
            case 2:
                world.tell(App.door, Door.shut())
            case _:
                await world.advance(random.choice([0.0, 0.1, 0.3, 1.0, 2.0]))
    await world.heal()
    await world.advance(5.0)
    world.tell(App.door, Door.open())
    await settled(jobs)
    await world.advance(5.0)
    assert open_letters(world, "Door.enter") == []
    judge(world)
    world.sometimes("a guest had to wait", world.seen(PutAside))
    world.sometimes("a fault happened", world.seen(Injected))
    world.sometimes("it was open for too long", noted(world, "too-long"))
    world.sometimes("it was quiet", noted(world, "quiet"))


def judge(world: World) -> None:
    """Read what the door wrote down."""
    letters = [event for event in world.events if isinstance(event, Sent) and event.message == "Door.enter"]
    place = {event.text.partition("=")[2][:-1]: event.letter for event in letters}
    state, greeting, last = "", "", 0
    for event in world.events:
        if isinstance(event, Redelivered) and event.letter in place.values():
            last = min(last, event.letter - 1)
        what, *about = words(event) or [""]
        match what:
            case "life":
                state, greeting = "", ""
            case "state":
                assert about[0] == (state or about[1]), "each state follows the one before"
                state = about[1]
            case "entered":
                assert place[about[0]] > last, "guests enter in the order in which they came, each once"
                assert state == State.OPEN.name
                last, greeting = place[about[0]], about[0]
            case "greeted":
                assert about[0] == greeting, "who has entered is greeted before anything else happens"
                greeting = ""
            case "quiet":
                assert 0 <= float(about[0]) - QUIET_FOR < LATE, "no event came meanwhile"
            case "too-long":
                assert about[0] == State.OPEN.name
                assert 0 <= float(about[1]) - OPEN_FOR < LATE, "the state has lasted so long"
        assert what in {"", "entered", "life", "greeted"} or not greeting, "what was inserted comes first"
