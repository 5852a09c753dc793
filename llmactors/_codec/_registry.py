"""Which classes may be built from bytes, and how each is taken apart and built.

A class may cross when its instances are nothing but their fields: dataclasses, pydantic models, named tuples, enums,
exceptions, and actor classes (for their messages).
"""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from llmactors import _exits, _messages, errors
from llmactors._codec import _conform
from llmactors._codec._tags import RefusedError
from llmactors._core.traceparent import TraceContext
from llmactors._endpoints import endpoints

C = TypeVar("C", bound=type)

Types = Mapping[str, type]
"""Classes by the name under which they cross."""

REGISTERED: Final[dict[str, type]] = {}
BUILTIN_BASES: Final = (dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float, complex)


def register(cls: C) -> C:
    """Let instances of *cls* cross to worker processes and back, wherever they are. Use it as a decorator, or call it.

    Classes that the hints of an endpoint name need no registration for that endpoint. Register in the module that
    defines the class, so that both sides do it.

    Raises:
        TypeError: Instances of *cls* are more than their fields.
    """
    if not crosses(cls):
        raise TypeError(
            f"{cls!r} cannot be registered: only dataclasses, pydantic models, named tuples, enums, exceptions "
            "and actor classes are nothing but their fields"
        )
    for owner in owners_of(cls):
        REGISTERED[name_of(owner)] = owner
    return cls


def name_of(cls: type) -> str:
    """Return the name under which *cls* crosses. The user's script is `__main__` on both sides."""
    module = "__main__" if cls.__module__ == "__mp_main__" else cls.__module__
    return f"{module}:{cls.__qualname__}"


def crosses(cls: object) -> bool:
    """Say whether instances of *cls* are nothing but their fields."""
    if not isinstance(cls, type):
        return False
    if issubclass(cls, (BaseException, enum.Enum)) or is_model(cls) or is_named_tuple(cls) or endpoints(cls):
        return True
    return dataclasses.is_dataclass(cls) and not issubclass(cls, BUILTIN_BASES)


def owners_of(cls: type) -> tuple[type, ...]:
    """Return *cls*, and for an actor class also those it inherits endpoints from: they own the message classes."""
    return (cls, *{endpoint.info.owner for endpoint in endpoints(cls).values()} - {cls})


def is_model(cls: type) -> bool:
    """Say whether *cls* is a pydantic model. pydantic is looked up, never imported."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


def is_named_tuple(cls: type) -> bool:
    """Say whether *cls* is a tuple with names for its places."""
    return issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)


def take(value: Any) -> list[Any]:
    """Return what *value*, an instance of a class that crosses, is built from.

    Raises:
        RefusedError: A field is missing.
    """
    cls = type(value)
    if isinstance(value, BaseException):  # OSError keeps its file name out of `args`, but not out of `__reduce__`
        arguments = value.__reduce__()[1] if cls.__module__ == "builtins" else value.args
        return [arguments, dict(vars(value)), value.__cause__]
    if is_model(cls):
        return _take_model(value)
    if is_named_tuple(cls):
        return list(value)
    try:
        return [getattr(value, field.name) for field in dataclasses.fields(cls)]
    except AttributeError as error:
        raise RefusedError(f"lacks its field `{error.name}`") from error


def build(cls: type, content: list[Any]) -> Any:
    """Return the instance of *cls* that was taken apart, by validation.

    Raises:
        RefusedError: *content* is not what an instance of *cls* can hold.
    """
    try:
        if issubclass(cls, BaseException):
            return _build_error(cls, content)
        if is_model(cls):
            return _build_model(cls, content)
        if is_named_tuple(cls):
            return _build_named_tuple(cls, content)
        return _build_dataclass(cls, content)
    except RefusedError:
        raise
    except Exception as error:
        raise RefusedError(f"is no valid `{cls.__qualname__}`: {error}") from error


def _build_dataclass(cls: type, content: list[Any]) -> Any:
    if not dataclasses.is_dataclass(cls):
        raise RefusedError(f"names `{cls.__qualname__}`, which is no dataclass")
    fields = dataclasses.fields(cls)
    values = dict(zip((field.name for field in fields), content, strict=True))
    _conform.check(cls, values)
    made: Any = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    if hasattr(made, "__post_init__") and not _init_variables(cls):
        made.__post_init__()  # it may refuse, but what it computes is not what was sent
        for name, value in values.items():
            object.__setattr__(made, name, value)
    return made


def _init_variables(cls: type) -> bool:
    every: dict[str, dataclasses.Field[Any]] = vars(cls)["__dataclass_fields__"]
    return any(field._field_type is dataclasses._FIELD_INITVAR for field in every.values())  # type: ignore[attr-defined]


def _build_named_tuple(cls: Any, content: list[Any]) -> Any:
    _conform.check(cls, dict(zip(cls._fields, content, strict=True)))
    return tuple.__new__(cls, content)


def _build_error(cls: type[BaseException], content: list[Any]) -> BaseException:
    args, state, cause = content
    if type(args) is not tuple or type(state) is not dict or not isinstance(cause, BaseException | None):
        raise RefusedError(f"is no valid `{cls.__qualname__}`")
    if cls.__module__ == "builtins":
        made = cls(*args)
    else:
        made = cls.__new__(cls, *args)
        made.args = args  # an OSError that has a constructor of its own leaves them to it
    vars(made).update(state)
    made.__cause__ = cause
    return made


def _take_model(value: Any) -> list[Any]:
    fields = {name: vars(value)[name] for name in type(value).model_fields if name in vars(value)}
    private = {name: item for name, item in (value.__pydantic_private__ or {}).items() if _is_set(item)}
    return [fields, value.__pydantic_extra__, sorted(value.model_fields_set), private]


def _is_set(item: object) -> bool:
    return type(item).__name__ != "PydanticUndefinedType"


def _build_model(cls: Any, content: list[Any]) -> Any:
    fields, extra, fields_set, private = content
    if "root" in cls.model_fields and cls.__pydantic_root_model__:
        made = cls.model_validate(fields["root"], strict=True)
    else:
        made = cls.model_validate({**fields, **(extra or {})}, strict=True, by_alias=False, by_name=True)
    if any(type(vars(made)[name]) is not type(item) for name, item in fields.items()):
        raise RefusedError(f"is changed by the validators of `{cls.__qualname__}`")
    object.__setattr__(made, "__pydantic_fields_set__", set(fields_set))
    if set(private) - set(cls.__private_attributes__):
        raise RefusedError(f"has attributes that `{cls.__qualname__}` does not declare")
    for name, item in private.items():
        setattr(made, name, item)
    return made


def _register_our_own() -> None:
    """Let the kernel's errors, exits and notices cross: they are part of its language."""
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, Exception):
            register(cls)
    exits = (_exits.Normal, _exits.Shutdown, _exits.Crash, _exits.Killed)
    notices = (_messages.Down, _messages.Exited, _messages.Idle, _messages.DeadLetter, TraceContext)
    for cls in (*exits, *notices):
        register(cls)


_register_our_own()
