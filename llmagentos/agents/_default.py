"""The system behind hand-made agents: begun with the first `start()`, on a background thread, ended with the script.

`threading._register_atexit` is the only hook that runs when the main module has ended and threads and processes can
still be started (`atexit` runs too late for that). It is private, and has been the same since Python 3.9; tests hold it
on every supported version.
"""

import asyncio
import atexit
import concurrent.futures.thread  # noqa: F401 - its hook refuses new work from then on: ours, younger, runs before it
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from llmactors import ActorRef, ActorSystem, Crash, Exit, Killed, Message, StreamMessage
from llmagentos._boot import AgentOS
from llmagentos._control._lease import Lease, claim
from llmagentos._journal import Journal
from llmagentos.agents._background import Background
from llmagentos.agents.errors import HandleStateError, SystemEndedError
from llmagentos.models._models import Models
from supervisors import DynamicSupervisor, child
from supervisors.errors import (
    AlreadyPresentError,
    AlreadyStartedError,
    ChildNotFoundError,
    ChildRunningError,
    SupervisorError,
)

R = TypeVar("R")

IN_ORDER = 4.0
"""Seconds that Ctrl-C gives the agents to end in order."""
INTERRUPTED, FAILED = 130, 1
IDLE = 7 * 86_400.0
"""Seconds that an agent waits for the reader of its answer: a person may be slow."""


class DefaultSystem:
    """An agent OS on a background thread, and the agents that handles started in it.

    Args:
        name: What `llmagentos ps` calls it.
        exact_name: Whether it is to fail where that name is taken, instead of getting a number.
    """

    def __init__(self, name: str, *, exact_name: bool = False) -> None:
        self._wanted, self._exact = name, exact_name
        self._lease: Lease
        self._background: Background
        self._alive: set[ActorRef[Any]] = set()

    @property
    def name(self) -> str:
        """What `llmagentos ps` calls it."""
        return self._lease.running.name

    def boot(self) -> None:
        """Claim the name, and boot the tree."""
        self._lease = claim(self._wanted, exact=self._exact)
        lease = self._lease
        self._background = Background(lambda: ActorSystem(AgentOS, lease, name=lease.running.name), lease.running.name)
        try:
            self._background.start()
        except BaseException:
            lease.release()
            raise

    # -- agents -------------------------------------------------------------------------------------------------------
    def create(self, cls: type, args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> ActorRef[Any]:
        """Start an agent; its name gets a number where it is taken."""
        agents = self._ref("agents")
        for number in range(1, 1_000):
            numbered = name if number == 1 else f"{name}-{number}"
            spec = child(partial(cls, *args, **kwargs), name=numbered, restart="transient")
            with contextlib.suppress(AlreadyStartedError, AlreadyPresentError):  # that name is taken: the next one
                return self._lives(self.call(agents.ask, DynamicSupervisor.start_child(spec)))
        raise HandleStateError(name, "has a thousand namesakes", "destroy some")

    def start(self, ref: ActorRef[Any]) -> ActorRef[Any] | None:
        """Start a stopped agent again; one that runs goes on. None where it is not known any more."""
        if ref.state != "discarded":
            return ref
        try:
            return self._lives(self.call(self._ref("agents").ask, DynamicSupervisor.restart_child(ref.name)))
        except ChildNotFoundError:  # the agents' supervisor has begun anew, with nobody
            return None
        except ChildRunningError:  # somebody else has started it
            return self._lives(self._ref(f"agents/{ref.name}"))

    def stop(self, ref: ActorRef[Any]) -> None:
        """Stop an agent in order; one that has ended stays so."""
        if ref.state != "discarded":
            self.call(self._ref("agents").ask, DynamicSupervisor.terminate_child(ref.name))
        self._alive.discard(ref)

    def destroy(self, ref: ActorRef[Any]) -> None:
        """Stop an agent for good, and forget its conversation."""
        self.stop(ref)
        with contextlib.suppress(SupervisorError):  # it is not known any more: its supervisor began anew
            self.call(self._ref("agents").ask, DynamicSupervisor.delete_child(ref.name))
        self.call(self._ref("journal").ask, Journal.forget(f"/agents/{ref.name}"))

    def signal(self, order: Callable[[], None]) -> None:
        """Give an order, and return when the tree has heard it."""
        self.call(_obeyed, order)

    def wait(self, ref: ActorRef[Any], timeout: float | None) -> bool:
        """Wait until an agent has ended; answer whether it has."""
        try:
            self.call(ref.wait_ended, timeout=timeout)
        except TimeoutError:
            return False
        return True

    def load(self, model: str) -> None:
        """Load a model before anybody asks for it.

        Raises:
            ModelError: There is no such model, or it cannot be loaded.
        """
        self.call(self._ref("models").ask, Models.worker(model))

    # -- talking ------------------------------------------------------------------------------------------------------
    def ask(self, ref: ActorRef[Any], message: Message[Any, Any], timeout: float | None) -> Any:
        """Ask an agent, and block until the answer is there."""
        return self.call(ref.ask, message, timeout)

    def stream(self, ref: ActorRef[Any], message: StreamMessage[Any, Any]) -> Iterator[Any]:
        """Yield what a stream of an agent yields."""
        return self._background.iterate(lambda: aiter(ref.stream(message, idle=IDLE)))

    def call(self, work: Callable[..., Coroutine[Any, Any, R]], *args: Any, timeout: float | None = None) -> R:
        """Run `work(*args)` on the system's loop, and block until it is done."""
        return self._background.call(work, *args, timeout=timeout)

    def _ref(self, path: str) -> ActorRef[Any]:
        return self._background.system.ref(path)

    def _lives(self, ref: ActorRef[Any]) -> ActorRef[Any]:
        self._alive.add(ref)
        return ref

    # -- the end ------------------------------------------------------------------------------------------------------
    def wait_for_agents(self) -> BaseException | None:
        """Wait until every agent that was started has ended; answer the error of the first that failed, if any did."""
        for exit in self.call(_all_ended, tuple(self._alive)):
            match exit:
                case Crash(error) | Killed(BaseException() as error):
                    return error
        return None

    def shut_down(self) -> BaseException | None:
        """Stop everything in order, at once after a while or on Ctrl-C; answer what had ended the system before."""
        try:
            if not self._background.stop(IN_ORDER):
                self._background.kill()
                self._background.wait(1.0)
        except KeyboardInterrupt:
            self._background.kill()
            self._background.wait(1.0)
        self._lease.release()
        return self._background.error


async def _obeyed(order: Callable[[], None]) -> None:
    order()
    await asyncio.sleep(0)


async def _all_ended(refs: tuple[ActorRef[Any], ...]) -> list[Exit]:
    return await asyncio.gather(*(ref.wait_ended() for ref in refs))


def state_of(ref: ActorRef[Any] | None) -> str:
    """Say in a word what the agent behind a handle does."""
    if ref is None:
        return "created"
    return "stopped" if ref.state == "discarded" else ref.state


# -- the one of this process -------------------------------------------------------------------------------------------

_lock = threading.Lock()
_default: DefaultSystem | None = None
_status = 0


def default_system() -> DefaultSystem:
    """Answer the default system of this process, booted with the first call."""
    global _default  # noqa: PLW0603 - one per process is what it is
    with _lock:
        if _default is None:
            system = DefaultSystem(_script_name())
            system.boot()
            threading._register_atexit(_linger)  # type: ignore[attr-defined]  # see above
            _default = system
        return _default


def _script_name() -> str:
    stem = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in {"", "-c", "-m"} else "python"
    return "".join(c if c.isalnum() or c in "_.-" else "-" for c in stem).lstrip("_.-")[:41] or "python"


def _linger() -> None:
    """The main module has ended: wait for the agents. Ctrl-C, here or in the main module, ends them in order."""
    global _status  # noqa: PLW0603 - read by the last hook
    assert _default is not None  # registered by who made it
    error: BaseException | None = None
    try:
        if getattr(sys, "last_type", None) is KeyboardInterrupt:
            _status = INTERRUPTED
        else:
            error = _default.wait_for_agents()
    except KeyboardInterrupt:
        _status = INTERRUPTED
    except SystemEndedError as ended:
        error = ended.__cause__ or ended
    _end(error)


def _end(error: BaseException | None) -> None:
    """Stop the default system; *error*, or what had ended it before, is the script's failure."""
    global _default, _status  # noqa: PLW0603 - as above
    system, _default = _default, None
    assert system is not None  # asked by who called
    error = system.shut_down() or error
    if error is not None:
        _status = _status or FAILED
        sys.excepthook(type(error), error, error.__traceback__)


@atexit.register
def _leave() -> None:
    """Leave with the status that says how it ended. Registered early, so it runs late."""
    global _status  # noqa: PLW0603 - as above
    if _default is not None:  # Ctrl-C came just where it kept the interpreter from waiting
        _status = INTERRUPTED
        _end(None)
    if _status:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)
