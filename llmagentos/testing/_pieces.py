"""What a script is made of: pieces of text, and what goes wrong between them. Plain values, which cross processes."""

import json
import sys
from dataclasses import dataclass
from typing import Any, Final

from llmactors.hosts import register
from llmagentos.models.errors import ModelError, ProviderFailedError, ProviderTimeoutError, RateLimitedError

TOO_MANY: Final = 429


@register
@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing for so many seconds, then go on."""

    seconds: float


@register
@dataclass(frozen=True, slots=True)
class Cut:
    """Break off here, without a `Finish`, as a connection does that is lost."""


@register
@dataclass(frozen=True, slots=True)
class Repeat:
    """Say the last piece once more."""


@register
@dataclass(frozen=True, slots=True)
class Hang:
    """Be alive, and say nothing more, for ever."""


@register
@dataclass(frozen=True, slots=True)
class Status:
    """Be refused by the provider with an HTTP status: 429, or 500 and above."""

    code: int
    retry_after: float | None = None

    def error(self, model: str) -> ModelError:
        """Make the error that a backend raises for it."""
        if self.code == TOO_MANY:
            return RateLimitedError(model, self.retry_after)
        return ProviderFailedError(model, self.code, self.retry_after)


@register
@dataclass(frozen=True, slots=True)
class TimeOut:
    """Say nothing for so many seconds, then be given up by the backend itself."""

    seconds: float

    def error(self, model: str) -> ModelError:
        """Make the error that a backend raises for it."""
        return ProviderTimeoutError(model, self.seconds)


@register
@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """Have the GPU's memory run out, as the exception that it is."""

    def error(self) -> RuntimeError:
        """Make PyTorch's own error where PyTorch is loaded, else one that looks like it."""
        torch: Any = sys.modules.get("torch")
        kind: type[RuntimeError] = getattr(torch, "OutOfMemoryError", None) or OutOfMemoryError
        return kind("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.64 GiB")


@register
@dataclass(frozen=True, slots=True)
class Miscount:
    """Count tokens wrong: as many times as there are."""

    times: float


class OutOfMemoryError(RuntimeError):
    """Stands for `torch.OutOfMemoryError` where PyTorch is not loaded."""


Piece = str | Stall | Cut | Repeat | Hang | Status | TimeOut | OutOfMemory | Miscount
"""A piece of a script."""

cut: Final = Cut()
repeat: Final = Repeat()
hang: Final = Hang()
out_of_memory: Final = OutOfMemory()


def stall(seconds: float) -> Stall:
    """Say nothing for so many seconds, then go on."""
    return Stall(_checked(seconds))


def status(code: int, retry_after: float | None = None) -> Status:
    """Be refused by the provider: `status(429, retry_after=7)`, `status(429)`, `status(503)`.

    Raises:
        ValueError: The code is neither 429 nor 500 and above.
    """
    if code != TOO_MANY and not 500 <= code <= 599:  # noqa: PLR2004  HTTP's own numbers
        raise ValueError(f"code={code!r}: a provider refuses with 429, or with 500 to 599")
    return Status(code, None if retry_after is None else _checked(retry_after))


def time_out(seconds: float = 60.0) -> TimeOut:
    """Be given up by the backend after so many seconds without a word."""
    return TimeOut(_checked(seconds))


def miscount(times: float = 2.0) -> Miscount:
    """Count tokens wrong: *times* as many as there are."""
    return Miscount(_checked(times))


def choose(tool: str, **arguments: Any) -> str:
    """Write the choice of a tool as agents ask models for it."""
    return json.dumps({"tool": tool, "arguments": arguments})


def _checked(amount: float) -> float:
    if not amount >= 0:
        raise ValueError(f"{amount!r} is no amount: give a number, 0 or more")
    return amount
