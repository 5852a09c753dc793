"""The models of a system: loaded on demand, one worker each, restarted by their supervisor."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llmactors import ActorRef, ActorSystem
from llmactors.errors import ActorEndedError
from llmactors.hosts import Loop
from llmagentos.models import ChatMessage, GenerateRequest, TextChunk
from llmagentos.models._models import Models, ModelSupervisor
from llmagentos.models._worker import ModelWorker
from llmagentos.models.errors import BadModelFileError, LoadFailedError, ModelNotPulledError, UnknownModelError
from llmagentos.models.llama_cpp import LlamaCppSpec
from llmagentos.models.scripted import ScriptedSpec
from supervisors import Intensity, Supervisor, child

ASK = GenerateRequest(messages=(ChatMessage("user", "How are you?"),))
WELL = ScriptedSpec(answers=("I am well.",), name="well")


class App(Supervisor):
    """A system with models, run on the loop: what is tested here is the tree."""

    models = child(Models, Loop())


@pytest.fixture
async def models() -> AsyncIterator[ActorRef[Models]]:
    async with ActorSystem(App, check_messages=True) as system:
        yield system.ref(App.models)


async def text(worker: ActorRef[ModelWorker]) -> str:
    async with worker.stream(ModelWorker.generate(ASK)) as chunks:
        return "".join([chunk.text async for chunk in chunks if isinstance(chunk, TextChunk)])


def test_twenty_restarts_a_minute_are_granted_and_no_more() -> None:
    assert ModelSupervisor.intensity == Intensity(20, within=60.0)


async def test_a_model_is_loaded_when_it_is_first_asked_for(models: ActorRef[Models]) -> None:
    assert await models.ask(Models.loaded()) == []
    worker = await models.ask(Models.worker(WELL))
    assert worker.path.endswith("models/workers/well")
    assert await models.ask(Models.worker(WELL)) is worker
    assert await models.ask(Models.loaded()) == ["well"]
    assert await text(worker) == "I am well."


async def test_askers_at_once_get_the_same_worker(models: ActorRef[Models]) -> None:
    workers = await asyncio.gather(*[models.ask(Models.worker(WELL)) for _ in range(5)])
    assert len({worker.id for worker in workers}) == 1


async def test_two_models_of_one_name_have_a_worker_each(models: ActorRef[Models]) -> None:
    other = ScriptedSpec(answers=("So do I.",), name="well")
    assert await text(await models.ask(Models.worker(WELL))) == "I am well."
    assert await text(await models.ask(Models.worker(other))) == "So do I."
    assert await models.ask(Models.loaded()) == ["well", "well-2"]


async def test_a_killed_worker_comes_back_under_the_same_ref(models: ActorRef[Models]) -> None:
    worker = await models.ask(Models.worker(WELL))
    for _ in range(3):
        async with worker.stream(ModelWorker.generate(ASK)) as chunks:
            await anext(aiter(chunks))
            worker.kill("a test")
            with pytest.raises(ActorEndedError):
                [chunk async for chunk in chunks]
        assert await text(worker) == "I am well."
    assert worker.usage().restarts == 3


async def test_an_unloaded_model_is_loaded_anew_when_asked_for(models: ActorRef[Models]) -> None:
    worker = await models.ask(Models.worker(WELL))
    assert await models.ask(Models.unload(WELL))
    assert await models.ask(Models.loaded()) == []
    assert not await models.ask(Models.unload(WELL))
    again = await models.ask(Models.worker(WELL))
    assert again is not worker
    assert await text(again) == "I am well."


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("gpt-7", UnknownModelError),
        ("smollm2", ModelNotPulledError),
        (LlamaCppSpec(path=__file__), BadModelFileError),
        (ScriptedSpec(answers=(), name="mute"), LoadFailedError),
    ],
    ids=["unknown", "not pulled", "bad file", "anything else"],
)
async def test_what_cannot_be_loaded_is_said_and_the_others_live_on(
    models: ActorRef[Models],
    model: str | LlamaCppSpec | ScriptedSpec,
    error: type[Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LLMAGENTOS_CACHE", str(tmp_path))
    worker = await models.ask(Models.worker(WELL))
    for _ in range(2):
        with pytest.raises(error):
            _ = await models.ask(Models.worker(model))
    assert await models.ask(Models.worker(WELL)) is worker
    assert await models.ask(Models.loaded()) == ["well"]
