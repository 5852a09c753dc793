"""The runtimes: which cases each of them can do, by how many operations, and what to do where one is absent.

A runtime is one or more modules beside this file with `MEASURES`: by case, a function of a number of operations that
returns the case's readings. All are measured as shipped, without tuning. A case that a runtime does not have is left
out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain


class AbsentError(Exception):
    """A runtime that is no Python library is not installed. Its module raises this when it is imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One runtime.

    Args:
        title: What a reader is told.
        modules: By module, the cases it measures and how many operations make each long enough to time.
        distribution: What it is installed as; None for one whose module has a function `version`.
        remedy: What to do where it is absent.
        wide: Cases for which its actors are processes of their own, so that it is not put on one processor.
    """

    title: str
    modules: Mapping[str, Mapping[str, int]]
    distribution: str | None
    remedy: str
    wide: frozenset[str] = frozenset()

    @property
    def counts(self) -> dict[str, int]:
        """Return by case how many operations a measurement has."""
        return dict(chain.from_iterable(counts.items() for counts in self.modules.values()))

    def module_of(self, case: str) -> str:
        """Return the module that measures *case*."""
        return next(module for module, counts in self.modules.items() if case in counts)


OURS = "llmactors"
EXTRA = 'pip install "llmagentos[bench]"'

RUNTIMES: Mapping[str, Runtime] = {
    OURS: Runtime(
        title="llmactors",
        modules={
            "ours.asks": {
                "ask": 200_000,
                "ask-queued": 100_000,
                "ask-timed": 100_000,
                "ask-async": 100_000,
                "ask-suspending": 50_000,
            },
            "ours.tells": {"tell-none": 300_000, "tell": 300_000, "tell-async": 200_000, "fan-in": 300_000},
            "ours.rings": {"ring": 300_000, "ring-async": 200_000},
            "ours.lives": {"spawn": 1_000_000, "spawn-used": 300_000, "restart": 3_000},
            "ours.latency": {"skew": 400, "skew-queued": 400, "gc-pause": 300_000},
            "ours.processes": {
                "process-ask": 10_000,
                "process-tell": 200_000,
                "process-echo": 1_000,
                "process-swap": 1_000,
                "process-restart": 10,
            },
            "ours.growth": {"ring-of": 1_000, "queue-of": 1_000},
        },
        distribution="llmagentos",
        remedy="there is nothing to compare with: `pip install .[bench]`",
    ),
    "asyncio": Runtime(
        title="raw asyncio",
        modules={
            "asyncio_queues": {
                "ask": 50_000,
                "ask-queued": 50_000,
                "ask-timed": 50_000,
                "ask-async": 50_000,
                "ask-suspending": 50_000,
                "tell-none": 200_000,
                "tell": 200_000,
                "tell-async": 200_000,
                "fan-in": 200_000,
                "ring": 100_000,
                "ring-async": 100_000,
                "spawn": 100_000,
                "spawn-used": 100_000,
                "skew": 400,
                "skew-queued": 400,
                "gc-pause": 300_000,
            },
            "asyncio_sockets": {
                "process-ask": 10_000,
                "process-tell": 100_000,
                "process-echo": 200,
                "process-swap": 200,
            },
            "asyncio_growth": {"ring-of": 1_000, "queue-of": 1_000},
        },
        distribution="uvloop",
        remedy="pip install uvloop",
    ),
    "pykka": Runtime(
        title="Pykka",
        modules={
            "pykka_threads": {
                "ask": 20_000,
                "tell": 100_000,
                "fan-in": 100_000,
                "ring": 20_000,
                "spawn": 2_000,
                "skew": 400,
            },
        },
        distribution="pykka",
        remedy=EXTRA,
    ),
    "thespian": Runtime(
        title="Thespian",
        modules={
            "thespian_inside": {"ask": 20_000, "tell": 50_000, "fan-in": 50_000, "ring": 50_000, "spawn": 100_000},
            "thespian_processes": {
                "skew": 400,
                "process-ask": 1_000,
                "process-tell": 3_000,
                "process-echo": 20,
                "process-restart": 10,
            },
        },
        distribution="thespian",
        remedy=EXTRA,
        wide=frozenset({"skew"}),
    ),
    "casty": Runtime(
        title="casty",
        modules={
            "casty_inside": {
                "ask": 50_000,
                "ask-async": 50_000,
                "tell": 100_000,
                "tell-async": 100_000,
                "fan-in": 100_000,
                "ring": 100_000,
                "ring-async": 100_000,
                "spawn": 100_000,
                "restart": 200,
                "skew": 400,
            },
            "casty_cluster": {"process-ask": 5_000, "process-tell": 100_000, "process-echo": 100},
        },
        distribution="casty",
        remedy="pip install casty uvloop, for Python 3.12 or newer; name that interpreter: --python casty=PATH",
    ),
    "xoscar": Runtime(
        title="xoscar",
        modules={
            "xoscar_pools": {
                "ask": 20_000,
                "tell": 20_000,
                "fan-in": 20_000,
                "ring": 20_000,
                "spawn": 50_000,
                "skew": 100,
                "process-ask": 3_000,
                "process-tell": 10_000,
                "process-echo": 100,
                "process-restart": 4,
            },
        },
        distribution="xoscar",
        remedy=EXTRA,
    ),
    "autogen-core": Runtime(
        title="autogen-core",
        modules={
            "autogen_inside": {
                "ask": 5_000,
                "tell": 10_000,
                "fan-in": 10_000,
                "ring": 10_000,
                "spawn": 50_000,
                "skew": 50,
            },
            "autogen_grpc": {"process-ask": 500, "process-tell": 2_000, "process-echo": 20},
        },
        distribution="autogen-core",
        remedy=EXTRA,
    ),
    "ray": Runtime(
        title="Ray",
        modules={
            "ray_actors": {
                "spawn": 10,
                "skew": 400,
                "process-ask": 2_000,
                "process-tell": 10_000,
                "process-echo": 100,
                "process-restart": 4,
            },
        },
        distribution="ray",
        remedy=EXTRA,
        wide=frozenset({"spawn", "skew"}),
    ),
    "erlang": Runtime(
        title="Erlang/OTP",
        modules={
            "erlang": {
                "ask": 500_000,
                "tell-none": 1_000_000,
                "tell": 1_000_000,
                "fan-in": 1_000_000,
                "ring": 2_000_000,
                "spawn": 1_000_000,
                "restart": 300,
                "skew": 400,
                "process-ask": 10_000,
                "process-tell": 200_000,
                "process-echo": 300,
                "process-swap": 300,
            },
        },
        distribution=None,
        remedy="install Erlang/OTP: Debian's package is erlang-base",
    ),
}
