"""What a model call may cost at most, in tokens: set aside before the call, so that nothing is spent that is not there.

A text has as many tokens as the model's tokenizer says where the agent knows it, and else one for each byte of UTF-8:
no tokenizer with a vocabulary of bytes, or with bytes to fall back on, makes more. The model's chat template adds a few
for each message and for the head of the answer. The answer itself has `max_tokens` at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from llmagentos._core.prompt import Line

TEMPLATE: Final = 16
"""Tokens that a chat template puts around one message, at most; those in use have four to ten."""

CountTokens = Callable[[str], int]
"""Counts the tokens of a text as a model does."""


def one_a_byte(text: str) -> int:
    """Return how many tokens *text* has at most, whatever the tokenizer."""
    return len(text.encode())


def tokens_of_call(lines: Iterable[Line], most: int, count: CountTokens = one_a_byte) -> int:
    """Return how many tokens a call takes at most: the prompt, the template around it, and an answer of *most*."""
    return sum(count(line.text) + TEMPLATE for line in lines) + TEMPLATE + most
