"""Which refs a connection knows. A worker can address only what was handed to it; number 0 is its own actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llmactors._ref import ActorRef


class HandedOut:
    """The main process's side: refs by the number under which the worker has them.

    Args:
        own: The worker's own actor.
    """

    __slots__ = ("_numbers", "_refs")

    def __init__(self, own: ActorRef[Any]) -> None:
        self._refs: list[ActorRef[Any]] = []
        self._numbers: dict[ActorRef[Any], int] = {}
        self.export(own)

    def export(self, value: object) -> list[Any] | None:
        """Return what stands for a ref: its number, and what a ref shows of its actor."""
        if not isinstance(value, ActorRef):
            return None
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._refs)
            self._refs.append(value)
        return [number, value.path, value.name, value.cls.__module__, value.cls.__qualname__]

    def resolve(self, content: list[Any]) -> ActorRef[Any]:
        """Return the ref.

        Raises:
            LookupError: It was never handed out.
        """
        number = content[0]
        if type(number) is not int or not 0 <= number < len(self._refs):
            raise LookupError(number)
        return self._refs[number]


class Received:
    """The worker's side: the refs that it has, by number.

    Args:
        make: Makes a ref from what stands for it.
        number_of: Returns a ref's number; None for what is no ref.
    """

    __slots__ = ("_known", "_make", "_number_of")

    def __init__(self, make: Callable[[list[Any]], Any], number_of: Callable[[object], int | None]) -> None:
        self._known: dict[int, Any] = {}
        self._make, self._number_of = make, number_of

    def export(self, value: object) -> list[Any] | None:
        """Return what stands for a ref."""
        number = self._number_of(value)
        return None if number is None else [number]

    def resolve(self, content: list[Any]) -> Any:
        """Return the ref, the same object each time."""
        ref = self._known.get(content[0])
        if ref is None:
            ref = self._known[content[0]] = self._make(content)
        return ref
