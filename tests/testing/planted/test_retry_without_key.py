"""A retry without idempotency: the deposit was booked, its answer was lost, and it is booked once more."""

import asyncio

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import Process
from llmactors.testing import At, Faults, World, simulate
from supervisors import Intensity, Supervisor, child


class Ledger(Actor):
    """Survives everything."""

    def __init__(self) -> None:
        self.booked: dict[str, int] = {}
        self.balance = 0

    @message
    def book(self, amount: int) -> None:
        self.balance += amount

    @message
    def book_once(self, key: str, amount: int) -> None:
        if key not in self.booked:
            self.booked[key] = amount
            self.balance += amount


class Teller(Actor):
    """Books what it is given, in a process of its own."""

    @message
    async def deposit(self, key: str, amount: int) -> str:
        await self.book(key, amount)
        await asyncio.sleep(0.01)
        return f"booked {amount}"

    async def book(self, key: str, amount: int) -> None:
        await self.context.ref("ledger").ask(Ledger.book(amount))  # perhaps not for the first time: that is the bug


class CarefulTeller(Teller):
    """Books each deposit once, by its key."""

    async def book(self, key: str, amount: int) -> None:
        await self.context.ref("ledger").ask(Ledger.book_once(key, amount))


class App(Supervisor):
    intensity = Intensity(10, within=5.0)
    ledger = child(Ledger)
    teller = child(Teller, host=Process())


class Correct(App):
    teller = child(CarefulTeller, host=Process())


async def deposit(world: World, key: str, amount: int) -> None:
    """Try until there is an answer."""
    for _ in range(10):
        try:
            await world.ask("/teller", Teller.deposit(key, amount), timeout=5.0)
        except (ActorEndedError, AskTimeoutError):
            await world.advance(1.0)
        else:
            return
    raise AssertionError(f"deposit {key} came to nothing")


async def every_deposit_is_booked_once(world: World) -> None:
    for number in range(4):
        await deposit(world, f"deposit {number}", 10)
    await world.heal()
    ledger = world.ref("/ledger")
    assert ledger.actor.balance == 40


FAULTS = Faults(kill=[Teller, At(Teller, when="await"), At(Teller, when="finished")], drop="/teller", rate=0.02)


def test_a_retry_that_books_twice_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(every_deposit_is_booked_once), "the test passes")


test_a_retry_with_a_key_books_once = simulate(Correct, faults=FAULTS, runs=TWINS)(every_deposit_is_booked_once)
