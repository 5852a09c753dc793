"""A crash, and what becomes of everybody: the child begins anew, its ref stays, and its sibling never knows."""

import asyncio
import logging

from llmactors import Actor, ActorSystem, message
from llmactors.errors import ActorEndedError
from supervisors import Intensity, Supervisor, child


class Divider(Actor):
    """Divides, and does not defend itself: an error is its supervisor's business."""

    def __init__(self) -> None:
        self.done = 0

    @message
    def divide(self, a: float, b: float) -> float:
        """Answer with a / b."""
        answer = a / b
        self.done += 1
        return answer

    @message
    def count(self) -> int:
        """Answer with the divisions of this life."""
        return self.done


class App(Supervisor):
    """Two dividers, each restarted on its own."""

    strategy = "one_for_one"
    intensity = Intensity(3, within=5.0)
    careless = child(Divider)
    careful = child(Divider)


async def main() -> None:
    """Crash one of two siblings."""
    async with ActorSystem(App) as system:
        careless, careful = system.ref(App.careless), system.ref(App.careful)
        print("6 / 3 =", await careless.ask(Divider.divide(6, 3)))
        await careful.ask(Divider.divide(1, 1))

        try:
            await careless.ask(Divider.divide(1, 0))
        except ActorEndedError as error:
            print("the asker hears:", repr(error.__cause__))

        print("8 / 4 =", await careless.ask(Divider.divide(8, 4)), "from the same ref, in a new life")
        print("restarts:", careless.usage().restarts, "and", careful.usage().restarts)
        print("divisions in this life:", await careless.ask(Divider.count()), "and", await careful.ask(Divider.count()))


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # the tree reports the crash; here we tell the story ourselves
    asyncio.run(main())
