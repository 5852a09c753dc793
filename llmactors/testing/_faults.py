"""The fault plan: which faults may happen, to whom, and how often. Data, the same for simulated and real runs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from llmactors._messages import Message
from llmactors.testing.errors import FaultPlanError

Kind: TypeAlias = Literal[
    "crash",
    "delay",
    "disk_full",
    "drop",
    "duplicate",
    "hang",
    "kill",
    "oom",
    "partition",
    "slow",
    "stall_stream",
    "start_failure",
]
When: TypeAlias = Literal["taken", "await", "finished"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
WHENS: Final[tuple[When, ...]] = get_args(When)
SECONDS: Final[dict[str, tuple[float, float]]] = {
    "delay": (0.0, 2.0),
    "partition": (0.0, 2.0),
    "slow": (0.0, 2.0),
    "stall_stream": (0.0, 60.0),
}
"""How long those last that last, in seconds, where a plan does not say."""
MESSAGES: Final = ("crash", "kill", "hang", "slow", "oom")
"""Faults at a place in the life of a message."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_part(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_span(span: Any) -> bool:
    return (
        isinstance(span, tuple)
        and len(span) == 2  # noqa: PLR2004  from what to what
        and all(map(_is_number, span))
        and 0 <= span[0] <= span[1]
    )


@dataclass(frozen=True, slots=True)
class At:
    """Where a fault may happen, and how likely.

    Args:
        who: To whom: a child's spec (a pool's means its workers), an actor class, or a pattern of paths (`"/nets/*"`).
            None is every actor but supervisors.
        message: With which messages only: an endpoint (`Net.predict`), or its name (`"Net.predict"`).
        nth: With that actor's n-th such message only, counted from 1; it is certain then, unless *rate* says otherwise.
        when: At which place in the message's life: when it is `"taken"` and its handler begins, when its handler goes
            on after an `"await"`, or when it has `"finished"` and nobody has heard of it yet. For `crash`, `kill`,
            `hang`, `slow` and `oom`.
        rate: How likely at each place, from 0 to 1; None takes the plan's.
        seconds: How long it lasts, or from what to what; for `slow`, `delay`, `partition` and `stall_stream`.

    Raises:
        FaultPlanError: A value is none of these.
    """

    who: Any = None
    message: Any = None
    nth: int | None = None
    when: When = "taken"
    rate: float | None = None
    seconds: float | tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.when not in WHENS:
            raise FaultPlanError("when", self.when, "one of " + ", ".join(map(repr, WHENS)))
        if self.rate is not None and not _is_part(self.rate):
            raise FaultPlanError("rate", self.rate, "a number from 0 to 1")
        if self.nth is not None and (type(self.nth) is not int or self.nth < 1):
            raise FaultPlanError("nth", self.nth, "a whole number, 1 or more")
        if not _is_span(self.span("delay")):
            raise FaultPlanError("seconds", self.seconds, "seconds, 0 or more, or a pair of them")
        object.__setattr__(self, "message", message_name(self.message))

    def span(self, kind: str) -> tuple[float, float]:
        """Return how long a fault of that kind lasts here, from what to what."""
        if self.seconds is None:
            return SECONDS.get(kind, (0.0, 0.0))
        return (self.seconds, self.seconds) if isinstance(self.seconds, (int, float)) else self.seconds


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a plan: a kind of fault, and where."""

    kind: Kind
    at: At
    rate: float

    def __str__(self) -> str:
        """Say it in words: `crash /till finished Till.add #3`."""
        at = self.at
        words = [self.kind, _who(at.who)]
        if self.kind in MESSAGES and at.when != "taken":
            words.append(at.when)
        if at.message is not None:
            words.append(at.message)
        if at.nth is not None:
            words.append(f"#{at.nth}")
        return " ".join(words)


def _who(who: Any) -> str:
    if who is None:
        return "anybody"
    if isinstance(who, type):
        return who.__name__
    owner, name = getattr(who, "owner", None), getattr(who, "name", None)
    if isinstance(owner, type) and isinstance(name, str):  # a spec
        return f"{owner.__name__}.{name}"
    return str(getattr(who, "path", who))


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """A fault plan: `Faults(kill=App.nets, slow=At(Store, seconds=3), rate=0.01)`.

    Each kind takes a place, or several: an `At`, or short for one, a spec, a class or a pattern of paths. True means
    everywhere.

    Args:
        crash: An exception leaves the handler.
        kill: The actor is killed on the spot; its worker process dies as by `kill -9`.
        hang: The handler never returns.
        slow: The handler takes so many seconds longer.
        drop: A message is lost on its way.
        delay: A message is so many seconds longer on its way, and those behind it of the same sender.
        duplicate: A message is delivered twice: only where a mailbox redelivers.
        oom: No memory: `MemoryError` on the loop; a simulated worker process is killed, a real one lacks it.
        stall_stream: A stream stands still for so many seconds between two items.
        start_failure: The actor cannot start.
        partition: A worker's channel is cut for so many seconds.
        disk_full: Writing a file fails with `ENOSPC`.
        rate: How likely a fault is at each place where it may happen.
        most: Faults in one run at most; None for no bound. The default is what a supervisor's default intensity bears.

    Raises:
        FaultPlanError: A value makes no sense; the error says which, and what would.
    """

    crash: Any = None
    kill: Any = None
    hang: Any = None
    slow: Any = None
    drop: Any = None
    delay: Any = None
    duplicate: Any = None
    oom: Any = None
    stall_stream: Any = None
    start_failure: Any = None
    partition: Any = None
    disk_full: Any = None
    rate: float = 0.01
    most: int | None = 3

    def __post_init__(self) -> None:
        if not _is_part(self.rate):
            raise FaultPlanError("rate", self.rate, "a number from 0 to 1")
        if self.most is not None and (type(self.most) is not int or self.most < 0):
            raise FaultPlanError("most", self.most, "a whole number, 0 or more, or None")

    def rules(self) -> tuple[Rule, ...]:
        """Return the plan line by line."""
        found = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in KINDS or value is None or value is False:
                continue
            for one in value if isinstance(value, (list, tuple)) else (value,):
                at = one if isinstance(one, At) else At(None if one is True else one)
                certain = 1.0 if at.nth is not None else self.rate
                found.append(Rule(field.name, at, certain if at.rate is None else at.rate))
        return tuple(found)

    def within(self, prefix: str) -> Faults:
        """Return the plan for those below a path: patterns of paths begin there, and nobody named is all of them."""
        kinds: dict[str, Any] = {}
        for rule in self.rules():
            who = rule.at.who
            if who is None:
                who = f"{prefix}/*"
            elif isinstance(who, str) and who.startswith("/"):
                who = f"{prefix}{who}"
            kinds.setdefault(rule.kind, []).append(replace(rule.at, who=who, rate=rule.rate))
        return Faults(**kinds, rate=self.rate, most=self.most)

    def __bool__(self) -> bool:
        """Whether any fault may happen."""
        return bool(self.rules()) and self.most != 0


NO_FAULTS: Final = Faults()


def read_plan(text: str, source: str = "plan") -> Faults:
    """Read a fault plan from TOML: the fields of `Faults` by name, each kind a table, or several, as `At` takes them.

    ```toml
    rate = 0.05
    most = 20

    [kill]
    who = "/nets/*"

    [[slow]]
    who = "/store"
    message = "Store.keep"
    seconds = [0.5, 2.0]
    ```

    Args:
        text: The plan.
        source: How errors name it.

    Raises:
        FaultPlanError: It is no TOML, has a key that is unknown, or a value that makes no sense.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultPlanError(source, str(error), "TOML") from None
    known = {field.name for field in fields(Faults)}
    for key in said.keys() - known:
        raise FaultPlanError(f"{source}: {key}", said[key], "one of " + ", ".join(sorted(known)))
    kinds = {key: _places(f"{source}: {key}", value) if key in KINDS else value for key, value in said.items()}
    return Faults(**kinds)


def _places(source: str, value: Any) -> Any:
    if isinstance(value, (bool, str)):
        return value
    tables = value if isinstance(value, list) else [value]
    known = {field.name for field in fields(At)}
    for table in tables:
        if not isinstance(table, dict):
            raise FaultPlanError(source, table, "true, a pattern of paths, or a table")
        for key in table.keys() - known:
            raise FaultPlanError(f"{source}.{key}", table[key], "one of " + ", ".join(sorted(known)))
    try:
        return [At(**{**table, **_span(table)}) for table in tables]
    except TypeError as error:
        raise FaultPlanError(source, value, f"values that fit ({error})") from None


def _span(table: dict[str, Any]) -> dict[str, Any]:
    seconds = table.get("seconds")
    return {"seconds": tuple(seconds)} if isinstance(seconds, list) else {}


def message_name(message: Any) -> str | None:
    """Return the name of an endpoint, `Net.predict`, however it is given.

    Raises:
        FaultPlanError: It is none.
    """
    if message is None or isinstance(message, str):
        return message
    info = getattr(getattr(message, "message_class", message), "__endpoint__", None)
    if info is not None:
        return f"{info.owner.__name__}.{info.name}"
    if isinstance(message, type) and not issubclass(message, Message):
        return message.__qualname__
    raise FaultPlanError("message", message, "an endpoint such as Net.predict, a message class, or its name")
