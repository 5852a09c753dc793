"""What agents ask of models is set aside before and settled after: a loop that runs away stops before it spends."""

from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
from waiting import until

from llmactors import ActorRef, ActorSystem
from llmactors.hosts import Loop
from llmagentos._core.prompt import Line
from llmagentos._core.reserving import TEMPLATE
from llmagentos._journal import Journal
from llmagentos.agents import Agent
from llmagentos.agents._agent import INSTRUCTIONS
from llmagentos.agents._mind import WorkerMind
from llmagentos.agents.errors import AnswerFailedError
from llmagentos.models import Models
from llmagentos.models.scripted import ScriptedSpec
from supervisors import Allowance, Budget, ResourceSupervisor, Supervisor, child

TALK = ScriptedSpec(answers=("One is one.", "Two are two."), name="talk")


class Clerk(Agent):
    model = TALK
    tokens = 10


class Runaway(Clerk):
    """Answers itself for ever."""

    async def run(self) -> None:
        while True:
            await self.context.self_ref.ask(Agent.answer("and then?"), timeout=600.0)


class Counting(Clerk):
    def count_tokens(self, text: str) -> int:
        return len(text.split())


class Calls(ResourceSupervisor):
    budget = Budget(Allowance(calls=7))
    clerk = child(Runaway)


class Tokens(ResourceSupervisor):
    budget = Budget(Allowance(tokens=1_000))
    short = child(Clerk, budget=Budget(Allowance(tokens=50, on_exhausted="stop")))
    counting = child(Counting)


class Tree(Supervisor):
    journal = child(Journal)
    models = child(Models, Loop())
    calls = child(Calls)
    tokens = child(Tokens)


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem(Tree) as system:
        yield system


def spent(ref: ActorRef[Any]) -> dict[str, float]:
    return dict(ref.usage(tree=True).spent)


async def test_a_runaway_loop_makes_just_the_calls_that_it_may(system: ActorSystem) -> None:
    clerk = system.ref("calls/clerk")
    await until(lambda: clerk.paused)
    assert spent(clerk)["calls"] == 7
    worker = system.ref("models/workers/talk")
    assert worker.usage().handled == 8  # and once it was asked for its limits
    await system.ref("calls").ask(ResourceSupervisor.set_budget(None, Budget(Allowance(calls=9))))
    await until(lambda: spent(clerk)["calls"] == 9)


async def test_what_the_model_counts_is_what_was_used(system: ActorSystem) -> None:
    clerk = system.ref("tokens/counting")
    await clerk.ask(Agent.answer("how many?"))
    heard = len(INSTRUCTIONS.split()) + len(["how", "many?"])
    assert spent(clerk) == {"calls": 1, "tokens": heard + len(["One", "is", "one."])}


async def test_a_call_that_might_cost_more_than_is_left_is_not_made(system: ActorSystem) -> None:
    clerk = system.ref("tokens/short")
    asked = len(INSTRUCTIONS.encode()) + len(b"hi") + 3 * TEMPLATE + 10
    with pytest.raises(AnswerFailedError, match=f"50 of its 50 tokens left, and {asked} were asked for"):
        await clerk.ask(Agent.answer("hi"))
    assert spent(clerk) == {}


# -- how a call is settled ---------------------------------------------------------------------------------------------
class Reserved:
    def __init__(self, **amounts: float) -> None:
        self.asked, self.settled = amounts, dict(amounts)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Keep what was said."""

    def used(self, **amounts: float) -> None:
        self.settled = dict(amounts)


@pytest.mark.parametrize(
    ("spec", "settled"),
    [
        (ScriptedSpec(answers=("a b",), name="whole"), {"calls": 1, "tokens": 3}),
        (ScriptedSpec(answers=("a b",), crash_at=1, name="crashes"), None),
    ],
)
async def test_a_call_that_breaks_off_counts_whole(spec: ScriptedSpec, settled: dict[str, float] | None) -> None:
    class Few(Supervisor):
        models = child(Models, Loop())

    made: list[Reserved] = []

    def reserve(**amounts: float) -> Reserved:
        made.append(Reserved(**amounts))
        return made[-1]

    async with ActorSystem(Few) as system:

        async def find() -> Any:
            return await system.ref(Few.models).ask(Models.worker(spec))

        mind = WorkerMind(find, reserve)
        async for _ in mind.write(lambda _size: (Line("user", "hi"),), schema=None, most=5):
            pass
    (one,) = made
    assert one.asked == {"calls": 1, "tokens": 2 + 2 * TEMPLATE + 5}
    assert one.settled == (one.asked if settled is None else settled)
