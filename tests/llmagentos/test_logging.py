"""Events are kept for `logs`, and shown on standard error where that is wanted."""

import io
import json
import os
from collections.abc import Iterator

import pytest
import structlog

from llmactors import Actor, ActorSystem, message
from llmactors.errors import ActorEndedError
from llmagentos import _logging, _record
from supervisors import Supervisor, child


class Fails(Actor):
    @message
    def now(self) -> None:
        raise ValueError("now")

    @message
    def not_now(self) -> None:
        """Nothing."""


class Crashing(Supervisor):
    fails = child(Fails)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_record, "RECORD", _record.Record(3))
    yield
    structlog.reset_defaults()


def test_off_a_terminal_an_event_is_one_line_of_json() -> None:
    stream = io.StringIO()
    _logging.configure("info", stream)
    structlog.get_logger("llmactors").info("child_started", path="/a", chain=("x", ValueError("y")))
    event = json.loads(stream.getvalue())
    assert {key: event[key] for key in ("event", "level", "path", "chain")} == {
        "event": "child_started",
        "level": "info",
        "path": "/a",
        "chain": ["x", "y"],
    }


class Console(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_an_event_is_a_line_that_obeys_no_foreign_text() -> None:
    stream = Console()
    _logging.configure("info", stream)
    structlog.get_logger("llmactors").info("call_failed", why="it said \x1b[2J\x07 and\nmore")
    assert "\x1b[2J" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_what_is_not_shown_is_kept_all_the_same() -> None:
    stream = io.StringIO()
    _logging.configure("never", stream)
    structlog.get_logger().error("gave_up")
    assert stream.getvalue() == ""
    assert [event["event"] for _, event in _record.RECORD.since(0)] == ["gave_up"]


def test_the_record_is_bounded_and_numbered() -> None:
    _logging.configure("never", io.StringIO())
    for i in range(5):
        structlog.get_logger().info(str(i))
    assert [(number, event["event"]) for number, event in _record.RECORD.since(3)] == [(4, "3"), (5, "4")]
    assert len(_record.RECORD.since(0)) == 3


async def test_a_system_outlives_who_read_its_log(capfd: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        _logging.configure("debug", stream)
        async with ActorSystem(Crashing) as system:
            with pytest.raises(ActorEndedError):
                await system.ref(Crashing.fails).ask(Fails.now())
            await system.ref(Crashing.fails).ask(Fails.not_now())
    assert "actor_restarted" in {event["event"] for _, event in _record.RECORD.since(0)}
    assert capfd.readouterr().err == ""


async def test_whoever_follows_sees_the_old_and_the_new() -> None:
    _logging.configure("never", io.StringIO())
    structlog.get_logger().info("old")
    events = _record.RECORD.follow()
    assert (await anext(events))["event"] == "old"
    structlog.get_logger().info("new")
    assert (await anext(events))["event"] == "new"
    await events.aclose()
