"""An audit of a ledger: what has to hold on every line, whatever was granted, reserved, spent and given back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from supervisors._core.budget._ledger import Ledger, Line, Reservation


def audit(ledger: Ledger, held: Iterable[Reservation]) -> Iterator[str]:
    """Say what does not balance. *held* are the reservations that have not been settled.

    Nothing is negative. What a line has granted is what the lines below have of it; what it has reserved is what is
    held; and no more was spent on a line than its subtree has used.
    """
    granted, reserved, used = _granted(ledger), _reserved(held), _used(ledger)
    for account in ledger:
        for resource, line in account.lines.items():
            key = account.name, resource
            where = f"`{resource}` of {account.name}"
            parts = {"granted": line.granted, "reserved": line.reserved, "spent": line.spent}
            parts |= {"overdrawn": line.overdraft, "left": line.available}
            for what, amount in parts.items():
                if amount < 0:
                    yield f"{where}: {amount} billionths are {what}"
            if line.granted != granted[key]:
                yield f"{where}: {line.granted} billionths are granted, and the accounts below have {granted[key]}"
            if line.reserved != reserved[key]:
                yield f"{where}: {line.reserved} billionths are reserved, and {reserved[key]} are held"
            if line.spent > used[key]:
                yield f"{where}: {line.spent} billionths are spent, and {used[key]} were used"


def unaccounted(ledger: Ledger) -> dict[tuple[str, str], tuple[Line, int]]:
    """Return, by account and resource, the line and how much of what was used is spent neither on it nor below it.

    That is what was used before there was the line: it never changes, whatever is reserved, settled, closed or begun
    anew.
    """
    used, spent, lines = _used(ledger), Counter[tuple[str, str]](), dict[tuple[str, str], Line]()
    for account in ledger:
        for resource, line in account.lines.items():
            lines[account.name, resource] = line
    for (name, resource), line in lines.items():
        above: str | None = name
        while above is not None and (above, resource) in lines:
            spent[above, resource] += line.spent
            above = lines[above, resource].source
    return {key: (line, used[key] - spent[key]) for key, line in lines.items()}


def _granted(ledger: Ledger) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for account in ledger:
        for resource, line in account.lines.items():
            if line.source is not None:
                sums[line.source, resource] += line.limit + line.overdraft
    return sums


def _reserved(held: Iterable[Reservation]) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for reservation in held:
        for resource, holder in reservation.lines.items():
            sums[holder, resource] += reservation.amounts[resource]
    return sums


def _used(ledger: Ledger) -> Counter[tuple[str, str]]:
    """Return what each account has used with all below it."""
    sums: Counter[tuple[str, str]] = Counter()
    accounts = {account.name: account for account in ledger}
    for account in ledger:
        above: str | None = account.name
        while above is not None and above in accounts:
            for resource, amount in account.used.items():
                sums[above, resource] += amount
            above = accounts[above].parent
    return sums
