"""Endpoints: methods that answer messages, and the message classes made from them.

Theory of operation
1. `@message` (see `_declare`) compiles one slots class per endpoint, when the actor class is made, and a function
   with the handler's own signature that makes its instances. `Counter.add` on the class *is* that function: calling
   it checks the arguments at the sender. The class has no `__init__`: with one, a message takes 50 ns longer.
2. On an instance `counter.add` is the ordinary method.
3. An endpoint without parameters has one message for ever, made once.
4. Dispatch is `table[message.__class__](actor, message)` with a generated call: no names and no argument
   tuples travel (250 ns a message less than `args`, `kwargs` and a name).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from llmactors._messages import EndpointInfo, Kind, Message, Options, StreamMessage

P = ParamSpec("P")
A = TypeVar("A")
R = TypeVar("R")
T = TypeVar("T")

Call = Callable[[Any, Any], Any]


class Endpoint(Generic[A, P, R, T]):
    """A method that is an endpoint: on the class it makes messages, on an instance it is the method."""

    __slots__ = ("_make", "bind", "function", "info", "message_class", "options")

    info: EndpointInfo
    message_class: type[Message[Any, Any]]
    bind: Callable[[Callable[..., Any]], Call]

    def __init__(self, function: Callable[..., Any], options: Options) -> None:
        self.function = function
        self.options = options

    def __set_name__(self, owner: type, name: str) -> None:
        self.info = EndpointInfo(name, owner, _kind_of(self.function), self.options)
        self.message_class, self._make, self.bind = _compile(self.info, self.function)

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, Message[A, R]]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, T]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self._make
        return self.function.__get__(instance)


class StreamEndpoint(Endpoint[A, P, R, T]):
    """An endpoint whose handler is an async generator; for the type checkers."""

    __slots__ = ()

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[P, StreamMessage[A, R]]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, T]: ...
    def __get__(self, instance: object, owner: type) -> Any:
        return Endpoint.__get__(self, instance, owner)


def endpoints(cls: type) -> dict[str, Endpoint[Any, Any, Any, Any]]:
    """Return the endpoints of an actor class by name, inherited ones first, in the order of definition."""
    found: dict[str, Endpoint[Any, Any, Any, Any]] = {}
    for klass in reversed(cls.__mro__):
        found |= own_endpoints(klass)
    return found


def own_endpoints(cls: type) -> dict[str, Endpoint[Any, Any, Any, Any]]:
    """Return the endpoints that are defined in a class itself, by name, in the order of definition."""
    return {name: value for name, value in vars(cls).items() if isinstance(value, Endpoint)}


def call_of(cls: type, endpoint: Endpoint[Any, Any, Any, Any]) -> Call:
    """Return the call that hands a message of *endpoint* to an instance of *cls*, which may override the handler."""
    found = next(vars(klass)[endpoint.info.name] for klass in cls.__mro__ if endpoint.info.name in vars(klass))
    function = found.function if isinstance(found, Endpoint) else found
    return endpoint.bind(function)


def batch_call_of(cls: type, endpoint: Endpoint[Any, Any, Any, Any]) -> Call:
    """Return the call that hands a list of values to the handler of a batched endpoint of *cls*."""
    found = next(vars(klass)[endpoint.info.name] for klass in cls.__mro__ if endpoint.info.name in vars(klass))
    function: Call = found.function if isinstance(found, Endpoint) else found
    return function


def _kind_of(function: Callable[..., Any]) -> Kind:
    if inspect.isasyncgenfunction(function):
        return "stream"
    return "async" if inspect.iscoroutinefunction(function) else "sync"


def _constant(value: object) -> Callable[[], object]:
    def make() -> object:
        return value

    return make


class _Source:
    """The text of a message class, of what makes its instances and of its call, from a handler's signature."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.names: list[str] = []
        self.defaults: dict[str, Any] = {}
        self.signature: list[str] = []
        self.arguments: list[str] = []
        self._starred = False
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            self._add(parameter)

    def _add(self, parameter: inspect.Parameter) -> None:
        name, kind = parameter.name, parameter.kind
        self.names.append(name)
        default = ""
        if parameter.default is not parameter.empty:
            self.defaults[f"_default_{name}"] = parameter.default
            default = f"=_default_{name}"
        if kind is parameter.VAR_POSITIONAL:
            self._starred = True
            self.signature.append(f"*{name}")
            self.arguments.append(f"*m.{name}")
        elif kind is parameter.VAR_KEYWORD:
            self.signature.append(f"**{name}")
            self.arguments.append(f"**m.{name}")
        elif kind is parameter.KEYWORD_ONLY:
            if not self._starred:
                self._starred = True
                self.signature.append("*")
            self.signature.append(name + default)
            self.arguments.append(f"{name}=m.{name}")
        else:
            self.signature.append(name + default)
            self.arguments.append(f"m.{name}")

    def text(self) -> str:
        made, new, kind = (self._free(word) for word in ("made", "new", "Made"))
        arguments = "".join(f", {part}" for part in self.arguments)
        return (
            f"class {kind}(Base):\n"
            f"    __slots__ = __match_args__ = {tuple(self.names)!r}\n"
            f"message_class = {kind}\n"
            f"{new} = object.__new__\n"
            f"def make({', '.join(self.signature)}):\n"
            f"    {made} = {new}({kind})\n"
            + "".join(f"    {made}.{name} = {name}\n" for name in self.names)
            + f"    return {made}\n"
            f"def bind(function):\n"
            f"    def call(actor, m):\n"
            f"        return function(actor{arguments})\n"
            f"    return call\n"
        )

    def _free(self, word: str) -> str:
        """Return a name that is no parameter's."""
        while word in self.names:
            word += "_"
        return word


def _compile(
    info: EndpointInfo, function: Callable[..., Any]
) -> tuple[type[Message[Any, Any]], Callable[..., Any], Callable[[Callable[..., Any]], Call]]:
    """Make the message class of an endpoint, what makes its messages, and what binds its call to a handler."""
    source = _Source(function)
    base = StreamMessage if info.kind == "stream" else Message
    scope: dict[str, Any] = {"Base": base, **source.defaults}
    exec(source.text(), scope)  # noqa: S102  as dataclasses do: the text comes from names Python has parsed
    cls, make = scope["message_class"], scope["make"]
    cls.__endpoint__, cls.__timeout__, cls.__limit__ = info, info.options.timeout, info.options.limit
    cls.__reduce__ = _reduce
    if not source.names:
        make = _constant(make())
    for made in (cls, make):
        made.__name__, made.__qualname__ = info.name, f"{info.owner.__qualname__}.{info.name}"
        made.__module__, made.__doc__ = info.owner.__module__, function.__doc__
    make.message_class = cls  # so that one can tell what it makes without a call
    return cls, make, scope["bind"]


def _reduce(self: Any) -> tuple[Any, ...]:
    return _rebuild, (
        self.__endpoint__.owner,
        self.__endpoint__.name,
        tuple(getattr(self, n) for n in self.__match_args__),
    )


def _rebuild(owner: type, name: str, values: tuple[Any, ...]) -> Any:
    made = object.__new__(endpoints(owner)[name].message_class)
    for slot, value in zip(made.__match_args__, values, strict=True):
        setattr(made, slot, value)
    return made
