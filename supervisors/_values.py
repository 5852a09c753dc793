"""Words of a restart policy: values that say who comes back, how often and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from supervisors.errors import SpecError

Word = TypeVar("Word", bound=StrEnum)


class Restart(StrEnum):
    """When a child comes back: after any end, after an abnormal one, or never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Strategy(StrEnum):
    """Who is restarted together with a child that failed: nobody, everybody, or those started after it."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class AutoShutdown(StrEnum):
    """Whether the end of a significant child ends its supervisor: no, of any of them, of the last of them."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


# By these names a word costs a decision nothing; `Restart.PERMANENT` looks it up in the enum every time.
PERMANENT, TRANSIENT, TEMPORARY = Restart
ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE = Strategy


def word(kind: type[Word], field: str, value: object) -> Word:
    """Read *value* as one of the words of *kind*.

    Raises:
        SpecError: it is none of them; the error names the field, the value and the words there are.
    """
    if isinstance(value, kind):
        return value
    if value in [str(each) for each in kind]:
        return kind(value)
    raise SpecError(field, value, "one of " + ", ".join(repr(str(each)) for each in kind))


def is_count(value: object) -> bool:
    """Tell whether *value* is a whole number, 0 or more (True and False are not)."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: object) -> bool:
    """Tell whether *value* is a finite number (True and False are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


@dataclass(frozen=True, slots=True)
class Intensity:
    """How many restarts a supervisor grants before it gives up.

    A restart is forgotten once its child has been up for *within* seconds; waiting and starting are not being up,
    so a slow start or a back-off never makes an endless loop look calm. The window is strict: a restart that is exactly
    *within* seconds old is forgotten.

    Attributes:
        restarts: restarts granted within the window, 0 or more. One history for all children of a supervisor, but for
            those that have an intensity of their own.
        within: length of the window in seconds, more than 0.
    """

    restarts: int = 3
    within: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not is_count(self.restarts):
            raise SpecError("intensity.restarts", self.restarts, "give a whole number, 0 or more")
        if not is_number(self.within) or self.within <= 0:
            raise SpecError("intensity.within", self.within, "give seconds, more than 0")


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed child waits before it is started again: longer after each failure in a row.

    The row ends once the child has been up for the supervisor's window.

    Attributes:
        initial: seconds before the first restart.
        maximum: seconds that no wait exceeds, jitter included.
        factor: what each further wait is multiplied by, 1 or more.
        jitter: share of a wait by which it is shortened at random, 0 to 1, so that many do not come back at once.
    """

    initial: float = 0.1
    maximum: float = 30.0
    factor: float = 2.0
    jitter: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not is_number(self.initial) or self.initial < 0:
            raise SpecError("backoff.initial", self.initial, "give seconds, 0 or more")
        if not is_number(self.maximum) or self.maximum < self.initial:
            raise SpecError("backoff.maximum", self.maximum, f"give seconds, no fewer than initial={self.initial:g}")
        if not is_number(self.factor) or self.factor < 1:
            raise SpecError("backoff.factor", self.factor, "give a number, 1 or more")
        if not is_number(self.jitter) or not 0 <= self.jitter <= 1:
            raise SpecError("backoff.jitter", self.jitter, "give a share from 0 to 1")
