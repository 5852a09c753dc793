"""`pool`: several workers behind one queue."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar, TypeVarTuple, Unpack, cast

from llmactors import Down, Ended, Exited, Later, Mailbox, Message, Slot, Started, StartFailed
from llmactors.hosts import HostConfig
from supervisors._core._family import Rules
from supervisors._core._slots import UP
from supervisors._overseer import Overseer
from supervisors._specs import KNOWN, ChildSpec, Options, child, refuse_unknown
from supervisors._values import Intensity, Restart, is_count
from supervisors.errors import SpecError

A = TypeVar("A")
Ts = TypeVarTuple("Ts")

THE_POOL_S = frozenset({"name", "mailbox", "significant", "budget", "weight"})
NOTICES = (Started, StartFailed, Ended, Exited, Down)


class PoolOptions(Options, total=False):
    """What may be said of a pool. `name`, `mailbox`, `significant`, `budget` and `weight` are the pool's.

    The rest is each worker's.

    Attributes:
        size: how many workers, 1 or more; 2 without it.

    `intensity` is the pool's: how many restarts of workers before it gives up; 3 within 5 s without it.
    """

    size: int


POOL_KNOWN = KNOWN | {"size"}


class Pool(Overseer):
    """Hands each message to a worker that is free; the others wait in the pool's mailbox.

    A worker has one message at a time (as many as its `concurrency`, or as its next batch takes). It answers the asker
    itself, streams included. A message is done when its handler has returned. What a worker that ended had not begun
    goes back to the front of the queue, for any worker; so does, under `redeliver=n`, what it had in hand, at most n
    times, then it is a dead letter, `poison`. Without it what was in hand is lost. While no worker is free the pool
    takes nothing, not even administration; its workers are restarted all the same.
    """

    def __init__(self, worker: ChildSpec[Any], size: int, intensity: Intensity) -> None:
        self._worker, self._size = worker, size
        self._granted = intensity
        self._free: dict[str, None] = {}  # in the order in which they became free
        self._gathering: dict[str, int] = {}  # those whose batch may take more, the first to begin first, and how many

    def _rules(self) -> Rules:
        return Rules(intensity=self._granted)

    def _specs(self) -> Iterable[ChildSpec[Any]]:
        stem = getattr(self._worker.actor, "__name__", "worker").lower()
        return [dataclasses.replace(self._worker, name=f"{stem}-{number}") for number in range(1, self._size + 1)]

    def _opened(self, slot: Slot[Any]) -> None:
        slot.on_idle = partial(self._on_idle, slot.name)

    async def on_start(self) -> None:
        """Start the workers; messages wait until one is free."""
        self.context.shut()
        await super().on_start()

    def receive(self, message: Any) -> Any:
        """Hear of the workers, or hand a message to one that is free."""
        if not isinstance(message, NOTICES):
            return Later(by=self._taker(message).ref)
        if isinstance(message, StartFailed | Ended) and self._is_ours(message.ref):
            self._free.pop(message.ref.name, None)
            self._gathering.pop(message.ref.name, None)
            slot = self._keeper.slots[message.ref.name]
            slot.take_back(message.in_hand if isinstance(message, Ended) else ())
            self._shut_if_nobody_is_free()
        return super().receive(Ended(message.ref, message.exit) if isinstance(message, Ended) else message)

    def _taker(self, message: Any) -> Slot[Any]:
        """Choose the worker for a message. Where there is none after all, the message waits for the next one."""
        slots = self._keeper.slots
        for name in [*self._gathering]:
            wanted = slots[name].gathering
            if wanted is message.__class__:
                self._gave(name, self._gathering[name] - 1)
                return slots[name]
            if wanted is None:
                del self._gathering[name]
        if not self._free:
            self.context.shut()
            self.context.stash()
        name = next((each for each in self._free if not slots[each].ref.paused), next(iter(self._free)))
        del self._free[name]
        self._gave(name, self._room_beside(message))
        return slots[name]

    def _gave(self, name: str, room: int) -> None:
        """A worker has been chosen: so many more it may take into the batch that it gathers."""
        if room > 0:
            self._gathering[name] = room
        else:
            self._gathering.pop(name, None)
        self._shut_if_nobody_is_free()

    def _room_beside(self, message: Any) -> int:
        """Return how many more a batch takes that begins with *message*; one that does not wait, of what is there."""
        batch = message.__endpoint__.options.batch if isinstance(message, Message) else None
        if batch is None:
            return 0
        most, within = batch
        return most - 1 if within > 0 else min(most - 1, self.context.self_ref.usage().mailbox)

    def _on_idle(self, name: str) -> None:
        if self._worker.ready is None or self._keeper.family.slots[name].state is UP:
            self._gathering.pop(name, None)
            self._free[name] = None
            context = self.context
            context.unstash()
            context.unshut()

    def _ready(self, name: str) -> None:
        self._on_idle(name)

    def _shut_if_nobody_is_free(self) -> None:
        if not self._free and not self._gathering:
            self.context.shut()

    def _start_child(self, spec: ChildSpec[Any]) -> Later[Any]:
        raise SpecError("children", spec, "a pool keeps `size` workers of one kind; declare another size")


def pool(cls: Callable[[Unpack[Ts]], A], *args: *Ts, **options: Unpack[PoolOptions]) -> ChildSpec[A]:
    """Say how a supervisor keeps *size* workers of class *cls* behind one queue: `pool(Net, size=2, host=Process())`.

    The pool's ref is asked as a worker's would be: `await system.ref(App.nets).ask(Net.predict(x))`. For the options
    see `PoolOptions`.

    Raises:
        SpecError: an option holds what it cannot mean.
        UnknownOptionError: there is no such option; the error names the nearest one.
    """
    given: dict[str, Any] = dict(options)
    refuse_unknown(given, POOL_KNOWN)
    size, intensity = given.pop("size", 2), given.pop("intensity", None) or Intensity()
    if not is_count(size) or size == 0:
        raise SpecError("size", size, "give a whole number, 1 or more")
    if not isinstance(intensity, Intensity):
        raise SpecError("intensity", intensity, "give an Intensity(restarts, within=seconds)")
    own = {option: given.pop(option) for option in THE_POOL_S & given.keys()}
    if given.get("host") is not None:
        given["host"] = _one_at_a_time(given["host"])
    worker = child(cls, *args, **given)
    mailbox = own.pop("mailbox", None) or getattr(worker.actor, "mailbox", None) or Mailbox()
    own["restart"] = Restart.TRANSIENT if own.get("significant") else Restart.PERMANENT
    spec = ChildSpec(actor=Pool, args=(worker, size, intensity), shutdown="forever", mailbox=mailbox, **own)
    return cast("ChildSpec[A]", spec)  # its ref takes what a worker's takes


def _one_at_a_time(host: HostConfig) -> HostConfig:
    """Have a host that hands messages over ahead of time hand over one at a time: the rest is for whoever is free."""
    if dataclasses.is_dataclass(host) and any(field.name == "prefetch" for field in dataclasses.fields(host)):
        return cast("HostConfig", dataclasses.replace(cast("Any", host), prefetch=1))
    return host
