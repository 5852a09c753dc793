"""`Thespian(...)`: the value that a spec names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from llmactors.errors import MissingExtraError

if TYPE_CHECKING:
    from llmactors.hosts.thespian._host import ThespianHost

BASES: Final = ("simpleSystemBase", "multiprocTCPBase", "multiprocUDPBase")


@dataclass(frozen=True, slots=True)
class Thespian:
    """Run Thespian actor classes, as they are, in a Thespian system: `child(ThespianChild, Clerk, host=Thespian())`.

    Each of our systems has one Thespian system per value, in processes of its own, which end with it.

    Args:
        base: Thespian's system base: `"multiprocTCPBase"` or `"multiprocUDPBase"` (a process per actor), or
            `"simpleSystemBase"` (all actors in one process).
        address: The network address that its processes listen on. This machine's loopback unless you say otherwise.

    Raises:
        ValueError: The base is unknown.
    """

    base: str = "multiprocTCPBase"
    address: str = "127.0.0.1"

    def __post_init__(self) -> None:
        if self.base not in BASES:
            raise ValueError(f"base={self.base!r}: choose one of {', '.join(BASES)}")

    def runtime(self, system: Any) -> ThespianHost:
        """Make the runtime of this host for a system.

        Raises:
            MissingExtraError: Thespian is not installed.
        """
        if find_spec("thespian") is None:
            raise MissingExtraError("Thespian()", "thespian", "thespian")
        from llmactors.hosts.thespian._host import ThespianHost  # noqa: PLC0415  few programs need it

        return ThespianHost(system, self)
