"""From a function's hints to what a model is told and what its arguments are checked against, by pydantic."""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError

from llmagentos.tools._context import ToolContext
from llmagentos.tools.errors import ToolArgumentsError, ToolDefinitionError

_EMPTY = inspect.Parameter.empty
_NAMED = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


def parameters_of(function: Callable[..., Any], name: str) -> tuple[type[BaseModel], str | None]:
    """Answer a pydantic model of *function*'s parameters, and the name of the one that takes the `ToolContext`.

    Raises:
        ToolDefinitionError: A parameter has no hint, has one that no JSON fits, or cannot be given by name.
    """
    hints = _hints(function, name)
    context: str | None = None
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        _check(parameter, hints, name)
        if hints[parameter.name] is ToolContext:
            context = parameter.name
        else:
            default = ... if parameter.default is _EMPTY else parameter.default
            fields[parameter.name] = (hints[parameter.name], default)
    return _model(name, fields), context


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    if not isinstance(function, types.FunctionType):
        raise ToolDefinitionError(name, "it is no function; wrap it in one")
    if "." in function.__qualname__.rpartition("<locals>.")[2]:
        raise ToolDefinitionError(
            name, "it is a method; write a function, and hand it what it needs by `ctx` or a closure"
        )
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            name, f"{error}; hints are read at run time, so import the type at run time"
        ) from error


def _check(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> None:
    if parameter.kind not in _NAMED:
        raise ToolDefinitionError(
            name, f"parameter `{parameter.name}` cannot be given by name; models give all by name"
        )
    if parameter.name not in hints:
        raise ToolDefinitionError(name, f"parameter `{parameter.name}` has no type; write `{parameter.name}: str`")


def _model(name: str, fields: dict[str, Any]) -> type[BaseModel]:
    try:
        model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        model.model_json_schema()
    except (PydanticUserError, NameError) as error:
        reason = str(error).splitlines()[0]
        raise ToolDefinitionError(
            name, f"{reason}; models give JSON: use str, int, float, bool, lists, pydantic models"
        ) from error
    return model


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Answer the JSON schema of the arguments, without the titles that only cost tokens."""
    schema: dict[str, Any] = _untitled(model.model_json_schema())
    return schema


def _untitled(schema: Any) -> Any:
    """Drop every `title` that is a word about the schema, not the name of a property."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    return {
        key: {name: _untitled(one) for name, one in value.items()}
        if key in {"properties", "$defs"}
        else _untitled(value)
        for key, value in kept.items()
    }


def read_arguments(model: type[BaseModel], name: str, text: str) -> dict[str, Any]:
    """Answer the arguments in the JSON object *text*, checked and converted.

    Raises:
        ToolArgumentsError: They do not fit; the sentence names each argument at fault.
    """
    try:
        checked = model.model_validate_json(text)
    except ValidationError as error:
        raise ToolArgumentsError(name, _sentence(error)) from error
    return {field: getattr(checked, field) for field in model.model_fields}


def _sentence(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False, include_context=False):
        where = ".".join(str(step) for step in fault["loc"])
        faults.append(f"`{where}`: {fault['msg']}" if where else fault["msg"])
    return "; ".join(faults)
