"""The smallest actor: state that nobody else touches, told and asked."""

import asyncio

from llmactors import Actor, ActorSystem, message


class Counter(Actor):
    """Counts."""

    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        """Add *amount* and answer with the total."""
        self.total += amount
        return self.total


async def main() -> None:
    """Tell, then ask: messages from one sender are handled in order."""
    async with ActorSystem() as system:
        counter = await system.spawn(Counter, 10, name="counter")
        counter.tell(Counter.add(1))  # never waits
        total = await counter.ask(Counter.add(1))  # waits for the answer: an int, and type checkers know it
        print(f"{counter.path} says {total}")


if __name__ == "__main__":
    asyncio.run(main())
