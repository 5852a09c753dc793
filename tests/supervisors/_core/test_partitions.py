"""Which partition a key belongs to."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._core._partitions import Key, partition_of
from supervisors.errors import PartitionKeyError

KEYS = st.text() | st.binary() | st.integers()


@pytest.mark.parametrize(
    ("key", "partition"),
    [("ann", 127), ("", 339), ("1", 152), (1, 147), (-1, 904), (b"1", 816), (10**30, 234), ("\ud800", 492)],
    ids=ascii,
)
def test_a_key_belongs_to_the_same_partition_for_ever(key: Key, partition: int) -> None:
    assert partition_of(key, 1000) == partition


def test_nor_does_it_change_from_process_to_process() -> None:
    program = "from supervisors._core._partitions import partition_of as p; print(p('ann', 1000), p(b'1', 1000))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stdout.split() == ["127", "816"]


@given(key=KEYS, partitions=st.integers(1, 1000))
def test_a_partition_is_one_of_those_there_are(key: Key, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


@pytest.mark.parametrize("keys", [range(8000), [f"user-{n}" for n in range(8000)]], ids=["numbers", "names"])
def test_keys_are_spread_evenly(keys: list[Key]) -> None:
    shares = Counter(partition_of(key, 8) for key in keys)
    assert all(800 <= shares[partition] <= 1200 for partition in range(8))


@pytest.mark.parametrize("key", [True, None, 1.0, ("a", 1), bytearray(b"a"), object], ids=repr)
def test_what_is_no_key_in_another_process_is_refused(key: object) -> None:
    with pytest.raises(PartitionKeyError, match="give a str, bytes or int") as caught:
        partition_of(key, 8)  # type: ignore[arg-type]
    assert caught.value.key == key
    assert isinstance(caught.value, TypeError)
