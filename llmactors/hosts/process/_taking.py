"""What a worker takes from its mailbox and has finished, written down as it happens."""

from __future__ import annotations

from collections import deque
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from llmactors._asks import PENDING, Ask
from llmactors._batch import Batch
from llmactors._carried import CarriedAsk
from llmactors._core.flags import BUSY, OVER
from llmactors._ports import Ports
from llmactors._scheduler import Scheduler
from llmactors.hosts._loop import in_hand
from llmactors.hosts._processes import gpu_memory
from llmactors.hosts.process._ops import Op
from llmactors.hosts.process._page import FINISHED, TAKEN
from llmactors.hosts.process._served import Reply, ServedFlow

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from llmactors._steps import Job
    from llmactors.hosts.process._page import Page
    from llmactors.hosts.process._worker import Worker

    Call = Callable[[Any, Any], Any]

SAID = int(Op.SAID)
CALLS = frozenset({Ask, CarriedAsk, ServedFlow})
NO_SAYS = CALLS | {Batch}
LOOKS = 0.5  # seconds between two looks at the GPUs, at least


class TakingInbox(deque[Any]):
    """A mailbox that writes down what is taken from it: bare messages are says, and all others have numbers."""

    __slots__ = ("_taking",)

    def __init__(self, taking: Taking) -> None:
        super().__init__()
        self._taking = taking

    def popleft(self) -> Any:
        """Take the next entry: from here on it is in hand."""
        item = _popleft(self)
        taking = self._taking
        if item.__class__ not in NO_SAYS:
            taking.said = taking.counts[0] = taking.said + 1
            taking.call = 0
        else:
            taking.take_call(item)  # type: ignore[arg-type]  # as NO_SAYS says
        return item


_popleft = deque.popleft


class Taking:
    """What the worker's actor has taken and finished, as the page tells it."""

    __slots__ = ("call", "counts", "page", "reported", "said")

    def __init__(self, page: Page) -> None:
        self.page, self.counts = page, page.counts
        self.said = self.reported = 0  # says taken; says that were reported as finished
        self.call = 0  # the number of what was taken last; 0 for a say

    @property
    def open(self) -> bool:
        """Whether the last say that was taken is not finished."""
        return self.counts[1] != self.said

    def take_call(self, item: Ask | ServedFlow | Batch) -> None:
        """A call is taken, unless nobody waits for it any more. What is in a batch was taken when it was gathered."""
        if item.__class__ is Batch:
            return
        self.counts[1] = self.said  # all that was said is finished
        if item.__class__ is ServedFlow:
            if not item.done:
                self.page.take(item.number)
            return
        reply: Any = item.future  # type: ignore[union-attr]  # it is an ask
        if reply.__class__ is Reply and item.value is PENDING:  # type: ignore[union-attr]
            self.page.places[reply.number % self.page.size] = TAKEN
            self.call = reply.number

    def close(self) -> None:
        """All says that were taken are finished."""
        self.counts[1] = self.said

    def finishing(self, call: Call) -> Call:
        """Return *call* of an actor that handles one message after the other: what is in hand is finished with it."""
        counts, places, size = self.counts, self.page.places, self.page.size

        def called(actor: Any, message: Any) -> Any:
            number = self.call
            answer = call(actor, message)
            if answer.__class__ is CoroutineType:
                return awaited(answer, number)
            if number:
                places[number % size] = FINISHED
            else:
                counts[1] = self.said
            return answer

        async def awaited(rest: Coroutine[Any, Any, Any], number: int) -> Any:
            answer = await rest
            if number:
                places[number % size] = FINISHED
            else:
                counts[1] = self.said
            return answer

        return called

    def put_aside(self) -> None:
        """The say in hand is put aside: it is not in hand any more, and not finished."""
        self.close()
        self.reported += 1

    def finished(self) -> int:
        """Return how many says have been finished since this was last asked."""
        done: int = self.counts[1]
        new, self.reported = done - self.reported, done
        return new


class WorkerScheduler(Scheduler):
    """A scheduler whose inboxes write down what is taken, and which reports what is finished, once a turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop, worker: Worker, page: Page) -> None:
        super().__init__(loop, Ports())
        self._worker = worker
        self.taking = Taking(page)
        self.free = deque(maxlen=4)
        self._look_again = 0.0
        self._gpu_memory: int | None = None

    def new_inbox(self) -> deque[Any]:
        """Return an empty inbox."""
        return self.free.pop() if self.free else TakingInbox(self.taking)

    def drain(self) -> None:
        """Give the actor one turn, and report what it has finished in it."""
        super().drain()
        self.report()
        self.tell_account()

    def tell_account(self) -> None:
        """Write down how busy the actor was, for the main process to read; now and then, what it holds on GPUs."""
        now = self.clock()
        if now >= self._look_again:
            self._look_again, self._gpu_memory = now + LOOKS, gpu_memory()
        cell = self._worker.cell
        busy = cell.cpu if cell.extra is None else in_hand(cell, now)
        self.taking.page.account(busy, self._gpu_memory)

    def finished(self, job: Job, answer: Any, error: BaseException | None) -> None:
        """A suspended handler has ended."""
        item = job.item
        self.tell_account()  # first: who has the answer may ask for the account
        super().finished(job, answer, error)
        cell = self._worker.cell
        if not cell.flags & (BUSY | OVER):
            self.report()
        if isinstance(item, Ask) and not cell.flags & OVER:
            self._worker.served.let_go(item)

    def report(self) -> None:
        """Report the says that are finished."""
        count = self.taking.finished()
        if count:
            self._worker.channel.put([SAID, count])
