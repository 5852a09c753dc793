"""Who comes back, and what is left of who does not."""

import pytest
from families import CRASH, KILLED, NORMAL, SHUTDOWN, Nursery, Way, lines, terms

from supervisors._core._family import Rules
from supervisors._core._restarts import comes_back
from supervisors._values import Restart

PERMANENT, TRANSIENT, TEMPORARY = Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY


@pytest.mark.parametrize(
    ("restart", "way", "back"),
    [
        (PERMANENT, NORMAL, True),
        (PERMANENT, SHUTDOWN, True),
        (PERMANENT, CRASH, True),
        (PERMANENT, KILLED, True),
        (TRANSIENT, NORMAL, False),
        (TRANSIENT, SHUTDOWN, False),
        (TRANSIENT, CRASH, True),
        (TRANSIENT, KILLED, True),
        (TEMPORARY, NORMAL, False),
        (TEMPORARY, SHUTDOWN, False),
        (TEMPORARY, CRASH, False),
        (TEMPORARY, KILLED, False),
    ],
    ids=str,
)
def test_the_restart_type_decides_whether_a_child_comes_back(restart: Restart, way: Way, back: bool) -> None:
    assert comes_back(restart, way) is back
    nursery = Nursery(children={"a": terms(restart)}).open()
    nursery.drain()
    nursery.end("a", way)
    assert nursery.drain() == (["start a"] if back else ["discard a"])


@pytest.mark.parametrize(("restart", "states"), [(TRANSIENT, {"a": "done"}), (TEMPORARY, {})])
def test_a_transient_child_that_is_done_stays_known_and_a_temporary_one_does_not(
    restart: Restart, states: dict[str, str]
) -> None:
    nursery = Nursery(children={"a": terms(restart)}).open()
    nursery.end("a", NORMAL)
    assert nursery.states == states


def test_a_transient_child_that_is_done_can_be_started_again() -> None:
    nursery = Nursery(children={"a": terms(TRANSIENT)}).open()
    nursery.end("a", NORMAL)
    nursery.drain()
    nursery.restart("a")
    assert nursery.drain() == lines("start a, answer start a")


def test_the_name_of_a_temporary_child_is_free_at_once() -> None:
    nursery = Nursery(children={"a": terms(TEMPORARY)}).open()
    nursery.end("a", CRASH)
    nursery.drain()
    nursery.add("a", terms(TEMPORARY))
    assert nursery.drain() == lines("start a, answer start a")


def test_a_dynamic_child_without_a_name_of_its_own_is_forgotten_with_its_end() -> None:
    nursery = Nursery(Rules(parallel=True)).open()
    nursery.add("worker-1", terms(TRANSIENT, kept=False))
    nursery.end("worker-1", NORMAL)
    assert nursery.states == {}


def test_an_abnormal_end_while_starting_at_somebody_s_request_is_answered_and_not_restarted() -> None:
    nursery = Nursery(slow={"a"}).open()
    nursery.add("a")
    nursery.drain()
    nursery.end("a", KILLED)
    assert nursery.drain() == lines("answer start a: Way, discard a")
    assert nursery.states == {}


def test_a_clean_end_while_starting_calls_the_request_off_and_follows_the_restart_type() -> None:
    nursery = Nursery(slow={"a"}).open()
    nursery.add("a", terms(TRANSIENT))
    nursery.drain()
    nursery.end("a", SHUTDOWN)
    assert nursery.drain() == lines("answer start a: StartCalledOffError, discard a")
    assert nursery.states == {"a": "done"}


def test_what_is_said_of_children_that_are_unknown_or_not_in_a_state_for_it_changes_nothing() -> None:
    nursery = Nursery(children={"a": terms(TRANSIENT)}).open()
    nursery.end("a", NORMAL)
    nursery.drain()
    before = nursery.states
    nursery.end("a")
    nursery.end("nobody")
    nursery.open()
    assert nursery.drain() == []
    assert nursery.states == before
