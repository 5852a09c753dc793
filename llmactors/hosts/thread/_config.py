"""`Thread()`: the value that a spec names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmactors.errors import MissingExtraError

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.thread._host import ThreadHost


@dataclass(frozen=True, slots=True)
class Thread:
    """Run plain handlers on a thread of the actor's own: for libraries that block.

    The constructor, plain (`def`) handlers and plain hooks run on the thread, one at a time; `async def` handlers,
    hooks and streams, which wait instead of blocking, run on the event loop as everywhere. One thread per incarnation.
    """

    def runtime(self, system: Any) -> ThreadHost:
        """Make the runtime of this host for a system.

        Raises:
            MissingExtraError: Pykka is not installed.
        """
        need_pykka("Thread()")
        from llmactors.hosts.thread._host import ThreadHost  # noqa: PLC0415  Pykka is an extra

        return ThreadHost(system)


def need_pykka(what: str) -> None:
    """See that Pykka is installed.

    Raises:
        MissingExtraError: It is not; the error names what to install.
    """
    try:
        import pykka  # noqa: F401, PLC0415  an extra
    except ImportError as error:
        raise MissingExtraError(what, "pykka", "pykka") from error


def as_pykka(ref: ActorRef[Any]) -> Any:
    """Return what code written for Pykka takes for a `pykka.ActorRef` of *ref*: to hand to a Pykka actor.

    `tell`, `ask(message, block=True, timeout=None)`, `stop` and `is_alive` are Pykka's, and so are the errors.

    Raises:
        MissingExtraError: Pykka is not installed.
    """
    need_pykka("as_pykka")
    from llmactors.hosts.thread._view import View  # noqa: PLC0415  Pykka is an extra

    return View(ref)
