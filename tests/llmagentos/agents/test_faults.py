"""Whatever goes wrong with models and tools, an agent answers or says why not, and its conversation goes on."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from llmactors import ActorRef
from llmactors.errors import ActorEndedError, AskTimeoutError
from llmactors.hosts import Loop
from llmactors.testing import Supervised, VirtualClock, drive, stand_in, supervised
from llmagentos import Agent, Journal, Models, ToolContext, tool
from llmagentos._core.record import load
from llmagentos._messages import Answer, Call, Called, Question, Repeating, Result, Said
from llmagentos.agents.errors import AnswerFailedError
from llmagentos.models import Finish, ModelInfo, ModelWorker, TextChunk
from llmagentos.testing import (
    Piece,
    Script,
    choose,
    cut,
    failing_tool,
    flooding_tool,
    hang,
    hanging_tool,
    miscount,
    out_of_memory,
    repeat,
    stall,
    status,
    stubborn_tool,
    time_out,
)
from llmagentos.tools import Tool
from supervisors import Supervisor, child

pytestmark = pytest.mark.virtual_time

Line = str | Sequence[Piece]
GOOD = "All is well."


@asynccontextmanager
async def clerk(script: Script, *tools: Tool[..., Any]) -> AsyncIterator[tuple[Supervised, ActorRef[Agent]]]:
    """An agent with that model and those tools, in a tree of its own."""

    class Clerk(Agent):
        model = script

    Clerk.tools = tools

    class Tree(Supervisor):
        journal = child(Journal)
        models = child(Models, Loop())
        clerk = child(Clerk)

    async with supervised(Tree) as tree:
        yield tree, tree.ref("clerk")


async def answer(ref: ActorRef[Agent], question: str = "How are you?") -> str:
    return await ref.ask(Agent.answer(question), timeout=3_600)


async def kept(tree: Supervised) -> tuple[Any, ...]:
    """Return the turns that the journal has of the clerk; loading them is part of the test."""
    record = await tree.ref("journal").ask(Journal.fetch("/clerk"))
    assert record is not None
    return load(record).turns


async def goes_on(tree: Supervised, ref: ActorRef[Agent]) -> None:
    """See that the conversation loads in a new life, and that the next question is answered."""
    before = await kept(tree)
    ref.kill()
    assert await answer(ref, "and now?") == GOOD
    assert await kept(tree) == (*before, Question("and now?"), Answer(GOOD))


# -- what is made good ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ([status(429, retry_after=7)], 7),
        ([status(429)], 1),
        ([status(503)], 1),
        ([status(529, retry_after=30)], 30),
        ([time_out(60)], 61),
        (["All ", cut], 1),
        ([cut], 1),
        ([out_of_memory], 0),
        (["All ", out_of_memory], 0),
        (["All ", stall(100), "is well."], 100),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for_and_the_answer_is_whole(
    fault: list[Piece], seconds: float, clock: VirtualClock
) -> None:
    async with clerk(Script(fault, GOOD)) as (tree, ref):
        tree.ignore_crashes(RuntimeError)
        assert await answer(ref) == GOOD
        assert seconds <= clock.now() < seconds + 1
        assert await kept(tree) == (Question("How are you?"), Answer(GOOD))
        await goes_on(tree, ref)


async def test_a_listener_is_told_that_the_answer_begins_again() -> None:
    async with clerk(Script(["All ", cut], GOOD)) as (_, ref), ref.stream(Agent.say("?")) as chunks:
        assert [chunk async for chunk in chunks] == [
            Said("All "),
            Repeating("the model's answer broke off in the middle", 2),
            Said("All "),
            Said("is "),
            Said("well."),
        ]


async def test_pauses_grow_while_the_provider_does_not_say_how_long(clock: VirtualClock) -> None:
    async with clerk(Script(*[[status(503)]] * 5, GOOD)) as (_, ref):
        assert await answer(ref) == GOOD
        assert clock.now() == pytest.approx(1 + 2 + 4 + 8 + 10, abs=1)


async def test_a_model_that_loads_slowly_is_waited_for(clock: VirtualClock) -> None:
    async with clerk(Script(GOOD, load=([stall(200)],))) as (tree, ref):
        assert await answer(ref) == GOOD
        assert 200 <= clock.now() < 201
        await goes_on(tree, ref)


# -- what is not ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("script", "sentence", "seconds"),
    [
        (lambda: Script([status(429, retry_after=3_600)], GOOD), "an answer waits 120 s at most", 0),
        (lambda: Script(*[[status(503)]] * 16, GOOD), "HTTP status 503", 125),
        (lambda: Script([hang], GOOD), "wrote nothing for 120 s", 120),
        (lambda: Script(["All ", stall(3_600)], GOOD), "wrote nothing for 120 s", 120),
        (lambda: Script("", GOOD), "answered with nothing", 0),
        (lambda: Script(GOOD, load=([out_of_memory],)), "CUDA out of memory", 0),
        (lambda: Script(GOOD, load=([stall(400)], [])), "time-out of 300 s", 300),
    ],
)
async def test_what_does_not_pass_is_a_failure_in_time_that_says_why(
    script: Callable[[], Script], sentence: str, seconds: float, clock: VirtualClock
) -> None:
    async with clerk(script()) as (tree, ref):
        tree.ignore_crashes()
        tree.ignore_dead_letters(reason="expired")
        with pytest.raises(AnswerFailedError, match=sentence):
            await answer(ref)
        assert clock.now() <= seconds + 1
        assert await kept(tree) == (Question("How are you?"),)
        if "out of memory" not in sentence:
            await goes_on(tree, ref)


async def test_a_request_that_kills_every_worker_does_not_take_the_models_down(clock: VirtualClock) -> None:
    async with clerk(Script(*[[out_of_memory]] * 21, GOOD)) as (tree, ref):
        tree.ignore_crashes(RuntimeError)
        with pytest.raises(AnswerFailedError, match="21 times in this answer"):
            await answer(ref)
        assert tree.ref("models").usage().restarts == 0
        await goes_on(tree, ref)


async def test_who_gives_up_waiting_for_a_busy_model_stops_the_agent_s_waiting(clock: VirtualClock) -> None:
    script = Script([status(429, retry_after=60)], GOOD)
    async with clerk(script) as (tree, ref):
        with pytest.raises(AskTimeoutError):
            await ref.ask(Agent.answer("How are you?"), timeout=5)
        await clock.advance(300)
        assert len(script.requests) == 1
        await goes_on(tree, ref)


async def test_an_agent_that_is_killed_while_it_waits_for_a_busy_model_goes_on_with_the_next_question(
    clock: VirtualClock,
) -> None:
    async with clerk(Script([status(429, retry_after=60)], GOOD)) as (tree, ref):
        async with ref.stream(Agent.say("?")) as chunks:
            assert isinstance(await anext(chunks), Repeating)
            ref.kill()
            with pytest.raises(ActorEndedError):
                await anext(chunks)
        await goes_on(tree, ref)


# -- answers that are no good, and harm nobody -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "text"),
    [
        (["All ", repeat, "is well."], "All All is well."),
        (['{"tool": "wea'], '{"tool": "wea'),
        (["All is well.", miscount(2)], GOOD),
    ],
    ids=str,
)
async def test_what_nobody_can_see_to_be_wrong_is_an_answer(line: Line, text: str) -> None:
    async with clerk(Script(line, GOOD)) as (tree, ref):
        assert await answer(ref) == text
        await goes_on(tree, ref)


@tool
def weather(city: str, ctx: ToolContext) -> str:
    """Tell the weather in a city."""
    assert ctx.remaining > 0
    return f"sunny in {city}"


@pytest.mark.parametrize(
    "choice",
    ["", '{"tool": "wea', '{"tool": "rocket", "arguments": {}}', '{"tool": "weather", "arguments": [1]}', "[" * 10_000],
    ids=["empty", "half", "unknown", "malformed", "deep"],
)
async def test_a_choice_that_cannot_be_read_is_none(choice: str) -> None:
    async with clerk(Script([choice], GOOD, "", GOOD), weather) as (tree, ref):
        assert await answer(ref) == GOOD
        assert await kept(tree) == (Question("How are you?"), Answer(GOOD))
        await goes_on(tree, ref)


@pytest.mark.parametrize("arguments", [{}, {"city": 7}, {"town": "Paris"}], ids=str)
async def test_a_call_with_wrong_arguments_fails_and_the_answer_goes_on(arguments: dict[str, Any]) -> None:
    async with clerk(Script(choose("weather", **arguments), "", GOOD), weather) as (tree, ref):
        assert await answer(ref) == GOOD
        result = (await kept(tree))[2]
        assert (result.outcome.value, "do not fit" in result.text) == ("failed", True)


async def test_a_tool_in_a_thread_takes_no_virtual_time(clock: VirtualClock) -> None:
    async with clerk(Script(choose("weather", city="Paris"), "", GOOD), weather) as (tree, ref):
        assert await answer(ref) == GOOD
        assert (await kept(tree))[2].text == "sunny in Paris"
        assert clock.now() < 1


@pytest.mark.parametrize(
    ("broken", "outcome", "sentence", "seconds"),
    [
        (lambda: failing_tool(ValueError("broken")), "failed", "ValueError: broken", 0),
        (lambda: failing_tool(SystemExit(3)), "lost", "SystemExit", 0),
        (lambda: hanging_tool(deadline=30), "timed out", "did not answer within 30 s", 30),
        (lambda: flooding_tool(10_000_000), "returned", "cut at 8000 of 10000000 characters", 0),
        (lambda: stubborn_tool(3_600, deadline=30), "failed", "did not answer", 35),
    ],
    ids=["fails", "exits", "hangs", "floods", "stubborn"],
)
async def test_a_tool_that_misbehaves_is_closed_and_the_answer_goes_on(
    broken: Callable[[], Tool[..., Any]], outcome: str, sentence: str, seconds: float, clock: VirtualClock
) -> None:
    bad = broken()
    async with clerk(Script(choose(bad.name), "", GOOD, "", GOOD), bad) as (tree, ref):
        tree.ignore_crashes(SystemExit)
        assert await answer(ref) == GOOD
        assert seconds <= clock.now() < seconds + 1
        question, call, result, last = await kept(tree)
        assert isinstance(question, Question)
        assert isinstance(call, Call)
        assert isinstance(result, Result)
        assert (result.id, result.outcome.value) == (call.id, outcome)
        assert sentence in result.text
        assert last == Answer(GOOD)
        await goes_on(tree, ref)
        await clock.advance(3_600)  # the stubborn one is done


async def test_an_agent_killed_during_a_call_finds_the_call_closed(clock: VirtualClock) -> None:
    async with clerk(Script(choose("hanging"), "", GOOD), hanging_tool()) as (tree, ref):
        async with ref.stream(Agent.say("?")) as chunks:
            await anext(chunks)
            ref.kill()
        turns = await kept(tree)
        assert turns[-1] == Result(1, turns[-1].outcome, "the answer was broken off before the tool ended")
        heard = [chunk async for chunk in ref.stream(Agent.say("and now?"))]
        assert not any(isinstance(chunk, Called) for chunk in heard)


def test_an_agent_can_be_driven_by_hand() -> None:
    class Clerk(Agent):
        model = "any"

    models, worker = stand_in(Models), stand_in(ModelWorker)
    driven = drive(Clerk, known={"models": models})
    reply = driven.send(Agent.answer("How are you?"))
    driven.answer(worker, to=Models.worker)
    driven.answer(ModelInfo(name="any", backend="none", context=0, embeds=False), to=ModelWorker.info)
    (asked,) = driven.asked
    assert asked.message.request.messages[-1].content == "How are you?"
    driven.answer([TextChunk("Fine."), Finish("stop", 1, 1)], to=ModelWorker.generate)
    assert reply.value == "Fine."
    with pytest.raises(TypeError, match="a handle of an agent is neither"):
        drive(Clerk())
