"""Trace context: each message is a step of its sender's trace, in other processes too; OpenTelemetry's own travels."""

import contextvars
import sys
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest
from waiting import until

from llmactors import Actor, ActorRef, ActorSystem, message, trace
from llmactors.errors import ActorEndedError, WorkerLostError
from llmactors.hosts import Process
from llmactors.trace import TraceContext

HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TENANT: ContextVar[str | None] = ContextVar("tenant", default=None)


class Step(Actor):
    """Answers with the steps of the trace, the last one first."""

    def __init__(self, following: "ActorRef[Step] | None" = None) -> None:
        self.next = following
        self.kept: TraceContext | None = None

    @message
    async def go(self) -> list[TraceContext | None]:
        further = [] if self.next is None else await self.next.ask(Step.go())
        return [*further, trace.current()]

    @message
    def here(self) -> TraceContext | None:
        return trace.current()

    @message
    async def stream(self) -> AsyncIterator[TraceContext | None]:
        yield trace.current()

    @message
    def tell_on(self) -> None:
        assert self.next is not None
        self.next.tell(Step.keep())

    @message
    def keep(self) -> None:
        self.kept = trace.current()

    @message
    def last(self) -> TraceContext | None:
        return self.kept

    @message
    def tenant(self) -> str | None:
        return TENANT.get()


class Liar(Step):
    @message
    def lie(self) -> None:
        with trace.use(TraceContext("no", "trace")):
            self.tell_on()


async def test_each_message_is_a_step_caused_by_the_one_in_which_it_was_sent() -> None:
    async with ActorSystem() as system:
        last = await system.spawn(Step)
        first = await system.spawn(Step, last)
        assert await first.ask(Step.go()) == [None, None]
        with trace.use(trace.begin()) as root:
            assert root is not None
            inner, outer = await first.ask(Step.go())
            again = await first.ask(Step.here())
        assert inner is not None
        assert outer is not None
        assert again is not None
        assert {inner.trace_id, outer.trace_id, again.trace_id} == {root.trace_id}
        assert (inner.parent_id, outer.parent_id, again.parent_id) == (outer.span_id, root.span_id, root.span_id)
        assert len({inner.span_id, outer.span_id, again.span_id, root.span_id}) == 4
        assert trace.current() is None


async def test_the_trace_of_a_request_from_outside_goes_on() -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Step)
        with trace.use(trace.parse(HEADER, "vendor=1")):
            step = await ref.ask(Step.here())
        assert step is not None
        assert (step.parent_id, step.state) == ("00f067aa0ba902b7", "vendor=1")
        assert trace.parse(step.traceparent, step.state).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.skipif(sys.platform != "linux", reason="Process() needs Linux")
async def test_a_trace_goes_on_in_another_process_and_back_and_other_variables_do_not() -> None:
    async with ActorSystem() as system:
        here = await system.spawn(Step)
        there = await system.spawn(Step, here, host=Process())
        TENANT.set("acme")
        with trace.use(trace.parse(HEADER, "vendor=1")):
            back, over = await there.ask(Step.go())
            async with there.stream(Step.stream()) as steps:
                (streamed,) = [step async for step in steps]
            there.tell(Step.tell_on())
        assert over is not None
        assert back is not None
        assert streamed is not None
        assert (over.parent_id, over.state, over.sampled) == ("00f067aa0ba902b7", "vendor=1", True)
        assert (back.trace_id, back.parent_id) == (over.trace_id, over.span_id)
        assert (streamed.trace_id, streamed.parent_id) == (over.trace_id, "00f067aa0ba902b7")
        await until(lambda: here.actor.kept is not None)
        assert here.actor.kept.trace_id == over.trace_id
        assert await there.ask(Step.tenant()) is None
        assert await there.ask(Step.go()) == [None, None]


@pytest.mark.skipif(sys.platform != "linux", reason="Process() needs Linux")
async def test_what_a_worker_says_of_a_trace_must_make_sense() -> None:
    async def listen() -> None:
        async with ActorSystem() as system:
            here = await system.spawn(Step)
            there = await system.spawn(Liar, here, host=Process())
            with pytest.raises(ActorEndedError, match="no traceparent"):
                await there.ask(Liar.lie())

    with pytest.raises(WorkerLostError, match="no traceparent"):
        await listen()


OTEL: ContextVar[dict[str, object]] = ContextVar("current_context", default={})  # noqa: B039  never changed


class Attached:
    """What OpenTelemetry's `attach` and `detach` do: an immutable mapping in one variable, set and reset by token."""

    def __init__(self, key: str, value: object) -> None:
        self._context = {**OTEL.get(), key: value}

    def __enter__(self) -> None:
        self._token: contextvars.Token[dict[str, object]] = OTEL.set(self._context)

    def __exit__(self, *_: object) -> None:
        OTEL.reset(self._token)


class Traced(Actor):
    @message
    async def serve(self, depth: int, own: "ActorRef[Traced]") -> list[object]:
        with Attached(f"span-{depth}", depth):
            below = await own.ask(Traced.look()) if depth == 0 else []
            return [*below, sorted(OTEL.get())]

    @message
    def look(self) -> list[object]:
        return [sorted(OTEL.get())]


async def test_the_context_of_opentelemetry_travels_as_it_is() -> None:
    async with ActorSystem() as system:
        first, second = await system.spawn(Traced), await system.spawn(Traced)
        with Attached("baggage", "b"):
            answer = await first.ask(Traced.serve(0, second))
        assert answer == [["baggage", "span-0"], ["baggage", "span-0"]]
        assert await second.ask(Traced.look()) == [[]]
