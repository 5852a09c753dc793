"""What a fault holds back stays in order, whatever else holds it back."""

from llmactors import Actor, message
from llmactors.hosts import Process
from llmactors.testing import At, Faults, World, simulate
from supervisors import Supervisor, child


class Counter(Actor):
    def __init__(self) -> None:
        self.seen: list[int] = []

    @message
    def note(self, number: int) -> None:
        self.seen.append(number)

    @message
    def all(self) -> list[int]:
        return self.seen


class App(Supervisor):
    apart = child(Counter, host=Process())


async def tells(world: World) -> None:
    world.tell(App.apart, Counter.note(0))
    async with world.partition(App.apart):
        world.tell(App.apart, Counter.note(1))
        later = world.ask(App.apart, Counter.all(), timeout=60)
        world.tell(App.apart, Counter.note(2))
        await world.advance(0.5)
        world.tell(App.apart, Counter.note(3))
        await world.advance(1.0)
    world.tell(App.apart, Counter.note(4))
    assert (await later)[:3] == [0, 1, 2]
    assert await world.ask(App.apart, Counter.all()) == [0, 1, 2, 3, 4]


def test_what_was_delayed_when_its_actor_was_cut_off_comes_before_what_was_sent_later() -> None:
    faults = Faults(delay=At(App.apart, message=Counter.note, rate=1.0, seconds=2.0), most=1)
    simulate(App, faults=faults, runs=20)(tells)()


def test_a_tell_does_not_overtake_an_ask_that_was_delayed_with_it() -> None:
    faults = Faults(delay=At(App.apart, message=Counter.all, rate=1.0, seconds=1.0), most=1)
    simulate(App, faults=faults, runs=20)(tells)()
