"""Whatever is done to a tree between any two steps of its start, its work and its stop, the laws hold.

Each test does one thing to the tree of `harmed` before its first step, then anew before its second, and so on to the
last. What the laws are stands in that module.
"""

import logging
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from adversary import cancel, cancel_every_task, kill, kill_system, pause, stop, stop_system
from harmed import Act, World, play

STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one"]

ON_ACTORS = [
    pytest.param(act(name), id=f"{act.__name__} {name}")
    for name in ("top", "top/first", "top/slow", "top/slow/helper", "inner", "inner/deep", "inner/last")
    for act in (kill, stop)
]
ON_THE_REST = [
    pytest.param(pause("top"), id="pause top"),
    pytest.param(pause("top/slow"), id="pause top/slow"),
    *(pytest.param(act, id=act.__name__) for act in (cancel, cancel_every_task, kill_system, stop_system)),
]


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A few thousand crashes need no log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def at_every_step(strategy: str, act: Act) -> Iterator[tuple[int, World]]:
    """Play once for each step that there is to act before."""
    for step in count(1):
        world = play(World(strategy), (step, act))
        if world.loop.step < step:
            return
        yield step, world


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_undisturbed_the_laws_hold(strategy: str) -> None:
    world = play(World(strategy))
    assert (world.broken, world.raised) == ([], None)
    assert min(sum(life.name == name for life in world.lives) for name in ("top/slow", "inner/last")) == 2


@pytest.mark.parametrize("act", [*ON_ACTORS, *ON_THE_REST])
def test_whatever_is_done_before_any_step_the_laws_hold(act: Act) -> None:
    broken = {step: world.broken for step, world in at_every_step("one_for_one", act) if world.broken}
    assert broken == {}


@pytest.mark.parametrize("act", [kill("top/slow"), kill("inner"), stop("top/first")], ids=["slow", "inner", "first"])
@pytest.mark.parametrize("strategy", STRATEGIES[1:])
def test_children_that_share_their_fate_keep_the_laws_too(strategy: str, act: Act) -> None:
    broken = {step: world.broken for step, world in at_every_step(strategy, act) if world.broken}
    assert broken == {}


@pytest.mark.parametrize("second", [kill("top"), kill("inner"), stop("inner"), cancel], ids=["1", "2", "3", "4"])
def test_what_is_done_while_the_first_is_dealt_with_changes_no_law(second: Callable[[World], None]) -> None:
    broken = {
        (step, later): world.broken
        for step in range(1, 140, 6)
        for later in (1, 2, 3, 5, 8)
        if (world := play(World("rest_for_one"), (step, kill("top/slow")), (step + later, second))).broken
    }
    assert broken == {}
