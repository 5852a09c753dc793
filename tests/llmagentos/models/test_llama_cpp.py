"""The real model on the real llama.cpp; and what is said where either is missing or broken."""

import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from llmagentos.models import ChatMessage, Finish, GenerateRequest, Model, TextChunk, pull
from llmagentos.models.errors import (
    BackendMissingError,
    BadModelFileError,
    ContextTooLongError,
    GenerationFailedError,
    ModelFileMissingError,
    ModelNotLoadedError,
    RequestRefusedError,
    VerbMissingError,
)
from llmagentos.models.llama_cpp import LlamaCppSpec

real = [pytest.mark.model, pytest.mark.timeout(600)]
CAPITAL = ChatMessage("user", "What is the capital of France?")
LONG = GenerateRequest(messages=(ChatMessage("user", "Count from 1 to 1000, one number per line."),))


@pytest.fixture(scope="module")
def path() -> str:
    """The model's file, pulled once for all tests of this machine."""
    return str(pull("smollm2"))


@pytest.fixture
async def model(path: str) -> AsyncIterator[Model]:
    model = LlamaCppSpec(path=path, name="smollm2", context=1024).open()
    await model.load()
    yield model
    await model.unload()


async def text(model: Model, request: GenerateRequest) -> str:
    return "".join([chunk.text async for chunk in model.generate(request) if isinstance(chunk, TextChunk)])


class TestTheRealModel:
    pytestmark = real

    async def test_it_answers_piece_by_piece_and_counts_its_tokens(self, model: Model) -> None:
        chunks = [chunk async for chunk in model.generate(GenerateRequest(messages=(CAPITAL,)))]
        *pieces, last = chunks
        assert "Paris" in "".join(piece.text for piece in pieces if isinstance(piece, TextChunk))
        assert len(pieces) > 3
        assert isinstance(last, Finish)
        assert last.reason == "stop"
        assert last.completion_tokens >= len(pieces)
        assert last.prompt_tokens > 10

    async def test_it_may_be_unloaded_as_soon_as_it_is_loaded(self, path: str) -> None:
        for _ in range(5):
            model = LlamaCppSpec(path=path, context=128).open()
            await model.load()
            await model.unload()

    async def test_the_same_request_gets_the_same_answer(self, model: Model) -> None:
        request = GenerateRequest(messages=(CAPITAL,), max_tokens=20)
        assert await text(model, request) == await text(model, request)

    async def test_it_stops_at_max_tokens_and_says_so(self, model: Model) -> None:
        request = GenerateRequest(messages=LONG.messages, max_tokens=3)
        assert [chunk async for chunk in model.generate(request)][-1].reason == "length"  # type: ignore[union-attr] # the last one

    async def test_a_schema_binds_the_answer(self, model: Model) -> None:
        schema: dict[str, object] = {
            "type": "object",
            "properties": {"tool": {"enum": ["weather", "none"]}, "city": {"type": "string", "maxLength": 20}},
            "required": ["tool", "city"],
            "additionalProperties": False,
        }
        answer = json.loads(await text(model, GenerateRequest(messages=(CAPITAL,), json_schema=schema)))
        assert set(answer) == {"tool", "city"}
        assert answer["tool"] in {"weather", "none"}

    async def test_leaving_a_generation_frees_the_model_for_the_next(self, model: Model) -> None:
        async with aclosing(model.generate(LONG)) as chunks:
            await anext(chunks)
        short = GenerateRequest(messages=(CAPITAL,), max_tokens=1)
        assert [type(chunk) async for chunk in model.generate(short)] == [TextChunk, Finish]

    async def test_unloading_ends_what_is_under_way(self, model: Model) -> None:
        chunks = model.generate(LONG)
        await anext(chunks)
        await model.unload()
        with pytest.raises(GenerationFailedError):
            [chunk async for chunk in chunks]
        with pytest.raises(ModelNotLoadedError):
            await text(model, LONG)

    @pytest.mark.parametrize(
        ("request_", "error"),
        [
            (GenerateRequest(messages=(ChatMessage("user", "word " * 2000),)), ContextTooLongError),
            (GenerateRequest(messages=(CAPITAL,), json_schema={"type": "nonsense"}), RequestRefusedError),
        ],
        ids=["too long", "bad schema"],
    )
    async def test_a_bad_request_is_refused_and_the_model_lives_on(
        self, model: Model, request_: GenerateRequest, error: type[RequestRefusedError]
    ) -> None:
        with pytest.raises(error):
            await text(model, request_)
        assert await text(model, GenerateRequest(messages=(CAPITAL,), max_tokens=2))

    async def test_nobody_can_reach_it_from_outside(self, model: Model) -> None:
        mine = psutil.Process().net_connections(kind="all")
        assert not [c for c in mine if c.family in {socket.AF_INET, socket.AF_INET6} and c.status == "LISTEN"]
        addresses = [a for c in mine if c.family == socket.AF_UNIX and "llmagentos-model-" in (a := str(c.laddr))]
        assert addresses
        assert not any(os.path.exists(address) for address in addresses)  # noqa: ASYNC240, PTH110 # does not block

    async def test_a_model_loaded_to_chat_says_how_to_embed(self, model: Model) -> None:
        with pytest.raises(VerbMissingError, match="embeds=True"):
            await model.embed(["cat"])

    async def test_loaded_to_embed_it_answers_vectors_of_unit_length(self, path: str) -> None:
        model = LlamaCppSpec(path=path, context=64, embeds=True).open()
        await model.load()
        try:
            vectors = await model.embed(["cat", "stock market"])
            with pytest.raises(RequestRefusedError):
                await model.embed(["cat " * 100])
        finally:
            await model.unload()
        assert [sum(x * x for x in vector) for vector in vectors] == pytest.approx([1, 1])

    async def test_a_file_cut_short_is_named_with_the_reason(self, path: str, tmp_path: Path) -> None:
        cut = tmp_path / "cut.gguf"
        shutil.copyfile(path, cut)
        os.truncate(cut, 4_000_000)
        with pytest.raises(BadModelFileError, match=r"cut\.gguf.*cut short"):
            await LlamaCppSpec(path=str(cut)).open().load()

    async def test_a_file_that_only_llama_cpp_refuses_is_named_too(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty.gguf"
        empty.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(16) + bytes(64))
        with pytest.raises(BadModelFileError, match=r"empty\.gguf.*llama\.cpp refuses"):
            await LlamaCppSpec(path=str(empty)).open().load()


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match=r"none\.gguf"):
        await LlamaCppSpec(path=str(tmp_path / "none.gguf")).open().load()


async def test_a_missing_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    file = tmp_path / "empty.gguf"
    file.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(16) + bytes(64))
    with pytest.raises(BackendMissingError, match=r'pip install "llmagentos\[chat\]"'):
        await LlamaCppSpec(path=str(file)).open().load()


async def test_verbs_before_load_say_what_is_missing() -> None:
    with pytest.raises(ModelNotLoadedError, match="load"):
        await text(LlamaCppSpec(path="x.gguf").open(), LONG)
