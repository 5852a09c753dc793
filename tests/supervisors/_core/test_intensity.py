"""When a family gives up."""

import pytest
from families import CRASH, NORMAL, Nursery, lines, terms

from supervisors._core._family import GaveUp, Rules
from supervisors._values import Backoff, Intensity, Restart, Strategy


def nursery(restarts: int, within: float = 5.0, names: str = "a", **more: object) -> Nursery:
    rules = Rules(intensity=Intensity(restarts, within), **more)  # type: ignore[arg-type]
    opened = Nursery(rules, {name: terms() for name in names}).open()
    opened.drain()
    return opened


@pytest.mark.parametrize("restarts", [0, 1, 2, 7])
def test_a44_a45_so_many_restarts_are_granted_and_the_next_one_is_not(restarts: int) -> None:
    family = nursery(restarts)
    for _ in range(restarts):
        family.end("a")
        assert family.drain() == ["start a"]
    family.end("a")
    assert family.drain() == lines("give up a, finished")


def test_a47_before_it_gives_up_the_others_are_stopped_in_reverse_order() -> None:
    family = nursery(0, names="abc")
    family.end("b")
    assert family.drain() == lines("give up b, stop c, stop a, finished")


def test_the_verdict_names_the_child_and_every_end_that_counted() -> None:
    family = nursery(1)
    family.end("a", NORMAL)
    family.end("a", CRASH)
    assert family.history == ["normal", "crash"]
    assert family.family.verdict == GaveUp("a", CRASH, ("normal", "crash"))


def test_a48_all_children_share_one_history() -> None:
    family = nursery(3, names="abcd")
    for name in "abc":
        family.end(name)
    family.drain()
    family.end("d")
    assert family.drain()[0] == "give up d"


def test_a49_a_group_restart_counts_once() -> None:
    family = nursery(1, names="abcd", strategy=Strategy.ONE_FOR_ALL)
    family.end("a")
    assert len(family.family.history) == 1


def test_a50_every_failed_start_during_a_restart_counts() -> None:
    family = nursery(4)
    family.broken["a"] = False
    family.end("a")
    attempts = 0
    while family.timers:
        family.wait(0)
    attempts = family.drain().count("start a")
    assert attempts == 4
    assert family.history == ["crash", *["broken"] * 4]


@pytest.mark.parametrize(("restart", "way"), [(Restart.TEMPORARY, CRASH), (Restart.TRANSIENT, NORMAL)])
def test_a51_an_end_without_a_restart_does_not_count(restart: Restart, way: object) -> None:
    family = Nursery(Rules(intensity=Intensity(0)), {"a": terms(restart), "b": terms()}).open()
    family.drain()
    family.end("a", way)  # type: ignore[arg-type]
    assert family.drain() == ["discard a"]


def test_a51_a_clean_end_of_a_permanent_child_counts() -> None:
    family = nursery(0)
    family.end("a", NORMAL)
    assert family.drain()[0] == "give up a"


def test_a52_administration_never_counts() -> None:
    family = nursery(0, names="ab")
    for _ in range(3):
        family.terminate("a")
        family.restart("a")
        family.add("c")
        family.terminate("c")
        family.delete("c")
    assert family.states == {"a": "up", "b": "up"}
    assert family.family.history == []


def test_a_failed_start_that_somebody_asked_for_is_answered_and_neither_counted_nor_tried_again() -> None:
    family = nursery(0)
    family.broken["b"] = False
    family.add("b")
    assert family.drain() == lines("start b, answer start b: BrokenError, discard b")
    assert family.states == {"a": "up"}
    family.broken["a"] = False
    family.terminate("a")
    family.restart("a")
    assert family.drain()[-3:] == lines("start a, answer start a: BrokenError, discard a")
    assert family.states == {"a": "down"}


def test_a53_the_window_slides() -> None:
    family = nursery(1, within=1.0)
    for _ in range(4):
        family.wait(2.1)
        family.end("a")
    assert family.states == {"a": "up"}


@pytest.mark.parametrize(("up", "survives"), [(0.999, False), (1.0, True)])
def test_x5_the_window_is_strict_and_knows_fractions_of_a_second(up: float, survives: bool) -> None:
    family = nursery(1, within=1.0)
    family.end("a")
    family.wait(up)
    family.end("a")
    assert (family.states == {"a": "up"}) is survives


def test_a_backoff_never_defeats_the_intensity() -> None:
    backoff = Backoff(10.0, 10.0, jitter=0)
    family = Nursery(Rules(intensity=Intensity(2, 1.0)), {"a": terms(backoff=backoff)}).open()
    for _ in range(2):
        family.end("a")
        family.wait(10.4)
    family.drain()
    family.end("a")
    assert family.drain()[0] == "give up a", "in 20.8 s it was up for 0.8 s"


def test_a_slow_start_never_defeats_the_intensity() -> None:
    family = nursery(1, within=1.0)
    family.slow.add("a")
    family.end("a")
    family.wait(30)
    family.finish("a")
    family.end("a")
    assert family.drain()[-2:] == lines("give up a, finished")


def test_restarts_of_a_child_that_is_gone_are_forgotten_by_the_clock() -> None:
    rules = Rules(intensity=Intensity(1, 1.0), parallel=True)
    family = Nursery(rules).open()
    family.add("a", terms(Restart.TRANSIENT, kept=False))
    family.wait(10.0)
    family.end("a")
    family.end("a", NORMAL)
    family.add("a")
    family.add("b")
    family.wait(1.0)
    family.end("b")
    assert family.states == {"a": "up", "b": "up"}


def test_restarts_of_a_child_that_is_at_rest_are_forgotten_by_the_clock() -> None:
    family = Nursery(Rules(intensity=Intensity(1, 1.0)), {"a": terms(Restart.TRANSIENT), "b": terms()}).open()
    family.end("a")
    family.end("a", NORMAL)
    family.wait(1.0)
    family.end("b")
    assert family.states == {"a": "done", "b": "up"}


@pytest.mark.parametrize("granted", [0, 1, 4])
def test_x6_restarts_of_a_child_with_an_intensity_of_its_own_are_counted_apart(granted: int) -> None:
    children = {"a": terms(intensity=Intensity(granted, 5.0)), "b": terms()}
    family = Nursery(Rules(intensity=Intensity(2, 5.0)), children).open()
    for _ in range(granted):
        family.end("a")
    family.end("b")
    family.end("b")
    assert family.drain()[3:] == ["start a"] * granted + ["start b"] * 2
    family.end("a", NORMAL)
    assert family.drain() == lines("give up a, stop b, finished")
    assert family.history == ["crash"] * granted + ["normal"]


def test_x6_what_the_others_use_up_is_not_taken_from_it_nor_its_own_from_them() -> None:
    children = {"a": terms(intensity=Intensity(9, 5.0)), "b": terms()}
    family = Nursery(Rules(intensity=Intensity(0, 5.0)), children).open()
    for _ in range(9):
        family.end("a")
    assert not family.family.history
    family.drain()
    family.end("b")
    assert family.drain() == lines("give up b, stop a, finished")
    assert family.history == ["crash"]


def test_x6_its_restarts_are_forgotten_by_its_own_window() -> None:
    family = Nursery(Rules(intensity=Intensity(0, 1.0)), {"a": terms(intensity=Intensity(1, 10.0))}).open()
    family.end("a")
    family.wait(10.0)
    family.end("a")
    family.wait(9.9)
    family.drain()
    family.end("a")
    assert family.drain()[0] == "give up a"


def test_x6_in_a_group_it_is_the_failed_child_whose_budget_counts() -> None:
    children = {"a": terms(intensity=Intensity(1, 5.0)), "b": terms()}
    family = Nursery(Rules(strategy=Strategy.ONE_FOR_ALL, intensity=Intensity(2, 5.0)), children).open()
    family.end("a")
    family.end("b")
    assert [len(family.family.history), len(family.slot("a").history or ())] == [1, 1]


def test_x6_a_name_that_is_given_anew_begins_with_a_new_count() -> None:
    own = terms(Restart.TRANSIENT, intensity=Intensity(1, 5.0))
    family = Nursery(Rules(), {"a": own}).open()
    family.end("a")
    family.end("a", NORMAL)
    family.delete("a")
    family.add("a", own)
    family.end("a")
    assert family.drain()[-1] == "start a"


def test_x6_the_row_of_failures_for_the_back_off_ends_with_its_own_window() -> None:
    own = terms(intensity=Intensity(9, 60.0), backoff=Backoff(1.0, factor=2.0, jitter=0.0))
    family = Nursery(Rules(intensity=Intensity(3, 5.0)), {"a": own}).open()
    family.drain()
    family.end("a")
    family.wait(31.0)
    family.end("a")
    family.wait(62.0)
    family.end("a")
    assert [line for line in family.drain() if line.startswith("timer")] == ["timer a 1", "timer a 2", "timer a 1"]
