"""The smallest value that a JSON schema accepts: a scripted model's answer where its script does not fit the schema."""

import json


def sample(schema: dict[str, object]) -> object:
    """Answer a small value accepted by *schema*: first alternatives, required properties only. The same every time."""
    return _sample(schema, schema)


def accepts(schema: dict[str, object], text: str) -> bool:
    """Whether *text* is JSON of the shape of *schema*, as far as its types, constants and required properties say."""
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return _accepts(schema, value, schema)


def _sample(schema: dict[str, object], root: dict[str, object]) -> object:
    schema = _resolved(schema, root)
    match schema:
        case {"const": value} | {"enum": [value, *_]} | {"type": "integer" | "number", "minimum": value}:
            return value
        case {"anyOf": [dict(first), *_]} | {"oneOf": [dict(first), *_]} | {"allOf": [dict(first), *_]}:
            return _sample(first, root)
        case {"type": [str(kind), *_]}:
            return _sample({**schema, "type": kind}, root)
        case {"type": "array", "minItems": int(least), "items": dict(items)}:
            return [_sample(items, root)] * least
        case {"type": "object", "properties": dict(properties)}:
            required = _names(schema.get("required", ()))
            return {name: _sample(part, root) for name, part in properties.items() if name in required}
        case {"type": str(kind)}:
            return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}.get(kind)
    return None


def _accepts(schema: dict[str, object], value: object, root: dict[str, object]) -> bool:
    schema = _resolved(schema, root)
    match schema:
        case {"const": constant}:
            return value == constant
        case {"enum": [*constants]}:
            return value in constants
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            return any(isinstance(choice, dict) and _accepts(choice, value, root) for choice in choices)
        case {"type": "object"}:
            return isinstance(value, dict) and _accepts_properties(schema, value, root)
        case {"type": "array"}:
            items = schema.get("items")
            return isinstance(value, list) and (
                not isinstance(items, dict) or all(_accepts(items, item, root) for item in value)
            )
        case {"type": str(kind)}:
            return _is(kind, value)
    return True


def _accepts_properties(schema: dict[str, object], value: dict[str, object], root: dict[str, object]) -> bool:
    properties = schema.get("properties")
    if not all(name in value for name in _names(schema.get("required", ()))):
        return False
    if not isinstance(properties, dict):
        return True
    return all(name not in properties or _accepts(properties[name], item, root) for name, item in value.items())


def _is(kind: str, value: object) -> bool:
    if isinstance(value, bool):  # which Python counts among the integers, and JSON does not
        return kind == "boolean"
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "null": (type(None),),
    }
    return isinstance(value, types.get(kind, (object,)))


def _resolved(schema: dict[str, object], root: dict[str, object]) -> dict[str, object]:
    """Follow `$ref`s within the document, as pydantic writes them for nested models."""
    target: object = schema
    while isinstance(target, dict) and isinstance(reference := target.get("$ref"), str):
        target = root
        for step in reference.removeprefix("#/").split("/"):
            target = target[step] if isinstance(target, dict) else None
    return target if isinstance(target, dict) else {}


def _names(required: object) -> tuple[object, ...]:
    return tuple(required) if isinstance(required, (list, tuple)) else ()
