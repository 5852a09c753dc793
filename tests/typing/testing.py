"""What type checkers know of actors under test. Checked by mypy strict and pyright; never run."""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true, reportUnusedCoroutine=false, reportUnusedExpression=false

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, assert_type

from llmactors import Actor, ActorRef, Exit, Request, message
from llmactors.testing import (
    CrashSeen,
    Driven,
    Probe,
    Reply,
    VirtualClock,
    drive,
    run_in_virtual_time,
    stand_in,
    supervised,
)


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    @message
    def add(self, amount: int) -> int:
        return self.total + amount

    @message
    async def add_slowly(self, amount: int) -> int:
        return self.total + amount

    @message
    async def numbers(self, count: int) -> AsyncIterator[int]:
        yield count


class Other(Actor):
    @message
    def hello(self) -> str:
        return "hello"


@dataclass(frozen=True)
class Ping(Request[bytes]):
    pass


def a_driven_actor_answers_with_the_types_of_its_endpoints() -> None:
    assert_type(drive(Counter(3)), Driven[Counter])
    assert_type(drive(Counter, 3), Driven[Counter])
    counter = drive(Counter(3))
    assert_type(counter.ask(Counter.add(1)), int)
    assert_type(counter.ask(Ping()), bytes)
    assert_type(counter.send(Counter.add_slowly(1)), Reply[int])
    assert_type(counter.send(Counter.add(1)).value, int)
    assert_type(counter.stream(Counter.numbers(3)), list[int])
    assert_type(counter.tell(Counter.add(1)), bool)
    assert_type(counter.actor, Counter)
    assert_type(counter.ref, ActorRef[Counter])
    assert_type(stand_in(Other), ActorRef[Other])
    counter.ask(Other.hello())  # type: ignore[arg-type]


async def a_probe_returns_what_it_was_told_to_expect(probe: Probe, ref: ActorRef[Counter]) -> None:
    assert_type(await probe.expect(Ping), Ping)
    assert_type(await probe.expect(Ping()), Ping)
    assert_type(await probe.expect(Counter.add), Any)
    assert_type(await probe.expect_down(ref), Exit)


async def a_supervised_tree_is_a_system() -> None:
    async with supervised(Counter, 3) as tree:
        assert_type(await tree.spawn(Counter, 3), ActorRef[Counter])
        assert_type(tree.probe(), Probe)
        assert_type(await tree.expect_crash(ValueError), CrashSeen)


async def virtual_time_has_a_clock(clock: VirtualClock) -> None:
    assert_type(clock.now(), float)
    await clock.advance(60)


async def seven() -> int:
    return 7


def a_test_without_pytest_returns_what_it_returns() -> None:
    assert_type(run_in_virtual_time(seven()), int)
