"""Has what a fork server needs of the system succeed once, and fail from then on. Its `preload=` imports it."""

import errno
import os
from collections.abc import Callable
from typing import Any

FAILS = os.environ["SCARCE"]


def once(call: Callable[..., Any]) -> Callable[..., Any]:
    calls = [0]

    def scarce(*args: Any) -> Any:
        calls[0] += 1
        if calls[0] > 1:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        return call(*args)

    return scarce


setattr(os, FAILS, once(getattr(os, FAILS)))
