"""The scripted model: deterministic, and faulty on demand."""

import asyncio
import json
from contextlib import aclosing

import pytest

from llmagentos.models import ChatMessage, Finish, GenerateRequest, Model, ModelSpec, TextChunk
from llmagentos.models.errors import ModelNotLoadedError
from llmagentos.models.scripted import Scripted, ScriptedFaultError, ScriptedSpec

ASK = ChatMessage("user", "How are you?")


async def loaded(spec: ModelSpec) -> Model:
    model = spec.open()
    await model.load()
    return model


async def text(model: Model, request: GenerateRequest) -> str:
    return "".join([chunk.text async for chunk in model.generate(request) if isinstance(chunk, TextChunk)])


async def test_the_answer_comes_word_by_word_and_a_finish_last() -> None:
    model = await loaded(ScriptedSpec(answers=("I am well.",)))
    chunks = [chunk async for chunk in model.generate(GenerateRequest(messages=(ASK,)))]
    assert chunks == [TextChunk("I "), TextChunk("am "), TextChunk("well."), Finish("stop", 3, 3)]


async def test_the_answer_depends_on_the_conversation_alone() -> None:
    spec = ScriptedSpec(answers=("first", "second"))
    turns = [(ASK,), (ASK, ChatMessage("assistant", "first"), ASK), (ASK, *[ChatMessage("assistant", "x")] * 5)]
    for model in (await loaded(spec), await loaded(spec)):
        assert [await text(model, GenerateRequest(messages=turn)) for turn in turns] == ["first", "second", "second"]


async def test_a_function_of_the_conversation_may_take_the_place_of_the_script() -> None:
    model = Scripted(ScriptedSpec(answers=()), lambda messages: messages[-1].content.upper())
    await model.load()
    assert await text(model, GenerateRequest(messages=(ASK,))) == "HOW ARE YOU?"


async def test_an_answer_is_cut_at_max_tokens_and_at_a_stop_text() -> None:
    model = await loaded(ScriptedSpec(answers=("one two three",)))
    short = [chunk async for chunk in model.generate(GenerateRequest(messages=(ASK,), max_tokens=2))]
    assert short[-1] == Finish("length", 3, 2)
    assert await text(model, GenerateRequest(messages=(ASK,), stop=("three", "two"))) == "one "


SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "tool": {"enum": ["weather", "none"]},
        "city": {"$ref": "#/$defs/City"},
        "days": {"type": "integer", "minimum": 1},
        "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "list": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "more": {"type": "string"},
    },
    "required": ["tool", "city", "days", "note", "list"],
    "$defs": {"City": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("no JSON", {"tool": "weather", "city": {"name": ""}, "days": 1, "note": None, "list": [""]}),
        ('{"tool": "weather"}', {"tool": "weather", "city": {"name": ""}, "days": 1, "note": None, "list": [""]}),
        (
            '{"tool": "none", "city": {"name": "Rome"}, "days": 2, "note": "x", "list": []}',
            {"tool": "none", "city": {"name": "Rome"}, "days": 2, "note": "x", "list": []},
        ),
    ],
)
async def test_a_request_with_a_schema_gets_an_answer_that_fits_it(answer: str, expected: object) -> None:
    model = await loaded(ScriptedSpec(answers=(answer,)))
    assert json.loads(await text(model, GenerateRequest(messages=(ASK,), json_schema=SCHEMA))) == expected


async def test_it_crashes_at_the_token_it_is_told_to() -> None:
    model = await loaded(ScriptedSpec(answers=("one two three",), crash_at=1))
    chunks = model.generate(GenerateRequest(messages=(ASK,)))
    assert await anext(chunks) == TextChunk("one ")
    with pytest.raises(ScriptedFaultError, match="token 1"):
        await anext(chunks)


async def test_it_hangs_at_the_token_it_is_told_to() -> None:
    model = await loaded(ScriptedSpec(answers=("one two",), hang_at=1))
    async with aclosing(model.generate(GenerateRequest(messages=(ASK,)))) as chunks:
        assert await anext(chunks) == TextChunk("one ")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(chunks), 0.01)


async def test_texts_that_share_words_are_near_to_each_other() -> None:
    model = await loaded(ScriptedSpec(answers=("x",)))
    cat, cats, stocks = await model.embed(["the black cat", "a black cat", "stock market news"])

    def near(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert near(cat, cat) == pytest.approx(1)
    assert near(cat, cats) > near(cat, stocks)


def test_a_script_without_an_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one answer"):
        ScriptedSpec(answers=()).open()


async def test_it_answers_only_between_load_and_unload() -> None:
    model = ScriptedSpec(answers=("x",), name="mute").open()
    with pytest.raises(ModelNotLoadedError, match="mute"):
        await text(model, GenerateRequest(messages=(ASK,)))
    await model.load()
    await model.unload()
    with pytest.raises(ModelNotLoadedError):
        await model.embed(["x"])
