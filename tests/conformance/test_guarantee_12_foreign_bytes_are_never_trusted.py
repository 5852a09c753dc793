"""What crosses is a value and arrives as it was sent; everything else is refused at the sender."""

import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from conforming import Journal, Probe, StrangeError

from llmactors import ActorRef, ActorSystem, Crash
from llmactors.errors import ActorEndedError, NotSerialisableError, RemoteError
from llmactors.hosts import HostConfig, Process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


@pytest.fixture
def process() -> HostConfig:
    return Process()


async def test_a_value_that_crosses_equals_the_value_sent_type_for_type(
    system: ActorSystem, process: HostConfig
) -> None:
    probe = await system.spawn(Probe, host=process)
    values: list[Any] = [
        *(0, -1, 2**80, 1.5, float("inf"), True, None, "né\0", b"\0\xff", 1 + 2j, Decimal("1.10")),
        *([1, (2, "3")], {1, 2}, frozenset({"a"}), {"a": 1, 2: [None]}, date(2026, 1, 2)),
    ]
    for value in values:
        answer = await probe.ask(Probe.echo(value))
        assert (type(answer), answer) == (type(value), value)


async def test_a_ref_that_crosses_is_the_same_ref(system: ActorSystem, process: HostConfig) -> None:
    probe = await system.spawn(Probe, host=process)
    assert await probe.ask(Probe.echo(probe)) is probe


async def test_a_value_that_nobody_registered_is_refused_at_its_sender(
    system: ActorSystem, process: HostConfig
) -> None:
    probe = await system.spawn(Probe, host=process)
    await probe.ask(Probe.note(1))
    with pytest.raises(NotSerialisableError):
        await probe.ask(Probe.echo(object()))
    with pytest.raises(NotSerialisableError):
        await probe.ask(Probe.unspeakable())
    assert await probe.ask(Probe.seen()) == [1]


async def test_an_error_of_a_type_that_nobody_registered_arrives_as_its_name_text_and_traceback(
    system: ActorSystem, process: HostConfig, journal: ActorRef[Journal]
) -> None:
    probe = await system.spawn(Probe, host=process)
    await journal.ask(Journal.watch(probe))
    with pytest.raises(ActorEndedError) as failure:
        await probe.ask(Probe.fail_strangely())
    await probe.wait_ended()
    assert isinstance(failure.value.exit, Crash)
    error = failure.value.exit.error
    assert isinstance(error, RemoteError)
    assert StrangeError.__name__ in error.type_name
    assert error.text == "out of the ordinary"
    assert "fail_strangely" in error.traceback
