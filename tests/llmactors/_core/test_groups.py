"""The book of groups: laws that hold for every sequence of joining, leaving, dying, watching and hearing."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llmactors._core.groups import Change, Membership

GROUPS, MEMBERS, WATCHERS = st.sampled_from("gh"), st.sampled_from("abc"), st.sampled_from("vw")
TIMES = st.integers(1, 3)


class Book(RuleBasedStateMachine):
    """Follows a book, and what its watchers believe."""

    def __init__(self) -> None:
        super().__init__()
        self.book: Membership[str, str] = Membership()
        self.model: Counter[tuple[str, str]] = Counter()
        self.believed: dict[str, Counter[tuple[str, str]]] = {}

    @rule(group=GROUPS, member=MEMBERS, times=TIMES)
    def join(self, group: str, member: str, times: int) -> None:
        self.book.join(group, member, times)
        self.model[group, member] += times

    @rule(group=GROUPS, member=MEMBERS, times=TIMES)
    def leave(self, group: str, member: str, times: int) -> None:
        change = self.book.leave(group, member, times)
        had = self.model[group, member]
        assert change == (Change(group, member, -min(times, had)) if had else None)
        self.model[group, member] = max(0, had - times)

    @rule(member=MEMBERS)
    def die(self, member: str) -> None:
        self.book.gone(member)
        assert not self.book.joined(member)
        for key in list(self.model):
            if key[1] == member:
                del self.model[key]

    @rule(watcher=WATCHERS)
    def watch_all(self, watcher: str) -> None:
        if watcher not in self.believed:
            self.book.watch(watcher, None)
            self.believed[watcher] = Counter(self.model)

    @rule(watcher=WATCHERS, most=st.integers(1, 3))
    def hear(self, watcher: str, most: int) -> None:
        for change in self.book.owed(watcher)[:most]:
            self.believed[watcher][change.group, change.member] += change.times
            self.book.heard(watcher, change)

    @rule(watcher=WATCHERS)
    def forget(self, watcher: str) -> None:
        self.book.forget(watcher)
        self.believed.pop(watcher, None)

    @invariant()
    def members_are_as_often_in_it_as_they_joined(self) -> None:
        for group in "gh":
            assert Counter(self.book.members(group)) == Counter(
                {member: times for (g, member), times in self.model.items() if g == group and times}
            )

    @invariant()
    def a_watcher_that_hears_all_it_is_owed_knows_all(self) -> None:
        for watcher, believed in self.believed.items():
            owed = self.book.owed(watcher)
            knows = Counter(believed)
            for change in owed:
                knows[change.group, change.member] += change.times
            assert +knows == +self.model
            assert len(owed) <= 6
            assert (watcher in self.book.behind()) == bool(owed)


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(
    ("watched", "told"), [("g", ["g"]), (None, ["g", "h"]), ("x", [])], ids=["one group", "all", "another"]
)
def test_a_watcher_is_told_of_what_it_watches(watched: str | None, told: list[str]) -> None:
    book: Membership[str, str] = Membership()
    book.watch("w", watched)
    book.join("g", "a")
    book.join("h", "a")
    assert [change.group for change in book.owed("w")] == told
    book.unwatch("w", watched)
    assert book.behind() == ()
    assert not book.watching("w")


def test_taking_one_of_two_monitors_back_leaves_the_other() -> None:
    book: Membership[str, str] = Membership()
    book.watch("w", "g")
    book.watch("w", "h")
    book.join("g", "a")
    book.join("h", "a")
    book.unwatch("w", "g")
    assert [change.group for change in book.owed("w")] == ["h"]
