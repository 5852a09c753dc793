"""Model workers in processes of their own: killed with `kill -9`, they come back, and nobody waits in vain."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from llmactors import ActorRef, ActorSystem
from llmactors.errors import ActorEndedError
from llmactors.hosts import Process
from llmagentos.models import ChatMessage, Finish, GenerateRequest, Models, ModelWorker, TextChunk, pull
from llmagentos.models.errors import (
    BadModelFileError,
    ContextTooLongError,
    ProviderError,
    ProviderFailedError,
    ProviderTimeoutError,
    RateLimitedError,
    RequestRefusedError,
)
from llmagentos.models.llama_cpp import LlamaCppSpec
from llmagentos.models.scripted import ScriptedSpec
from llmagentos.testing import Script, status, time_out
from supervisors import Supervisor, child, pool

ASK = GenerateRequest(messages=(ChatMessage("user", "What is the capital of France?"),))
LONG = GenerateRequest(messages=(ChatMessage("user", "Count from 1 to 1000, one number per line."),))
COUNT = ScriptedSpec(answers=("one two three four five six seven eight",), delay=0.001, name="count")
AT_ONCE = 2.0
"""Seconds within which a reader must hear of its worker's death, on a busy machine."""


class App(Supervisor):
    """A system with models."""

    models = child(Models)


@pytest.fixture
async def models() -> AsyncIterator[ActorRef[Models]]:
    async with ActorSystem(App) as system:
        yield system.ref(App.models)


@pytest.fixture(scope="module")
def spec() -> LlamaCppSpec:
    """The real model, pulled once for all tests of this machine."""
    return LlamaCppSpec(path=str(pull("smollm2")), name="smollm2", context=1024)


async def text(worker: ActorRef[ModelWorker], request: GenerateRequest = ASK) -> str:
    async with worker.stream(ModelWorker.generate(request)) as chunks:
        return "".join([chunk.text async for chunk in chunks if isinstance(chunk, TextChunk)])


def pid_of(worker: ActorRef[ModelWorker]) -> int:
    pid = worker.usage().pid
    assert pid is not None
    return pid


async def pid_of_the_loading(models: ActorRef[Models]) -> int:
    """Wait until a worker process loads, and return its pid."""
    async with asyncio.timeout(60):
        while True:
            for supervisor in models.children():
                for worker in supervisor.children():
                    if worker.state == "starting" and worker.usage().pid not in {None, os.getpid()}:
                        return pid_of(worker)
            await asyncio.sleep(0)


async def kill_mid_answer(worker: ActorRef[ModelWorker], request: GenerateRequest) -> None:
    """Read the beginning of an answer, kill the worker's process, and see that the reader hears of it at once."""
    async with worker.stream(ModelWorker.generate(request), window=1) as chunks:
        assert isinstance(await anext(aiter(chunks)), TextChunk)
        os.kill(pid_of(worker), signal.SIGKILL)
        killed = time.perf_counter()
        with pytest.raises(ActorEndedError):
            [chunk async for chunk in chunks]
        assert time.perf_counter() - killed < AT_ONCE


async def test_a_worker_is_a_process_of_its_own_and_goes_with_the_system() -> None:
    async with ActorSystem(App) as system:
        worker = await system.ref(App.models).ask(Models.worker(COUNT))
        pid = pid_of(worker)
        assert pid != os.getpid()
        assert (await worker.ask(ModelWorker.info())).name == "count"
    assert not psutil.pid_exists(pid)


async def test_chunks_arrive_as_they_were_sent(models: ActorRef[Models]) -> None:
    worker = await models.ask(Models.worker(COUNT))
    async with worker.stream(ModelWorker.generate(ASK)) as chunks:
        got = [chunk async for chunk in chunks]
    assert [type(chunk) for chunk in got] == [TextChunk] * 8 + [Finish]
    assert got[-1] == Finish("stop", 6, 8)


async def test_after_kill_9_in_an_answer_the_next_question_is_answered(models: ActorRef[Models]) -> None:
    worker = await models.ask(Models.worker(COUNT))
    pids = {pid_of(worker)}
    for _ in range(3):
        await kill_mid_answer(worker, ASK)
        assert await text(worker) == COUNT.answers[0]
        pids.add(pid_of(worker))
    assert len(pids) == 4
    assert worker.usage().restarts == 3


async def test_leaving_an_answer_frees_the_worker(models: ActorRef[Models]) -> None:
    slow = ScriptedSpec(answers=("one two three",), hang_at=1, name="slow")
    worker = await models.ask(Models.worker(slow))
    async with worker.stream(ModelWorker.generate(ASK)) as chunks:
        await anext(aiter(chunks))
    assert (await worker.ask(ModelWorker.info())).name == "slow"


async def test_a_file_that_is_no_model_is_said_to_be_so_by_its_own_error(
    models: ActorRef[Models], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF and nothing that follows from it")
    with pytest.raises(BadModelFileError, match=r"bad\.gguf") as caught:
        _ = await models.ask(Models.worker(bad))
    assert caught.value.path == str(bad)
    assert await models.ask(Models.loaded()) == []


class Pooled(Supervisor):
    """Two workers of one model behind one queue."""

    workers = pool(ModelWorker, COUNT, size=2, host=Process())


async def test_a_pool_of_workers_goes_on_when_one_is_killed() -> None:
    async with ActorSystem(Pooled) as system:
        pooled = system.ref(Pooled.workers)
        assert await asyncio.gather(*[text(pooled) for _ in range(6)]) == [COUNT.answers[0]] * 6
        first, second = pooled.children()
        os.kill(pid_of(first), signal.SIGKILL)
        assert await asyncio.gather(*[text(pooled) for _ in range(4)]) == [COUNT.answers[0]] * 4
        await first
        assert [worker.usage().restarts for worker in (first, second)] == [1, 0]


@pytest.mark.model
@pytest.mark.timeout(600)
class TestTheRealModel:
    async def test_it_answers_and_survives_kill_9_in_the_middle(
        self, models: ActorRef[Models], spec: LlamaCppSpec
    ) -> None:
        worker = await models.ask(Models.worker(spec))
        first = await text(worker)
        assert "Paris" in first
        await kill_mid_answer(worker, LONG)
        assert await text(worker) == first
        assert worker.usage().restarts == 1

    async def test_a_worker_killed_while_it_loads_is_loaded_again(
        self, models: ActorRef[Models], spec: LlamaCppSpec
    ) -> None:
        asking = asyncio.ensure_future(models.ask(Models.worker(spec)))
        os.kill(await pid_of_the_loading(models), signal.SIGKILL)
        assert "Paris" in await text(await asking)

    async def test_a_refused_request_leaves_the_worker_alive(
        self, models: ActorRef[Models], spec: LlamaCppSpec
    ) -> None:
        worker = await models.ask(Models.worker(spec))
        pid = pid_of(worker)
        too_long = GenerateRequest(messages=(ChatMessage("user", "word " * 2000),))
        with pytest.raises(ContextTooLongError) as caught:
            await text(worker, too_long)
        assert caught.value.context == 1024
        with pytest.raises(RequestRefusedError):
            await text(worker, GenerateRequest(messages=ASK.messages, json_schema={"type": "nonsense"}))
        assert "Paris" in await text(worker)
        assert pid_of(worker) == pid

    async def test_nothing_of_a_killed_worker_stays_behind(
        self, spec: LlamaCppSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        async with ActorSystem(App) as system:
            worker = await system.ref(App.models).ask(Models.worker(spec))
            await kill_mid_answer(worker, LONG)
            await text(worker)
        assert not [name for name in os.listdir(tmp_path) if name.startswith("llmagentos-model-")]  # noqa: PTH208 # async


async def test_a_provider_s_refusal_arrives_as_itself_and_its_worker_lives_on() -> None:
    class WithScripts(Supervisor):
        models = child(Models, Process(preload=("llmagentos.models", "llmagentos.testing")))

    async with ActorSystem(WithScripts) as system:
        await is_refused_and_lives_on(system.ref(WithScripts.models))


async def is_refused_and_lives_on(models: ActorRef[Models]) -> None:
    script = Script([status(429, retry_after=7)], [status(503)], [time_out(0.0)], "Hello.", name="busy")
    worker = await models.ask(Models.worker(script))
    pid = pid_of(worker)
    heard = []
    for _ in range(3):
        with pytest.raises(ProviderError) as caught:
            await text(worker)
        heard.append((type(caught.value), caught.value.retry_after, str(caught.value)))
    assert heard == [
        (RateLimitedError, 7, "model `busy` has had too many requests for now; ask again in 7 s"),
        (ProviderFailedError, None, "model `busy` has failed at its provider (HTTP status 503); ask again later"),
        (ProviderTimeoutError, None, "model `busy` did not answer within 0 s; ask again later"),
    ]
    assert await text(worker) == "Hello."
    assert pid_of(worker) == pid
