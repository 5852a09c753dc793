"""How often a message that ended its handler is tried again."""

import pytest

from llmactors._core.redelivery import redelivered


@pytest.mark.parametrize(
    ("deliveries", "limit", "again"),
    [(1, 0, False), (1, 1, True), (2, 1, False), (1, 3, True), (3, 3, True), (4, 3, False)],
)
def test_a_message_comes_back_at_most_limit_times_after_the_first(deliveries: int, limit: int, again: bool) -> None:
    assert redelivered(deliveries, limit) is again
