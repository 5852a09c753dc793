"""Laws about the children of one supervisor: in which order they start and stop, and how often they are restarted.

Theory of operation
1. Events say who lived when, and on whom; what a supervisor declares is seen by looking at it between two steps. What
   an event breaks is therefore said when the supervisor has been seen, at the next look.
2. A child's *place* is where it came among its siblings when it first began in this life of its supervisor. Of one
   whose slot was given up, by an administrator, the place is not known any more; it is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from llmactors import ActorSystem
from llmactors.testing import Event, Found, Law, LifeBegan, LifeEnded, LifeEnding, LifeUp, SlotDiscarded
from supervisors.testing._looking import Terms, overseers, terms_of

STARTING, UP, ENDING, OVER = "starting", "up", "ending", "over"

Complaint = Callable[[Terms], Iterable[str]]
"""What an event breaks, once it is known what the supervisor declares."""


@dataclass(slots=True)
class Child:
    """One child in one life of its supervisor.

    Args:
        path: Its path.
        place: Where it comes among its siblings; None where that is not known.
        lives: How many it had.
        stage: How far its latest life has come.
        clean: Whether its latest life ended cleanly.
        was_up: Whether its latest life was up at any time.
    """

    path: str
    place: int | None
    lives: int = 0
    stage: str = OVER
    clean: bool = False
    was_up: bool = False


@dataclass(slots=True)
class Family:
    """One life of somebody who has children; *since* is the number of the event in which it came to its stage.

    One that is *killed* takes its children with it in any order, those included that were told to stop before.
    """

    path: str
    stage: str = STARTING
    since: int = 0
    killed: bool = False
    children: dict[str, Child] = field(default_factory=dict)
    terms: Terms | None = None

    def child(self, path: str) -> Child:
        """Return the child at a path, which is the last of the siblings where it is new."""
        child = self.children.get(path)
        if child is None:
            child = self.children[path] = Child(path, place=len(self.children))
        return child


class FamilyLaw(Law):
    """Base of these laws: follows every family, and asks what its supervisor declares."""

    hears: ClassVar = {
        LifeBegan: "_has_begun",
        LifeUp: "_is_up",
        LifeEnding: "_is_ending",
        LifeEnded: "_is_over",
        SlotDiscarded: "_given_up",
    }
    looks_after: ClassVar = (LifeBegan, LifeEnding)

    def __init__(self) -> None:
        self._families: dict[int, Family] = {}
        self._living: dict[str, int] = {}
        self._owners: dict[int, int] = {}
        self._unseen = False
        self._complaints: list[tuple[int, Family, Complaint]] = []

    # -- for subclasses ---------------------------------------------------------------------------------------
    def begins(self, family: Family, child: Child, event: LifeBegan) -> Complaint | None:  # noqa: ARG002  for subclasses
        """Judge the beginning of a child's life; *child* is as it was before."""
        return None

    def ends(self, family: Family, child: Child, event: LifeEnding) -> Complaint | None:  # noqa: ARG002  as above
        """Judge the end of a child's life, as it begins."""
        return None

    # -- the history ------------------------------------------------------------------------------------------
    def _has_begun(self, event: LifeBegan) -> Iterable[str]:
        life = event.life
        self._unseen = True
        self._owners[life], self._living[event.path] = event.owner_life, life
        family = self._families.get(event.owner_life)
        if family is not None:
            child = family.child(event.path)
            self._complain(family, event, self.begins(family, child, event))
            child.lives, child.stage, child.clean, child.was_up = child.lives + 1, STARTING, False, False
        self._families[life] = Family(event.path)
        return ()

    def _is_up(self, event: LifeUp) -> Iterable[str]:
        family = self._owners_family(event)
        if family is not None:
            child = family.child(event.path)
            child.stage, child.was_up = UP, True
        self._comes_to(UP, event)
        return ()

    def _is_ending(self, event: LifeEnding) -> Iterable[str]:
        family = self._owners_family(event)
        if family is not None:
            child = family.child(event.path)
            self._complain(family, event, self.ends(family, child, event))
            child.stage = ENDING
        self._comes_to(ENDING, event)
        own = self._families.get(event.life)
        if own is not None:
            own.killed = event.exit.startswith("killed")
        return ()

    def _is_over(self, event: LifeEnded) -> Iterable[str]:
        family = self._owners_family(event)
        if family is not None:
            child = family.child(event.path)
            child.stage, child.clean = OVER, event.clean
        self._comes_to(OVER, event)
        return ()

    def _given_up(self, event: SlotDiscarded) -> Iterable[str]:
        for each in self._families.values():
            if each.stage != OVER and event.path in each.children:
                each.children[event.path] = Child(event.path, place=None)
        return ()

    def _owners_family(self, event: LifeUp | LifeEnding | LifeEnded) -> Family | None:
        return self._families.get(self._owners.get(event.life, 0))

    def _comes_to(self, stage: str, event: LifeUp | LifeEnding | LifeEnded) -> None:
        own = self._families.get(event.life)
        if own is not None:
            own.stage, own.since = stage, event.number

    def _complain(self, family: Family, event: Event, complaint: Complaint | None) -> None:
        if complaint is not None:
            self._complaints.append((event.number, family, complaint))

    # -- what is declared -------------------------------------------------------------------------------------
    def look(self, system: ActorSystem) -> Iterable[str]:
        """See what supervisors declare that began or changed since; say what was broken."""
        if self._unseen:
            self._unseen = False
            for path, overseer in overseers(system):
                self.declared(path, terms_of(path, overseer))
        return self.over() if self._complaints else ()

    def declared(self, path: str, terms: Terms | None) -> None:
        """Take note of what the supervisor at *path* declares."""
        family = self._families.get(self._living.get(path, 0))
        if family is not None and terms is not None:
            family.terms = terms

    def over(self) -> Iterator[str]:
        """Say what was broken by those who have been seen."""
        complaints, self._complaints = self._complaints, []
        for number, family, complaint in complaints:
            if family.terms is None:
                self._complaints.append((number, family, complaint))
                continue
            yield from (Found(what, number) for what in complaint(family.terms))


class StopOrderIsReversed(FamilyLaw):
    """An orderly stop ends children in the reverse order of their start, each after the one before is gone."""

    name = "stop order is the reverse of start order"

    def ends(self, family: Family, child: Child, event: LifeEnding) -> Complaint | None:
        """Judge the stop of a child: those that were started after it are gone."""
        its_own = event.asked and event.clean and event.by in (None, family.path)
        if family.stage != ENDING or family.killed or not its_own or child.place is None:
            return None
        if event.told is not None and event.told < family.since:  # by an administrator, before the end of all began
            return None
        later = [
            other.path
            for other in family.children.values()
            if other.stage != OVER and other.place is not None and other.place > child.place
        ]

        def complaint(terms: Terms) -> Iterator[str]:
            if terms.ordered and child.path in terms.children:
                for path in later:
                    if path in terms.children:
                        yield f"{child.path} is stopped before {path}, which was started after it"

        return complaint if later else None


class ChildrenKeepTheirOrder(FamilyLaw):
    """Children that start together start in order, each after the one before is up; so do those restarted together.

    In a group restart a child begins again when those after it are gone.
    """

    name = "children keep their order when they are restarted"

    def begins(self, family: Family, child: Child, event: LifeBegan) -> Complaint | None:  # noqa: ARG002  as the base has it
        """Judge a child's start: nobody before it is on the way, and in a restart nobody after it lives."""
        first, place = child.lives == 0, child.place
        if place is None or (first and family.stage != STARTING):
            return None
        rested = child.clean
        others = [other for other in family.children.values() if other.place is not None and other is not child]
        starting = [other.path for other in others if other.stage == STARTING and (first or other.lives > 1)]
        later = [other.path for other in others if other.stage != OVER and (other.place or 0) > place]

        def complaint(terms: Terms) -> Iterator[str]:
            comes_back = terms.grouped and (child.path in terms.permanent or not rested)
            if not terms.ordered or child.path not in terms.children or not (first or comes_back):
                return
            for path in starting:
                if path in terms.children:
                    yield f"{child.path} starts while {path} starts"
            for path in () if first else later:
                if path in terms.children:
                    yield f"{child.path} starts again before {path} is gone, which was started after it"

        return complaint if starting or later else None


class RestartsWithinIntensity(FamilyLaw):
    """In no window of its length are there more restarts than an intensity grants.

    A child with an intensity of its own is counted by that. Where groups are restarted, each child may be restarted as
    often as all of them together are granted. What an administrator starts again is no restart.
    """

    name = "restarts within the window never exceed the intensity"

    def __init__(self) -> None:
        super().__init__()
        self._restarts: dict[tuple[int, str], list[float]] = {}

    def begins(self, family: Family, child: Child, event: LifeBegan) -> Complaint | None:
        """Count a restart against what is granted."""
        if child.lives == 0:
            return None
        path, rested, never_up, at = child.path, child.clean, not child.was_up, event.at

        def complaint(terms: Terms) -> Iterator[str]:
            if path not in terms.children or (rested and (never_up or path not in terms.permanent)):
                return
            counted, granted, within = _limit(terms, path)
            times = self._restarts.setdefault((id(family), counted), [])
            times.append(at)
            times[:] = [time for time in times if at - time < within * (1 - 1e-9)]
            if len(times) > granted:
                what = f"{path} was" if counted else f"children of {family.path} were"
                yield f"{what} restarted {len(times)} times within {within:g} s; the intensity grants {granted}"

        return complaint


def _limit(terms: Terms, path: str) -> tuple[str, int, float]:
    """Return with whom a child's restarts are counted, empty for its siblings; how many are granted; and within what.

    In a group a child is restarted for others, too: each restart that is granted to any of them is one of its own.
    """
    own = terms.children[path]
    if not terms.grouped:
        intensity = own or terms.intensity
        return "" if own is None else path, intensity.restarts, intensity.within
    all_of_them = (terms.intensity, *(each for each in terms.children.values() if each is not None))
    return path, sum(each.restarts for each in all_of_them), min(each.within for each in all_of_them)
