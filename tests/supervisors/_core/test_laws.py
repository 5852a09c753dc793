"""What holds for every family, whatever happens to it."""

from families import CRASH, KILLED, NORMAL, SHUTDOWN, Nursery, terms
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervisors._core._effects import BeginStart, Effect, Finished, GiveUp, Kill, Ready, Report, SendStop
from supervisors._core._family import Phase, Rules
from supervisors._core._slots import ALIVE, State, Terms
from supervisors._values import Backoff, Intensity, Restart, Strategy

NAMES = st.sampled_from("abcdef")
WAYS = st.sampled_from([NORMAL, SHUTDOWN, CRASH, KILLED])
LUCK = st.floats(0.0, 1.0)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    backoff = draw(st.none() | st.just(Backoff(0.5, 4.0)))
    intensity = draw(st.none() | st.builds(Intensity, st.integers(0, 3), st.just(5.0)))
    return terms(
        draw(st.sampled_from(Restart)),
        backoff=backoff,
        intensity=intensity,
        probed=draw(st.booleans()),
        ready_timeout=draw(st.none() | st.just(2.0)),
        stall_timeout=draw(st.none() | st.just(3.0)),
        kill=draw(st.booleans()),
    )


class Watched(Nursery):
    """A nursery in which nothing comes to pass by itself, and which checks every order as it is given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.living: dict[str, None] = {}  # in the order of their last start
        self.places: dict[str, int] = {}
        self.finished = self.gave_up = False
        self.ups: dict[str, float] = {}
        self.slow = set("abcdef")
        self.doomed: set[str] = set()

    def _order(self, effect: Effect) -> None:
        assert not self.finished, f"{effect} after the end"
        match effect:
            case Kill(name, why) if why is not None:
                assert name in self.living, f"{name} is killed and does not live"
                assert self.slot(name).state in (State.STARTING, State.UP)
                self.doomed.add(name)
            case BeginStart(name):
                self.doomed.discard(name)
                assert name not in self.living, f"{name} is started twice without an end between"
                assert self.family.phase in (Phase.OPENING, Phase.OPEN)
                self.living[name] = None
            case SendStop(name) | Kill(name):
                self._check_stop(name)
            case Finished():
                assert not self.living, "finished with children alive"
                assert not self.timers
                self.finished = True
            case GiveUp(name=name, history=history):
                assert len(history) == (self.slot(name).terms.intensity or self.rules.intensity).restarts + 1
                self.gave_up = True
            case Report() | Ready():
                pass
        super()._order(effect)

    def _check_stop(self, name: str) -> None:
        assert name in self.living, f"{name} is stopped and does not live"
        if self.family.phase is Phase.CLOSING and not self.rules.parallel:
            place = self.slot(name).place
            later = [s.name for s in self.family.slots if s.place > place and s.name in self.living]
            assert not later, f"{name} is stopped before {later}"


class FamilyMachine(RuleBasedStateMachine):
    """Any events in any order, outcomes in any order."""

    @initialize(
        strategy=st.sampled_from(Strategy),
        restarts=st.integers(0, 4),
        children=st.lists(any_terms(), max_size=5),
        parallel=st.booleans(),
        revive=st.booleans(),
    )
    def begin(self, strategy: Strategy, restarts: int, children: list[Terms], parallel: bool, revive: bool) -> None:
        rules = Rules(
            strategy=Strategy.ONE_FOR_ONE if parallel else strategy,
            intensity=Intensity(restarts, 5.0),
            parallel=parallel,
            revive=revive,
        )
        named = {} if parallel else dict(zip("abcdef", children, strict=False))
        self.it = Watched(rules, named)
        self.it.open()

    def settle(self, name: str) -> None:
        """Let what *name* is at come to pass, and keep the books."""
        it = self.it
        slot = it.family.slots.get(name)
        if name in it.pending:
            if slot is None or slot.state.value == "stopping" or name in it.broken.keys() | it.doomed:
                it.living.pop(name, None)
            it.finish(name)

    @rule(name=NAMES, broken=st.booleans(), ignored=st.booleans())
    def comes_to_pass(self, name: str, broken: bool, ignored: bool) -> None:
        self.it.broken.pop(name, None)
        slot = self.it.family.slots.get(name)
        if slot is None or name not in self.it.pending:
            return
        if broken and slot.state.value == "starting" and name not in self.it.doomed:
            self.it.broken[name] = ignored
            self.it.living.pop(name)
            del self.it.pending[name]
            self.it._start_outcome(name)()
            self.it.broken.pop(name, None)
        else:
            self.settle(name)

    @rule(name=NAMES, way=WAYS, luck=LUCK)
    def ends(self, name: str, way: object, luck: float) -> None:
        if name in self.it.living:
            del self.it.living[name]
            self.it.end(name, way, luck)  # type: ignore[arg-type]

    @rule(name=NAMES, ready=st.booleans())
    def says_whether_it_is_ready(self, name: str, ready: bool) -> None:
        if self.it.family.slots.get(name) is not None:
            self.it.answer(name, ready=ready)

    @rule(name=NAMES, progress=st.integers(0, 1), working=st.booleans())
    def works(self, name: str, progress: int, working: bool) -> None:
        self.it.work[name] = (progress, working)

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 5.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.it.wait(seconds)

    @precondition(lambda self: self.it.family.phase is Phase.OPEN)
    @rule(name=NAMES, its=any_terms())
    def is_added(self, name: str, its: Terms) -> None:
        self.it.add(name, its)

    @precondition(lambda self: self.it.family.phase is not Phase.OPENING)
    @rule(name=NAMES, verb=st.sampled_from(["terminate", "restart", "delete"]))
    def is_administered(self, name: str, verb: str) -> None:
        getattr(self.it, verb)(name)

    @rule()
    def stops(self) -> None:
        self.it.stop()

    @invariant()
    def children_keep_their_order(self) -> None:
        it = self.it
        order = [slot.place for slot in it.family.slots]
        assert order == sorted(set(order)), "each has a place of its own"
        for slot in it.family.slots:
            assert it.places.setdefault(slot.name, slot.place) <= slot.place
            it.places[slot.name] = slot.place

    @invariant()
    def the_books_agree_about_who_lives(self) -> None:
        it = self.it
        assert {slot.name for slot in it.family.slots if slot.state in ALIVE} == set(it.living)
        assert it.family.slots.alive == len(it.living)

    @invariant()
    def restarts_within_the_window_never_exceed_the_budget(self) -> None:
        if not self.it.gave_up:
            assert len(self.it.family.history) <= self.it.rules.intensity.restarts
            for slot in self.it.family.slots:
                if slot.terms.intensity is None:
                    assert slot.history is None
                else:
                    assert len(slot.history or ()) <= slot.terms.intensity.restarts
                    assert all(record.name != slot.name for record in self.it.family.history)

    @invariant()
    def whoever_is_to_run_is_on_the_way(self) -> None:
        """In an open family nobody is forgotten: who waits has a timer, an agenda or an outcome to come."""
        it = self.it
        waiting = [s for s in it.family.slots if s.state.value in ("waiting", "backing off")]
        if it.family.phase is Phase.OPEN and waiting:
            assert it.family.agenda is not None or all(slot.name in it.timers for slot in waiting)

    def teardown(self) -> None:
        if not hasattr(self, "it"):
            return
        it = self.it
        it.broken.clear()
        it.stop()
        for _ in range(20):
            for name in tuple(it.pending):
                if it.slot(name).state.value == "stopping" or name in it.doomed:
                    it.living.pop(name, None)
                it.finish(name)
        assert it.finished, "every sequence of events ends quiescent after a stop"
        assert it.family.phase is Phase.CLOSED


TestEveryFamily = FamilyMachine.TestCase
TestEveryFamily.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
