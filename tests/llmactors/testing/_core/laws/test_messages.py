from collections.abc import Iterable

import pytest
from histories import History, Kind, judged
from hypothesis import given
from hypothesis import strategies as st

from llmactors.testing._core.laws.messages import NoMessageIsLost, OrderIsKept


def h() -> History:
    return History().up(redeliver=2)


def told(*letters: int) -> History:
    history = h()
    for letter in letters:
        history.sent(letter)
    return history


ONE = "Player.note(1), sent to /a,"


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (told(1).handled(1).ended().discarded(), []),
        (told(1).taken(1).failed(1).ended(asked=False).discarded(), []),
        (told(1).taken(1).ended(asked=False).discarded(), []),
        (told(1).dead(1, "full"), []),
        (told(1).ended().discarded().dead(1), []),
        (told(1), []),
        (told(1).handled(1).dead(1, "unheard"), []),
        (told(1).taken(1).dead(1, "unhandled").finished(1), []),
        (told(1).taken(1).aside(1).taken(1).finished(1), []),
        (told(1).taken(1).aside(1).dead(1), []),
        (
            told(1)
            .taken(1)
            .failed(1)
            .ended(asked=False)
            .again(1)
            .up(life=2)
            .taken(1, life=2, delivery=2)
            .finished(1, life=2),
            [],
        ),
        (told(1).taken(1).ended(asked=False).again(1).dead(1), []),
        (told(1).taken(1).failed(1).ended(asked=False).dead(1, "poison").discarded(), []),
        (
            told(1)
            .taken(1)
            .finished(1)
            .ended(asked=False)
            .again(1)
            .up(life=2)
            .taken(1, life=2, delivery=2)
            .finished(1, life=2),
            [],
        ),
        (told(1).handled(1).injected("duplicate").again(1).taken(1, delivery=2).finished(1), []),
        (h().sent(1, kind="ask").resolved(1, "timeout").ended().discarded(), []),
        (told(1).handled(1).passed_on(1).taken(1, "/b", 2).finished(1, "/b", 2), []),
        (told(1).taken(1).passed_on(1).ended().discarded(), []),
        (
            told(1).taken(1).passed_on(1).discarded("/b"),
            [f"{ONE} is neither handled nor a dead letter, and its mailbox is no more"],
        ),
        (
            told(1).taken(1).dead(1, "expired").passed_on(1),
            [f"{ONE} was passed on to /b when it was a dead letter (expired)"],
        ),
        (
            told(1).ended().discarded(),
            [f"{ONE} is neither handled nor a dead letter, and its mailbox is no more"],
        ),
        (
            h().sent(1, kind="ask").resolved(1).ended().discarded(),
            [f"{ONE} is neither handled nor a dead letter, and its mailbox is no more"],
        ),
        (told(1).taken(1), [f"{ONE} is still in hand"]),
        (told(1).handled(1).handled(1), [f"{ONE} was taken by /a when it was handled already"]),
        (
            told(1).taken(1).taken(1).finished(1),
            [f"{ONE} was taken by /a when it was in hand already"],
        ),
        (
            told(1).taken(1).failed(1).taken(1).finished(1),
            [f"{ONE} was taken by /a when it was in a handler that failed already"],
        ),
        (told(1).dead(1).handled(1), [f"{ONE} was taken by /a when it was a dead letter (discarded)"]),
        (told(1).dead(1, "full").dead(1), [f"{ONE} was a dead letter twice: full, and discarded"]),
        (told(1).handled(1).dead(1), [f"{ONE} was a dead letter (discarded) when it was handled"]),
        (
            told(1).taken(1, delivery=2).finished(1),
            [f"{ONE} was taken by /a as delivery 2; delivery 1 was due"],
        ),
        (
            told(1).taken(1).aside(1).taken(1, delivery=2).finished(1),
            [f"{ONE} was taken by /a as delivery 2; delivery 1 was due"],
        ),
        (
            told(1).handled(1).again(1).taken(1, delivery=2).finished(1),
            [f"{ONE} was given back to /a when it was handled, and no life had ended with it in hand"],
        ),
        (
            told(1).again(1, 1).handled(1),
            [f"{ONE} was given back to /a when it was queued, and no life had ended with it in hand"],
        ),
        (
            told(1).dead(1, "full").again(1),
            [f"{ONE} was given back to /a when it was a dead letter (full), and no life had ended with it in hand"],
        ),
        (
            told(1).taken(1).ended(asked=False).again(1, 4),
            [f"{ONE} is to be delivered for the 4. time; its actor declares redeliver=2"],
        ),
    ],
)
def test_a_message_has_one_fate(history: History, broken: list[str]) -> None:
    assert judged([NoMessageIsLost()], history.events) == broken


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (told(1, 2).handled(1).handled(2), []),
        (told(1, 2).handled(2), []),
        (h().sent(1, by="/b").sent(2, by="/c").handled(2).handled(1), []),
        (h().sent(1, "/a").sent(2, "/b").handled(2, "/b").handled(1), []),
        (History().up(ranked=True).sent(1).sent(2).handled(2).handled(1), []),
        (told(1, 2).taken(1).ended().again(1).handled(2, life=2).taken(1, life=2, delivery=2).finished(1, life=2), []),
        (told(1, 2).taken(1).aside(1).handled(2).handled(1), []),
        (told(1, 2).taken(1).passed_on(1).taken(2).passed_on(2).handled(2, "/b", 2).handled(1, "/b", 2), []),
        (h().sent(1, by="/b").sent(2, by="/b", kind="ask").handled(1).handled(2), []),
        (h().handled(7), []),
        (h().sent(1, by="/b").sent(2, by="/b", kind="notice").taken(2).taken(1), []),
        (
            told(1, 2).handled(2).handled(1),
            ["/a took Player.note(2) before Player.note(1), which outside had sent first"],
        ),
        (
            h().sent(1, by="/b").sent(2, by="/b", kind="ask").handled(2).handled(1),
            ["/a took Player.note(2) before Player.note(1), which /b had sent first"],
        ),
        (
            told(1, 2).ended().up(life=2).handled(2, life=2).handled(1, life=2),
            ["/a took Player.note(2) before Player.note(1), which outside had sent first"],
        ),
    ],
)
def test_messages_of_one_sender_are_taken_in_order(history: History, broken: list[str]) -> None:
    assert judged([OrderIsKept()], history.events) == broken


@given(st.permutations(range(6)), st.lists(st.sampled_from("bcd"), min_size=6, max_size=6))
def test_exactly_those_orders_are_wrong_that_swap_two_of_one_sender(order: list[int], by: list[str]) -> None:
    history = h()
    for letter in range(6):
        history.sent(letter, by=by[letter])
    for letter in order:
        history.handled(letter)
    kept = all(_in_order(letter for letter in order if by[letter] == sender) for sender in "bcd")
    assert (not judged([OrderIsKept()], history.events)) == kept


def _in_order(letters: Iterable[int]) -> bool:
    letters = list(letters)
    return letters == sorted(letters)


@pytest.mark.parametrize("kind", ["tell", "send", "ask", "stream", "notice"])
def test_a_message_of_any_kind_may_not_vanish(kind: Kind) -> None:
    history = h().sent(1, kind=kind).ended().discarded()
    assert judged([NoMessageIsLost()], history.events)
