"""Guarantee 12: decoding never imports, never unpickles, and builds only what is known, by validation."""

import dataclasses
import enum
import sys
from typing import Any, Literal

import msgpack
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmactors._codec import Codec, Limits, Packed, hold, register, types_of_hint
from llmactors._codec._tags import MARKS, Tag
from llmactors.errors import NotSerialisableError

codec = Codec()


@dataclasses.dataclass(frozen=True)
class Order:
    amount: int
    kind: Literal["buy", "sell"] = "buy"

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("an amount is positive")


class Form(pydantic.BaseModel):
    age: int = pydantic.Field(ge=0)


class Side(enum.Enum):
    LEFT = 1


TYPES = types_of_hint(Order | Form | Side)
NAME = f"{__name__}:"


def arrive(tree: Any, types: Any = TYPES) -> Any:
    return codec.loads(msgpack.packb(tree), types)


def mark(tag: Tag, content: Any) -> dict[Any, Any]:
    return {MARKS[tag]: content}


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        (
            mark(Tag.OBJECT, ["subprocess:Popen", [["true"]]]),
            "`subprocess:Popen`, which is neither registered here nor",
        ),
        (mark(Tag.OBJECT, ["antigravity:Fly", []]), "neither registered"),
        (mark(Tag.OBJECT, [f"{NAME}Order", ["5", "buy"]]), "has a str as its `amount`"),
        (mark(Tag.OBJECT, [f"{NAME}Order", [5, "steal"]]), "has a str as its `kind`"),
        (mark(Tag.OBJECT, [f"{NAME}Order", [-5, "buy"]]), "an amount is positive"),
        (mark(Tag.OBJECT, [f"{NAME}Order", [5]]), "no valid `Order`"),
        (mark(Tag.OBJECT, [f"{NAME}Form", [{"age": -1}, None, ["age"], {}]]), "greater than or equal to 0"),
        (mark(Tag.OBJECT, [f"{NAME}Form", [{"age": "1"}, None, ["age"], {}]]), "valid integer"),
        (mark(Tag.OBJECT, [f"{NAME}Form", [{"age": 1}, None, ["age"], {"__class__": 1}]]), "does not declare"),
        (mark(Tag.OBJECT, [f"{NAME}Side", []]), "no dataclass"),
        (mark(Tag.ENUM, [f"{NAME}Side", "RIGHT"]), "damaged"),
        (mark(Tag.ENUM, [f"{NAME}Order", "amount"]), "no enum"),
        (mark(Tag.REF, 3), "this connection has none"),
        (mark(Tag.ZONE, "../../etc/passwd"), "time zone"),
        (mark(Tag.PATH, ["Popen", "x"]), "damaged"),
        (mark(Tag.TENSOR, ["load", [1], False, b"x"]), "needs torch|names 'load'"),
        (mark(Tag.ARRAY, ["O", [1], "C", b"12345678"]), "needs numpy|array of object"),
        (msgpack.ExtType(99, b""), "extension of type 99"),
        ([msgpack.ExtType(Tag.TUPLE, b"")], "mark in a wrong place"),
        ({msgpack.ExtType(Tag.TUPLE, b""): [], "x": 1}, "mark in a wrong place"),
    ],
)
def test_g12_what_is_unknown_or_invalid_is_not_built(tree: Any, says: Any) -> None:
    before = set(sys.modules)
    with pytest.raises(NotSerialisableError, match=says):
        arrive(tree)
    assert set(sys.modules) == before


def test_g12_a_type_of_another_endpoint_is_not_built() -> None:
    tree = mark(Tag.OBJECT, [f"{NAME}Order", [5, "buy"]])
    assert arrive(tree) == Order(5)
    with pytest.raises(NotSerialisableError, match="nor named in the hints"):
        arrive(tree, types_of_hint(Form))


def test_g12_a_string_over_the_limit_is_refused() -> None:
    with pytest.raises(NotSerialisableError, match="damaged"):
        Codec(limits=Limits(text=10)).loads(msgpack.packb(["x" * 11]))


def test_g12_nesting_over_the_limit_is_refused() -> None:
    with pytest.raises(NotSerialisableError, match="damaged"):
        codec.loads(b"\x91" * 5000 + b"\xc0")


@given(st.binary(max_size=200))
def test_g12_bytes_from_anywhere_are_a_value_or_an_error_and_nothing_else(data: Any) -> None:
    for body in (data, msgpack.packb(msgpack.ExtType(100, data))):
        try:
            codec.loads(body)
            codec.unwrap(msgpack.unpackb(body, ext_hook=hold))
        except (NotSerialisableError, ValueError):
            continue


@given(st.binary(max_size=60))
def test_a_held_value_is_the_bytes_that_came(data: Any) -> None:
    assert hold(100, data) == Packed(data)


def test_only_classes_that_are_their_fields_can_be_registered() -> None:
    class Handle:
        pass

    with pytest.raises(TypeError, match="only dataclasses, pydantic models"):
        register(Handle)
