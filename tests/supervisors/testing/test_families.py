"""What supervisors promise about their children, judged by histories written by hand."""

import pytest
from histories import History
from virtual import VirtualSystem, run

from llmactors import Actor
from llmactors.testing import LifeEnding
from supervisors import DynamicSupervisor, Intensity, Supervisor, child
from supervisors.testing._families import (
    ChildrenKeepTheirOrder,
    FamilyLaw,
    RestartsWithinIntensity,
    StopOrderIsReversed,
)
from supervisors.testing._looking import Terms, overseers, terms_of

A, B, C = "/top/a", "/top/b", "/top/c"
CHILDREN = {A: None, B: None, C: None}
STATIC = Terms(children=CHILDREN, permanent=frozenset(CHILDREN))
TRANSIENT = Terms(children=CHILDREN)
GROUPED = Terms(children=CHILDREN, permanent=frozenset(CHILDREN), grouped=True)
GROUPED_TRANSIENT = Terms(children=CHILDREN, grouped=True)
PARALLEL = Terms(children=CHILDREN, ordered=False)


class Family(History):
    """A history of /top, which is life 1, and of its children."""

    def start(self, path: str, life: int, **facts: float) -> "Family":
        self.up(path, life, "/top", owner_life=1, **facts)
        return self

    def begin(self, path: str, life: int) -> "Family":
        self.began(path, life, "/top", owner_life=1)
        return self


def family() -> Family:
    """/top has started its three children, and is up."""
    history = Family()
    history.began("/top", 1)
    history.start(A, 2).start(B, 3).start(C, 4)
    history.add_up("/top", 1)
    return history


def broken(law: FamilyLaw, history: History, terms: Terms | None) -> list[str]:
    for event in history.events:
        law.saw(event)
        if event.number == 0:
            law.declared("/top", terms)
    return list(law.over())


@pytest.mark.parametrize(
    ("history", "terms", "what"),
    [
        (family().ending("/top", 1).ended(C, 4).ended(B, 3).ended(A, 2), STATIC, []),
        (family().ended(B, 3, asked=False).ending("/top", 1).ended(C, 4).ended(A, 2), STATIC, []),
        (
            family().ended(A, 2, asked=False).start(A, 5).ending("/top", 1).ended(C, 4).ended(B, 3).ended(A, 5),
            STATIC,
            [],
        ),
        (family().ended(A, 2), STATIC, []),
        (family().ending("/top", 1).ended(A, 2).ended(B, 3).ended(C, 4), PARALLEL, []),
        (family().ending("/top", 1).ended(A, 2).ended(B, 3).ended(C, 4), None, []),
        (family().ending("/top", 1).ended(A, 2, asked=False).ended(C, 4).ended(B, 3), STATIC, []),
        (family().ending("/top", 1).ended(A, 2, by="outside").ended(C, 4).ended(B, 3), STATIC, []),
        (family().ending("/top", 1).ended(A, 2).ended(C, 4).ended(B, 3), Terms(children={B: None, C: None}), []),
        (
            family().ended(A, 2).discarded(A).start(A, 5).ending("/top", 1).ended(A, 5).ended(C, 4).ended(B, 3),
            STATIC,
            [],
        ),
        (
            family().ending("/top", 1).ended(B, 3).ended(C, 4).ended(A, 2),
            STATIC,
            ["/top/b is stopped before /top/c, which was started after it"],
        ),
        (
            family().ending("/top", 1).ending(C, 4).ended(B, 3, by="/top"),
            STATIC,
            ["/top/b is stopped before /top/c, which was started after it"],
        ),
        (
            family().ended(C, 4, asked=False).start(C, 5).ending("/top", 1).ended(A, 2),
            STATIC,
            [
                "/top/a is stopped before /top/b, which was started after it",
                "/top/a is stopped before /top/c, which was started after it",
            ],
        ),
    ],
)
def test_an_orderly_stop_ends_children_in_reverse_order(history: History, terms: Terms | None, what: list[str]) -> None:
    assert broken(StopOrderIsReversed(), history, terms) == what


def test_a_supervisor_that_is_killed_takes_its_children_in_any_order_with_it() -> None:
    history = family()
    history.add(LifeEnding, path="/top", life=1, exit="killed", clean=False, asked=False, by="outside")
    history.ended(A, 2, by="/top").ended(C, 4).ended(B, 3)
    assert broken(StopOrderIsReversed(), history, STATIC) == []


def group_restart(history: Family) -> Family:
    history.ended(B, 3, asked=False).ended(C, 4)
    return history


@pytest.mark.parametrize(
    ("history", "terms", "what"),
    [
        (family(), STATIC, []),
        (group_restart(family()).start(B, 5).start(C, 6), GROUPED, []),
        (group_restart(family()).start(B, 5).start(C, 6), GROUPED_TRANSIENT, []),
        (family().ended(B, 3, asked=False).start(B, 5), STATIC, []),
        (family().ended(B, 3).start(B, 5), GROUPED_TRANSIENT, []),
        (family().ended(B, 3).discarded(B).start(B, 5), GROUPED, []),
        (family().ended(A, 2, asked=False).begin(A, 5).ended(B, 3, asked=False).begin(B, 6), STATIC, []),
        (
            family().ended(B, 3, asked=False).start(B, 5),
            GROUPED,
            ["/top/b starts again before /top/c is gone, which was started after it"],
        ),
        (
            family().ended(B, 3).start(B, 5),
            GROUPED,
            ["/top/b starts again before /top/c is gone, which was started after it"],
        ),
        (
            group_restart(family()).begin(B, 5).begin(C, 6),
            GROUPED,
            ["/top/c starts while /top/b starts"],
        ),
        (
            group_restart(family()).start(C, 5).start(B, 6),
            GROUPED,
            ["/top/b starts again before /top/c is gone, which was started after it"],
        ),
    ],
)
def test_a_group_restart_keeps_the_order(history: History, terms: Terms, what: list[str]) -> None:
    assert broken(ChildrenKeepTheirOrder(), history, terms) == what


@pytest.mark.parametrize(
    ("terms", "what"), [(STATIC, ["/top/b starts while /top/a starts"]), (PARALLEL, []), (None, [])]
)
def test_children_start_one_after_the_other(terms: Terms | None, what: list[str]) -> None:
    history = Family()
    history.began("/top", 1)
    history.begin(A, 2).begin(B, 3)
    assert broken(ChildrenKeepTheirOrder(), history, terms) == what


def crashes(history: Family, path: str, times: list[float], life: int = 10, *, asked: bool = False) -> Family:
    """End the child again and again, and start it at those times."""
    last = {A: 2, B: 3, C: 4}[path]
    for number, at in enumerate(times):
        history.ended(path, last, asked=asked)
        last = life + number
        history.start(path, last, at=at)
    return history


def granting(restarts: int, *, grouped: bool = False, own: int | None = None, permanent: bool = True) -> Terms:
    intensity = None if own is None else Intensity(own, within=5.0)
    return Terms(
        grouped=grouped,
        intensity=Intensity(restarts, within=5.0),
        children={**CHILDREN, A: intensity},
        permanent=frozenset(CHILDREN) if permanent else frozenset(),
    )


@pytest.mark.parametrize(
    ("history", "terms", "what"),
    [
        (family(), granting(0), []),
        (crashes(family(), A, [1, 2, 3]), granting(3), []),
        (crashes(family(), A, [1, 2, 6, 7]), granting(2), []),
        (crashes(family(), A, [1, 2]), granting(0, own=2), []),
        (crashes(crashes(family(), A, [1]), B, [1], 20), granting(1, grouped=True), []),
        (crashes(family(), A, [1, 2, 3]), granting(1, own=2, grouped=True), []),
        (crashes(family(), B, [1, 2, 3]), granting(1, own=2, grouped=True), []),
        (
            crashes(family(), B, [1, 2, 3]),
            granting(1, own=1, grouped=True),
            ["/top/b was restarted 3 times within 5 s; the intensity grants 2"],
        ),
        (crashes(family(), A, [1, 2], asked=True), granting(0, permanent=False), []),
        (crashes(family(), A, [1]), Terms(children={}, intensity=Intensity(0)), []),
        (
            crashes(family(), A, [1, 2, 3]),
            granting(2),
            ["children of /top were restarted 3 times within 5 s; the intensity grants 2"],
        ),
        (
            crashes(crashes(family(), A, [1]), B, [2], 20),
            granting(1),
            ["children of /top were restarted 2 times within 5 s; the intensity grants 1"],
        ),
        (
            crashes(family(), A, [1, 2], asked=True),
            granting(1),
            ["children of /top were restarted 2 times within 5 s; the intensity grants 1"],
        ),
        (
            crashes(family(), A, [1, 2]),
            granting(9, own=1),
            ["/top/a was restarted 2 times within 5 s; the intensity grants 1"],
        ),
        (
            crashes(family(), A, [1, 5.9]),
            granting(1, grouped=True),
            ["/top/a was restarted 2 times within 5 s; the intensity grants 1"],
        ),
    ],
)
def test_restarts_stay_within_the_intensity(history: History, terms: Terms, what: list[str]) -> None:
    assert broken(RestartsWithinIntensity(), history, terms) == what


def test_what_an_administrator_starts_again_is_no_restart() -> None:
    history = family()
    history.ended(A, 2).discarded(A)
    history.start(A, 5)
    assert broken(RestartsWithinIntensity(), history, granting(0)) == []


# -- what is seen of a running tree ---------------------------------------------------------------------------
class Clerk(Actor):
    pass


class Top(Supervisor):
    strategy = "rest_for_one"
    intensity = Intensity(7, within=3.0)
    a = child(Clerk, restart="transient")
    b = child(Clerk, intensity=Intensity(1))
    crowd = child(DynamicSupervisor)


def test_what_a_supervisor_declares_is_seen_by_looking_at_it() -> None:
    async def main() -> None:
        law = StopOrderIsReversed()
        async with VirtualSystem(Top) as system:
            seen = {path: terms_of(path, overseer) for path, overseer in overseers(system)}
            assert seen["/"] == Terms(
                ordered=True,
                grouped=True,
                intensity=Intensity(7, within=3.0),
                children={"/a": None, "/b": Intensity(1), "/crowd": None},
                permanent=frozenset({"/b", "/crowd"}),
            )
            assert set(seen) == {"/", "/crowd"}
            crowd = seen["/crowd"]
            assert crowd is not None
            assert not crowd.ordered
            history = History().up("/", 1).up("/a", 2, "/", owner_life=1).up("/b", 3, "/", owner_life=1)
            for event in history.ending("/", 1).ended("/a", 2).events:
                law.saw(event)
            assert list(law.look(system)) == ["/a is stopped before /b, which was started after it"]

    run(main())
