"""`@message` and `@message.batched`: how a method becomes an endpoint."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, Literal, ParamSpec, TypeVar, overload

from llmactors._core.mailbox import is_count
from llmactors._endpoints import Endpoint, StreamEndpoint
from llmactors._messages import ASK_TIMEOUT, HANDLER_LIMIT, Message, Options

if TYPE_CHECKING:
    from llmactors._later import Later

P = ParamSpec("P")
A = TypeVar("A")
R = TypeVar("R")
T = TypeVar("T")
X = TypeVar("X")


class Declare:
    """What `@message(...)` with options returns: the same decorator, with the options kept."""

    __slots__ = ("_limited", "_options")

    def __init__(self, options: Options, *, limited: bool) -> None:
        self._options = options
        self._limited = limited

    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], AsyncIterator[R]]
    ) -> StreamEndpoint[A, P, R, AsyncIterator[R]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], Coroutine[Any, Any, Later[R]]]
    ) -> Endpoint[A, P, R, Coroutine[Any, Any, Later[R]]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], Coroutine[Any, Any, R]]
    ) -> Endpoint[A, P, R, Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Later[R]]) -> Endpoint[A, P, R, Later[R]]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], R]) -> Endpoint[A, P, R, R]: ...
    def __call__(self, function: Callable[..., Any]) -> Any:
        _check_function(function)
        if not inspect.isasyncgenfunction(function):
            return Endpoint(function, self._options)
        return StreamEndpoint(function, self._options if self._limited else replace(self._options, limit=None))


class BatchEndpoint(Endpoint[A, [X], R, T], Generic[A, X, R, T]):
    """An endpoint whose handler takes a list: on the class it makes a message of one item, on an instance it is it."""

    __slots__ = ()

    @overload  # type: ignore[override]  # the method takes a list
    def __get__(self, instance: None, owner: type) -> Callable[[X], Message[A, R]]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[[list[X]], T]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        return Endpoint.__get__(self, instance, owner)


class DeclareBatched:
    """What `@message.batched(...)` returns: the decorator, with the options kept."""

    __slots__ = ("_options",)

    def __init__(self, options: Options) -> None:
        self._options = options

    @overload
    def __call__(
        self, function: Callable[[A, list[X]], Coroutine[Any, Any, list[R]]]
    ) -> BatchEndpoint[A, X, R, Coroutine[Any, Any, list[R]]]: ...
    @overload
    def __call__(self, function: Callable[[A, list[X]], list[R]]) -> BatchEndpoint[A, X, R, list[R]]: ...
    def __call__(self, function: Callable[..., Any]) -> Any:
        _check_function(function)
        takes = list(inspect.signature(function).parameters.values())[1:]
        if len(takes) != 1 or takes[0].kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"@message.batched on {function.__qualname__}: the handler takes `self` and one list")
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@message.batched on {function.__qualname__}: a batch is answered with a list, not a stream"
            )
        return BatchEndpoint(function, self._options)


class Decorator:
    """The class of `message`."""

    __slots__ = ()

    @overload
    def __call__(
        self,
        function: Callable[Concatenate[A, P], AsyncIterator[R]],
    ) -> StreamEndpoint[A, P, R, AsyncIterator[R]]: ...
    @overload
    def __call__(
        self,
        function: Callable[Concatenate[A, P], Coroutine[Any, Any, Later[R]]],
    ) -> Endpoint[A, P, R, Coroutine[Any, Any, Later[R]]]: ...
    @overload
    def __call__(
        self,
        function: Callable[Concatenate[A, P], Coroutine[Any, Any, R]],
    ) -> Endpoint[A, P, R, Coroutine[Any, Any, R]]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Later[R]]) -> Endpoint[A, P, R, Later[R]]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], R]) -> Endpoint[A, P, R, R]: ...
    @overload
    def __call__(
        self,
        *,
        timeout: float = ASK_TIMEOUT,
        limit: float | Literal["default"] | None = "default",
        abandoned: Literal["cancel", "finish"] = "cancel",
        raises: tuple[type[BaseException], ...] = (),
    ) -> Declare: ...
    def __call__(
        self,
        function: Callable[..., Any] | None = None,
        *,
        timeout: float = ASK_TIMEOUT,
        limit: float | Literal["default"] | None = "default",
        abandoned: Literal["cancel", "finish"] = "cancel",
        raises: tuple[type[BaseException], ...] = (),
    ) -> Any:
        """Make a method an endpoint: what actors of its class can be told, asked or streamed.

        The handler may be a plain function, a coroutine function, or an async generator (a stream). Its return value is
        the answer. See `Options` for the arguments.

        Raises:
            TypeError: *function* is not a function, or an option has the wrong type.
            ValueError: A time is not positive, or `abandoned` is neither "cancel" nor "finish".
        """
        seconds = HANDLER_LIMIT if limit == "default" else limit
        declare = Declare(_check_options(timeout, seconds, abandoned, raises), limited=limit != "default")
        return declare if function is None else declare(function)

    def batched(
        self,
        most: int,
        /,
        *,
        within: float,
        timeout: float = ASK_TIMEOUT,
        limit: float | None = HANDLER_LIMIT,
        raises: tuple[type[BaseException], ...] = (),
    ) -> DeclareBatched:
        """Make a method that takes a list an endpoint that takes one item: `def predict(self, xs: list[X]) -> list[Y]`.

        Callers see `Net.predict(x) -> y`. Messages are gathered until there are *most* of them, *within* seconds have
        passed since the first, or another message waits behind them: the order of messages stays what it is. The
        handler returns one answer for each item, in order. A crash ends the asks of the whole batch.

        Args:
            most: Messages in a batch, at most.
            within: Seconds that the first of a batch waits for others; 0 takes only what is there.
            timeout: As for `@message`, for each asker. One that gave up before the batch begins is left out.
            limit: As for `@message`, for the batch.
            raises: As for `@message`; such an error is the answer to the whole batch.

        Raises:
            TypeError: The method does not take one list.
            ValueError: *most* is no positive int, or a time is negative.
        """
        if not is_count(most):
            raise ValueError(f"@message.batched({most!r}): a batch holds 1 message or more")
        if not within >= 0:
            raise ValueError(f"@message.batched(within={within!r}): a number of seconds, 0 or more")
        options = _check_options(timeout, limit, "finish", raises)
        return DeclareBatched(replace(options, batch=(most, within)))


message: Final = Decorator()
"""Makes a method an endpoint; see `Decorator`."""


def _check_function(function: Callable[..., Any]) -> None:
    if not inspect.isfunction(function):
        raise TypeError(f"@message is for methods defined with `def` or `async def`, not for {function!r}")
    if not inspect.signature(function).parameters:
        raise TypeError(f"@message on {function.__qualname__}: a handler's first parameter is `self`")


def _check_options(
    timeout: float,
    limit: float | None,
    abandoned: Literal["cancel", "finish"],
    raises: tuple[type[BaseException], ...],
) -> Options:
    for name, seconds in (("timeout", timeout), ("limit", limit)):
        if seconds is not None and not seconds > 0:
            raise ValueError(f"@message({name}={seconds!r}): a time is a positive number of seconds")
    if abandoned not in {"cancel", "finish"}:
        raise ValueError(f'@message(abandoned={abandoned!r}): choose "cancel" or "finish"')
    listed: object = raises
    if not isinstance(listed, tuple) or not all(isinstance(e, type) and issubclass(e, BaseException) for e in listed):
        raise TypeError(f"@message(raises={raises!r}): a tuple of exception classes, such as (KeyError,)")
    return Options(timeout=timeout, limit=limit, abandoned=abandoned, raises=raises)
