"""What a model call may cost at most is known before it is made."""

from hypothesis import given
from hypothesis import strategies as st

from llmagentos._core.prompt import Line
from llmagentos._core.reserving import TEMPLATE, one_a_byte, tokens_of_call


@given(st.lists(st.text()), st.integers(0, 4096))
def test_a_call_costs_its_bytes_the_template_and_the_longest_answer(texts: list[str], most: int) -> None:
    lines = [Line("user", text) for text in texts]
    expected = sum(len(text.encode()) for text in texts) + TEMPLATE * (len(texts) + 1) + most
    assert tokens_of_call(lines, most) == expected


def test_a_tokenizer_s_own_count_is_believed() -> None:
    lines = [Line("user", "one two three")]
    assert tokens_of_call(lines, 10, lambda text: len(text.split())) == 3 + 2 * TEMPLATE + 10


@given(st.text())
def test_a_text_has_no_more_tokens_than_bytes(text: str) -> None:
    assert one_a_byte(text) >= len(text)
