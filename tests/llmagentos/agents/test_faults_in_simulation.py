"""An agent whose provider, model and own life fail at any moment still has a conversation that goes on."""

from llmactors.hosts import Loop
from llmactors.testing import Faults, World, simulate
from llmagentos import Agent, Journal, Models
from llmagentos._core.record import load
from llmagentos._messages import Answer, Question
from llmagentos.testing import Script, cut, stall, status
from supervisors import Intensity, Supervisor, child

GOOD = "All is well."


class Clerk(Agent):
    model = Script([status(429, retry_after=7)], ["All ", stall(30), cut], GOOD)


class Office(Supervisor):
    intensity = Intensity(50, within=60)
    journal = child(Journal)
    models = child(Models, Loop())
    clerk = child(Clerk)


@simulate(Office, faults=Faults(kill=Office.clerk, rate=0.05), runs=30)
async def test_whenever_an_agent_is_killed_the_next_question_is_answered(world: World) -> None:
    first = world.ask(Office.clerk, Agent.answer("How are you?"), timeout=600)
    await world.advance(120)
    world.sometimes("it was killed before it could answer", first.done() and first.exception() is not None)
    await world.heal()
    second = world.ask(Office.clerk, Agent.answer("and now?"), timeout=600)
    assert await world.settle([second], within=600) == [GOOD]
    record = await world.ask(Office.journal, Journal.fetch("/clerk"))
    assert record is not None
    turns = load(record).turns
    assert turns[-2:] == (Question("and now?"), Answer(GOOD))
    first_told = turns[:-2]  # a kill may come before the question is kept, or before the answer is
    assert first_told in {(), (Question("How are you?"),), (Question("How are you?"), Answer(GOOD))}
