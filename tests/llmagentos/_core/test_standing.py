"""Who uses the CPU, who is throttled, who is stuck: from two looks."""

from typing import Any

import pytest

from llmagentos._core.standing import STUCK_AFTER, compare, ordered


def row(path: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "path": path,
        "state": "running",
        "cpu": 0.0,
        "memory": None,
        "mailbox": 0,
        "mailbox_bytes": 0,
        "waited": 0.0,
        "handled": 0,
        **facts,
    }


def test_what_was_used_is_counted_from_the_look_before() -> None:
    before = compare({}, [row("/a", cpu=1.0, handled=10)], 0.0)
    after = compare(before, [row("/a", cpu=1.5, handled=30), row("/new", cpu=9.0)], 2.0)
    assert (after["/a"].cores, after["/a"].rate) == (0.25, 10.0)
    assert (after["/new"].cores, after["/new"].rate) == (0.0, 0.0)


def test_a_message_s_wait_is_what_messages_have_waited_by_how_many_were_taken() -> None:
    before = compare({}, [row("/a", waited=1.0, handled=10)], 0.0)
    assert compare(before, [row("/a", waited=3.0, handled=14)], 1.0)["/a"].wait == 0.5
    assert compare(before, [row("/a", waited=3.0, handled=10)], 1.0)["/a"].wait == 0.0


def test_where_there_is_no_process_what_waits_is_memory() -> None:
    look = compare({}, [row("/a"), row("/b", mailbox_bytes=10), row("/c", memory=100)], 0.0)
    assert [standing.row["path"] for standing in ordered(look.values(), "memory")] == ["/c", "/b", "/a"]


def test_another_actor_at_the_same_path_begins_anew() -> None:
    before = compare({}, [row("/a", cpu=1.0, handled=10)], 0.0)
    assert compare(before, [row("/a", id="2", cpu=5.0, handled=90)], 1.0)["/a"].cores == 0.0


@pytest.mark.parametrize(
    ("facts", "mark"),
    [
        ({"state": "running", "mailbox": 3}, "stuck"),
        ({"state": "running", "mailbox": 0}, "stuck"),
        ({"state": "starting", "mailbox": 3}, "stuck"),
        ({"state": "idle", "mailbox": 0}, ""),
        ({"state": "paused", "mailbox": 3}, ""),
        ({"state": "throttled", "mailbox": 3}, "throttled"),
        ({"state": "stopped", "mailbox": None, "cpu": None, "handled": None}, ""),
    ],
)
def test_who_has_something_to_do_and_finishes_nothing_is_stuck(facts: dict[str, Any], mark: str) -> None:
    look = compare({}, [row("/a", **facts)], 0.0)
    for _ in range(5):
        look = compare(look, [row("/a", **facts)], STUCK_AFTER / 5)
    assert look["/a"].mark == mark


def test_one_finished_message_is_progress() -> None:
    look = compare({}, [row("/a", mailbox=3)], 0.0)
    look = compare(look, [row("/a", mailbox=3)], STUCK_AFTER)
    assert look["/a"].mark == "stuck"
    assert compare(look, [row("/a", mailbox=2, handled=1)], 1.0)["/a"].mark == ""


@pytest.mark.parametrize(
    ("sort", "paths"), [("cpu", ["/b", "/a", "/c"]), ("memory", ["/c", "/a", "/b"]), ("queue", ["/a", "/b", "/c"])]
)
def test_the_greatest_comes_first(sort: str, paths: list[str]) -> None:
    def rows(spent: float) -> list[dict[str, Any]]:
        return [
            row("/a", cpu=spent, mailbox=5, memory=None),
            row("/b", cpu=2 * spent, mailbox=0, memory=None),
            row("/c", cpu=0.0, mailbox=0, memory=100),
        ]

    look = compare(compare({}, rows(0.0), 0.0), rows(1.0), 1.0)
    assert [standing.row["path"] for standing in ordered(look.values(), sort)] == paths
