"""A stop that skips a child: a keeper of its own making forgets those that it has started again."""

from typing import Any

from planting import TWINS, is_found

from llmactors import Actor, Ended, Slot, message
from llmactors.errors import ActorEndedError
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child


class Desk(Actor):
    """Has something to put away before it ends."""

    @message
    def write(self, text: str) -> int:
        return len(text)


class Office(Actor):
    """Keeps three desks: starts them again when they fail, and closes them one by one in the evening."""

    def on_start(self) -> None:
        self.slots: dict[str, Slot[Desk]] = {}
        self.open: list[Slot[Desk]] = []
        self.closing = False
        for number in range(3):
            slot = self.context.open(f"desk-{number}", Desk)
            self.slots[slot.name] = slot
            self.open.append(slot)
            slot.start()

    def receive(self, message: Any) -> None:
        match message:
            case Ended(ref) if not self.closing:
                self.open = [slot for slot in self.open if slot.ref is not ref]
                self.slots[ref.name].revive()  # and it is not among those that are open: that is the bug

    @message
    async def close(self) -> None:
        self.closing = True
        for slot in reversed(self.to_close()):
            await slot.ref.stop()

    def to_close(self) -> list[Slot[Desk]]:
        return self.open


class CarefulOffice(Office):
    """Closes all the desks that it has."""

    def to_close(self) -> list[Slot[Desk]]:
        return list(self.slots.values())


class App(Supervisor):
    office = child(Office)


class Correct(App):
    office = child(CarefulOffice)


async def every_desk_is_closed(world: World) -> None:
    for number in range(6):
        try:
            await world.ask(f"/office/desk-{number % 3}", Desk.write("hello"))
        except ActorEndedError:
            world.note("a desk has failed")
    await world.heal()
    await world.ask("/office", Office.close())
    left = [ref.name for ref in world.ref("/office").children() if ref.state != "down"]
    assert not left, f"{left} are open all night"


FAULTS = Faults(crash=Desk, rate=0.05)


def test_a_child_that_a_stop_skips_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(every_desk_is_closed), "the test passes")


test_an_office_that_knows_its_desks_closes_all = simulate(Correct, faults=FAULTS, runs=TWINS)(every_desk_is_closed)
