"""The actor that owns one model."""

from typing import Any

import pytest

from llmactors import ActorRef, ActorSystem, Shutdown
from llmagentos.models import ChatMessage, Finish, GenerateRequest, Model, TextChunk
from llmagentos.models._worker import ModelWorker
from llmagentos.models.errors import RequestRefusedError
from llmagentos.models.scripted import Scripted, ScriptedSpec

ASK = GenerateRequest(messages=(ChatMessage("user", "How are you?"),))


async def text(worker: ActorRef[Any], request: GenerateRequest = ASK) -> str:
    async with worker.stream(ModelWorker.generate(request)) as chunks:
        return "".join([chunk.text async for chunk in chunks if isinstance(chunk, TextChunk)])


async def test_its_answers_are_streams() -> None:
    async with ActorSystem(check_messages=True) as system:
        worker = await system.spawn(ModelWorker, ScriptedSpec(answers=("I am well.",)))
        async with worker.stream(ModelWorker.generate(ASK)) as chunks:
            got = [chunk async for chunk in chunks]
        assert got == [TextChunk("I "), TextChunk("am "), TextChunk("well."), Finish("stop", 3, 3)]


async def test_it_says_what_it_is_and_embeds() -> None:
    async with ActorSystem(check_messages=True) as system:
        worker = await system.spawn(ModelWorker, ScriptedSpec(answers=("x",), name="echo"))
        assert (await worker.ask(ModelWorker.info())).name == "echo"
        assert len(await worker.ask(ModelWorker.embed(["a", "b"]))) == 2


async def test_a_reader_who_leaves_frees_it_for_the_next() -> None:
    async with ActorSystem(check_messages=True) as system:
        worker = await system.spawn(ModelWorker, ScriptedSpec(answers=("one two three", "next"), hang_at=2))
        async with worker.stream(ModelWorker.generate(ASK)) as chunks:
            await anext(aiter(chunks))
        assert (await worker.ask(ModelWorker.info())).backend == "scripted"


class Picky(Scripted):
    """Refuses every request."""

    def _text(self, request: GenerateRequest) -> str:
        raise RequestRefusedError("no")


class PickyWorker(ModelWorker):
    """Owns a model that refuses every request."""

    def make(self) -> Model:
        return Picky(ScriptedSpec(answers=("x",)))


async def test_a_refused_request_does_not_end_it() -> None:
    async with ActorSystem(check_messages=True) as system:
        worker = await system.spawn(PickyWorker, ScriptedSpec(answers=("x",)))
        for _ in range(2):
            with pytest.raises(RequestRefusedError):
                await text(worker)
        assert (await worker.ask(ModelWorker.info())).backend == "scripted"


class Watched(Scripted):
    unloaded = 0

    async def unload(self) -> None:
        await super().unload()
        Watched.unloaded += 1


class WatchedWorker(ModelWorker):
    def make(self) -> Model:
        return Watched(self.spec)  # type: ignore[arg-type] # this test's specs are scripts


async def test_its_end_unloads_the_model() -> None:
    Watched.unloaded = 0
    async with ActorSystem(check_messages=True) as system:
        worker = await system.spawn(WatchedWorker, ScriptedSpec(answers=("x",)))
        worker.stop()
        assert await worker.wait_ended() == Shutdown()
    assert Watched.unloaded == 1
