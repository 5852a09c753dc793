"""What every test gets: an event loop like the product's, and a check that it leaves nothing behind."""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import psutil
import pytest
import pytest_asyncio
import structlog
from leftovers import children_now, describe, end_children, threads_now
from plugins import OURS, installed

try:
    import uvloop
except ImportError:  # Windows has none
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

# Our own plugin comes with the wheel; where the sources are tested as they lie here, it has to be named.
pytest_plugins = ["pytester"] if installed() else ["pytester", OURS]

# Worker processes import the actors of a test module by its name, `tests.…`. The project's root comes last, so that the
# project itself still comes from where it is installed.
sys.path.append(str(Path(__file__).resolve().parents[1]))

# No time limit for a single example, and none for making one: on a busy machine they would only find that it is busy.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("house")

GRACE = 3.0
"""Seconds that a process or thread on its way out may still take after its test."""

TURNS = 20
"""Turns of the loop that a task on its way out may still take after its test."""


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, object]:
    """Run async tests on the loop that the product runs on."""
    return {"product": new_event_loop}


@pytest.fixture(autouse=True)
def leaves_no_process_or_thread_behind() -> Iterator[None]:
    """Fail a test after which a child process or thread of its making is still there."""
    processes, threads = children_now(), threads_now()
    yield
    left = [thread for thread in threads_now() - threads if not _joined(thread)]
    _, alive = psutil.wait_procs(children_now() - processes, timeout=GRACE)
    names = [describe(child) for child in alive] + [f"thread {thread.name!r}" for thread in left]
    end_children(alive)
    if names:
        pytest.fail("the test left behind: " + "; ".join(names), pytrace=False)


@pytest.fixture(autouse=True)
def leaves_logging_as_it_was() -> Iterator[None]:
    """Reports go to structlog only where a program configured it; `capture_logs` does, and does not take it back.

    Neither does a program take back at which level it listens.
    """
    loggers = [logging.getLogger(package) for package in ("llmactors", "supervisors", "llmagentos")]
    levels = [logger.level for logger in loggers]
    yield
    structlog.reset_defaults()
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(autouse=True)
def leaves_no_task_behind(request: pytest.FixtureRequest, leaves_no_process_or_thread_behind: None) -> None:
    """Fail an async test after which a task of its making is still on the loop."""
    if pytest_asyncio.is_async_test(request.node):  # a plain test gets no loop of ours
        request.getfixturevalue("_leaves_no_task_behind")


@pytest.fixture
async def _leaves_no_task_behind() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    before.add(_this_task())
    for _ in range(TURNS):
        if asyncio.all_tasks() <= before:
            return
        await asyncio.sleep(0)
    left = sorted(repr(task) for task in asyncio.all_tasks() - before)
    pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _joined(thread: threading.Thread) -> bool:
    thread.join(GRACE)
    return not thread.is_alive()
