"""What a mailbox declares, and what a full one does."""

from typing import Any

import pytest

from llmactors import Mailbox
from llmactors._core.mailbox import Overflow, Verdict, on_full


@pytest.mark.parametrize(
    ("policy", "waiting_senders", "empty", "verdict"),
    [
        ("refuse", False, False, Verdict.REFUSE),
        ("refuse", True, False, Verdict.REFUSE),
        ("drop_newest", False, False, Verdict.DROP_NEW),
        ("drop_newest", True, False, Verdict.DROP_NEW),
        ("drop_oldest", False, False, Verdict.DROP_OLD),
        ("drop_oldest", True, False, Verdict.REFUSE),
        ("drop_oldest", False, True, Verdict.REFUSE),
    ],
)
def test_a_full_mailbox_does_what_it_declares_but_a_waiting_sender_comes_first(
    policy: Overflow, waiting_senders: bool, empty: bool, verdict: Verdict
) -> None:
    assert on_full(policy, waiting_senders=waiting_senders, empty=empty) is verdict


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, None, "10"])
def test_a_capacity_is_a_positive_int(capacity: Any) -> None:
    with pytest.raises(ValueError, match="a mailbox holds 1 message or more"):
        Mailbox(capacity=capacity)


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of refuse, drop_newest, drop_oldest"):
        Mailbox(overflow="grow")  # type: ignore[arg-type]
