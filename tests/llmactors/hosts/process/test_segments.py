"""Large values cross in shared memory, which nobody can pull from under us and which nothing outlives."""

import asyncio
import fcntl
import gc
import mmap
import os
import signal
import socket
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from performers import Keeper, Probe
from stores import ALL_SEALS, LARGE, NUMBERS, Store, mappings, memfd
from waiting import until

from llmactors import ActorRef, ActorSystem, Ended, Killed
from llmactors._codec import Codec, Packed, SegmentError
from llmactors.errors import ActorEndedError, NotSerialisableError
from llmactors.hosts import Process
from llmactors.hosts.process import _segments
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._segments import NUMBER, Segments


# -- both sides in one process ---------------------------------------------------------------------------------------
class Pair:
    def __init__(self) -> None:
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.passing = one
        self.said: deque[list[Any]] = deque()
        self.answered: deque[list[Any]] = deque()
        self.sender = Segments(one, self.said.append)
        self.receiver = Segments(other, self.answered.append)

    def give_back(self) -> None:
        self.receiver.settle()
        for op, numbers in self.answered:
            assert op == Op.RELEASE
            self.sender.released(numbers)
        self.answered.clear()

    def close(self) -> None:
        self.sender.close()
        self.receiver.close()


@pytest.fixture
def sides() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def lent(sides: Pair, data: bytes = LARGE) -> list[int]:
    content = sides.sender.put(data)
    assert content is not None
    return content


def test_a_segment_that_was_given_back_is_used_again_and_its_descriptor_is_passed_once(sides: Pair) -> None:
    sides.receiver.copy(*lent(sides))
    sides.give_back()
    before = psutil.Process().num_fds()
    for turn in range(20):
        data = bytes([turn]) * 200_000
        number, length = lent(sides, data)
        assert (number, length) == (1, 200_000)
        assert sides.receiver.copy(number, length) == data
        sides.give_back()
    assert psutil.Process().num_fds() == before


def test_what_is_borrowed_is_memory_of_ones_own_until_nobody_refers_to_it(sides: Pair) -> None:
    first = lent(sides)
    array = np.frombuffer(sides.receiver.borrow(*first), dtype="u1")
    part = array[10:20]
    array[10] = 99
    assert lent(sides)[0] != first[0]  # the first one is still in use
    assert sides.sender._mine[first[0]][10] == LARGE[10]
    del array
    gc.collect()
    assert part[0] == 99


def test_only_so_many_bytes_are_kept_free(sides: Pair, monkeypatch: Any) -> None:
    monkeypatch.setattr(_segments, "KEPT", 1 << 18)
    contents = [lent(sides) for _ in range(3)]
    for content in contents:
        sides.receiver.copy(*content)
    sides.give_back()
    assert [item[0] for item in sides.said] == [Op.DROP, Op.DROP]
    for _, number in sides.said:
        sides.receiver.dropped(number)
    assert len(sides.receiver._theirs) == 1
    assert lent(sides)[0] == 1


def test_beyond_the_limit_nothing_goes_into_segments(sides: Pair, monkeypatch: Any) -> None:
    with monkeypatch.context() as limit:
        limit.setattr(_segments, "LIMIT", 1 << 18)
        lent(sides)
        assert sides.sender.put(LARGE) is None
    lent(sides)
    monkeypatch.setattr(_segments, "MOST", 2)
    assert sides.sender.put(LARGE) is None


# -- sent back -------------------------------------------------------------------------------------------------------
def test_bytes_that_are_sent_back_are_the_ones_that_were_sent_and_bring_their_segment(sides: Pair) -> None:
    content = lent(sides)
    arrived = sides.receiver.copy(*content)
    returned = sides.receiver.send_back(arrived)
    assert returned == content
    assert sides.sender.came_back(*returned) is LARGE
    sides.receiver.settle()
    assert not sides.answered
    assert lent(sides) == content


def test_bytes_that_are_equal_and_others_are_not_sent_back_by_number(sides: Pair) -> None:
    arrived = sides.receiver.copy(*lent(sides))
    assert sides.receiver.send_back(bytes(bytearray(arrived))) is None
    assert sides.receiver.send_back(LARGE) is None


def test_bytes_are_sent_back_by_number_once_and_not_after_their_segment_was_given_back(sides: Pair) -> None:
    first = sides.receiver.copy(*lent(sides))
    assert sides.receiver.send_back(first) is not None
    assert sides.receiver.send_back(first) is None
    second = sides.receiver.copy(*lent(sides))
    sides.receiver.settle()
    assert sides.receiver.send_back(second) is None


def test_a_value_that_is_refused_after_part_of_it_was_to_be_sent_back_gives_its_segment_back(sides: Pair) -> None:
    arrived = sides.receiver.copy(*lent(sides))
    codec = Codec(segments=sides.receiver)
    with pytest.raises(NotSerialisableError):
        codec.wrap([arrived, object()])
    sides.give_back()
    assert not sides.sender._lent


def test_bytes_that_stand_twice_in_a_value_arrive_twice(sides: Pair) -> None:
    arrived = sides.receiver.copy(*lent(sides))
    packed = Codec(segments=sides.receiver).dumps([arrived, arrived, {"again": arrived}])
    assert Codec(segments=sides.sender).loads(packed) == [LARGE, LARGE, {"again": LARGE}]
    assert not sides.sender._lent


def test_a_value_that_came_back_and_that_nobody_wants_gives_its_segment_back(sides: Pair) -> None:
    arrived = sides.receiver.copy(*lent(sides))
    packed = Codec(segments=sides.receiver).dumps([arrived])
    Codec(segments=sides.sender).discard(Packed(packed))
    assert not sides.sender._lent


@pytest.mark.parametrize(("number", "length"), [(2, 262_144), ("1", 1), ([1], 1), (1, 262_143), (1, "1"), (1, None)])
def test_what_was_not_sent_does_not_come_back(sides: Pair, number: Any, length: Any) -> None:
    lent(sides)
    with pytest.raises(SegmentError, match="came back"):
        sides.sender.came_back(number, length)


def test_an_array_does_not_come_back_as_bytes(sides: Pair) -> None:
    number, length = sides.sender.put(memoryview(LARGE)) or []
    with pytest.raises(SegmentError, match="came back"):
        sides.sender.came_back(number, length)


# -- what the peer may not do ------------------------------------------------------------------------------------------
def pass_descriptor(sides: Pair, descriptor: int, number: int = 1) -> None:
    socket.send_fds(sides.passing, [NUMBER.pack(number)], [descriptor])
    os.close(descriptor)


@pytest.mark.parametrize("seals", [0, fcntl.F_SEAL_GROW, fcntl.F_SEAL_SHRINK])
def test_a_segment_that_could_change_its_size_is_refused(sides: Pair, seals: int) -> None:
    pass_descriptor(sides, memfd(1 << 16, seals))
    with pytest.raises(SegmentError, match="change its size"):
        sides.receiver.copy(1, 100)


def test_a_value_longer_than_its_segment_is_refused(sides: Pair) -> None:
    pass_descriptor(sides, memfd(4096, ALL_SEALS))
    with pytest.raises(SegmentError, match="which has 4096"):
        sides.receiver.copy(1, 4097)


def test_a_file_is_no_segment(sides: Pair, tmp_path: Path) -> None:
    with tempfile.TemporaryFile(dir=tmp_path) as file:
        pass_descriptor(sides, os.dup(file.fileno()))
    with pytest.raises(SegmentError, match="no memfd"):
        sides.receiver.copy(1, 0)


@pytest.mark.parametrize(("number", "length"), [(2, 1), ("1", 1), (None, 1), (1, -1), (1, "1"), ([1], 1)])
def test_a_wrong_number_or_length_is_refused(sides: Pair, number: Any, length: Any) -> None:
    lent(sides)
    with pytest.raises(SegmentError):
        sides.receiver.copy(number, length)


def test_a_segment_is_not_read_or_dropped_while_an_array_lies_on_it(sides: Pair) -> None:
    content = lent(sides)
    held = sides.receiver.borrow(*content)
    with pytest.raises(SegmentError, match="in use"):
        sides.receiver.copy(*content)
    with pytest.raises(SegmentError, match="in use"):
        sides.receiver.dropped(content[0])
    assert bytes(held) == LARGE


def test_what_was_not_lent_cannot_be_given_back(sides: Pair) -> None:
    number, _ = lent(sides)
    sides.sender.released([number])
    with pytest.raises(SegmentError, match="not been lent"):
        sides.sender.released([number])


def test_more_than_the_limit_is_not_mapped(sides: Pair, monkeypatch: Any) -> None:
    monkeypatch.setattr(_segments, "LIMIT", 1 << 16)
    pass_descriptor(sides, memfd(1 << 17, ALL_SEALS))
    with pytest.raises(SegmentError, match="over the limit"):
        sides.receiver.copy(1, 1)


def test_a_receiver_cannot_write_into_its_senders_memory(sides: Pair) -> None:
    descriptor = memfd(4096, 0)
    shared = mmap.mmap(descriptor, 4096)
    _segments._seal(descriptor)
    with pytest.raises(PermissionError):
        mmap.mmap(descriptor, 4096)
    shared.close()
    os.close(descriptor)


# -- across processes ------------------------------------------------------------------------------------------------
@pytest.fixture
async def system() -> AsyncIterator[ActorSystem]:
    async with ActorSystem() as system:
        yield system


@pytest.fixture
async def store(system: ActorSystem) -> ActorRef[Store]:
    return await system.spawn(Store, host=Process())


VALUES = {
    "bytes": LARGE,
    "bytearray": bytearray(LARGE),
    "in a list": [1, LARGE, "x", LARGE[::-1]],
    "in a dict": {"a": LARGE, "b": {"c": bytearray(LARGE)}},
    "array": np.arange(100_000, dtype="i4").reshape(100, 1000),
    "fortran": np.asfortranarray(np.arange(90_000.0).reshape(300, 300)),
    "strided": np.arange(200_000)[::2],
    "times": np.arange(20_000).astype("M8[s]"),
    "text": np.array(["ab", "c"] * 20_000),
    "tensor": torch.arange(50_000, dtype=torch.float32).reshape(50, 1000),
    "half": torch.arange(80_000).to(torch.bfloat16),
    "grad": torch.ones(30_000, requires_grad=True),
}


@pytest.mark.parametrize("kind", VALUES)
async def test_large_values_come_back_equal_type_for_type(system: Any, kind: str) -> None:
    value = VALUES[kind]
    store = await system.spawn(Store, host=Process(preload=("torch",) if isinstance(value, torch.Tensor) else ()))
    back = await store.ask(Store.echo(value), timeout=30)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.shape) == (value.dtype, value.shape)
        assert back.flags.f_contiguous == (kind in {"fortran", "strided", "times", "text"})
        assert back.flags.writeable
        assert (back == value).all()
    elif isinstance(value, torch.Tensor):
        assert (back.dtype, back.requires_grad) == (value.dtype, value.requires_grad)
        assert torch.equal(back, value)
    else:
        assert back == value
    assert store.actor.segments._last >= 1


async def test_bytes_that_a_worker_passes_through_cross_once_and_come_back_as_they_were(store: Any) -> None:
    for turn in range(20):
        sent = bytes([turn]) * 1_000_000
        assert await store.ask(Store.echo(sent)) is sent
        assert await store.ask(Store.echo([sent, turn])) == [sent, turn]
    segments = store.actor.segments
    assert segments._last <= 2
    assert not segments._theirs
    assert not segments._lent


async def test_bytes_that_a_worker_keeps_and_sends_later_are_still_what_they_were(store: Any) -> None:
    sent = [bytes([turn]) * 200_000 for turn in range(8)]
    for value in sent:
        await store.ask(Store.keep(value))
    assert await store.ask(Store.kept_so_far()) == sent


async def test_arrays_that_are_kept_are_not_written_over(store: Any) -> None:
    for number in range(5):
        assert await store.ask(Store.keep(np.full(50_000, float(number)))) == number + 1
    assert await store.ask(Store.sums()) == [50_000.0 * number for number in range(5)]


async def test_what_the_receiver_writes_is_its_own_and_is_gone_at_the_next_use(store: Any) -> None:
    sent = np.ones(50_000)
    for _ in range(3):
        assert await store.ask(Store.spoil(sent)) == 0.0
        back = await store.ask(Store.echo(sent))
        assert back.sum() == 50_000
        back[:] = 7
    assert sent.sum() == 50_000


async def test_segments_are_used_again_and_leave_no_descriptor(store: Any) -> None:
    for _ in range(50):
        await store.ask(Store.echo(LARGE))
        await store.ask(Store.echo(NUMBERS))
    assert mappings() <= 12
    assert await store.ask(Store.mappings()) <= 12
    passed = [name for name in map(os.readlink, _descriptors()) if "memfd:llmactors " in name]
    assert len(passed) <= mappings()


async def test_an_answer_that_nobody_waits_for_gives_its_segment_back(store: Any) -> None:
    for _ in range(10):
        asked = asyncio.ensure_future(store.ask(Store.echo(LARGE)))
        await asyncio.sleep(0)
        asked.cancel()
    assert await store.ask(Store.echo(LARGE), timeout=30) == LARGE
    assert store.actor.segments._last <= 11
    await until(lambda: not store.actor.segments._lent)


async def test_large_items_of_a_stream_cross_and_those_left_unread_are_given_back(store: Any) -> None:
    async with store.stream(Store.parts(20), window=4) as parts:
        got = [part async for part in parts]
    assert got == [bytes([number]) * 100_000 for number in range(20)]
    async with store.stream(Store.parts(20), window=4) as parts:
        async for part in parts:
            assert part == bytes(100_000)
            break
    assert await store.ask(Store.echo(LARGE), timeout=30) == LARGE


async def test_an_array_outlives_the_worker_that_sent_it_and_nothing_is_left_after(system: Any) -> None:
    gc.collect()
    before, descriptors = mappings(), None
    for _ in range(3):
        probe = await system.spawn(Probe)
        keeper = await system.spawn(Keeper, probe, Process(), Store)
        store = await keeper.actor.slot.ref
        array = await store.ask(Store.echo(NUMBERS))
        os.kill(await store.ask(Store.pid()), signal.SIGKILL)
        await until(partial(_has_ended, probe))
        assert array.sum() == sum(range(60_000))
        del array
        keeper.kill()
        await keeper.wait_ended()
        assert descriptors in {None, psutil.Process().num_fds()}
        descriptors = psutil.Process().num_fds()
    gc.collect()
    await until(lambda: mappings() <= before)


def _descriptors() -> list[Path]:
    return [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]


def _has_ended(probe: ActorRef[Probe]) -> bool:
    return any(isinstance(note, Ended) for note in probe.actor.notes)


@pytest.mark.parametrize("how", ["unsealed", "short", "missing", "released", "made up"])
async def test_a_worker_that_breaks_the_rules_ends_and_we_do_not(system: Any, how: str) -> None:
    probe = await system.spawn(Probe)
    keeper = await system.spawn(Keeper, probe, Process(), Store, revivals=1)
    store = await keeper.actor.slot.ref
    with pytest.raises(ActorEndedError) as caught:
        await store.ask(Store.misbehave(how))
    assert "broke the protocol" in str(caught.value.__cause__)
    await until(partial(_has_ended, probe))
    (ended,) = [note for note in probe.actor.notes if isinstance(note, Ended)]
    assert isinstance(ended.exit, Killed)
    assert await store.ask(Store.echo(LARGE), timeout=30) == LARGE
