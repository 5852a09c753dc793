"""An owner that begins anew hears of the slots that it has opened itself, and nothing of those of its former life."""

from typing import Any

from llmactors import Actor, Ended, Slot, message
from llmactors.errors import ActorEndedError
from llmactors.testing import LifeBegan, World, simulate
from supervisors import Intensity, Supervisor, child


class Desk(Actor):
    """Somewhere to write."""

    @message
    def write(self) -> str:
        return "written"


class Office(Actor):
    """Keeps three desks."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_start(self) -> None:
        self.slots: list[Slot[Desk]] = [self.context.open(f"desk-{number}", Desk) for number in range(3)]
        for slot in self.slots:
            slot.start()

    def receive(self, message: Any) -> None:
        match message:
            case Ended(ref):
                self.heard.append(f"{ref.name} has ended, and is {ref.state}")

    @message
    def crash(self) -> None:
        raise ValueError("it was told to crash")


class App(Supervisor):
    intensity = Intensity(10, within=5.0)
    office = child(Office)


@simulate(App)
async def test_an_owner_that_begins_anew_hears_nothing_of_its_former_life(world: World) -> None:
    office = world.ref("/office")
    for _ in range(3):
        crashing = world.ask(office, Office.crash())
        try:
            await world.ask("/", Supervisor.which_children())
            await crashing
        except ActorEndedError:
            assert await world.ask("/office/desk-0", Desk.write()) == "written"
        assert office.actor is None or office.actor.heard == []
        world.sometimes("it began anew", world.seen(lambda event: isinstance(event, LifeBegan) and event.life > 6))
