"""Every order that makes a difference, once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmactors.testing._core.explore import Explorer, Guide, UnsteadyError, touches

Script = dict[str, dict[str, tuple[tuple[str, str], ...]]]
"""What each actor sends, to whom, when it takes a message."""


@dataclass
class Toy:
    """Actors with mailboxes that do what a script says, and remember what they have taken.

    Args:
        script: What is sent when a message is taken.
        first: The messages that wait at the beginning, by actor.
        kills: Actors that are killed at some time: what waits in their mailboxes is gone, and so is what comes.
    """

    script: Script
    first: dict[str, tuple[str, ...]]
    kills: tuple[str, ...] = ()
    known: bool = True  # whether it tells which step sent a message
    kills_first: bool = False  # whether kills are the first options

    def start(self) -> "Run":
        return Run(self, {actor: [(text, None) for text in self.first.get(actor, ())] for actor in self.actors()})

    def actors(self) -> list[str]:
        return sorted({*self.script, *self.first})


@dataclass
class Run:
    toy: Toy
    boxes: dict[str, list[tuple[str, int | None]]]
    took: dict[str, list[str]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    steps: int = 0

    def options(self) -> list[str]:
        able = [actor for actor, box in self.boxes.items() if box and actor not in self.dead]
        kills = [f"kill {actor}" for actor in self.toy.kills if actor not in self.dead]
        return kills + able if self.toy.kills_first else able + kills

    def step(self, option: str) -> tuple[frozenset[str], int | None]:
        self.steps += 1
        verb, _, victim = option.partition(" ")
        if verb == "kill":
            self.dead.add(victim)
            return touches(victim, [victim]), None
        text, after = self.boxes[option].pop(0)
        self.took.setdefault(option, []).append(text)
        sends = self.toy.script.get(option, {}).get(text, ())
        for to, said in sends:
            if to not in self.dead:
                self.boxes[to].append((said, self.steps - 1))
        return touches(option, [to for to, _ in sends]), after if self.toy.known else None

    def state(self) -> tuple[object, ...]:
        return tuple((actor, tuple(self.took.get(actor, ()))) for actor in self.toy.actors())


def follow(toy: Toy, guide: Guide) -> Run:
    run = toy.start()
    while options := run.options():
        pick = guide.pick(options)
        if pick is None:
            break
        guide.did(*run.step(pick))
    return run


def explored(toy: Toy, **bounds: int) -> tuple[Explorer, list[tuple[object, ...]]]:
    explorer = Explorer(**bounds)
    states = []
    for guide in explorer:
        run = follow(toy, guide)
        if guide.stopped is None:
            states.append(run.state())
    return explorer, states


def every_state(toy: Toy, most: int = 100_000) -> set[tuple[object, ...]] | None:
    """Try every order there is, as long as there are no more than *most*."""
    states: set[tuple[object, ...]] = set()
    waiting: list[list[str]] = [[]]
    while waiting:
        picks = waiting.pop()
        run = toy.start()
        for pick in picks:
            run.step(pick)
        options = run.options()
        waiting += [[*picks, option] for option in options]
        if not options:
            states.add(run.state())
            most -= 1
        if not most:
            return None
    return states


def test_deliveries_to_actors_that_do_not_talk_to_each_other_are_one_class() -> None:
    toy = Toy({}, dict.fromkeys("abc", ("1", "2", "3", "4")))
    explorer, states = explored(toy)
    assert (explorer.executions, explorer.classes, explorer.complete) == (1, 1, True)
    assert len(states) == 1


@pytest.mark.parametrize("messages", [1, 2, 3, 4])
def test_two_senders_to_one_actor_have_as_many_classes_as_their_messages_have_orders(messages: int) -> None:
    texts = tuple(str(number) for number in range(messages))
    script: Script = {sender: {text: (("c", f"{sender}{text}"),) for text in texts} for sender in "ab"}
    explorer, states = explored(Toy(script, {"a": texts, "b": texts, "c": ()}))
    assert explorer.classes == len(set(states)) == comb(2 * messages, messages)
    assert explorer.complete
    assert explorer.executions == explorer.classes, "none was redundant"


def test_a_ring_has_one_class() -> None:
    script: Script = {"a": {"go": (("b", "go"),)}, "b": {"go": (("c", "go"),)}, "c": {"go": (("d", "go"),)}, "d": {}}
    assert explored(Toy(script, {"a": ("go",)}))[0].executions == 1


def lost_update() -> Callable[[Guide], int]:
    """Two clerks read a number from a store, and write one more: in some order one of them is lost."""

    def run(guide: Guide) -> int:
        store, read = 0, {}
        todo = {"ann": ["read", "write"], "bob": ["read", "write"], "idle": ["look", "look"]}
        while options := [who for who, steps in todo.items() if steps]:
            who = guide.pick(options)
            if who is None:
                return 2
            if todo[who].pop(0) == "read":
                read[who] = store
                guide.did([who, "store"])
            elif who != "idle":
                store = read[who] + 1
                guide.did([who, "store"])
            else:
                guide.did([who])
        return store

    return run


def test_a_lost_update_is_found() -> None:
    explorer = Explorer()
    assert {lost_update()(guide) for guide in explorer} == {1, 2}
    assert explorer.complete
    assert explorer.executions <= comb(4, 2), "who has nothing to do with it costs nothing"


def test_a_step_that_keeps_another_from_going_on_is_tried_after_it_too() -> None:
    for kills_first in (False, True):
        toy = Toy({}, {"a": ("1", "2")}, kills=("a",), kills_first=kills_first)
        explorer, states = explored(toy)
        assert set(states) == every_state(toy)
        assert len(set(states)) == 3
        assert explorer.complete


# -- against every order there is ------------------------------------------------------------------------------
@st.composite
def toys(draw: st.DrawFn) -> Toy:
    actors = "abcd"[: draw(st.integers(2, 4))]
    sends = st.lists(st.tuples(st.sampled_from(actors), st.sampled_from("xyz")), max_size=2)
    script: Script = {}
    for actor in actors:
        # what is sent comes later in the alphabet, so that every run ends
        texts = draw(st.sets(st.sampled_from("xy")))
        script[actor] = {text: tuple((to, said) for to, said in draw(sends) if said > text) for text in sorted(texts)}
    first = draw(st.lists(st.tuples(st.sampled_from(actors), st.sampled_from("xyz")), max_size=4))
    boxes = {actor: tuple(text for to, text in first if to == actor) for actor in actors}
    kills = tuple(sorted(draw(st.sets(st.sampled_from(actors), max_size=1))))
    return Toy(script, boxes, kills, known=draw(st.booleans()), kills_first=draw(st.booleans()))


@given(toys())
@settings(max_examples=200, deadline=None)
def test_every_state_that_any_order_leads_to_is_seen(toy: Toy) -> None:
    wanted = every_state(toy, most=2_000)
    if wanted is None:
        return
    explorer, states = explored(toy)
    assert explorer.complete
    assert set(states) == wanted
    if not toy.kills and toy.known and _told_apart(toy):
        assert len(states) == len(set(states)), "no two runs are of one class"


def _told_apart(toy: Toy) -> bool:
    """Say whether no two messages to one actor look the same: else two classes may lead to one state."""
    for actor in toy.actors():
        texts = list(toy.first.get(actor, ()))
        for by in toy.script.values():
            texts += [said for sends in by.values() for to, said in sends if to == actor]
        if len(set(texts)) != len(texts):
            return False
    return True


# -- bounds --------------------------------------------------------------------------------------------------
def races(actors: int) -> Toy:
    script: Script = {str(number): {"go": (("all", f"from {number}"),)} for number in range(actors)}
    return Toy(script, {str(number): ("go",) for number in range(actors)} | {"all": ()})


def test_every_order_of_n_senders_is_a_class() -> None:
    assert explored(races(4))[0].classes == 24
    assert explored(races(5))[0].classes == 120


def test_a_bound_on_runs_is_kept_and_is_no_proof() -> None:
    explorer, states = explored(races(5), most=7)
    assert (explorer.executions, len(states), explorer.complete) == (7, 7, False)


def test_a_bound_on_steps_is_kept_and_is_no_proof() -> None:
    explorer, states = explored(races(3), depth=4)
    assert not explorer.complete
    assert states == []
    assert explored(races(3), depth=6)[0].complete


def test_whoever_stops_looking_has_no_proof() -> None:
    explorer = Explorer()
    for guide in explorer:
        follow(races(3), guide)
        break
    assert not explorer.complete


def test_a_system_without_choices_is_explored_in_one_run() -> None:
    explorer, _ = explored(Toy({}, {}))
    assert (explorer.executions, explorer.complete) == (1, True)


def test_a_system_that_is_another_one_each_time_is_refused_by_the_step() -> None:
    def run(guide: Guide, *options: str) -> None:
        guide.pick(options)
        guide.did(["the same"])
        guide.pick(["a"])
        guide.did(["the same"])

    guides = iter(Explorer())
    run(next(guides), "a", "b")
    with pytest.raises(UnsteadyError) as caught:
        run(next(guides), "a", "c")
    assert str(caught.value).startswith("step 0 had the options a, b at first, and a, c when the same picks were made")
    assert (caught.value.step, caught.value.before, caught.value.now) == (0, ("a", "b"), ("a", "c"))


def test_a_run_that_ended_in_the_middle_of_a_step_is_no_proof() -> None:
    explorer = Explorer()
    for guide in explorer:
        guide.pick(["a"])
    assert (explorer.executions, explorer.complete) == (1, False)
