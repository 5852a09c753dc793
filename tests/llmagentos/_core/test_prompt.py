"""A prompt fits, keeps what matters, and tells of tools in words."""

from hypothesis import given
from hypothesis import strategies as st

from llmagentos._core.loop import Conversation
from llmagentos._core.prompt import Line, ToolCard, answer_prompt, choice_prompt, choice_schema, tokens_at_most
from llmagentos._messages import Answer, Call, Outcome, Question, Result, Turn

WEATHER = ToolCard("weather", "The weather in a city.", {"type": "object", "properties": {"city": {"type": "string"}}})


def _talk(*texts: str) -> Conversation:
    turns: list[Turn] = [Question(text) if i % 2 == 0 else Answer(text) for i, text in enumerate(texts)]
    return Conversation(tuple(turns))


def test_a_conversation_that_fits_is_told_whole() -> None:
    lines = answer_prompt(_talk("a", "b", "c"), "Be brief.", 1_000)
    assert lines == (Line("system", "Be brief."), Line("user", "a"), Line("assistant", "b"), Line("user", "c"))


def test_the_oldest_exchanges_go_first_and_whole() -> None:
    lines = answer_prompt(_talk("a" * 300, "b", "c", "d", "e"), "Be brief.", 100)
    assert [line.text for line in lines] == ["Be brief.", "c", "d", "e"]


def test_a_question_that_was_never_answered_is_left_out() -> None:
    conversation = Conversation((Question("a"), Question("b"), Answer("c"), Question("d")))
    assert [line.text for line in answer_prompt(conversation, "x", 1_000)] == ["x", "b", "c", "d"]


def test_a_question_too_long_for_the_context_is_cut_in_the_middle() -> None:
    question = "begin " + "x" * 9_000 + " end"
    lines = answer_prompt(_talk(question), "Be brief.", 200)
    assert lines[-1].text.startswith("begin")
    assert lines[-1].text.endswith(" end")
    assert "[…]" in lines[-1].text


def test_what_cannot_be_cut_further_is_left_as_it_is() -> None:
    lines = answer_prompt(_talk("hello"), "Be brief.", 1)
    assert [line.role for line in lines] == ["system", "user"]


def test_what_tools_said_stands_before_the_question() -> None:
    turns = (Question("How is Paris?"), Call(1, "weather", '{"city": "Paris"}'), Result(1, Outcome.RETURNED, "sunny"))
    last = answer_prompt(Conversation(turns), "x", 1_000)[-1]
    assert last == Line("user", 'The tool weather({"city": "Paris"}) answered: sunny\n\nHow is Paris?')


def test_a_tool_that_failed_is_told_as_failed() -> None:
    turns = (Question("How is Paris?"), Call(1, "weather", "{}"), Result(1, Outcome.TIMED_OUT, "after 5 s"))
    assert "gave no answer (timed out): after 5 s" in answer_prompt(Conversation(turns), "x", 1_000)[-1].text


def test_a_choice_is_made_for_the_last_question_alone() -> None:
    lines = choice_prompt(_talk("a", "b", "c"), [WEATHER], 1_000)
    assert [line.role for line in lines] == ["system", "user"]
    assert "weather: The weather in a city." in lines[0].text


def test_a_choice_is_one_tool_with_its_own_arguments_or_none() -> None:
    schema = choice_schema([WEATHER])
    assert schema["anyOf"] == [
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"tool": {"const": "weather"}, "arguments": WEATHER.parameters},
            "required": ["tool", "arguments"],
        },
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"tool": {"const": "none"}},
            "required": ["tool"],
        },
    ]


@given(st.lists(st.text(max_size=400), min_size=1, max_size=9), st.integers(100, 600))
def test_a_prompt_always_fits_keeps_the_instructions_and_ends_with_the_question(texts: list[str], size: int) -> None:
    lines = answer_prompt(_talk(*texts), "Be brief.", size)
    assert sum(tokens_at_most(line.text) for line in lines) <= size
    assert lines[0] == Line("system", "Be brief.")
    if len(texts) % 2:
        assert lines[-1].role == "user"
        assert lines[-1].text[:4] == texts[-1].strip()[:4]
    roles = [line.role for line in lines[1:]]
    assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
