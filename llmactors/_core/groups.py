"""Who is in which group, who watches it, and what each watcher has not heard yet.

Theory of operation (rows B74 and B76 of the conformance table)
1. A member may join several times and leaves as often; one that dies leaves as often as it had joined.
2. A watcher is told the members at the moment it begins to watch, and every change from then on, in order: no gap.
3. What a watcher's full mailbox does not take is owed to it. Opposite changes that it did not hear of cancel out, so
   that what is owed never exceeds what there is to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Change(Generic[M]):
    """*member* joined *group* so many *times*; left it, where that is negative."""

    group: str
    member: M
    times: int


class Membership(Generic[M, W]):
    """The book of one scope. Groups come and go with their members; an unknown group is an empty one."""

    __slots__ = ("_groups", "_owed", "_watchers")

    def __init__(self) -> None:
        self._groups: dict[str, dict[M, int]] = {}
        self._watchers: dict[W, set[str | None]] = {}
        self._owed: dict[W, dict[tuple[str, M], int]] = {}

    # -- members ---------------------------------------------------------------------------------------------
    def join(self, group: str, member: M, times: int = 1) -> Change[M]:
        """Add a member."""
        members = self._groups.setdefault(group, {})
        members[member] = members.get(member, 0) + times
        return self._changed(Change(group, member, times))

    def leave(self, group: str, member: M, times: int = 1) -> Change[M] | None:
        """Take a member away, at most as often as it had joined. None if it is no member."""
        members = self._groups.get(group, {})
        joined = members.get(member, 0)
        if not joined:
            return None
        if times < joined:
            members[member] = joined - times
        else:
            del members[member]
        if not members:
            del self._groups[group]
        return self._changed(Change(group, member, -min(times, joined)))

    def gone(self, member: M) -> tuple[Change[M], ...]:
        """A member is dead: it leaves everything."""
        left = [self.leave(group, member, members[member]) for group, members in self.all() if member in members]
        return tuple(change for change in left if change is not None)

    def members(self, group: str) -> tuple[M, ...]:
        """Return the members in order of joining, each as often as it joined."""
        return tuple(member for member, times in self._groups.get(group, {}).items() for _ in range(times))

    def all(self) -> tuple[tuple[str, dict[M, int]], ...]:
        """Return all groups that have members."""
        return tuple((group, dict(members)) for group, members in self._groups.items())

    def joined(self, member: M) -> bool:
        """Say whether *member* is in any group."""
        return any(member in members for members in self._groups.values())

    # -- watchers --------------------------------------------------------------------------------------------
    def watch(self, watcher: W, group: str | None) -> None:
        """Tell *watcher* of every change of *group* from now on; None means all groups."""
        self._watchers.setdefault(watcher, set()).add(group)

    def unwatch(self, watcher: W, group: str | None) -> None:
        """Tell *watcher* no more of *group*."""
        groups = self._watchers.get(watcher, set())
        groups.discard(group)
        if not groups:
            self.forget(watcher)
        elif None not in groups and watcher in self._owed:
            self._owed[watcher] = {key: times for key, times in self._owed[watcher].items() if key[0] in groups}

    def forget(self, watcher: W) -> None:
        """A watcher is dead, or watches nothing any more."""
        self._watchers.pop(watcher, None)
        self._owed.pop(watcher, None)

    def watching(self, watcher: W) -> bool:
        """Say whether *watcher* watches anything."""
        return watcher in self._watchers

    def owed(self, watcher: W) -> tuple[Change[M], ...]:
        """Return what *watcher* has not heard yet."""
        return tuple(Change(group, member, times) for (group, member), times in self._owed.get(watcher, {}).items())

    def behind(self) -> tuple[W, ...]:
        """Return the watchers that have not heard everything."""
        return tuple(self._owed)

    def heard(self, watcher: W, change: Change[M]) -> None:
        """*watcher* has heard of *change*, which it was owed."""
        owed = self._owed.get(watcher, {})
        owed.pop((change.group, change.member), None)
        if not owed:
            self._owed.pop(watcher, None)

    def _changed(self, change: Change[M]) -> Change[M]:
        for watcher, groups in self._watchers.items():
            if change.group in groups or None in groups:
                self._owe(watcher, change)
        return change

    def _owe(self, watcher: W, change: Change[M]) -> None:
        owed = self._owed.setdefault(watcher, {})
        key = (change.group, change.member)
        times = owed.pop(key, 0) + change.times
        if times:
            owed[key] = times
        elif not owed:
            del self._owed[watcher]
