"""Whom a world tells and asks."""

from llmactors import Actor, message
from llmactors.testing import World, simulate


class Clerk(Actor):
    def __init__(self) -> None:
        self.noted: list[int] = []

    @message
    def note(self, number: int) -> None:
        self.noted.append(number)

    @message
    def all(self) -> list[int]:
        return self.noted


@simulate(runs=5)
async def test_who_has_a_name_is_asked_anew_when_the_one_that_had_it_is_gone(world: World) -> None:
    for number in range(2):
        clerk = await world.system.spawn(Clerk, name="clerk")
        world.tell("/clerk", Clerk.note(number))
        assert await world.ask("/clerk", Clerk.all()) == [number]
        await clerk.stop()
