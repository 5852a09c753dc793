"""An agent answers, calls tools, and goes on whatever ends: its worker, its tools, itself."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from waiting import until

from llmactors import ActorRef, ActorSystem, Crash
from llmactors.errors import AskTimeoutError
from llmactors.hosts import Loop, Process
from llmactors.introspection import in_hand
from llmagentos._journal import Journal
from llmagentos._messages import AgentChunk, Called, Calling, Paused, Repeating, Resumed, Said
from llmagentos.agents import Agent
from llmagentos.agents.errors import AgentAsksItselfError, AnswerFailedError
from llmagentos.models import Models
from llmagentos.models.scripted import ScriptedSpec
from llmagentos.tools import ToolContext, tool
from supervisors import Supervisor, child


@tool
def weather(city: str, ctx: ToolContext) -> str:
    """Tell the weather in a city."""
    if city == "Atlantis":
        raise ValueError("Atlantis has sunk")
    return f"sunny in {city}, says {ctx.agent}"


@tool(deadline=0.02)
async def hangs() -> None:
    """Hang."""
    await asyncio.Event().wait()


TALK = ScriptedSpec(answers=("One is one.", "Two are two.", "Three."), name="talk")
SLOW = ScriptedSpec(answers=("a b c d e f g h",), delay=0.01, name="slow")
STUCK = ScriptedSpec(answers=("a b c d e f g h",), hang_at=3, name="stuck")


class Clerk(Agent):
    model = TALK


class Slow(Agent):
    model = SLOW


class Stuck(Agent):
    model = STUCK


class Forecaster(Agent):
    model = ScriptedSpec(answers=('{"tool": "weather", "arguments": {"city": "Paris"}}',), name="choosy")
    tools = (weather,)


class Sunken(Agent):
    model = ScriptedSpec(answers=('{"tool": "weather", "arguments": {"city": "Atlantis"}}',), name="sunken")
    tools = (weather,)


class Hung(Agent):
    model = ScriptedSpec(answers=('{"tool": "hangs", "arguments": {}}',), name="hung")
    tools = (hangs,)


class Lost(Agent):
    model = "/nowhere/model.gguf"


class Tree(Supervisor):
    journal = child(Journal)
    models = child(Models, Loop())
    clerk = child(Clerk)
    slow = child(Slow)
    stuck = child(Stuck)
    forecaster = child(Forecaster)
    sunken = child(Sunken)
    hung = child(Hung)
    lost = child(Lost)


@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem(Tree) as system:
        yield system


async def _hear(ref: ActorRef[Any], question: str) -> list[AgentChunk]:
    async with ref.stream(Agent.say(question)) as chunks:
        return [chunk async for chunk in chunks]


def _worker(system: ActorSystem, name: str) -> ActorRef[Any]:
    return system.ref(f"models/workers/{name}")


async def test_an_answer_comes_whole_or_in_chunks_and_the_conversation_goes_on(system: ActorSystem) -> None:
    clerk = system.ref(Tree.clerk)
    assert await clerk.ask(Clerk.answer("one?")) == "One is one."
    assert await _hear(clerk, "two?") == [Said("Two "), Said("are "), Said("two.")]


async def test_the_conversation_outlives_the_agent(system: ActorSystem) -> None:
    clerk = system.ref(Tree.clerk)
    await clerk.ask(Clerk.answer("one?"))
    clerk.kill()
    assert await clerk.ask(Clerk.answer("two?")) == "Two are two."


async def test_a_forgotten_conversation_begins_anew(system: ActorSystem) -> None:
    clerk = system.ref(Tree.clerk)
    await clerk.ask(Clerk.answer("one?"))
    await clerk.ask(Clerk.forget())
    assert await clerk.ask(Clerk.answer("one?")) == "One is one."


async def test_a_tool_is_called_and_told(system: ActorSystem) -> None:
    chunks = await _hear(system.ref(Tree.forecaster), "How is Paris?")
    assert chunks[:2] == [
        Calling("weather", '{"city": "Paris"}'),
        Called("weather", "returned", "sunny in Paris, says forecaster"),
    ]
    assert isinstance(chunks[-1], Said)
    assert system.ref(Tree.forecaster).children() == (), "a call's actor ends with the call"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("sunken", Called("weather", "failed", "ValueError: Atlantis has sunk")),
        ("hung", Called("hangs", "timed out", "`hangs` did not answer within 0.02 s")),
    ],
)
async def test_a_tool_that_fails_or_hangs_is_told_and_the_answer_comes(
    system: ActorSystem, name: str, called: Called
) -> None:
    chunks = await _hear(system.ref(name), "How is it?")
    assert called in chunks
    assert isinstance(chunks[-1], Said)


async def test_a_worker_killed_in_the_middle_ten_times_repeats_the_answer_ten_times(system: ActorSystem) -> None:
    slow = system.ref(Tree.slow)
    said: list[str] = []
    kills = 0
    async with slow.stream(Agent.say("go")) as chunks:
        async for chunk in chunks:
            match chunk:
                case Repeating(reason, attempt):
                    assert "killed" in reason
                    assert attempt == kills + 1
                    said.clear()
                case Said(text):
                    said.append(text)
                    if len(said) == 3 and kills < 10:
                        kills += 1
                        _worker(system, "slow").kill("by the test")
                case _:
                    pytest.fail(f"{chunk!r} was not expected")
    assert kills == 10
    assert "".join(said) == "a b c d e f g h"
    assert await slow.ask(Slow.answer("again")) == "a b c d e f g h"
    assert _worker(system, "slow").usage().restarts == 10


async def test_a_pause_takes_effect_between_tokens_and_says_so(system: ActorSystem) -> None:
    slow = system.ref(Tree.slow)
    async with slow.stream(Agent.say("go")) as chunks:
        assert await anext(chunks) == Said("a ")
        slow.pause()
        heard = [await anext(chunks)]
        while heard[-1] != Paused():
            heard.append(await anext(chunks))
        assert len(heard) < 7, "it did not wait for the end of the answer"
        assert slow.state in {"paused", "pausing"}
        slow.resume()
        rest = [chunk async for chunk in chunks]
    assert isinstance(rest[0], Resumed)
    assert "".join(chunk.text for chunk in (*heard, *rest) if isinstance(chunk, Said)) == "b c d e f g h"


async def test_leaving_an_answer_frees_the_agent_for_the_next_question(system: ActorSystem) -> None:
    stuck = system.ref(Tree.stuck)
    async with stuck.stream(Agent.say("go")) as chunks:
        assert await anext(chunks) == Said("a ")
    _worker(system, "stuck").kill()
    async with stuck.stream(Agent.say("again")) as chunks:
        assert await anext(chunks) == Said("a ")


async def test_a_model_that_is_not_there_is_a_failed_answer_and_the_agent_lives(system: ActorSystem) -> None:
    lost = system.ref(Tree.lost)
    for _ in range(2):
        with pytest.raises(AnswerFailedError, match=r"there is no model file at `/nowhere/model\.gguf`"):
            await lost.ask(Lost.answer("hi"))
    assert lost.usage().restarts == 0


async def test_an_agent_without_models_above_it_says_what_is_missing() -> None:
    async with ActorSystem() as system:
        lonely = await system.spawn(Clerk, name="lonely")
        with pytest.raises(AnswerFailedError, match="`/lonely` finds no models in its tree; start it with"):
            await lonely.ask(Clerk.answer("hi"))


class Busy(Agent):
    """Works by itself, and answers meanwhile."""

    model = TALK

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.go = asyncio.Event()

    async def run(self) -> None:
        await self.go.wait()
        if self.steps < 0:
            raise ValueError("negative steps")

    async def receive(self, message: object) -> None:
        self.go.set()


async def test_an_async_run_goes_on_beside_the_answers_and_its_return_ends_the_agent() -> None:
    async with ActorSystem(Tree) as system:
        busy = await system.spawn(Busy, 1, name="busy")
        with pytest.raises(AnswerFailedError, match="no models"):
            await busy.ask(Busy.answer("hi"))
        busy.tell("go")
        assert (await busy.wait_ended()).clean


async def test_an_async_run_that_fails_is_the_agent_s_crash() -> None:
    async with ActorSystem() as system:
        busy = await system.spawn(Busy, -1, name="busy")
        busy.tell("go")
        exit = await busy.wait_ended()
    assert isinstance(exit, Crash)
    assert "negative steps" in str(exit.error)


class Plodding(Agent):
    """Has a plain `run`, and so a process with one hand."""

    model = TALK

    def run(self) -> None:
        time.sleep(1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="worker processes are Linux's")
async def test_an_agent_with_a_plain_run_answers_nothing_meanwhile_and_one_sees_why() -> None:
    async with ActorSystem() as system:
        plodding = await system.spawn(Plodding, name="plodding", host=Process())
        await until(lambda: in_hand(plodding) == ("Agent.main",))
        assert plodding.state == "running"
        with pytest.raises(AskTimeoutError):
            await plodding.ask(Plodding.answer("hi"), timeout=0.05)
        assert (await plodding.wait_ended()).clean


async def test_the_verbs_of_the_handle_make_no_sense_inside_the_agent() -> None:
    class Confused(Agent):
        async def run(self) -> None:
            with pytest.raises(AgentAsksItselfError, match=r"use `self.context`"):
                self.stop()

    async with ActorSystem() as system:
        confused = await system.spawn(Confused)
        await confused.wait_ended()
