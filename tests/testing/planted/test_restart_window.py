"""An off-by-one in the restart window: a keeper of its own making grants one restart more than it says."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from planting import TWINS, is_found

from llmactors import Actor, Ended, Slot, message
from llmactors.errors import ActorEndedError
from llmactors.testing import Event, Faults, Law, LifeBegan, World, simulate
from supervisors import Supervisor, child

GRANTED, WITHIN = 2, 5.0


class Pump(Actor):
    """Fails now and then."""

    @message
    def stroke(self) -> int:
        return 1


class Keeper(Actor):
    """Starts its pump again, twice within five seconds at most; then it fails, too."""

    def on_start(self) -> None:
        self.restarts: deque[float] = deque()
        self.slot: Slot[Pump] = self.context.open("pump", Pump)
        self.slot.start()

    def receive(self, message: Any) -> None:
        match message:
            case Ended(_, exit):
                now = self.context.system.ports.clock()
                while self.restarts and now - self.restarts[0] >= WITHIN:
                    self.restarts.popleft()
                if self.is_too_much():
                    raise RuntimeError(f"the pump fails too often: {exit}")
                self.restarts.append(now)
                self.slot.revive()

    def is_too_much(self) -> bool:
        return len(self.restarts) > GRANTED  # the one that is due is not among them: that is the bug


class StrictKeeper(Keeper):
    """Counts the restart that is due."""

    def is_too_much(self) -> bool:
        return len(self.restarts) + 1 > GRANTED


class App(Supervisor):
    keeper = child(Keeper)


class Correct(App):
    keeper = child(StrictKeeper)


class NoMoreRestartsThanGranted(Law):
    """A law of this program's own: it holds in every run of it, beside those that hold in all programs."""

    name = "a pump is restarted twice within five seconds at most"
    sees = (LifeBegan,)

    def __init__(self) -> None:
        self.keeper, self.began = 0, deque[float]()

    def saw(self, event: Event) -> Iterator[str]:
        assert isinstance(event, LifeBegan)
        if event.path != "/keeper/pump":
            return
        if event.owner_life != self.keeper:  # the first start of a keeper that was started itself
            self.keeper = event.owner_life
            self.began.clear()
            return
        self.began.append(event.at)
        while event.at - self.began[0] >= WITHIN:
            self.began.popleft()
        if len(self.began) > GRANTED:
            yield f"the pump was restarted {len(self.began)} times within {WITHIN:g} s"


async def the_pump_works(world: World) -> None:
    for _ in range(10):
        try:
            await world.ask("/keeper/pump", Pump.stroke(), timeout=10.0)
        except ActorEndedError:
            world.note("no stroke")
        await world.advance(1.0)
    await world.heal()


FAULTS = Faults(crash=Pump, rate=0.2, most=3)
LAWS = (NoMoreRestartsThanGranted,)


def test_a_window_with_one_restart_too_many_is_found() -> None:
    is_found(simulate(App, faults=FAULTS, laws=LAWS)(the_pump_works), NoMoreRestartsThanGranted.name)


test_a_keeper_that_counts_right_keeps_its_window = simulate(Correct, faults=FAULTS, laws=LAWS, runs=TWINS)(
    the_pump_works
)
