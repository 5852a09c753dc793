"""The opening: one after another, all or none."""

import pytest
from families import CRASH, NORMAL, Nursery, lines, terms

from supervisors._core._effects import Fact
from supervisors._core._family import Phase, Rules, StartedNot
from supervisors._values import Intensity, Restart, Strategy

STRATEGIES = list(Strategy)


def three(strategy: Strategy = Strategy.ONE_FOR_ONE, slow: tuple[str, ...] = ()) -> Nursery:
    children = {"z": terms(), "m": terms(), "a": terms()}
    return Nursery(Rules(strategy=strategy, intensity=Intensity(3, 5.0)), children, set(slow))


def test_a2_children_start_in_the_order_of_the_specs_each_after_the_one_before_is_up() -> None:
    nursery = three(slow=("m",)).open()
    assert nursery.drain() == lines("start z, start m")
    nursery.finish("m")
    assert nursery.drain() == lines("start a, ready")


def test_what_happens_to_a_child_is_reported_once() -> None:
    nursery = Nursery(children={"a": terms(), "b": terms()}, broken={"b": True}).open()
    nursery.end("a", CRASH)
    nursery.end("a", NORMAL)
    nursery.broken["a"] = False
    nursery.terminate("a")
    nursery.restart("a")
    assert [(report.fact, report.name, report.expected) for report in nursery.reports] == [
        (Fact.STARTED, "a", True),
        (Fact.IGNORED, "b", True),
        (Fact.ENDED, "a", False),
        (Fact.RESTARTED, "a", True),
        (Fact.ENDED, "a", True),
        (Fact.RESTARTED, "a", True),
        (Fact.ENDED, "a", True),
        (Fact.START_FAILED, "a", False),
    ]


def test_a_family_without_children_is_ready_at_once() -> None:
    assert Nursery().open().drain() == ["ready"]


def test_a6_a_failed_start_stops_those_before_it_in_reverse_order_and_starts_no_more() -> None:
    nursery = three()
    nursery.broken["a"] = False
    nursery.open()
    assert nursery.drain() == lines("start z, start m, start a, stop m, stop z, finished")
    assert isinstance(nursery.family.verdict, StartedNot)
    assert nursery.family.verdict.name == "a"


def test_a_child_that_ends_abnormally_while_starting_is_a_failed_start() -> None:
    nursery = three(slow=("m",)).open()
    nursery.end("m", CRASH)
    assert nursery.drain() == lines("start z, start m, stop z, finished")


def test_a_child_that_need_not_run_is_passed_over() -> None:
    nursery = three()
    nursery.broken["m"] = True
    nursery.open()
    assert nursery.drain() == lines("start z, start m, discard m, start a, ready")
    assert nursery.states["m"] == "down"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a8_a_child_that_dies_before_the_family_is_open_is_restarted_right_after(strategy: Strategy) -> None:
    nursery = three(strategy, slow=("a",)).open()
    nursery.slow.clear()
    nursery.drain()
    nursery.end("m")
    assert nursery.drain() == []
    nursery.finish("a")
    restart = {"one_for_one": "start m", "one_for_all": "stop a, stop z, start z, start m, start a"}
    expected = restart.get(strategy, "stop a, start m, start a")
    assert nursery.drain() == ["ready", *lines(expected)]


def test_two_ends_before_the_family_is_open_are_one_group_restart() -> None:
    nursery = three(Strategy.ONE_FOR_ALL, slow=("a",)).open()
    nursery.slow.clear()
    nursery.end("z")
    nursery.end("m")
    nursery.drain()
    nursery.finish("a")
    assert nursery.drain() == lines("ready, stop a, start z, start m, start a")
    assert len(nursery.family.history) == 1


def test_the_ends_before_the_family_is_open_are_dealt_with_until_it_gives_up() -> None:
    nursery = Nursery(Rules(intensity=Intensity(0)), {name: terms() for name in "abc"}, slow={"c"}).open()
    nursery.end("a")
    nursery.end("b")
    nursery.drain()
    nursery.slow.clear()
    nursery.finish("c")
    assert nursery.drain() == lines("ready, give up a, stop c, finished")


def test_a_child_that_ends_cleanly_while_the_family_opens_is_dealt_with_after() -> None:
    nursery = Nursery(children={"a": terms(Restart.TRANSIENT), "b": terms()}, slow={"a"}).open()
    nursery.drain()
    nursery.end("a", NORMAL)
    assert nursery.drain() == lines("start b, ready, discard a")
    assert nursery.states == {"a": "done", "b": "up"}


def test_a_stop_during_the_opening_stops_what_has_started() -> None:
    nursery = three(slow=("m",)).open()
    nursery.drain()
    nursery.stop()
    assert nursery.drain() == ["stop m"]
    nursery.finish("m")
    assert nursery.drain() == lines("stop z, finished")
    assert nursery.family.phase is Phase.CLOSED
