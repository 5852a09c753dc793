"""A name released too late: a room is said to be closed while its name is still taken."""

import asyncio

from planting import TWINS, is_found

from llmactors import Actor, ActorRef, message
from llmactors.errors import NameTakenError
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child


class Room(Actor):
    """Somewhere to talk."""

    @message
    async def say(self, text: str) -> None:
        await asyncio.sleep(0.1)


class House(Actor):
    """Opens and closes rooms."""

    def __init__(self) -> None:
        self.rooms: dict[str, ActorRef[Room]] = {}

    @message(raises=(NameTakenError,))
    def open(self, name: str) -> None:
        self.rooms[name] = self.context.spawn(Room, name=name)

    @message
    async def close(self, name: str) -> None:
        await self.end(self.rooms.pop(name))

    async def end(self, room: ActorRef[Room]) -> None:
        room.stop()  # it ends when it has nothing in hand any more: that is the bug


class PatientHouse(House):
    """Says that a room is closed when it is no more."""

    async def end(self, room: ActorRef[Room]) -> None:
        await room.stop()


class App(Supervisor):
    house = child(House)


class Correct(App):
    house = child(PatientHouse)


async def a_room_that_was_closed_can_be_opened_again(world: World) -> None:
    for _ in range(3):
        await world.ask("/house", House.open("blue"))
        world.tell("/house/blue", Room.say("hello"))
        await world.advance(0.5)
        await world.ask("/house", House.close("blue"))


FAULTS = Faults(slow=Room, rate=0.1)


def test_a_name_that_is_released_late_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(a_room_that_was_closed_can_be_opened_again), "the test passes")


test_a_house_that_waits_has_the_name_free = simulate(Correct, faults=FAULTS, runs=TWINS)(
    a_room_that_was_closed_can_be_opened_again
)
