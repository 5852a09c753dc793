import pytest
from histories import History, judged

from llmactors.testing._core.laws import Law
from llmactors.testing._core.laws.lives import (
    EveryLifeEndsOnce,
    NoOrphans,
    NothingIsHandledOutsideALife,
    OneAtATime,
    OneOwnerPerName,
)
from llmactors.testing._values import LifeEnded, LifeUp


def h() -> History:
    return History()


def over(history: History, life: int = 1, path: str = "/a") -> History:
    return history.add(LifeEnded, path=path, life=life, exit="Normal()", clean=True)


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h().up().ended(), []),
        (h().began().ended(), []),
        (over(h().up()), []),
        (h().up().ended().up(life=2).ended(life=2), []),
        (h().up(), ["life 1 of /a was up, and was never over"]),
        (h().up().ending(), ["life 1 of /a began to end, and was never over"]),
        (over(h().up().ended()), ["life 1 of /a was over, and before that it was over"]),
        (
            h().up().ended().ended(),
            [
                "life 1 of /a began to end, and before that it was over",
            ],
        ),
        (over(h().up().ending().ending()), ["life 1 of /a began to end, and before that it began to end"]),
        (
            h().up().add(LifeUp, path="/a", life=1).ended(),
            ["life 1 of /a was up, and before that it was up"],
        ),
        (h().up().ended().began().ended(), ["life 1 of /a began, and before that it was over"]),
        (h().ended(life=3), ["life 3 of nobody began to end, and before that it was none"]),
    ],
)
def test_a_life_goes_through_each_stage_once_and_is_over_in_the_end(history: History, broken: list[str]) -> None:
    assert judged([EveryLifeEndsOnce()], history.events) == broken


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h().up().sent(1).handled(1).ended(), []),
        (h().up().sent(1).taken(1).ending().failed(1).discarded(), []),
        (h().up().taken(1).ending().finished(1), []),
        (h().up().handled(1).ended().up(life=2).handled(2, life=2), []),
        (h().began().taken(1), ["/a took message 1 when its life 1 was not up yet"]),
        (h().up().ending().taken(1), ["/a took message 1 when its life 1 was ending"]),
        (h().up().ended().taken(1), ["/a took message 1 when its life 1 was over"]),
        (h().up().ended().up(life=2).taken(1), ["/a took message 1 when its life 1 was over"]),
        (h().up().taken(1).ended().finished(1), ["/a finished message 1 when its life 1 was over"]),
        (h().up().taken(1).ended().failed(1), []),
    ],
)
def test_a_handler_begins_and_ends_within_its_life(history: History, broken: list[str]) -> None:
    assert judged([NothingIsHandledOutsideALife()], history.events) == broken


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h().up().handled(1).handled(2), []),
        (h().up().taken(1).failed(1).taken(2), []),
        (h().up().taken(1).aside(1).taken(2), []),
        (h().up().taken(1).passed_on(1).taken(2), []),
        (h().up(concurrency=2).taken(1).taken(2).finished(1).taken(3), []),
        (h().up(concurrency=0).taken(1).taken(2).taken(3), []),
        (h().up().up("/b", 2).taken(1).taken(2, "/b", 2), []),
        (h().up().taken(1).taken(2), ["/a had messages 1, 2 in hand at once; its concurrency is 1"]),
        (
            h().up(concurrency=2).taken(1).taken(2).taken(3),
            ["/a had messages 1, 2, 3 in hand at once; its concurrency is 2"],
        ),
    ],
)
def test_a_life_has_no_more_in_hand_than_its_class_declares(history: History, broken: list[str]) -> None:
    assert judged([OneAtATime()], history.events) == broken


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (h().up().ended().up(life=2).ended(life=2).discarded(), []),
        (h().up("/a", 1).up("/b", 2), []),
        (h().up().ended().discarded().up(life=2), []),
        (h().up().up(life=2), ["life 2 began at /a while life 1 was there"]),
        (h().up().ending().up(life=2), ["life 2 began at /a while life 1 was there"]),
        (h().up().discarded(), ["the slot /a was given up while life 1 was in it"]),
        (h().up().ended().up(life=2).discarded(), ["the slot /a was given up while life 2 was in it"]),
    ],
)
def test_a_path_has_one_life_at_a_time_and_is_given_up_after_it(history: History, broken: list[str]) -> None:
    assert judged([OneOwnerPerName()], history.events) == broken


def family() -> History:
    return h().up("/top", 1).up("/top/a", 2, "/top", owner_life=1).up("/top/a/x", 3, "/top/a", owner_life=2)


@pytest.mark.parametrize(
    ("history", "broken"),
    [
        (family().ended("/top/a/x", 3).ended("/top/a", 2).ended("/top", 1), []),
        (family().ended("/top/a/x", 3).ended("/top/a", 2).up("/top/a", 4, "/top", owner_life=1), []),
        (
            family().ended("/top/a", 2),
            ["/top/a/x outlives its owner /top/a, which has ended: Shutdown()"],
        ),
        (
            family().ended("/top/a/x", 3).ended("/top", 1, asked=False),
            ["/top/a outlives its owner /top, which has ended: Crash(ValueError())"],
        ),
        (
            family().ended("/top/a/x", 3).ended("/top/a", 2).ended("/top", 1).began("/top/b", 4, "/top", owner_life=1),
            ["/top/b began when its owner /top was over"],
        ),
        (h().up("/a", 1, "/somebody else's", owner_life=99).ended("/a", 1), []),
    ],
)
def test_whoever_hung_on_a_life_is_over_with_it(history: History, broken: list[str]) -> None:
    assert judged([NoOrphans()], history.events) == broken


@pytest.mark.parametrize(
    "law", [EveryLifeEndsOnce, NothingIsHandledOutsideALife, OneAtATime, OneOwnerPerName, NoOrphans]
)
def test_a_quiet_history_breaks_nothing(law: type[Law]) -> None:
    assert judged([law()], family().ended("/top/a/x", 3).ended("/top/a", 2).ended("/top", 1).events) == []
