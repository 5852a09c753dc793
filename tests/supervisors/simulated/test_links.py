"""Links and monitors under every fault: who hears of an end hears of it once, and who cannot bear it ends with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shaken import PATIENT, begin, note, words

from llmactors import Actor, Down, Exited, message
from llmactors.testing import At, Faults, Injected, LifeBegan, LifeEnded, Noted, World, simulate
from supervisors import Supervisor, child


class Partner(Actor):
    """Links to others and watches them, and writes down what it hears."""

    def __init__(self) -> None:
        self.monitors: dict[str, Any] = {}

    @message
    def link(self, other: str) -> None:
        note("link", self.context.path, other)
        self.context.link(self.context.ref(other))

    @message
    def unlink(self, other: str) -> None:
        self.context.unlink(self.context.ref(other))
        note("unlink", self.context.path, other)

    @message
    def watch(self, other: str) -> None:
        note("watch", self.context.path, other)
        self.monitors[other] = self.context.monitor(self.context.ref(other))

    @message
    def crash(self) -> None:
        raise ValueError("it was told to crash")

    @message
    def leave(self) -> None:
        self.context.stop()

    def receive(self, message: Any) -> None:
        match message:
            case Exited(ref):
                note("exited", self.context.path, ref.path)
            case Down(ref):
                note("down", self.context.path, ref.path)


class Trapping(Partner):
    """Bears the ends of others."""

    trap_exits = True


class App(Supervisor):
    intensity = PATIENT
    ann = child(Trapping)
    bob = child(Trapping)
    cem = child(Partner)
    dan = child(Partner)


PATHS = ("/ann", "/bob", "/cem", "/dan")
TRAPPING = ("/ann", "/bob")

HARM = Faults(
    crash=[At("/*"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="finished")],
    delay="/*",
    drop="/*",
    start_failure=[At("/*", nth=2, rate=0.2)],
    rate=0.02,
    most=4,
)


@dataclass
class Expected:
    """Who has to hear of whose end, told from the history alone."""

    living: dict[str, int] = field(default_factory=dict)
    """The present life at each path, or the last."""
    over: dict[int, bool] = field(default_factory=dict)
    """The lives that have ended, and whether cleanly."""
    links: set[frozenset[int]] = field(default_factory=set)
    watches: Counter[tuple[int, int]] = field(default_factory=Counter)
    owed: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """What each life of those that bear it is to hear, and has not heard yet."""
    spare: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """What it may hear as well: an end of which it was told when it unlinked, or linked to who had ended already."""
    doomed: set[tuple[int, str]] = field(default_factory=set)
    """Lives that cannot outlive what has happened, and to whom."""
    told: int = 0

    def read(self, events: Any) -> None:
        """Follow the history."""
        for event in events:
            match event:
                case LifeBegan(path=path, life=life):
                    self.living[path] = life
                case LifeEnded(path=path, life=life, clean=clean):
                    self._ends(path, life, clean=clean)
                case Noted():
                    what, *about = words(event)
                    getattr(self, f"_{what}")(*about)

    def _ends(self, path: str, life: int, *, clean: bool) -> None:
        self.over[life] = clean
        for link in [link for link in self.links if life in link]:
            self.links.remove(link)
            (other,) = link - {life}
            self._hears(other, path, clean=clean)
        for watcher, watched in list(self.watches):
            if life == watched:
                self.owed["down", watcher, path] += self.watches.pop((watcher, watched))
            elif life == watcher:
                del self.watches[watcher, watched]

    def _hears(self, life: int, of: str, *, clean: bool) -> None:
        """A linked life has ended."""
        path = next((path for path, living in self.living.items() if living == life), None)
        if path in TRAPPING:
            self.owed["exited", life, of] += 1
        elif not clean:
            self.doomed.add((life, of))

    def _link(self, path: str, other: str) -> None:
        me, peer = self.living[path], self.living[other]
        if peer in self.over and self.owed["exited", me, other]:
            self.spare["exited", me, other] += 1
        elif peer in self.over:
            self._hears(me, other, clean=self.over[peer])
        else:
            self.links.add(frozenset((me, peer)))

    def _unlink(self, path: str, other: str) -> None:
        me = self.living[path]
        self.links.discard(frozenset((me, self.living[other])))
        self.doomed.discard((me, other))
        self.spare["exited", me, other] += self.owed.pop(("exited", me, other), 0)

    def _watch(self, path: str, other: str) -> None:
        me, peer = self.living[path], self.living[other]
        if peer in self.over:
            self.owed["down", me, other] += 1
        else:
            self.watches[me, peer] += 1

    def _exited(self, path: str, other: str) -> None:
        self._was_told("exited", path, other)

    def _down(self, path: str, other: str) -> None:
        self._was_told("down", path, other)

    def _was_told(self, what: str, path: str, other: str) -> None:
        key = what, self.living[path], other
        owed = self.owed if self.owed[key] > 0 else self.spare
        assert owed[key] > 0, f"{path} heard {what} of {other} once too often"
        owed[key] -= 1
        self.told += 1

    def check(self) -> None:
        """Everything has come to rest: nobody who lives is owed anything, and nobody lives who cannot."""
        missing = [key for key in self.owed.elements() if key[1] not in self.over]
        assert not missing, f"never heard: {missing}"
        assert not [(life, of) for life, of in self.doomed if life not in self.over], "it outlived who it was linked to"


@simulate(App, faults=HARM)
async def test_each_partner_of_a_link_and_each_monitor_hears_of_an_end_exactly_once(world: World) -> None:
    begin(world)
    random = world.random
    for _ in range(20):
        one, other = random.sample(PATHS, 2)
        doing = random.choice([Partner.link, Partner.link, Partner.link, Partner.unlink, Partner.watch])
        match random.randrange(8):
            case 0:
                world.tell(one, random.choice([Partner.crash(), Partner.leave()]))
            case 1:
                world.ref(one).kill() if random.random() < 0.5 else world.ref(one).stop()
            case 2:
                await world.advance(random.choice([0.0, 0.01, 1.0]))
            case _:
                world.tell(one, doing(other))
    await world.heal()
    await world.advance(10.0)
    expected = Expected()
    expected.read(world.events)
    expected.check()
    world.sometimes("a fault happened", world.seen(Injected))
    world.sometimes("three ends were heard", expected.told > 2)
    world.sometimes("somebody could not bear it", expected.doomed)
