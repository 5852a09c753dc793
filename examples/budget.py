"""A budget for a whole team: eight agents race for a hundred calls, and somebody allows twenty more.

As a program it allows them itself. As a system, a person does, from another terminal:

    llmagentos run examples/budget.py:Team
    llmagentos budget
    llmagentos budget set /app/ calls=120
"""

import asyncio

from llmactors import Actor, ActorSystem, message
from supervisors import Allowance, Budget, Rate, ResourceSupervisor, child


class Researcher(Actor):
    """Would make calls for ever."""

    def on_start(self) -> None:
        """Begin."""
        self.context.self_ref.tell(Researcher.look_into("everything"))

    @message(limit=None)
    async def look_into(self, subject: str) -> None:
        """Make one call after another."""
        while subject:
            async with self.context.reserve(calls=1):
                await asyncio.sleep(0.001)  # here it would ask a model


class Team(ResourceSupervisor):
    """Eight researchers with a hundred calls in all, not more than 2 000 a second."""

    budget = Budget(Rate(calls=2_000), Allowance(calls=100))
    children = tuple(child(Researcher, name=f"researcher-{number}") for number in range(1, 9))


async def main() -> None:
    """Let them race; see them stop; allow more."""
    async with ActorSystem(Team) as system:
        team = system.ref("/")
        researchers = [system.ref(f"researcher-{number}") for number in range(1, 9)]

        async def all_paused() -> None:
            while any(researcher.state != "paused" for researcher in researchers):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.01)

        await all_paused()
        print("calls made:", team.usage(tree=True).spent["calls"])
        print("paused:", sum(researcher.state == "paused" for researcher in researchers), "of", len(researchers))

        await team.ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=120))))
        while team.usage(tree=True).spent["calls"] < 120:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        await all_paused()
        print("calls made:", team.usage(tree=True).spent["calls"])


if __name__ == "__main__":
    asyncio.run(main())
