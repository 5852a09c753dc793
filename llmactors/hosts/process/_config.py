"""`Process(...)`: what a spec says about the process in which an actor runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmactors.errors import HostCapabilityError

if TYPE_CHECKING:
    from llmactors.hosts.process._host import ProcessHost

PREFETCH: Final = 1_000
UNITS: Final = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


@dataclass(frozen=True, slots=True, init=False)
class Process:
    """Run an actor in an operating-system process of its own: for model workers, blocking and untrusted code.

    A crash, an endless loop, a `kill -9` or a lack of memory there ends that actor only; its supervisor starts it anew.
    What crosses must be a value (see `llmactors.hosts.register`). Linux only, for now.

    Args:
        memory: Address space that the process may use, in bytes or as `"512 MiB"`; None for no limit. A backstop
            (RLIMIT_AS): allocations beyond it raise `MemoryError`. It counts mapped files too, so leave room.
        preload: Modules that are imported once, before workers are forked: they start in milliseconds then. So are
            those that the actor's own module uses and that say `__fork_safe__ = True`.
        python: The interpreter of another virtual environment, with the same version of this package installed.
        prefetch: Messages handed to the process at a time, 1 or more: 1 000 unless said. 1 keeps all others movable.
        env: Environment variables for the process, beside those of this one: a mapping, or pairs.

    Raises:
        ValueError: A size is not positive, or not a size.
        TypeError: `preload` is a plain string, or holds something else than module names.
    """

    memory: int | None
    preload: tuple[str, ...]
    python: str | None
    prefetch: int
    env: tuple[tuple[str, str], ...] | None

    def __init__(
        self,
        memory: int | str | None = None,
        preload: Iterable[str] = (),
        python: str | None = None,
        prefetch: int = PREFETCH,
        env: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    ) -> None:
        fields = {
            "memory": None if memory is None else size_of(memory),
            "preload": _modules(preload),
            "python": None if python is None else str(python),
            "prefetch": _positive("prefetch", prefetch),
            "env": None if env is None else tuple(sorted((str(k), str(v)) for k, v in dict(env).items())),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def runtime(self, system: Any) -> ProcessHost:
        """Make the runtime of this host for a system.

        Raises:
            HostCapabilityError: This is not Linux.
        """
        if sys.platform != "linux":
            raise HostCapabilityError("Process()", f"run on {sys.platform} yet")
        from llmactors.hosts.process._host import ProcessHost  # noqa: PLC0415  only where it is used, and can be

        return ProcessHost(system, self)


def size_of(text: int | str) -> int:
    """Return a size in bytes: `512`, `"512 MiB"`, `"1.5 GB"`.

    Raises:
        ValueError: It is none.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return _positive("memory", text)
    match = SIZE.fullmatch(str(text).strip())
    unit = UNITS.get((match[2] or "B").upper()) if match is not None else None
    if match is None or unit is None:
        raise ValueError(f'memory={text!r}: give a number of bytes, or a size such as "512 MiB"')
    return _positive("memory", int(float(match[1]) * unit))


def _modules(preload: Iterable[str]) -> tuple[str, ...]:
    if isinstance(preload, str):
        raise TypeError(f"preload={preload!r}: give a tuple of module names, such as ({preload!r},)")
    modules = tuple(preload)
    for module in modules:
        if not isinstance(module, str):
            raise TypeError(f"preload={modules!r}: {module!r} is not the name of a module")
    return modules


def _positive(name: str, value: int) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{name}={value!r}: give a positive int")
    return value
