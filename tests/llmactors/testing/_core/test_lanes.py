import pytest
from histories import History
from hypothesis import given
from hypothesis import strategies as st
from stories import answered_twice, long_day

from llmactors.testing._core.lanes import Arrow, Bar, sheet
from llmactors.testing._values import Healed, LifeEnded

NOTE = Arrow(0, 2, 1, 3, "message", "Player.note(1)")


def h() -> History:
    return History()


def test_lanes_stand_in_the_order_in_which_actors_appear_the_test_s_first() -> None:
    assert sheet(h().up("/b").sent(1, "/a", "/b").sent(2, "/c").events).lanes == ["test", "/b", "/a", "/c"]
    assert sheet(h().up("/b").events).lanes == ["/b"]


def test_a_life_is_a_bar_for_each_of_its_stages() -> None:
    bars = sheet(h().up().ended().events).bars
    assert [(bar.first, bar.last, bar.stage) for bar in bars] == [(0, 1, "starting"), (1, 2, "up"), (2, 3, "ending")]


def test_a_life_that_is_not_over_goes_on_to_the_end() -> None:
    assert sheet(h().up().sent(1).events).bars[-1] == Bar(1, 1, 2, "up", "/a, life 1: up, to the end")


@pytest.mark.parametrize(
    ("history", "arrows"),
    [
        (h().up().sent(1).taken(1), [NOTE]),
        (h().up().sent(1).dead(1), [Arrow(0, 2, 1, 3, "lost", "Player.note(1)")]),
        (h().up().sent(1), [Arrow(0, 2, 1, 2, "waiting", "Player.note(1): nobody took it")]),
        (
            h().up().sent(1, kind="ask").handled(1).resolved(1),
            [
                NOTE,
                Arrow(1, 4, 0, 5, "answer", "Player.note(1) is answered: 7"),
            ],
        ),
        (
            h().up().sent(1, kind="ask").handled(1).resolved(1, "timeout"),
            [NOTE],
        ),
        (
            h().up().sent(1).taken(1).passed_on(1).taken(1, "/b", 2),
            [NOTE, Arrow(1, 4, 2, 5, "message", "Player.note(1)")],
        ),
        (
            h().up().sent(1).taken(1).again(1).taken(1, delivery=2),
            [NOTE, Arrow(1, 4, 1, 5, "message", "Player.note(1)")],
        ),
        (h().up().taken(9), []),
    ],
)
def test_a_message_is_an_arrow_from_where_it_was_sent_to_where_it_was_taken(
    history: History, arrows: list[Arrow]
) -> None:
    assert sheet(history.events).arrows == arrows


@pytest.mark.parametrize(
    ("history", "last"),
    [
        (h().up().sent(1).taken(1).finished(1).ended(), 4),
        (h().up().sent(1).taken(1).failed(1).ended(), 4),
        (h().up().sent(1).taken(1).aside(1).ended(), 4),
        (h().up().sent(1).taken(1).ended(), 5),
        (h().up().sent(1).taken(1).sent(2), 4),
    ],
)
def test_what_is_in_hand_is_a_bar_until_the_hand_lets_go_or_the_life_ends(history: History, last: int) -> None:
    hands = [bar for bar in sheet(history.events).bars if bar.stage == "hand"]
    assert [(bar.first, bar.last) for bar in hands] == [(3, last)]


@pytest.mark.parametrize(
    ("history", "sign"),
    [
        (h().up().injected(), "fault"),
        (h().up().sent(1).taken(1).failed(1), "failure"),
        (h().up().sent(1, kind="ask").resolved(1, "timeout"), "failure"),
        (h().up().add(LifeEnded, path="/a", life=1, exit="Killed()", clean=False), "abnormal end"),
        (h().up().sent(1).again(1), "redelivery"),
        (h().up().add(Healed), "note"),
    ],
)
def test_what_went_wrong_is_marked(history: History, sign: str) -> None:
    (mark,) = sheet(history.events).marks
    assert (mark.row, mark.sign) == (len(history.events) - 1, sign)


def test_an_ordinary_day_has_no_marks() -> None:
    assert sheet(h().up().sent(1, kind="ask").handled(1).resolved(1).ended().events).marks == []


@given(st.integers(0, 60), st.integers(0, 400))
def test_everything_is_on_the_sheet_wherever_a_history_is_cut(messages: int, cut: int) -> None:
    for events in (long_day(messages).events[:cut], answered_twice().events[:cut]):
        drawn = sheet(events)
        lanes, rows = range(len(drawn.lanes)), range(len(events))
        assert len(drawn.rows) == len(events)
        assert all(bar.lane in lanes and bar.first in rows for bar in drawn.bars)
        assert all(bar.first <= bar.last <= len(events) for bar in drawn.bars)
        assert all(arrow.from_lane in lanes and arrow.to_lane in lanes for arrow in drawn.arrows)
        assert all(arrow.from_row <= arrow.to_row in rows for arrow in drawn.arrows)
        assert all(mark.lane in lanes and mark.row in rows for mark in drawn.marks)
