"""A double reply: a shop that gave up on the bank answers once more when the bank comes round."""

import asyncio
from collections import Counter

from planting import TWINS, is_found

from llmactors import Actor, message
from llmactors.testing import Faults, World, simulate
from supervisors import Supervisor, child


class Customer(Actor):
    """Collects receipts."""

    def __init__(self) -> None:
        self.receipts: list[tuple[int, str]] = []

    @message
    def receipt(self, order: int, text: str) -> None:
        self.receipts.append((order, text))


class Bank(Actor):
    """Takes its time."""

    @message
    async def charge(self, order: int) -> None:
        await asyncio.sleep(0.5)
        self.context.ref("shop").tell(Shop.charged(order))


class Shop(Actor):
    """Gives the bank a second for each order."""

    def __init__(self) -> None:
        self.open: set[int] = set()

    @message
    def buy(self, order: int) -> None:
        self.open.add(order)
        self.context.ref("bank").tell(Bank.charge(order))
        self.context.send_after(1.0, Shop.overdue(order))

    @message
    def charged(self, order: int) -> None:
        self.open.discard(order)
        self.reply(order, "paid")  # also when it was given up: that is the bug

    @message
    def overdue(self, order: int) -> None:
        if order in self.open:
            self.open.discard(order)
            self.reply(order, "not paid")

    def reply(self, order: int, text: str) -> None:
        self.context.ref("customer").tell(Customer.receipt(order, text))


class CarefulShop(Shop):
    """Replies to an order once."""

    def __init__(self) -> None:
        super().__init__()
        self.replied: set[int] = set()

    def reply(self, order: int, text: str) -> None:
        if order not in self.replied:
            self.replied.add(order)
            super().reply(order, text)


class App(Supervisor):
    customer = child(Customer)
    bank = child(Bank)
    shop = child(Shop)


class Correct(App):
    shop = child(CarefulShop)


async def every_order_has_one_receipt(world: World) -> None:
    customer, orders = world.ref("/customer"), range(4)
    world.always("one receipt an order", lambda: not _twice(customer.actor.receipts))
    for order in orders:
        world.tell("/shop", Shop.buy(order))
        await world.advance(1.0)
    await world.heal()
    await world.eventually("there are receipts", lambda: len({order for order, _ in customer.actor.receipts}) == 4)
    await world.advance(10.0)


def _twice(receipts: list[tuple[int, str]]) -> list[int]:
    return [order for order, times in Counter(order for order, _ in receipts).items() if times > 1]


FAULTS = Faults(slow="/bank", delay="/bank", rate=0.05)


def test_a_reply_that_comes_twice_is_found() -> None:
    is_found(simulate(App, faults=FAULTS)(every_order_has_one_receipt), "what the test says holds always")


test_a_shop_that_remembers_replies_once = simulate(Correct, faults=FAULTS, runs=TWINS)(every_order_has_one_receipt)
