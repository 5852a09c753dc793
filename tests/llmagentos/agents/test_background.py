"""The system on a background thread: calls from code without asyncio end whatever happens, and leave nothing behind."""

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest

from llmactors import ActorSystem
from llmagentos.agents._background import Background
from llmagentos.agents.errors import SystemEndedError


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background(ActorSystem, "in the test")
    background.start()
    yield background
    background.stop()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def fail() -> None:
    raise RuntimeError("out of ink")


async def wait_for_ever(begun: threading.Event, cancelled: threading.Event) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        cancelled.set()


def test_a_call_returns_what_the_work_does(background: Background) -> None:
    assert background.call(double, 4) == 8


def test_a_call_raises_what_the_work_does(background: Background) -> None:
    with pytest.raises(RuntimeError, match="out of ink"):
        background.call(fail)


def test_work_that_takes_too_long_is_cancelled(background: Background) -> None:
    begun, cancelled = threading.Event(), threading.Event()
    with pytest.raises(TimeoutError):
        background.call(wait_for_ever, begun, cancelled, timeout=0.01)
    assert not begun.is_set() or cancelled.wait(10)


def test_an_interrupt_before_the_work_begins_leaves_no_coroutine_behind(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("concurrent.futures.Future.result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            background.call(double, 4)
    gc.collect()  # "never awaited" would be a warning, and with it a failure
    assert background.call(double, 5) == 10


def test_a_call_that_waits_when_the_system_ends_ends_too(background: Background) -> None:
    begun, cancelled = threading.Event(), threading.Event()
    stopper = threading.Thread(target=lambda: begun.wait(10) and background.stop())
    stopper.start()
    with pytest.raises(SystemEndedError):
        background.call(wait_for_ever, begun, cancelled)
    stopper.join()
    assert cancelled.is_set()


def test_a_call_after_the_end_is_refused(background: Background) -> None:
    assert background.stop()
    with pytest.raises(SystemEndedError):
        background.call(double, 4)
