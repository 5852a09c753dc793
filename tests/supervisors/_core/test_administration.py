"""What may be asked of a family, and when it is refused."""

import pytest
from families import NORMAL, Nursery, lines, terms

from supervisors import errors
from supervisors._core._administration import refusal
from supervisors._core._events import ChildAdded, DeleteAsked, Request, RestartAsked, TerminateAsked
from supervisors._core._family import Rules
from supervisors._values import Backoff, Restart, Strategy

ADD, TERMINATE, RESTART, DELETE = "add", "terminate", "restart", "delete"
OK = type(None)


def request(verb: str, name: str) -> Request:
    if verb == ADD:
        return ChildAdded(name, terms())
    if verb == TERMINATE:
        return TerminateAsked(name)
    return RestartAsked(name) if verb == RESTART else DeleteAsked(name)


def everything() -> Nursery:
    """Make a family with one child in every state."""
    children = {
        "up": terms(),
        "down": terms(),
        "done": terms(Restart.TRANSIENT),
        "backing off": terms(backoff=Backoff(9.0)),
        "restarting": terms(),
        "stopping": terms(),
        "asked": terms(),
    }
    family = Nursery(children=children).open()
    family.terminate("down")
    family.end("done", NORMAL)
    family.end("backing off")
    family.terminate("asked")
    family.slow |= {"restarting", "stopping", "starting", "asked"}
    family.restart("asked")
    family.end("restarting")
    family.terminate("stopping")
    family.add("starting")
    family.drain()
    return family


@pytest.mark.parametrize(
    ("verb", "name", "error"),
    [
        (ADD, "unknown", OK),
        (ADD, "up", errors.AlreadyStartedError),
        (ADD, "starting", errors.AlreadyStartedError),
        (ADD, "stopping", errors.AlreadyStartedError),
        (ADD, "down", errors.AlreadyPresentError),
        (ADD, "done", errors.AlreadyPresentError),
        (ADD, "backing off", errors.AlreadyPresentError),
        (TERMINATE, "unknown", errors.ChildNotFoundError),
        (TERMINATE, "up", OK),
        (TERMINATE, "down", OK),
        (TERMINATE, "done", OK),
        (TERMINATE, "backing off", OK),
        (TERMINATE, "restarting", OK),
        (TERMINATE, "starting", OK),
        (TERMINATE, "stopping", OK),
        *[
            (verb, name, error)
            for verb in (RESTART, DELETE)
            for name, error in [
                ("unknown", errors.ChildNotFoundError),
                ("up", errors.ChildRunningError),
                ("starting", errors.ChildRunningError),
                ("stopping", errors.ChildRunningError),
                ("asked", errors.ChildRunningError),
                ("restarting", errors.ChildRestartingError),
                ("backing off", errors.ChildRestartingError),
                ("down", OK),
                ("done", OK),
            ]
        ],
    ],
)
def test_a72_a77_a79_a80_a_call_is_granted_or_refused_by_the_child_s_state(verb: str, name: str, error: type) -> None:
    family = everything()
    asked = request(verb, name)
    assert type(refusal(family.family, asked)) is error
    before = family.states
    family.tell(asked)
    assert error is OK or (family.drain() == [] and family.states == before)


@pytest.mark.parametrize("verb", [ADD, TERMINATE, RESTART, DELETE])
def test_a_family_on_its_way_out_refuses_everything(verb: str) -> None:
    family = everything()
    family.stop()
    assert isinstance(refusal(family.family, request(verb, "down")), errors.SupervisorStoppingError)


def test_a77_a_child_that_is_terminated_is_gone_when_the_answer_comes() -> None:
    family = Nursery(children={"a": terms()}).open()
    family.slow.add("a")
    family.drain()
    family.terminate("a")
    assert family.drain() == ["stop a"]
    family.finish("a")
    assert family.drain() == lines("discard a, answer stop a")
    family.terminate("a")
    assert family.drain() == ["answer stop a"]


def test_terminating_a_child_that_starts_calls_the_start_off() -> None:
    family = Nursery(slow={"a"}).open()
    family.add("a")
    family.drain()
    family.terminate("a")
    family.finish("a")
    assert family.drain() == lines("stop a, answer start a: StartCalledOffError, discard a, answer stop a")


def test_a_start_that_fails_while_it_is_being_called_off_is_called_off() -> None:
    family = Nursery(slow={"a"}, broken={"a": False}).open()
    family.add("a")
    come_to_pass = family.pending["a"]
    family.terminate("a")
    family.drain()
    come_to_pass()
    assert family.drain() == lines("answer start a: StartCalledOffError, discard a, answer stop a")


def test_a75_a_child_that_answers_that_it_need_not_run_is_kept_down_or_dropped() -> None:
    family = Nursery(broken={"a": True}).open()
    family.drain()
    family.add("a")
    assert family.drain() == lines("start a, answer start a, discard a")
    assert family.states == {"a": "down"}
    dynamic = Nursery(Rules(parallel=True), broken={"a": True}).open()
    dynamic.add("a")
    assert dynamic.states == {}


def test_a42_a_child_that_need_not_run_when_restarted_is_not_tried_again() -> None:
    family = Nursery(children={"a": terms()}).open()
    family.broken["a"] = True
    family.drain()
    family.end("a")
    assert family.drain() == lines("start a, discard a")
    assert family.states == {"a": "down"}


def test_each_new_child_has_the_last_place() -> None:
    family = Nursery(Rules(strategy=Strategy.REST_FOR_ONE), {"a": terms()}).open()
    for name in "bcd":
        family.add(name)
    family.drain()
    family.end("c")
    assert family.drain() == lines("stop d, start c, start d")


def test_a80_a_deleted_name_is_free_again() -> None:
    family = Nursery(children={"a": terms(), "b": terms()}).open()
    family.terminate("a")
    family.delete("a")
    family.add("a")
    assert list(family.states) == ["b", "a"], "a new child is the last"


def test_a110_max_children_counts_those_that_run_or_will_again() -> None:
    family = Nursery(Rules(parallel=True, limit=2)).open()
    family.add("a")
    family.add("b", terms(backoff=Backoff(9.0)))
    family.end("b")
    assert isinstance(refusal(family.family, ChildAdded("c", terms())), errors.TooManyChildrenError)
    family.terminate("a")
    assert refusal(family.family, ChildAdded("c", terms())) is None
