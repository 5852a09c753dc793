"""Tests of the helpdesk, whose clerk may be killed at any moment: `pytest examples/agent_app`."""

from helpdesk import ANSWER, Helpdesk

from llmactors.testing import Faults, World, simulate
from llmagentos import Agent


@simulate(Helpdesk, runs=20)
async def test_a_bad_day_of_the_model_is_over_in_time(world: World) -> None:
    question = world.ask(Helpdesk.clerk, Agent.answer("When are you open?"), timeout=600)
    assert await world.settle([question], within=600) == [ANSWER]


@simulate(Helpdesk, faults=Faults(kill=Helpdesk.clerk, rate=0.05), runs=20)
async def test_whoever_is_killed_the_next_question_is_answered(world: World) -> None:
    first = world.ask(Helpdesk.clerk, Agent.answer("When are you open?"), timeout=600)
    await world.advance(120)
    world.sometimes("it was killed before it could answer", first.done() and first.exception() is not None)
    await world.heal()
    question = world.ask(Helpdesk.clerk, Agent.answer("And tomorrow?"), timeout=600)
    assert await world.settle([question], within=600) == [ANSWER]
