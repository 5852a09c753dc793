"""What a tree refuses or reports.

SupervisorError
├── SpecError                     a spec, strategy or limit that cannot be meant (also a ValueError)
│   └── UnknownOptionError        an option that does not exist; the nearest one is named (also a TypeError)
├── GaveUpError                   more restarts than the intensity allows; ends the supervisor abnormally
├── ChildStartError               a static child failed to start; those before it were stopped again
├── ChildNotFoundError            no child of that name
├── AlreadyStartedError           start_child: the name is taken by a running child
├── AlreadyPresentError           start_child: the name is taken by a child that is not running
├── ChildRunningError             restart_child, delete_child: it runs
├── ChildRestartingError          restart_child, delete_child: it is being restarted
├── TooManyChildrenError          start_child: `max_children` is reached
├── StartCalledOffError           start_child, restart_child: stopped before it was up
├── NotReadyError                 a child's start hook returned, and it did not say in time that it is ready (also a
│                                 TimeoutError)
├── StalledError                  a child had work and got nothing done for too long (also a TimeoutError)
├── PartitionKeyError             a key that no partition can be found by (also a TypeError)
├── SupervisorStoppingError       an administration call to a supervisor on its way out
├── BudgetExhaustedError          what was asked for does not fit what is left of an allowance
└── TaskTimeoutError              a task of a stream has had its time (also a TimeoutError)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AlreadyPresentError",
    "AlreadyStartedError",
    "BudgetExhaustedError",
    "ChildNotFoundError",
    "ChildRestartingError",
    "ChildRunningError",
    "ChildStartError",
    "GaveUpError",
    "NotReadyError",
    "PartitionKeyError",
    "SpecError",
    "StalledError",
    "StartCalledOffError",
    "SupervisorError",
    "SupervisorStoppingError",
    "TaskTimeoutError",
    "TooManyChildrenError",
    "UnknownOptionError",
]


class SupervisorError(Exception):
    """The base of everything that a tree refuses or reports."""


class SpecError(SupervisorError, ValueError):
    """A field holds what it cannot mean. The message names field, value and remedy.

    Attributes:
        field: the field at fault, for example ``restart``.
        value: what stood there.
    """

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r} cannot be: {remedy}")
        self.field, self.value = field, value


class UnknownOptionError(SpecError, TypeError):
    """An option that does not exist was given. Use the nearest one that does."""

    def __init__(self, option: str, value: object, known: Iterable[str]) -> None:
        known = sorted(known)
        near = get_close_matches(option, known, n=1, cutoff=0.5)
        remedy = f"did you mean `{near[0]}`?" if near else f"there is {', '.join(known)}"
        super().__init__(option, value, f"there is no such option; {remedy}")
        self.nearest = near[0] if near else None


class GaveUpError(SupervisorError):
    """A supervisor restarted more often than its intensity allows, stopped its children and ended abnormally.

    The last child's own error is the ``__cause__``, and so on down to the root cause.

    Attributes:
        child: the name of the child whose end was one too many.
        history: what ended or failed to start, in words, oldest first; one entry a restart within the window.
    """

    def __init__(self, child: str, history: tuple[str, ...], restarts: int, within: float) -> None:
        super().__init__(
            f"gave up on `{child}`: {len(history)} restarts were called for within {within:g} s of being up, "
            f"{restarts} are granted"
        )
        self.child, self.history = child, history


class ChildStartError(SupervisorError):
    """A child failed to start; its error is the ``__cause__``. Static children before it were stopped again."""

    def __init__(self, child: str, error: object) -> None:
        super().__init__(f"child `{child}` failed to start: {shown(error)}")
        self.child = child


class ChildNotFoundError(SupervisorError):
    """There is no child of that name here. `which_children` lists those there are."""

    def __init__(self, child: str) -> None:
        super().__init__(f"there is no child `{child}` here; `which_children` lists those there are")
        self.child = child


class AlreadyStartedError(SupervisorError):
    """A child of that name runs already. Use it, or give the new one another name."""

    def __init__(self, child: str) -> None:
        super().__init__(f"child `{child}` is already started; use it, or give the new one another name")
        self.child = child


class AlreadyPresentError(SupervisorError):
    """A child of that name is kept without running. `restart_child` starts it, `delete_child` frees the name."""

    def __init__(self, child: str) -> None:
        super().__init__(
            f"child `{child}` is present and does not run; `restart_child` starts it, `delete_child` frees the name"
        )
        self.child = child


class ChildRunningError(SupervisorError):
    """The child runs. `terminate_child` it first."""

    def __init__(self, child: str) -> None:
        super().__init__(f"child `{child}` is running; `terminate_child` it first")
        self.child = child


class ChildRestartingError(SupervisorError):
    """The child is being restarted. Wait for it, or `terminate_child` it first."""

    def __init__(self, child: str) -> None:
        super().__init__(f"child `{child}` is being restarted; wait for it, or `terminate_child` it first")
        self.child = child


class TooManyChildrenError(SupervisorError):
    """The supervisor has as many children as `max_children` allows, restarting ones included."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"max_children={limit} are there; end one first, or raise the limit")
        self.limit = limit


class StartCalledOffError(SupervisorError):
    """The child was stopped before it was up."""

    def __init__(self, child: str) -> None:
        super().__init__(f"the start of `{child}` was called off: it was stopped before it was up")
        self.child = child


class SupervisorStoppingError(SupervisorError):
    """The supervisor is on its way out and starts nothing any more."""

    def __init__(self, request: str) -> None:
        super().__init__(f"`{request}` came to a supervisor that is stopping; ask the one that follows it")
        self.request = request


class NotReadyError(SupervisorError, TimeoutError):
    """A child did not say within its `ready_timeout` that it is ready, and was killed.

    Attributes:
        child: its name.
        within: the seconds that it had since its start hook returned.
    """

    def __init__(self, child: str, within: float) -> None:
        super().__init__(f"child `{child}` was not ready within {within:g} s; give it more by `ready_timeout=`")
        self.child, self.within = child, within


class StalledError(SupervisorError, TimeoutError):
    """A child had work for its `stall_timeout` and got nothing done, and was killed.

    Attributes:
        child: its name.
        within: the seconds for which it may.
    """

    def __init__(self, child: str, within: float) -> None:
        super().__init__(
            f"child `{child}` had work and got nothing done for {within:g} s; if that is how long it takes, give it "
            "more by `stall_timeout=`"
        )
        self.child, self.within = child, within


class PartitionKeyError(SupervisorError, TypeError):
    """A partition is found by text, bytes or a whole number, for those are the same key in every process.

    Attributes:
        key: what was given.
    """

    def __init__(self, key: object) -> None:
        super().__init__(
            f"a partition cannot be found by {key!r}, a {type(key).__name__}; give a str, bytes or int, such as its id"
        )
        self.key = key


class BudgetExhaustedError(SupervisorError):
    """What was asked for does not fit what is left of an allowance; nothing was spent. Ask for less, or raise it.

    Attributes:
        account: the address of the subtree whose allowance it is.
        resource: what was asked for.
        limit: the allowance.
        available: what was left of it.
        asked: how much was asked for.
    """

    def __init__(self, account: str, resource: str, limit: float, available: float, asked: float) -> None:
        super().__init__(
            f"`{account}` has {available:g} of its {limit:g} {resource} left, and {asked:g} were asked for; ask for "
            f"less, or raise the limit: `llmagentos budget set {account} {resource}=...`"
        )
        self.account, self.resource, self.limit = account, resource, limit
        self.available, self.asked = available, asked


class TaskTimeoutError(SupervisorError, TimeoutError):
    """A task of a stream has had its time and was killed. Give it more by `timeout=`.

    Attributes:
        value: the input that it worked on.
    """

    def __init__(self, value: object) -> None:
        super().__init__(f"the task for {shown(value)} has had its time and was killed; give it more by `timeout=`")
        self.value = value


def shown(value: object) -> str:
    """Return the repr of *value*; where that raises, its class and why."""
    try:
        return repr(value)
    except Exception as broken:  # noqa: BLE001  a value that cannot be shown must not end who tells of it
        return f"<{type(value).__name__}, whose repr raises {type(broken).__name__}>"
