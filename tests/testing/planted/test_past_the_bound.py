"""A mailbox kept past its bound: what comes back to an outbox finds room where there is none."""

from collections import deque

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child

BOUND = 3


class Sink(Actor):
    """Stores what comes, once."""

    def __init__(self) -> None:
        self.stored: list[int] = []

    @message
    def store(self, item: int) -> None:
        if item not in self.stored:
            self.stored.append(item)
        self.context.ref("outbox").tell(Outbox.stored(item))


class Outbox(Actor):
    """Sends one item at a time on, and keeps those behind it: three at most."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()
        self.on_its_way: int | None = None

    @message
    def put(self, item: int) -> bool:
        if len(self.waiting) >= self.room():
            return False
        self.waiting.append(item)
        self.send()
        return True

    def room(self) -> int:
        return BOUND  # what is on its way may come back: that is the bug

    def send(self) -> None:
        if self.on_its_way is None and self.waiting:
            self.on_its_way = item = self.waiting.popleft()
            self.context.ref("sink").tell(Sink.store(item))
            self.context.send_after(1.0, Outbox.overdue(item))

    @message
    def stored(self, item: int) -> None:
        if item == self.on_its_way:
            self.on_its_way = None
            self.send()

    @message
    def overdue(self, item: int) -> None:
        if item == self.on_its_way:
            self.waiting.appendleft(item)
            self.on_its_way = None
            self.context.send_after(0.5, Outbox.again())

    @message
    def again(self) -> None:
        self.send()


class CarefulOutbox(Outbox):
    """Keeps room for what may come back."""

    def room(self) -> int:
        return BOUND if self.on_its_way is None else BOUND - 1


class App(Supervisor):
    sink = child(Sink)
    outbox = child(Outbox)


class Correct(App):
    outbox = child(CarefulOutbox)


async def an_outbox_keeps_its_bound(world: World) -> None:
    sink, outbox = world.ref("/sink"), world.ref("/outbox")
    world.always(f"{BOUND} items at most wait", lambda: len(outbox.actor.waiting) <= BOUND)
    for item in range(8):
        while not await world.ask(outbox, Outbox.put(item)):
            await world.advance(0.3)
    await world.heal()
    await world.eventually("all is stored", lambda: sink.actor.stored == list(range(8)))


FAULTS = Faults(drop="/sink", slow="/sink", delay="/sink", rate=0.05)


def test_a_bound_that_is_passed_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(an_outbox_keeps_its_bound), "what the test says holds always")


test_an_outbox_with_room_to_spare_keeps_its_bound = simulate(Correct, faults=FAULTS, runs=TWINS)(
    an_outbox_keeps_its_bound
)
