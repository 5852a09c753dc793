"""The task that asyncio believes to run: lent to handlers, which run on the scheduler's stack.

`asyncio.tasks` has functions for it, made for those who write event loops and task classes. Up to Python 3.13 they keep
a dict, which is a third of the price of the calls.
"""

from __future__ import annotations

import sys
from asyncio import tasks
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task


class _CurrentTasks:
    """The same by calls, where there is no dict."""

    def get(self, loop: AbstractEventLoop) -> Task[Any] | None:
        """Return the task that runs on *loop*."""
        return tasks.current_task(loop)

    def __setitem__(self, loop: AbstractEventLoop, task: Task[Any]) -> None:
        tasks._swap_current_task(loop, task)  # type: ignore[attr-defined]

    def __delitem__(self, loop: AbstractEventLoop) -> None:
        tasks._swap_current_task(loop, None)  # type: ignore[attr-defined]


CURRENT_TASKS: Any = _CurrentTasks() if sys.version_info >= (3, 14) else tasks._current_tasks  # type: ignore[attr-defined]
