"""How long a restart waits (X1)."""

import pytest
from families import Nursery, lines, terms

from supervisors._core._backoff import delay
from supervisors._core._events import TimerFired
from supervisors._core._family import Rules
from supervisors._values import Backoff, Intensity

PLAIN = Backoff(1.0, 10.0, factor=2.0, jitter=0.0)
MANY = Rules(intensity=Intensity(100, 5.0))


@pytest.mark.parametrize(
    ("failures", "luck", "backoff", "seconds"),
    [
        (1, 0.0, PLAIN, 1.0),
        (2, 0.0, PLAIN, 2.0),
        (4, 0.0, PLAIN, 8.0),
        (5, 0.0, PLAIN, 10.0),
        (100_000, 0.0, PLAIN, 10.0),
        (3, 1.0, PLAIN, 4.0),
        (3, 0.5, Backoff(1.0, 10.0, jitter=0.5), 3.0),
        (9, 1.0, Backoff(1.0, 10.0, jitter=1.0), 0.0),
        (9, 0.0, Backoff(0.0, 0.0), 0.0),
        (9, 0.0, Backoff(3.0, 10.0, factor=1.0), 3.0),
    ],
)
def test_the_delay_grows_up_to_its_maximum_and_jitter_only_shortens_it(
    failures: int, luck: float, backoff: Backoff, seconds: float
) -> None:
    assert delay(backoff, failures, luck) == pytest.approx(seconds)


def test_each_failure_in_a_row_waits_longer() -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN)}).open()
    family.drain()
    for seconds in (1, 2, 4):
        family.end("a")
        assert family.drain() == [f"timer a {seconds}"]
        family.wait(seconds)
        assert family.drain() == ["start a"]


def test_the_row_ends_once_the_child_has_been_up_for_the_window() -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN)}).open()
    family.end("a")
    family.end("a")
    family.wait(1.0)
    family.drain()
    family.wait(4.9)
    family.end("a")
    assert family.drain() == ["timer a 2"]
    family.wait(2.0)
    family.drain()
    family.wait(5.0)
    family.end("a")
    assert family.drain() == ["timer a 1"]


def test_the_luck_of_the_event_shortens_the_delay() -> None:
    family = Nursery(MANY, {"a": terms(backoff=Backoff(1.0, 10.0, jitter=0.5))}).open()
    family.drain()
    family.end("a", luck=1.0)
    assert family.drain() == ["timer a 0.5"]


def test_siblings_of_a_child_that_waits_are_restarted_meanwhile() -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN), "b": terms()}).open()
    family.end("a")
    family.drain()
    family.end("b")
    assert family.drain() == ["start b"]
    assert family.states == {"a": "backing off", "b": "up"}


def test_a_stop_calls_the_wait_off() -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN), "b": terms()}).open()
    family.end("a")
    family.drain()
    family.stop()
    assert family.drain() == lines("cancel a, stop b, finished")
    assert family.states == {"a": "down", "b": "down"}


def test_a_stop_calls_the_group_s_wait_off() -> None:
    rules = Rules(strategy=type(MANY.strategy).ONE_FOR_ALL)
    family = Nursery(rules, {"a": terms(backoff=PLAIN), "b": terms()}).open()
    family.end("a")
    family.drain()
    family.stop()
    assert family.drain() == lines("cancel group, finished")


def test_a43_terminating_a_child_that_waits_cancels_its_restart() -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN)}).open()
    family.end("a")
    family.drain()
    family.terminate("a")
    assert family.drain() == lines("cancel a, discard a, answer stop a")
    family.wait(5)
    assert family.drain() == []


def test_a41_a_failed_restart_is_tried_again_behind_what_waits_in_the_mailbox() -> None:
    family = Nursery(MANY, {"a": terms()}).open()
    family.drain()
    family.broken["a"] = False
    family.end("a")
    assert family.drain() == lines("start a, timer a 0")


@pytest.mark.parametrize("name", ["a", None])
def test_a_stale_timer_starts_nothing(name: str | None) -> None:
    family = Nursery(MANY, {"a": terms(backoff=PLAIN)}).open()
    family.end("a")
    family.drain()
    family.tell(TimerFired(name, 99))
    assert family.drain() == []
