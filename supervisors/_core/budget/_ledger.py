"""The ledger of allowances: what was granted to whom, reserved, spent, and given back.

Theory of operation
1. An *account* belongs to a subtree, and has one *line* for each resource of which the subtree has an allowance. What a
   resource costs is taken from the nearest account upwards that has a line for it; without any it is only counted.
2. A line's limit is granted by the nearest line above it, and is gone from there until the account is closed: then what
   was spent stays spent, and the rest returns. So siblings can never be promised the same thing twice.
3. Things are *reserved* before they are spent. A reservation that does not fit is refused whole, and changes nothing.
   It is *settled* with what was really spent.
4. What is measured (CPU seconds) or billed beyond what was reserved may exceed a line: that is its *overdraft*, which
   is taken from the line above as well, so that a subtree never has more than its ancestors.
5. At every step, on every line: limit + overdraft = granted + reserved + spent + available, and none is negative.

Amounts are whole billionths (see `_quantity`): sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """One resource of one account.

    Attributes:
        limit: what the subtree may use.
        source: the account whose line granted it; None where nothing above limits the resource.
        granted: what is promised to accounts below, with what they overdrew.
        reserved: what is about to be spent.
        spent: what has been spent here, or in accounts below that are closed.
        overdraft: what was used beyond the limit.
    """

    limit: int
    source: str | None = None
    granted: int = 0
    reserved: int = 0
    spent: int = 0
    overdraft: int = 0

    @property
    def available(self) -> int:
        """What can still be reserved or granted."""
        return self.limit + self.overdraft - self.granted - self.reserved - self.spent


@dataclass(slots=True)
class Account:
    """A subtree's lines, and what it used of everything, limited or not.

    Attributes:
        name: its address.
        parent: the address of the account above; None at the top.
        lines: its allowances.
        used: what it and the closed accounts below have used of each resource.
    """

    name: str
    parent: str | None
    lines: dict[str, Line] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What did not fit.

    Attributes:
        account: the account whose line it was.
        resource: the resource.
        limit: the line's limit.
        available: what it had left.
        asked: what was asked for.
    """

    account: str
    resource: str
    limit: int
    available: int
    asked: int


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """What is set aside. Two of the same amounts are two: each is settled once, by who made it.

    Attributes:
        account: who asked.
        amounts: how much of each resource.
        lines: the accounts whose lines hold it; a resource without one is held by nobody.
    """

    account: str
    amounts: Mapping[str, int]
    lines: Mapping[str, str]


class Ledger:
    """All accounts of one tree."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._accounts

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def account(self, name: str) -> Account:
        """Return an account that is open."""
        return self._accounts[name]

    # -- accounts -----------------------------------------------------------------------------------------------------
    def open(self, name: str, parent: str | None, limits: Mapping[str, int]) -> Refusal | None:
        """Open an account; its limits are granted by the lines above. Refused whole when one of them has not enough."""
        refusal = self._fits(parent, limits)
        if refusal is None:
            self._accounts[name] = Account(name, parent)
            for resource, limit in limits.items():
                self._add(self._accounts[name], resource, limit)
        return refusal

    def close(self, name: str) -> None:
        """Close an account without reservations and without open accounts below: what it has left returns."""
        account = self._accounts.pop(name)
        for resource, line in account.lines.items():
            if line.source is not None:
                above = self._accounts[line.source].lines[resource]
                above.granted -= line.limit + line.overdraft
                above.spent += line.spent
        parent = self._accounts.get(account.parent or "")
        if parent is not None:
            for resource, amount in account.used.items():
                parent.used[resource] = parent.used.get(resource, 0) + amount

    def refuses(self, name: str, resource: str, limit: int) -> Refusal | None:
        """Tell what is against a limit: the line above has not enough, or so much is granted or used already."""
        account = self._accounts[name]
        line = account.lines.get(resource)
        if line is None:
            promised = sum(each.limit + each.overdraft for each in self._ungranted_below(account, resource))
            if limit < promised:
                return Refusal(name, resource, limit, limit, promised)
            return self._fits(self._source(account, resource), {resource: limit - promised})
        more = limit - line.limit
        if more < 0:
            return Refusal(name, resource, line.limit, line.available, -more) if line.available + more < 0 else None
        return self._fits(line.source, {resource: max(0, more - line.overdraft)})

    def set_limit(self, name: str, resource: str, limit: int) -> Refusal | None:
        """Change a limit, or give one, unless something is against it.

        More is granted by the line above; what is taken away returns to it. The first of what is added pays for what
        was overdrawn. Where there was no limit, lines below that were granted from further up are granted from here.
        """
        refusal = self.refuses(name, resource, limit)
        if refusal is None:
            account = self._accounts[name]
            line = account.lines.get(resource)
            if line is None:
                below = self._ungranted_below(account, resource)
                self._add(account, resource, limit)
                for each in below:
                    self._move(each, resource, name)
            else:
                more = limit - line.limit
                covered = min(max(more, 0), line.overdraft)
                if line.source is not None:
                    self._accounts[line.source].lines[resource].granted += more - covered
                line.limit, line.overdraft = limit, line.overdraft - covered
        return refusal

    def _ungranted_below(self, account: Account, resource: str) -> list[Line]:
        """Return the lines below that pass *account* over: they would be granted from here if it had a line."""
        source = self._source(account, resource)
        lines = ((each, each.lines[resource]) for each in self._accounts.values() if resource in each.lines)
        return [line for each, line in lines if line.source == source and self._is_below(each, account.name)]

    def _source(self, account: Account, resource: str) -> str | None:
        holder = self._holder(account.parent, resource)
        return None if holder is None else holder.name

    def _add(self, account: Account, resource: str, limit: int) -> None:
        source = self._source(account, resource)
        if source is not None:
            self._accounts[source].lines[resource].granted += limit
        account.lines[resource] = Line(limit, source)

    def _move(self, line: Line, resource: str, source: str) -> None:
        promised = line.limit + line.overdraft
        if line.source is not None:
            self._accounts[line.source].lines[resource].granted -= promised
        line.source = source
        self._accounts[source].lines[resource].granted += promised

    def _is_below(self, account: Account, name: str) -> bool:
        while account.parent is not None and account.parent != name and account.parent in self._accounts:
            account = self._accounts[account.parent]
        return account.parent == name

    # -- spending -----------------------------------------------------------------------------------------------------
    def reserve(self, name: str, amounts: Mapping[str, int]) -> Reservation | Refusal:
        """Set amounts aside, all of them or none."""
        refusal = self._fits(name, amounts)
        if refusal is not None:
            return refusal
        holders = {}
        for resource, amount in amounts.items():
            holder = self._holder(name, resource)
            if holder is not None:
                holder.lines[resource].reserved += amount
                holders[resource] = holder.name
        return Reservation(name, dict(amounts), holders)

    def settle(self, reservation: Reservation, spent: Mapping[str, int]) -> None:
        """End a reservation with what was really spent; what is not named was not spent. The rest is free again."""
        for resource, holder in reservation.lines.items():
            self._accounts[holder].lines[resource].reserved -= reservation.amounts[resource]
        self.spend(reservation.account, spent)

    def spend(self, name: str, amounts: Mapping[str, int]) -> tuple[str, ...]:
        """Record what has been spent without a reservation; return the resources of which nothing is left now."""
        gone = []
        for resource, amount in amounts.items():
            used = self._accounts[name].used
            used[resource] = used.get(resource, 0) + amount
            holder = self._holder(name, resource)
            if holder is not None:
                holder.lines[resource].spent += amount
                self._overdraw(holder, resource)
                if holder.lines[resource].available == 0:
                    gone.append(resource)
        return tuple(gone)

    # -- the lines ----------------------------------------------------------------------------------------------------
    def _fits(self, name: str | None, amounts: Mapping[str, int]) -> Refusal | None:
        for resource, amount in amounts.items():
            holder = self._holder(name, resource)
            if holder is not None:
                line = holder.lines[resource]
                if line.available < amount:
                    return Refusal(holder.name, resource, line.limit, line.available, amount)
        return None

    def _overdraw(self, account: Account, resource: str) -> None:
        """Take what a line lacks from the line above it, and so on up."""
        line = account.lines[resource]
        lack = -line.available
        if lack > 0:
            line.overdraft += lack
            if line.source is not None:
                above = self._accounts[line.source]
                above.lines[resource].granted += lack
                self._overdraw(above, resource)

    def _holder(self, name: str | None, resource: str) -> Account | None:
        """Return the nearest account from *name* upwards that has a line for *resource*."""
        account = None if name is None else self._accounts.get(name)
        while account is not None and resource not in account.lines:
            account = None if account.parent is None else self._accounts.get(account.parent)
        return account
