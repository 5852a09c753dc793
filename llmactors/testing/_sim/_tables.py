"""The tables of a simulated system: every call of a handler is seen, and can be cut off at each of its steps.

Where messages are checked, an answer makes its trip when it is given, as it does in a worker process: what its handler
does to it afterwards, its asker does not see.
"""

from __future__ import annotations

import types
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors._asks import PENDING, Ask, Failure
from llmactors._batch import Batch, parts_of
from llmactors._carried import CarriedAsk, Envelope
from llmactors._checks import CheckedFlow, checked_answer
from llmactors._later import Later
from llmactors._messages import Due, Inserted
from llmactors._streams import Flow, message_of
from llmactors.errors import NotSerialisableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from llmactors._table import Table
    from llmactors.testing._sim._stage import Stage

INSIDE = (CarriedAsk, Due, Envelope, Flow, Inserted)
"""What stands in a table and carries a message that is looked up in its turn."""


def seen(table: Table) -> Table:
    """Have every call of a table's handlers seen."""
    for cls, call in list(table.items()):
        if issubclass(cls, Batch):
            table[cls] = _seen_batch(call)
        elif not issubclass(cls, INSIDE) and cls not in table.batched:  # the batch is what is handled
            table[cls] = _seen(call)
    table[CheckedFlow] = table[Flow]
    table.missing = _seen(table.missing)
    table.streams = {cls: _seen_stream(call) for cls, call in table.streams.items()}
    table.slice = 1
    return table


def _seen(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def called(actor: Any, message: Any) -> Any:
        cell = actor._cell
        stage: Stage = cell.stage
        later = stage.takes(cell, message)
        if later is not None:  # a fault has it begin later, or never
            return _begun_later(stage, message, later, partial(call, actor), cell)
        try:
            answer = call(actor, message)
        except BaseException as error:
            stage.left(cell, message, error)
            raise
        if answer.__class__ is CoroutineType:
            return _stepped(stage, cell, message, answer)
        if answer.__class__ is Later and answer.by is not None:
            stage.gives(message)
        answer = _crossed(cell, message, answer)
        later = stage.finishes(cell, message)
        return answer if later is None else _heard_later(stage, cell, message, later, answer)

    return called


def _crossed(cell: Any, message: Any, answer: Any) -> Any:
    """Return the answer that its asker is to have: what arrives of it now, or an error that says why nothing would."""
    if not cell.checked:
        return answer
    if answer.__class__ is Later:
        return answer if answer.by is not None else _Between(cell, message).before(answer)
    try:
        return checked_answer(message, answer)
    except NotSerialisableError as error:
        return Failure(error)


class _Between:
    """Stands where the asker of a `Later` would, and passes on what arrives of the answer when it is given."""

    __slots__ = ("cell", "later", "message")

    def __init__(self, cell: Any, message: Any) -> None:
        self.cell, self.message = cell, message
        self.later: Later[Any] = Later()

    def before(self, later: Later[Any]) -> Later[Any]:
        """Wait for the answer to *later*; return the one that the asker gets."""
        asker: Any = self
        later.attach(asker)
        return self.later

    def answer(self, value: Any) -> None:
        """Pass an answer on."""
        crossed = _crossed(self.cell, self.message, value)
        if crossed.__class__ is Failure:
            self.later.fail(crossed.error)
        else:
            self.later.answer(crossed)

    def fail(self, error: BaseException) -> None:
        """Pass an error on."""
        self.later.fail(error)


def _all_crossed(cell: Any, batch: Batch) -> None:
    """Have the asks of a batch that was just answered get what arrives of their answers."""
    for part in parts_of(batch):
        if isinstance(part, Ask) and part.value is not PENDING and part.value.__class__ is not Failure:
            part.value = _crossed(cell, part.message, part.value)


async def _heard_later(stage: Stage, cell: Any, message: Any, later: Any, answer: Any) -> Any:
    """Have the answer of a handler heard later, or never."""
    try:
        await later
    except BaseException as error:
        stage.left(cell, message, error)
        raise
    stage.finished(cell, message)
    return answer


async def _heard(stage: Stage, cell: Any, message: Any) -> None:
    later = stage.finishes(cell, message)
    if later is not None:
        await _heard_later(stage, cell, message, later, None)


async def _begun_later(stage: Stage, message: Any, later: Any, call: Any, cell: Any) -> Any:
    try:
        await later
        answer = call(message)
    except BaseException as error:
        stage.left(cell, message, error)
        raise
    if answer.__class__ is CoroutineType:
        return await _stepped(stage, cell, message, answer)
    answer = _crossed(cell, message, answer)
    await _heard(stage, cell, message)
    return answer


async def _stepped(stage: Stage, cell: Any, message: Any, coroutine: Any) -> Any:
    try:
        answer = await _steps(stage, cell, message, coroutine)
    except BaseException as error:
        stage.left(cell, message, error)
        raise
    answer = _crossed(cell, message, answer)
    later = stage.finishes(cell, message)
    return answer if later is None else await _heard_later(stage, cell, message, later, answer)


@types.coroutine
def _steps(stage: Stage, cell: Any, message: Any, coroutine: Any) -> Generator[Any, Any, Any]:
    """Run a handler step by step; before each step but the first it may be cut off."""
    error: BaseException | None = None
    while True:
        try:
            wanted = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        error = None
        try:
            yield wanted
            later = stage.goes_on(cell, message)
            if later is not None:
                yield from later
        except GeneratorExit:
            stage.leave(cell, coroutine)
            raise
        except BaseException as raised:
            if stage.is_cut(raised):
                stage.leave(cell, coroutine)
                raise
            error = raised


def _seen_stream(call: Callable[[Any, Any], AsyncGenerator[Any, None]]) -> Callable[[Any, Any], Any]:
    def called(actor: Any, message: Any) -> Any:
        cell = actor._cell
        stage: Stage = cell.stage
        later = stage.takes(cell, message)
        return _items(stage, cell, message, later, call(actor, message))

    return called


async def _items(stage: Stage, cell: Any, message: Any, later: Any, items: Any) -> AsyncGenerator[Any, None]:
    try:
        if later is not None:
            await later
        async for item in items:
            await stage.yields(cell, message)
            yield item
    except BaseException as error:
        stage.left(cell, message, error)
        raise
    else:
        await _heard(stage, cell, message)
    finally:
        await items.aclose()


def _seen_batch(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def called(actor: Any, batch: Batch) -> Any:
        cell = actor._cell
        stage: Stage = cell.stage
        parts = [message_of(part) for part in parts_of(batch)]
        later = stage.takes_all(cell, parts)
        answer = _batch_later(later, call, actor, batch) if later is not None else call(actor, batch)
        if answer.__class__ is CoroutineType:
            return _batch_done(stage, cell, parts, batch, answer)
        _all_crossed(cell, batch)
        later = stage.finishes_all(cell, parts)
        return answer if later is None else _batch_heard_later(stage, cell, parts, later, answer)

    return called


async def _batch_heard_later(stage: Stage, cell: Any, parts: list[Any], later: Any, answer: Any) -> Any:
    await later
    stage.finished_all(cell, parts)
    return answer


async def _batch_later(later: Any, call: Any, actor: Any, batch: Batch) -> Any:
    await later
    answer = call(actor, batch)
    return await answer if answer.__class__ is CoroutineType else answer


async def _batch_done(stage: Stage, cell: Any, parts: list[Any], batch: Batch, coroutine: Any) -> Any:
    answer = await coroutine
    _all_crossed(cell, batch)
    later = stage.finishes_all(cell, parts)
    return answer if later is None else await _batch_heard_later(stage, cell, parts, later, answer)
