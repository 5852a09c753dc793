"""Quantities as people write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors import _quantity as quantity


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (1, 1),
        ("512 MiB", 512 * 2**20),
        ("512mib", 512 * 2**20),
        ("1.5 GB", 1_500_000_000),
        ("2k", 2_000),
        ("2 Ki", 2_048),
        ("64_000", 64_000),
        ("100 B", 100),
        (2.5e9, 2_500_000_000),
        (0, None),
        (-1, None),
        (True, None),
        ("", None),
        ("MiB", None),
        ("5 apples", None),
        ("-5 MiB", None),
        ("1e9", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_a_size_is_a_number_of_bytes_or_text_with_a_unit(text: Any, count: int | None) -> None:
    assert quantity.size(text) == count


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("2h", 7_200),
        ("30 min", 1_800),
        ("1 day", 86_400),
        ("250ms", 0.25),
        (".5 s", 0.5),
        (0, None),
        ("0 s", None),
        ("soon", None),
        (False, None),
    ],
)
def test_a_time_is_a_number_of_seconds_or_text_with_a_unit(text: Any, seconds: float | None) -> None:
    assert quantity.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("minute", 60), ("Hour", 3_600), ("2 h", 7_200), (10, 10), ("", 1), ("moon", None)]
)
def test_a_period_may_be_a_unit_alone(text: Any, seconds: float | None) -> None:
    assert quantity.period(text) == seconds


@given(st.integers(0, 10**15))
def test_billionths_keep_whole_numbers_exactly(count: int) -> None:
    assert quantity.plain(quantity.billionths(count)) == count


@given(st.floats(0, 1e6))
def test_billionths_keep_a_fraction_to_the_nearest(value: float) -> None:
    assert abs(quantity.plain(quantity.billionths(value)) - value) <= 1e-9
