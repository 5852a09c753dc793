"""A model that keeps to a script, piece by piece in virtual time."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from llmactors.hosts import Loop
from llmactors.testing import VirtualClock, run_in_virtual_time, supervised
from llmagentos.models import ChatMessage, Finish, GenerateRequest, Model, Models, ModelWorker, TextChunk
from llmagentos.models.errors import ModelNotLoadedError, ProviderFailedError, ProviderTimeoutError, RateLimitedError
from llmagentos.testing import (
    Piece,
    Script,
    choose,
    cut,
    hang,
    miscount,
    out_of_memory,
    repeat,
    stall,
    status,
    time_out,
)
from supervisors import Supervisor, child

pytestmark = pytest.mark.virtual_time
REQUEST = GenerateRequest(messages=(ChatMessage("user", "one two"),))


async def opened(*lines: str | Sequence[Piece], **options: Any) -> Model:
    model = Script(*lines, **options).open()
    await model.load()
    return model


async def said(model: Model) -> list[object]:
    return [chunk async for chunk in model.generate(REQUEST)]


async def test_each_call_plays_the_next_line_and_the_last_one_again_and_again() -> None:
    model = await opened("Hello there.", ["Bye", "."])
    assert await said(model) == [TextChunk("Hello "), TextChunk("there."), Finish("stop", 2, 2)]
    for _ in range(2):
        assert await said(model) == [TextChunk("Bye"), TextChunk("."), Finish("stop", 2, 2)]


async def test_a_stall_takes_its_time_and_the_answer_goes_on(clock: VirtualClock) -> None:
    model = await opened(["Hel", stall(30), "lo"])
    assert await said(model) == [TextChunk("Hel"), TextChunk("lo"), Finish("stop", 2, 2)]
    assert clock.now() == 30


async def test_an_answer_that_is_cut_has_no_finish() -> None:
    assert await said(await opened(["Hel", cut, "lo"])) == [TextChunk("Hel")]


async def test_a_piece_is_repeated() -> None:
    assert await said(await opened(["Hel", repeat])) == [TextChunk("Hel"), TextChunk("Hel"), Finish("stop", 2, 2)]


async def test_an_empty_answer_is_only_finished() -> None:
    assert await said(await opened("")) == [Finish("stop", 2, 0)]


async def test_tokens_are_counted_wrong() -> None:
    assert (await said(await opened(["a", "b", miscount(2)])))[-1] == Finish("stop", 4, 4)


@pytest.mark.parametrize(
    ("piece", "error", "retry_after"),
    [
        (status(429, retry_after=7), RateLimitedError, 7),
        (status(429), RateLimitedError, None),
        (status(503), ProviderFailedError, None),
        (time_out(60), ProviderTimeoutError, None),
    ],
)
async def test_a_provider_refuses(piece: Piece, error: Any, retry_after: float | None) -> None:
    model = await opened(["Hel", piece])
    with pytest.raises(error) as caught:
        await said(model)
    assert caught.value.retry_after == retry_after


async def test_the_memory_of_the_gpu_runs_out() -> None:
    model = await opened([out_of_memory])
    with pytest.raises(RuntimeError, match="CUDA out of memory") as caught:
        await said(model)
    assert type(caught.value).__name__ == "OutOfMemoryError"


async def test_a_model_hangs_for_ever() -> None:
    model = await opened([hang])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(said(model), 86_400)


async def test_loading_takes_its_time_or_fails(clock: VirtualClock) -> None:
    script = Script("Hello.", load=([stall(200)], [out_of_memory]))
    await script.open().load()
    assert clock.now() == 200
    with pytest.raises(RuntimeError, match="out of memory"):
        await script.open().load()


async def test_a_model_that_is_not_loaded_plays_nothing() -> None:
    with pytest.raises(ModelNotLoadedError):
        await said(Script("Hello.").open())


async def test_a_script_outlives_its_worker_and_its_way_through_messages() -> None:
    script = Script([out_of_memory], "Hello.")

    class Tree(Supervisor):
        models = child(Models, Loop())

    async with supervised(Tree) as tree:
        models = tree.ref(Tree.models)
        worker = await models.ask(Models.worker(script))
        async with worker.stream(ModelWorker.generate(REQUEST)) as chunks:
            with pytest.raises(Exception, match="out of memory"):
                await anext(chunks)
        await tree.expect_crash(RuntimeError)
        async with worker.stream(ModelWorker.generate(REQUEST)) as chunks:
            assert [chunk async for chunk in chunks] == [TextChunk("Hello."), Finish("stop", 2, 1)]
    assert script.requests == [REQUEST, REQUEST]
    assert script.loaded == 2


def test_a_script_begins_anew_with_each_loop_and_can_be_looked_at_afterwards() -> None:
    script = Script("first", "second")

    async def play() -> list[object]:
        model = script.open()
        await model.load()
        return (await said(model))[:1]

    assert script.requests == []
    for _ in range(2):
        assert run_in_virtual_time(play()) == [TextChunk("first")]
        assert script.requests == [REQUEST]


@pytest.mark.parametrize("code", [200, 404, 600])
def test_other_statuses_are_refused(code: int) -> None:
    with pytest.raises(ValueError, match="a provider refuses with 429"):
        status(code)


def test_mistakes_in_a_script_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a line"):
        Script()
    with pytest.raises(ValueError, match="no amount"):
        stall(-1)


def test_a_choice_is_written_as_agents_ask_for_it() -> None:
    assert choose("weather", city="Paris") == '{"tool": "weather", "arguments": {"city": "Paris"}}'
