"""What is told of a crash: all that helps, and no secrets (rows B47-B49)."""

from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from llmactors import Actor, ActorSystem, Report, message, trace
from llmactors.errors import ActorEndedError, AskTimeoutError, UnhandledMessageError
from supervisors import Supervisor, child


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level("INFO", "llmactors")
    monkeypatch.setattr("structlog.is_configured", lambda: True)


class Teller(Actor):
    def __init__(self) -> None:
        self.total = 3
        self.api_key = "sk-123"

    @message
    def fail(self, password: str) -> int:
        raise ValueError("no such vault") from KeyError("vault")

    @message
    async def fail_slowly(self, prompt: str) -> int:
        raise ValueError("no")

    @message
    def stop(self) -> None:
        self.context.stop()


class Discreet(Teller):
    def redact(self, report: Report) -> Report:
        return replace(report, state={"total": "some"}, message="a message", error=("an error",))


class Broken(Teller):
    def redact(self, report: Report) -> Report:
        raise ZeroDivisionError


async def crash_of(cls: Any, said: Any, **around: Any) -> dict[str, Any]:
    class App(Supervisor):
        teller = child(cls)

    with capture_logs() as events:
        async with ActorSystem(App) as system:
            ref = system.ref("teller")
            with trace.use(around.get("step")), pytest.raises(ActorEndedError):
                await ref.ask(said)
    (crash,) = [event for event in events if event["event"] == "actor_crashed"]
    assert "hunter2" not in str(events)
    assert "sk-123" not in str(events)
    return dict(crash)


@pytest.mark.parametrize("row", ["B47", "B49"])
async def test_a_crash_is_told_with_its_causes_message_state_queue_links_and_trace(row: str) -> None:
    step = trace.begin()
    crash = await crash_of(Teller, Teller.fail("hunter2"), step=step)
    assert crash["path"] == "/teller"
    assert crash["chain"] == ("KeyError: 'vault'", "ValueError: no such vault")
    assert crash["message"] == "Teller.fail(password=(hidden))"
    assert crash["state"] == {"total": "3", "api_key": "(hidden)"}
    assert (crash["queue"], crash["links"], crash["incarnation"]) == (0, [], 1)
    assert crash["trace"] == step.traceparent


@pytest.mark.parametrize("row", ["B48"])
async def test_redact_decides_what_is_told_of_a_crash_and_may_fail(row: str) -> None:
    crash = await crash_of(Discreet, Teller.fail("hunter2"))
    assert (crash["state"], crash["message"], crash["chain"]) == ({"total": "'some'"}, "a message", ("an error",))
    crash = await crash_of(Broken, Teller.fail_slowly("hunter2"))
    assert "`redact` raised ZeroDivisionError" in crash["message"]
    assert crash["chain"] == ()


@pytest.mark.parametrize("row", ["B47"])
async def test_a_clean_end_is_no_crash(row: str) -> None:
    with capture_logs() as events:
        async with ActorSystem() as system:
            ref = await system.spawn(Teller)
            ref.tell(Teller.stop())
            await ref.wait_ended()
    assert not [event for event in events if event["event"] == "actor_crashed"]


@pytest.mark.parametrize("row", ["B48"])
async def test_errors_name_messages_and_not_what_is_in_them(row: str) -> None:
    async with ActorSystem() as system:
        ref = await system.spawn(Teller)
        with pytest.raises(UnhandledMessageError) as unhandled:
            await ref.ask("hunter2")  # type: ignore[call-overload]
        ref.pause()
        with pytest.raises(AskTimeoutError) as late:
            await ref.ask(Teller.fail("hunter2"), timeout=0.01)
    assert str(unhandled.value) == "actor `/teller-1` has no handler for str"
    assert str(late.value) == "actor `/teller-1` did not answer Teller.fail within 0.01 s"


async def test_logging_that_fails_ends_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def full(*_: Any) -> Any:
        raise OSError("no space left on device")

    class App(Supervisor):
        teller = child(Teller)

    structlog.configure(processors=[full])
    try:
        async with ActorSystem(App) as system:
            ref = system.ref("teller")
            for _ in range(2):
                with pytest.raises(ActorEndedError):
                    await ref.ask(Teller.fail("hunter2"))
            await ref
            assert ref.usage().restarts == 2
    finally:
        structlog.reset_defaults()
    assert "no space left on device" in caplog.text
    assert "hunter2" not in caplog.text
