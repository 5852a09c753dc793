"""What a worker asks of the main process: messages to refs that it was handed, and its actor's context.

A worker can address only refs that this connection has handed to it. What it spawns lives here, is an actor class whose
module the main process has imported already, and hangs on the worker's actor. A request is withdrawn when the worker's
handler, which waits for its answer, is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llmactors import _accounts as accounts
from llmactors import _slots as slots
from llmactors._actor import Actor
from llmactors._context import Context, Monitor
from llmactors._core.flags import OVER, STARTING
from llmactors._exits import Exit, Normal
from llmactors._signals import Stop
from llmactors._waits import circle
from llmactors.errors import ActorDownError, NotSerialisableError, WaitCycleError
from llmactors.hosts.process._grammar import constructor_types, grammar_of
from llmactors.hosts.process._names import loaded_class
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._traced import serve_in_step

if TYPE_CHECKING:
    from llmactors._ref import ActorRef
    from llmactors.hosts.process._life import Life


REQUESTS: Final = 10_000  # sends that wait for room, reservations, ends waited for: open at a time

PARTS: Final = {Op.TELL: 0, Op.ASK: 1, Op.ASK_IF_UP: 1, Op.STREAM: 2}
"""What calls say behind their arguments; a trace comes after that."""


class Desk:
    """Serves one worker."""

    ops: Final = frozenset({Op.TELL, Op.ASK, Op.ASK_IF_UP, Op.STREAM, Op.CANCEL, Op.CREDIT, Op.ORDER, Op.REQUEST})

    def __init__(self, life: Life) -> None:
        self._life = life
        self._waits: dict[int, ActorRef[Any]] = {}  # whom handlers wait for, by the number of their ask or request
        self._awaited = 0  # the number of the ask that comes next, if a handler waits for it
        self._monitors: dict[int, Monitor] = {}
        self._stopping: dict[int, Awaitable[Exit]] = {}
        self._reserved: dict[int, accounts.Reservation] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}  # requests that are not answered yet, by number

    def close(self) -> None:
        """The worker is gone."""
        for task in self._tasks.values():
            task.cancel()

    def waits_for(self) -> tuple[ActorRef[Any], ...] | None:
        """Return whom the worker's handlers wait for, if all that it may have in hand do."""
        life = self._life
        self._waits = {
            number: ref for number, ref in self._waits.items() if number in self._tasks or number in life.served.open
        }
        hands = max(len(life.post.sent.hands(life.calls)), life.cell.handlers.concurrency)
        return tuple(self._waits.values()) if len(self._waits) >= hands else None

    def _closes_a_circle(self, number: int, ref: ActorRef[Any]) -> bool:
        """Note that a handler waits for *ref*; if nobody of all who wait could go on, it hears that instead."""
        awaited, self._awaited = self._awaited, 0
        if awaited != number:
            return False
        self._waits[number] = ref
        self._life.served.open[number] = None
        path = circle(self._life.cell)
        del self._life.served.open[number]
        if path is not None:
            del self._waits[number]
            self._fail(number, WaitCycleError(path))
        return path is not None

    def on_item(self, op: Op, parts: list[Any]) -> None:
        """Do what the worker asks.

        Raises:
            LookupError: It names a ref that it was never handed.
        """
        match op:
            case Op.CANCEL:
                self._life.served.cancel(*parts)
            case Op.CREDIT:
                self._life.served.credit(*parts)
            case Op.ORDER:
                self._order(parts[0], parts[1:])
            case Op.REQUEST:
                self._request(parts[0], parts[1], parts[2:])
            case _:
                self._call(op, *parts)

    def _call(self, op: Op, number: int, target: int, name: str | None, content: Any, *rest: Any) -> None:
        life, ref = self._life, self._ref(target)
        try:
            message = grammar_of(ref.cls).read(life.codec, name, content)
            parts = PARTS[op]
            step = rest[parts] if len(rest) > parts else None
            if op is Op.ASK_IF_UP and ref.flags & (STARTING | OVER):
                self._fail(number, ActorDownError(ref.path, ref.state))
            elif op is not Op.STREAM and self._closes_a_circle(number, ref):
                return
            elif op is Op.TELL:
                serve_in_step(ref.scheduler, step, ref.tell, message)
            else:
                call = life.served.stream if op is Op.STREAM else life.served.ask
                serve_in_step(ref.scheduler, step, call, ref, number, message, *rest[:parts])
        except NotSerialisableError as error:
            self._fail(number, error)

    def _ref(self, number: int) -> ActorRef[Any]:
        return self._life.refs.resolve([number])

    def _context(self) -> Context[Any]:
        return Context(self._life.cell, self._life)

    # -- orders ------------------------------------------------------------------------------------------------
    def _order(self, name: str, arguments: list[Any]) -> None:
        match name, arguments:
            case (("awaits" | "withdraw"), [int(number)]):
                getattr(self, f"_{name}")(number)
            case "unstash", []:
                self._life.unstash()
            case "finish", []:
                self._life.cell.signal(Stop(exit=Normal()))
            case "stop", [int(target), bool(drain)]:
                self._stopping[target] = self._ref(target).stop(drain=drain)
            case (("kill" | "pause" | "resume"), [int(target)]):
                getattr(self._ref(target), name)()
            case (("link" | "unlink"), [int(target)]):
                getattr(self._context(), name)(self._ref(target))
            case "monitor", [int(key), int(target), ("ended" | "discarded") as until]:
                self._monitors[key] = self._context().monitor(self._ref(target), until)
            case "demonitor", [int(key)]:
                self._monitors.pop(key).cancel()
            case "spend", [dict(amounts)]:
                accounts.spend(self._life.cell, amounts)
            case "hold", [dict(amounts)]:
                accounts.hold(self._life.cell, amounts)
            case "settle", [int(key), dict(used)]:
                self._settle(key, used)
            case _:
                raise ValueError(f"a worker cannot order {name!r} with {arguments!r}")

    # -- requests ----------------------------------------------------------------------------------------------
    def _request(self, number: int, name: str, arguments: list[Any]) -> None:
        try:
            match name, arguments:
                case "spawn", [str(cls), *rest]:
                    self._answer(number, self._spawn(cls, *rest))
                case "outside", [str(cls), *rest]:
                    self._later(number, self._spawn_outside(cls, *rest))
                case "ref", [str(where), bool(from_root)]:
                    look_up = self._life.cell.system.ref if from_root else self._context().ref
                    self._answer(number, look_up(where))
                case "spec", [str(owner), str(name), actor]:
                    spec = Declared(loaded_class(owner), name, None if actor is None else loaded_class(actor))
                    self._answer(number, self._life.cell.system.ref(spec))
                case "state", [int(target)]:
                    self._answer(number, self._ref(target).state)
                case "send", [int(target), endpoint, content, timeout, bool(hand)]:
                    ref = self._ref(target)
                    message = grammar_of(ref.cls).read(self._life.codec, endpoint, content)
                    self._later(number, self._send(number if hand else None, ref, message, timeout))
                case "up", [int(target)]:
                    self._later(number, _up(self._ref(target)))
                case "stopped", [int(target)]:
                    self._later(number, _come_true(self._stopping.pop(target)))
                case "reserve", [int(key), dict(amounts), ("wait" | "at once") as how]:
                    accounts.check(amounts)
                    self._later(number, self._reserve(key, accounts.Reservation(self._life.cell, amounts), how))
                case "ended", [int(target)]:
                    self._later(number, self._ref(target).wait_ended())
                case _:
                    raise ValueError(f"a worker cannot request {name!r} with {arguments!r}")  # noqa: TRY301
        except Exception as error:  # noqa: BLE001  it is the answer
            self._fail(number, error)

    async def _reserve(self, key: int, reservation: accounts.Reservation, how: str) -> None:
        if how == "wait":
            await reservation.__aenter__()
        else:
            reservation.__enter__()
        self._reserved[key] = reservation

    def _settle(self, key: int, used: dict[str, float]) -> None:
        reservation = self._reserved.pop(key, None)
        if reservation is not None:  # else it was refused, or withdrawn
            reservation.used(**used)
            reservation.__exit__()

    def _awaits(self, number: int) -> None:
        """A handler waits for the answer to the ask of that number, which comes next."""
        self._awaited = number

    def _withdraw(self, number: int) -> None:
        """The handler that waited for the answer to a request was cancelled."""
        if number in self._tasks:
            self._tasks[number].cancel()

    async def _send(self, hand: int | None, ref: ActorRef[Any], message: Any, timeout: float | None) -> None:
        """Send, waiting for room; *hand* is the number under which a handler waits for that, if one does."""
        if hand is None or slots.has_room(ref):
            await ref.send(message, timeout)
            return
        self._waits[hand] = ref
        try:
            path = circle(self._life.cell)
            if path is not None:
                raise WaitCycleError(path)
            await ref.send(message, timeout)
        finally:
            self._waits.pop(hand, None)

    def _spawn(self, name: str, *how: Any) -> Any:
        args, kwargs, label, host, shutdown = how
        cls = _actor_class(name)
        codec, types = self._life.codec, constructor_types(cls)
        cell = self._life.cell
        ref: Any = cell.system.spawn_under(
            cell,
            cls,
            codec.unwrap(args, types),
            codec.unwrap(kwargs, types),
            name=label,
            host=codec.unwrap(host),
            shutdown=shutdown,
        )
        return ref

    async def _spawn_outside(self, name: str, *how: Any) -> Any:
        args, kwargs, label, host = how
        cls = _actor_class(name)
        codec, types = self._life.codec, constructor_types(cls)
        args, kwargs, host = codec.unwrap(args, types), codec.unwrap(kwargs, types), codec.unwrap(host)
        return await self._life.cell.system.spawn(cls, *args, name=label, host=host, **kwargs)

    def _later(self, number: int, coroutine: Coroutine[Any, Any, Any]) -> None:
        if len(self._tasks) >= REQUESTS:
            coroutine.close()
            raise RuntimeError(f"a worker process waits for {REQUESTS} things at a time at most: wait for some of them")
        task = self._life.cell.scheduler.loop.create_task(self._answer_with(number, coroutine))
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _answer_with(self, number: int, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            self._answer(number, await coroutine)
        except Exception as error:  # noqa: BLE001  it is the answer
            self._fail(number, error)

    def _answer(self, number: int, value: Any) -> None:
        self._life.channel.send([Op.ANSWER, number, self._life.codec.wrap(value)])

    def _fail(self, number: int, error: BaseException) -> None:
        self._life.channel.send([Op.FAIL, number, self._life.codec.wrap(error)])


@dataclass(frozen=True, slots=True)
class Declared:
    """A child that a supervisor class declares, as a worker has named it."""

    owner: type
    name: str
    actor: Any


def _actor_class(name: str) -> Any:
    cls = loaded_class(name)
    if not issubclass(cls, Actor):
        raise TypeError(f"`{name}` is no actor class")
    return cls


async def _come_true(what: Awaitable[Exit]) -> Exit:
    return await what


async def _up(ref: ActorRef[Any]) -> None:
    await ref
