"""Guarantee 12: a value that crosses equals the value sent, type for type, or the sender hears why not."""

import dataclasses
import datetime as dt
import enum
import math
import struct
import uuid
import zoneinfo
from collections import OrderedDict, namedtuple
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple, cast

import msgpack
import numpy as np
import pydantic
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from llmactors._codec import Codec, hold, types_of_hint
from llmactors._declare import message
from llmactors.errors import MailboxFullError, NotSerialisableError, RemoteError

codec = Codec()


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float = 0.0


@dataclasses.dataclass
class Box:
    name: str
    corners: tuple[Point, ...] = ()
    tags: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    colour: Colour | None = None


class Pair(NamedTuple):
    left: int
    right: Point


class User(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str = pydantic.Field(alias="userName")
    boxes: list[Box] = []
    _secret: int = pydantic.PrivateAttr(default=0)


class QuotaError(Exception):
    def __init__(self, user: str, left: int) -> None:
        super().__init__(f"{user} has {left} left")
        self.user, self.left = user, left


class Shop:
    @message
    def add(self, box: Box, times: int = 1) -> Pair:
        raise NotImplementedError


DECLARED = types_of_hint(Box | Pair | User | Level | Rights | QuotaError | Shop | KeyError | FileNotFoundError)


def crossed(value: Any, types: Any = DECLARED) -> Any:
    body = msgpack.packb(codec.wrap(value, types), strict_types=True)
    return codec.unwrap(msgpack.unpackb(body, ext_hook=hold), types)


def alike(left: Any, right: Any) -> Any:
    """Equal, type for type, all the way down; NaN is like NaN, and -0.0 unlike 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right) or (math.isnan(left) and math.isnan(right))
    if isinstance(left, complex):
        return alike(left.real, right.real) and alike(left.imag, right.imag)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, dict):
        return alike(list(left), list(right)) and alike(list(left.values()), list(right.values()))
    if isinstance(left, dt.datetime):
        return (
            left.replace(tzinfo=None) == right.replace(tzinfo=None)
            and left.fold == right.fold
            and left.tzinfo == right.tzinfo  # aware times of two zones may be the same instant
        )
    equal: bool = left == right
    return equal


zones = (
    st.none()
    | st.just(dt.UTC)
    | st.just(zoneinfo.ZoneInfo("Europe/Berlin"))
    | st.timedeltas(min_value=dt.timedelta(hours=-23), max_value=dt.timedelta(hours=23)).map(dt.timezone)
)
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.timedeltas()
    | st.sampled_from([*Colour, *Level, Rights.READ, Rights.READ | Rights.WRITE, Rights(0)])
    | st.builds(Path, st.text("ab/. ")),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
values = st.recursive(
    hashable
    | st.floats()
    | st.complex_numbers(allow_nan=False)
    | st.binary().map(bytearray)
    | st.datetimes(timezones=zones, allow_imaginary=True)
    | st.times()
    | st.sets(hashable, max_size=3)
    | st.builds(Point, st.floats(allow_nan=False)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_g12_what_crosses_equals_what_was_sent_type_for_type(value: Any) -> None:
    assert alike(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [
        1 << 64,
        -(1 << 63) - 1,
        "\ud800 alone",
        {"order": 1, "is": 2, "kept": 3},
        {(1, "a"): {frozenset({2}): b""}},
        {None: 1, 2.5: 2, b"x": 3, Point(1.0): 4},
        PureWindowsPath("c:/x"),
        PurePosixPath("/x"),
        dt.timezone(dt.timedelta(hours=2), "summer"),
        dt.timezone(dt.timedelta(0), "named"),
        dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        Decimal("1E+400"),
        uuid.UUID(int=7),
        Box("b", (Point(1.0), Point(2, 3)), {"a": [1]}, Colour.BLUE),
        Pair(1, Point(0.5)),
        [Pair(1, Point(1))],
        Shop.add(Box("b")),
        [Shop.add(Box("c", colour=Colour.RED), times=3)],
    ],
    ids=repr,
)
def test_g12_these_cross_too(value: Any) -> None:
    assert alike(crossed(value), value)


def test_g12_models_keep_their_extra_and_private_parts() -> None:
    user = User(userName="ada", boxes=[Box("b")], age=36)  # type: ignore[call-arg]
    user._secret = 7
    arrived = crossed(user)
    assert arrived == user
    assert (arrived._secret, arrived.model_extra, arrived.model_fields_set) == (7, {"age": 36}, user.model_fields_set)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.asfortranarray(np.ones((2, 3), dtype=np.float32)),
        np.array(3.5),
        np.zeros((0, 4)),
        np.array(["a", "bcd"]),
        np.array(["2026-01-01"], dtype="M8[ns]"),
        np.ones((4, 4))[::2, 1:],
    ],
)
def test_g12_arrays_cross_with_their_type_and_shape_and_can_be_written(array: Any) -> None:
    arrived = crossed({"a": array})["a"]
    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    assert (arrived == array).all()
    assert arrived.flags.writeable


@pytest.mark.parametrize("scalar", [np.float32(1.5), np.int64(-3), np.str_("x"), np.str_(""), np.bool_(True)])
def test_g12_numpy_scalars_keep_their_type(scalar: Any) -> None:
    arrived = crossed([scalar])[0]
    assert type(arrived) is type(scalar)
    assert arrived == scalar


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6).reshape(2, 3),
        torch.ones(3, dtype=torch.bfloat16),
        torch.tensor(1.5),
        torch.zeros(0, 2),
        torch.arange(6.0).reshape(2, 3).t(),
        torch.ones(2, requires_grad=True),
        torch.tensor([True, False]),
    ],
)
def test_g12_tensors_cross_with_their_type_and_shape(tensor: Any) -> None:
    arrived = crossed((tensor,))[0]
    assert (arrived.dtype, arrived.shape, arrived.requires_grad) == (tensor.dtype, tensor.shape, tensor.requires_grad)
    assert torch.equal(arrived, tensor)


@pytest.mark.parametrize(
    "error", [KeyError("k"), QuotaError("ada", 3), FileNotFoundError(2, "gone", "/x"), MailboxFullError("a", 3)]
)
def test_g12_a_declared_exception_arrives_as_itself(error: Any) -> None:
    error.add_note("a note")
    error.__cause__ = KeyError("cause")
    arrived = crossed(error)
    assert type(arrived) is type(error)
    assert (arrived.args, vars(arrived), str(arrived)) == (error.args, vars(error), str(error))
    assert repr(arrived.__cause__) == "KeyError('cause')"


def test_g12_any_other_exception_arrives_as_a_remote_error_with_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        1 // 0  # noqa: B018
    arrived = crossed(caught.value)
    assert type(arrived) is RemoteError
    assert (arrived.type_name, arrived.text) == ("ZeroDivisionError", "integer division or modulo by zero")
    assert "1 // 0" in arrived.traceback


def test_g12_a_declared_exception_that_holds_what_cannot_cross_arrives_as_a_remote_error() -> None:
    assert type(crossed(KeyError(object()))) is RemoteError


class MyInt(int):
    pass


@dataclasses.dataclass
class Undeclared:
    x: int = 0


Loose = namedtuple("Loose", "a")  # noqa: PYI024


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (MyInt(3), "MyInt`, which would arrive as a int"),
        ([1, {"k": (2, MyInt(3))}], r"argument\[1\]\['k'\]\[1\] is a .*MyInt"),
        (
            Box("b", tags={"a": [cast("int", object())]}),
            r"argument\.tags\['a'\]\[0\] is a `builtins:object`; name that class",
        ),
        (OrderedDict(a=1), "OrderedDict`, which would arrive as a dict"),
        (Undeclared(), "Undeclared`; name that class in the endpoint's hints, or register"),
        ({MyInt(1): 2}, r"argument key 1 is a"),
        (Loose(1), "arrive as a tuple"),
        (memoryview(b"x"), "memoryview.*send bytes"),
        (lambda: None, "builtins:function"),
        (np.array([object()]), "an array of object"),
        (torch.ones(1, requires_grad=True) * 2, "detach"),
        (torch.nn.Parameter(torch.ones(1)), "Parameter"),
        (Shop.add(cast("Box", Undeclared())), r"argument\(box=\) is a"),
        (dt.datetime(2026, 1, 1, tzinfo=type("Zone", (dt.tzinfo,), {})()), "time zone of type Zone"),
        (range(3), "builtins:range"),
    ],
)
def test_g12_the_sender_hears_where_and_what_cannot_cross(value: Any, says: Any) -> None:
    with pytest.raises(NotSerialisableError, match=says):
        codec.wrap(value, DECLARED, "argument")


def test_g12_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotSerialisableError, match="nested too deep, or holds itself"):
        codec.wrap(loop)


@pytest.mark.parametrize("scalar", [None, True, 7, 1.5, "text", b"data"])
def test_scalars_cross_in_the_frame_itself(scalar: Any) -> None:
    assert codec.wrap(scalar) is scalar


def test_a_codec_that_is_closed_wraps_what_it_wrapped_before() -> None:
    codec = Codec()
    values = [{"a": (1, "two", b"3")}, {1, 2}, [None, 2.5]]
    before = [codec.wrap(value) for value in values]
    codec.close()
    codec.close()
    assert [codec.wrap(value) for value in values] == before
