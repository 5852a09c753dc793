import pytest
from histories import History, judged

from llmactors.testing._core.laws.promises import EveryAskResolvesOnce, EveryMonitorFiresOnce


def h() -> History:
    return History()


def asked(letter: int = 1) -> History:
    return h().sent(letter, kind="ask")


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h(), []),
        (asked().resolved(1), []),
        (asked().resolved(1, "timeout"), []),
        (asked(1).sent(2, kind="ask").resolved(2).resolved(1), []),
        (h().sent(1), []),
        (h().sent(1, kind="stream"), []),
        (h().resolved(7), []),
        (h().up("/b").sent(1, by="/b", kind="ask").ended("/b"), []),
        (h().up("/b").sent(1, by="/b", kind="ask").ended("/b").resolved(1, "left"), []),
        (
            h().up("/b").sent(1, by="/c", kind="ask").ended("/b"),
            ["Player.note(1), asked of /a by /c at 0.2 s, never had an outcome"],
        ),
        (
            asked().resolved(1).resolved(1, "timeout"),
            ["Player.note(1), asked of /a, was answered, and then timeout"],
        ),
        (
            asked().resolved(1, "ended").resolved(1),
            ["Player.note(1), asked of /a, was ended, and then answered"],
        ),
        (asked(), ["Player.note(1), asked of /a by outside at 0 s, never had an outcome"]),
        (
            asked(1).resolved(1).sent(2, kind="ask"),
            ["Player.note(2), asked of /a by outside at 0.2 s, never had an outcome"],
        ),
    ],
)
def test_an_ask_has_one_outcome_and_has_it_in_the_end(history: History, broken: list[str]) -> None:
    assert judged([EveryAskResolvesOnce()], history.events) == broken


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h().up().watched().ended().fired(), []),
        (h().up().watched().ending().fired(), []),
        (h().up().watched().taken_back().ended(), []),
        (h().up().ended().watched().fired(), []),
        (h().up().watched(life=None).ended().up(life=2).discarded().fired(), []),
        (h().up().watched(1).watched(2).ended().fired(2).fired(1), []),
        (h().fired(9), []),
        (h().up().watched().fired().ended(), ["the monitor of /a, set by /w, told of its end while it lived"]),
        (
            h().up().watched().ended().up(life=2).watched(2, life=2).fired(2).fired(1).ended(life=2),
            ["the monitor of /a, set by /w, told of its end while it lived"],
        ),
        (
            h().up().watched().ended().fired().fired(),
            ["the monitor of /a, set by /w, told of its end after it had told"],
        ),
        (
            h().up().watched().taken_back().ended().fired(),
            ["the monitor of /a, set by /w, told of its end after it was taken back"],
        ),
        (h().up().watched().ended(), ["the monitor of /a, set by /w at 0.2 s, never told of its end"]),
    ],
)
def test_a_monitor_tells_of_one_end_once_and_not_before_it(history: History, broken: list[str]) -> None:
    assert judged([EveryMonitorFiresOnce()], history.events) == broken
