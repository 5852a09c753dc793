"""What a supervisor reports (rows A105 to A107, X14)."""

import logging
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from troupe import Player, Times, crash, leave
from virtual import VirtualSystem, behaviour, run

from supervisors import DynamicSupervisor, GaveUpError, Intensity, Supervisor, child
from supervisors._reports import causes_of, described, report


class App(Supervisor):
    """Two levels."""

    class Inner(Supervisor):
        """The level that gives up."""

        intensity = Intensity(1)
        leaf = child(Player, [])

    intensity = Intensity(0)
    inner = child(Inner)


def told(logs: list[Any], path: str) -> list[Any]:
    """Return what was told of an actor; not what the kernel tells of its crashes, where somebody listens to that."""
    events = [(log["event"], log["log_level"]) for log in logs if log.get("path") == path]
    return [event for event in events if event[0] != "actor_crashed"]


@behaviour("A105", "A106", "A107")
async def test_each_start_end_and_restart_is_one_event() -> None:
    with capture_logs() as logs:
        async with VirtualSystem(App) as system:
            await crash(system.ref("inner/leaf"))
    assert told(logs, "/inner/leaf") == [
        ("actor_started", "info"),
        ("actor_ended", "warning"),
        ("actor_restarted", "info"),
        ("actor_ended", "info"),
    ]
    crashed = next(log for log in logs if log["event"] == "actor_ended")
    assert crashed["exit"] == "crash: FaultError: leaf"
    assert crashed["causes"] == ["FaultError: leaf"]
    assert next(log for log in logs if log["event"] == "actor_restarted")["restarts"] == 1


async def give_up() -> None:
    async with VirtualSystem(App) as system:
        for _ in range(2):
            await crash(system.ref("inner/leaf"))


@behaviour("A105", "X14")
async def test_a_give_up_is_one_event_a_level_with_the_root_cause_first() -> None:
    with capture_logs() as logs, pytest.raises(GaveUpError):
        await give_up()
    inner, outer = [log for log in logs if log["event"] == "supervisor_gave_up"]
    assert (inner["path"], inner["child"], inner["log_level"]) == ("/inner", "/inner/leaf", "error")
    assert inner["causes"] == ["FaultError: leaf"]
    assert inner["ends"] == ["crash: FaultError: leaf"] * 2
    assert (outer["path"], outer["child"]) == ("/", "/inner")
    assert outer["causes"][0] == "FaultError: leaf"
    assert outer["causes"][1].startswith("GaveUpError: gave up on `leaf`")


@behaviour("A105")
async def test_a_failed_start_is_one_event() -> None:
    fails = Times()

    class Broken(Supervisor):
        it = child(Player, [], 0.0, 0.0, fails)

    async with VirtualSystem(Broken) as system:
        fails.arm(1)
        with capture_logs() as logs:
            await crash(system.ref(Broken.it))
    assert told(logs, "/it")[1] == ("actor_start_failed", "warning")


@behaviour("A107")
async def test_the_comings_and_goings_of_dynamic_children_are_for_debugging_only() -> None:
    class Crowd(DynamicSupervisor):
        pass

    async with VirtualSystem(Crowd) as system:
        with capture_logs() as logs:
            it = await system.ref("/").ask(Crowd.start_child(child(Player, [], restart="transient")))
            await leave(it)
    assert told(logs, "/player-1") == [("actor_started", "debug"), ("actor_ended", "debug")]


def test_without_a_configuration_warnings_go_to_the_standard_library_and_the_rest_nowhere(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structlog, "is_configured", lambda: False)
    with caplog.at_level(logging.DEBUG):
        report(logging.INFO, "quiet", path="/a")
        report(logging.WARNING, "loud", path="/a", exit=None)
    assert [record.getMessage() for record in caplog.records] == ["loud path=/a"]


def test_an_error_without_text_or_with_a_circle_of_causes_is_told_all_the_same() -> None:
    one, two = ValueError(), KeyError("k")
    one.__cause__, two.__cause__ = two, one
    assert described(one) == "ValueError"
    assert causes_of(one) == ["KeyError: 'k'", "ValueError"]
    assert causes_of(None) is None


def test_an_error_whose_text_raises_is_told_all_the_same() -> None:
    class BadError(Exception):
        def __str__(self) -> str:
            raise TypeError

    assert described(BadError()) == "BadError: (its text raises TypeError)"


def test_nothing_is_reported_twice_by_a_stop_of_the_whole_system() -> None:
    async def main() -> None:
        with capture_logs() as logs:
            async with VirtualSystem(App):
                pass
        assert [log["event"] for log in logs] == ["actor_started"] * 2 + ["actor_ended"] * 2

    run(main())
