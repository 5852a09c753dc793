"""Exploration: every order of things that can make a difference, and of those that cannot, one.

Theory of operation
1. A run is a sequence of *steps*, each of some *process*: an actor that takes its next message, a timer that fires, a
   fault that strikes. A step tells what it *touched*. Two steps of different processes that touched nothing in common
   commute: their order makes no difference. Runs that differ in nothing else are one *class*.
2. Of each class one run is enough. This is dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005) with
   source sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014) and sleep sets (Godefroid, 1996): after each run, two
   steps next to each other in the order of causes that touched something in common are a *race*; where their order has
   not been tried the other way round, it will be, from just before the first of them.
3. A step *causes* another that it made possible: whose process it woke, or whose message it sent. Such a pair has no
   other order, and is no race.
4. A step after which another process cannot go on any more, as a kill, has raced with that process, too.
5. The same picks have to lead to the same options. Where they do not, exploration would prove nothing, and ends.

An actor that takes a message touches itself, and the far end of the mailbox of each whom it sends to: see `touches`. So
three actors with four messages each that do not talk to each other have 34 650 orders and one class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from llmactors.errors import LLMActorsError

MOST: Final = 10_000
DEPTH: Final = 10_000

NOTHING: Final[frozenset[str]] = frozenset()


class UnsteadyError(LLMActorsError):
    """The same picks led to other options than before.

    Attributes:
        step: The number of the step, from 0.
        before: What the options were.
        now: What they are now.
    """

    def __init__(self, step: int, before: Sequence[str], now: Sequence[str]) -> None:
        super().__init__(
            f"step {step} had the options {', '.join(before) or 'none'} at first, and {', '.join(now) or 'none'} when "
            "the same picks were made again: something outside, such as a clock, decides too"
        )
        self.step, self.before, self.now = step, tuple(before), tuple(now)


def touches(actor: str, sent_to: Iterable[str] = ()) -> frozenset[str]:
    """Return what a step touches in which *actor* takes a message and sends to others.

    Where a mailbox may be full, or sorts by priority, who sends to it has to touch its actor itself.
    """
    return frozenset((actor, *(f"mailbox {to}" for to in sent_to)))


@dataclass(slots=True)
class _Node:
    """A state that a run has come to."""

    options: tuple[str, ...]
    sleep: dict[str, frozenset[str]]
    """Processes that need not go on from here, and what they would touch: what follows has been tried."""
    pick: str
    wanted: set[str] = field(default_factory=set)
    """Processes that have gone on from here, or have to."""
    touched: frozenset[str] | None = None
    after: int | None = None


class Guide:
    """Leads one run. Ask it at each step who goes on, and tell it what the step has touched."""

    def __init__(self, nodes: list[_Node], depth: int) -> None:
        self._nodes, self._depth = nodes, depth
        self._at = 0
        self.left: tuple[str, ...] = ()
        """The processes that could have gone on when it was stopped."""
        self.stopped: str | None = None
        """Why the run was not led to its end: `redundant`, `depth`; None where it was."""

    def pick(self, options: Sequence[str]) -> str | None:
        """Return which process goes on; None where the run is not needed any further.

        Args:
            options: The processes that could. Each is named the same in every run.

        Raises:
            UnsteadyError: They are others than in the run before, after the same picks.
        """
        if self._at < len(self._nodes):
            node = self._nodes[self._at]
            if node.options != tuple(options):
                raise UnsteadyError(self._at, node.options, options)
            return node.pick
        sleep = self._sleep(options)
        pick = next((process for process in options if process not in sleep), None)
        if pick is None or self._at >= self._depth:
            self.stopped, self.left = "redundant" if pick is None else "depth", tuple(options)
            return None
        self._nodes.append(_Node(tuple(options), sleep, pick, {pick}))
        return pick

    def did(self, touched: Iterable[str], after: int | None = None) -> None:
        """Tell what the step has touched.

        Args:
            touched: By name, whatever it read or changed that another step could change or read.
            after: The number of the step, from 0, that sent the message it was about; None for none, or if not known.
        """
        node = self._nodes[self._at]
        node.touched, node.after = frozenset(touched), after
        self._at += 1

    def _sleep(self, options: Sequence[str]) -> dict[str, frozenset[str]]:
        """Keep those asleep that the last step has nothing to do with."""
        if not self._at:
            return {}
        before = self._nodes[self._at - 1]
        moved = before.touched or NOTHING
        return {
            process: touched
            for process, touched in before.sleep.items()
            if process != before.pick and process in options and not touched & moved
        }


class Explorer:
    """Leads runs until every class has been seen. Iterate over it, and make one run with each guide.

    ```py
    explorer = Explorer()
    for guide in explorer:
        if not run(guide):
            break
    ```

    Args:
        most: Runs that it leads at most.
        depth: Steps of a run at most.

    Attributes:
        executions: Runs so far.
        classes: Runs so far that were led to their end: no two of them are of one class.
        complete: Whether every class has been seen. True only when it has ended by itself.
    """

    def __init__(self, most: int = MOST, depth: int = DEPTH) -> None:
        self._most, self._depth = most, depth
        self._nodes: list[_Node] = []
        self._known = 0
        self.executions = self.classes = 0
        self.complete = False

    def __iter__(self) -> Iterator[Guide]:
        """Yield a guide for each run that is needed."""
        whole = True
        while self.executions < self._most:
            guide = Guide(self._nodes, self._depth)
            yield guide
            self.executions += 1
            self.classes += guide.stopped is None
            whole = self._learn(guide) and whole
            if not self._turn_back():
                self.complete = whole
                return

    def _learn(self, guide: Guide) -> bool:
        """Find the races of a run, and want them the other way round. Say whether it was seen to its end."""
        nodes = self._nodes
        order = _Order(nodes)
        for later in range(len(nodes)):
            races = order.add(later)
            if later >= self._known:
                for earlier in races:
                    self._want(earlier, order.initials(earlier, later))
        for place in range(max(0, self._known - 1), len(nodes)):
            options = nodes[place + 1].options if place + 1 < len(nodes) else guide.left
            for process in set(nodes[place].options) - {*options, nodes[place].pick}:
                self._want(place, {process})
        return guide.stopped != "depth" and (not nodes or nodes[-1].touched is not None)

    def _want(self, place: int, processes: set[str]) -> None:
        node = self._nodes[place]
        if not processes & node.wanted:
            node.wanted.add(next(process for process in node.options if process in processes))

    def _turn_back(self) -> bool:
        """Go back to the last state from which something else is wanted; say whether there is one."""
        nodes = self._nodes
        while nodes:
            node = nodes[-1]
            node.sleep[node.pick] = node.touched or NOTHING
            left = [process for process in node.options if process in node.wanted and process not in node.sleep]
            if left:
                node.pick, node.touched, node.after = left[0], None, None
                self._known = len(nodes) - 1
                return True
            nodes.pop()
        return False


class _Order:
    """The order of causes among the steps of one run, as sets of steps written as the bits of a number."""

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._nodes = nodes
        self._past: list[int] = []
        self._touching: dict[str, int] = {}
        self._latest: dict[str, int] = {}
        self._woken: dict[str, int] = {}

    def add(self, place: int) -> list[int]:
        """Add the next step; return the steps that it races with."""
        node = self._nodes[place]
        touching = 0
        for what in node.touched or NOTHING:
            touching |= self._touching.get(what, 0)
            self._touching[what] = self._touching.get(what, 0) | 1 << place
        causes = {self._latest.get(node.pick), self._woken.get(node.pick), node.after} - {None}
        direct = touching
        for cause in causes:
            direct |= 1 << cause if cause is not None else 0
        past, races = 0, []
        while direct:
            before = direct.bit_length() - 1
            direct ^= 1 << before
            if not past >> before & 1:
                past |= self._past[before] | 1 << before
                if before not in causes:
                    races.append(before)
        self._past.append(past)
        self._latest[node.pick] = place
        self._wake(place)
        return races

    def _wake(self, place: int) -> None:
        """Remember whom a step has made able to go on."""
        if place + 1 < len(self._nodes):
            for process in set(self._nodes[place + 1].options) - set(self._nodes[place].options):
                self._woken[process] = place

    def initials(self, earlier: int, later: int) -> set[str]:
        """Return the processes one of which has to go first for *later* to come before *earlier*."""
        apart = [place for place in range(earlier + 1, later) if not self._past[place] >> earlier & 1]
        first: set[str] = set()
        before = 0
        for place in (*apart, later):
            if not self._past[place] & before:
                first.add(self._nodes[place].pick)
            before |= 1 << place
        return first
