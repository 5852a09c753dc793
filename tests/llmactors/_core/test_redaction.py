"""Values in words: no secret gets through, nothing is long, and nothing that a value does can stop it."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from llmactors._core.redaction import HIDDEN, LONGEST, MOST, in_words, is_secret, state_in_words

SECRET = "hunter2"
names = st.sampled_from(["password", "api_key", "apiKey", "ACCESS_TOKEN", "Authorization", "client_secret", "cookie"])
plain = st.none() | st.booleans() | st.integers() | st.text("abc", max_size=5)


@dataclass
class Login:
    user: str
    password: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Named:
    name: str
    token: str
    hidden: str = field(default="never shown", repr=False)


class Pair(NamedTuple):
    left: str
    secret: str


class Pile(list[Any]):
    """A list of a class of its own."""


class Model(BaseModel):
    user: str
    api_key: str


class Shy:
    def __repr__(self) -> str:
        raise LookupError


class Loud:
    def __repr__(self) -> str:
        return "x" * 10_000


def nested(name: str) -> Any:
    return st.recursive(
        st.just({name: SECRET}) | st.just(Login("ann", SECRET)),
        lambda inner: (
            st.dictionaries(st.text("xyz", min_size=1, max_size=3), inner | plain, max_size=3)
            | st.lists(inner | plain, max_size=3)
            | st.builds(lambda value: Login("ann", SECRET, {"deep": value}), inner)
        ),
        max_leaves=5,
    )


@given(value=names.flatmap(nested), name=names)
def test_a_secret_does_not_get_through_however_deep_it_is(value: Any, name: str) -> None:
    told = state_in_words({"value": value, name: SECRET, "listed": [value], "queued": deque([value])})
    assert SECRET not in str(told)
    assert told[name] == HIDDEN


@given(value=st.recursive(plain | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_value_is_written_in_a_bounded_length(value: Any) -> None:
    assert len(in_words(value)) <= LONGEST
    assert len(state_in_words({"value": value})["value"]) <= LONGEST


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("password", "x", True),
        ("max_tokens", 5, False),
        ("max_tokens", None, False),
        ("tokens", ["a"], True),
        ("total", "x", False),
        ("secretary", "ann", True),  # rather too much than too little
        ("use_cookies", True, False),
    ],
)
def test_what_is_named_like_a_secret_and_could_be_one_is_hidden(name: str, value: object, hidden: bool) -> None:
    assert is_secret(name, value) is hidden


def test_a_repr_that_raises_or_is_long_harms_nobody() -> None:
    assert "Shy" in in_words(Shy())
    assert "Shy" in in_words([Shy()])
    assert len(in_words(Loud())) <= LONGEST
    circle: dict[str, Any] = {}
    circle["self"] = circle
    assert in_words(circle).startswith("{'self': {")


def test_a_state_has_so_many_attributes_and_no_more() -> None:
    assert len(state_in_words({f"a{number}": number for number in range(MOST + 50)})) == MOST


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Named(name="n", token=SECRET), "Named(name='n', token=(hidden))"),
        (Pair("l", SECRET), "Pair(left='l', secret=(hidden))"),
        (Model(user="u", api_key=SECRET), "Model(user='u', api_key=(hidden))"),
        ([Model(user="u", api_key=SECRET)], "[Model(user='u', api_key=(hidden))]"),
        (OrderedDict(password=SECRET), "{'password': (hidden)}"),
        (Pile([Pair("l", SECRET)]), "[Pair(left='l', secret=(hidden))]"),
        (SimpleNamespace(password=SECRET), "{'password': (hidden)}"),
        ([[[[Pair("l", SECRET)]]]], "[[[[...]]]]"),
    ],
)
def test_whatever_says_which_fields_it_has_is_shown_field_by_field(value: object, told: str) -> None:
    assert in_words(value) == told
