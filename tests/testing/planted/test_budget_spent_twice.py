"""A budget spent twice: two buyers look into the purse before either has paid."""

import asyncio

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child


class Purse(Actor):
    """Holds ten coins."""

    def __init__(self) -> None:
        self.coins = 10

    @message
    def left(self) -> int:
        return self.coins

    @message
    def take(self, coins: int) -> None:
        self.coins -= coins

    @message
    def take_if_there(self, coins: int) -> bool:
        if self.coins < coins:
            return False
        self.coins -= coins
        return True


class Buyer(Actor):
    """Buys for six coins, if they are there."""

    @message
    async def buy(self) -> bool:
        bought = await self.pay(6)
        await asyncio.sleep(0.1)
        return bought

    async def pay(self, price: int) -> bool:
        purse = self.context.ref("purse")
        if await purse.ask(Purse.left()) < price:
            return False
        await purse.ask(Purse.take(price))  # they may be gone by now: that is the bug
        return True


class CarefulBuyer(Buyer):
    """Looks and pays at once."""

    async def pay(self, price: int) -> bool:
        return await self.context.ref("purse").ask(Purse.take_if_there(price))


class App(Supervisor):
    purse = child(Purse)
    ann = child(Buyer)
    bob = child(Buyer)


class Correct(App):
    ann = child(CarefulBuyer)
    bob = child(CarefulBuyer)


async def no_coin_is_spent_twice(world: World) -> None:
    purse = world.ref("/purse")
    world.always("there is no debt", lambda: purse.actor.coins >= 0)
    ann = world.ask("/ann", Buyer.buy(), timeout=60.0)
    await world.advance(0.5)
    bob = world.ask("/bob", Buyer.buy(), timeout=60.0)
    await world.heal()
    assert sorted(await world.settle([ann, bob])) == [False, True]


FAULTS = Faults(delay="/purse", slow="/purse", rate=0.1)


def test_a_budget_that_is_spent_twice_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(no_coin_is_spent_twice), "what the test says holds always")


test_who_looks_and_pays_at_once_spends_it_once = simulate(Correct, faults=FAULTS, runs=TWINS)(no_coin_is_spent_twice)
