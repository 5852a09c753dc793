"""What specs say, and what they refuse to say (rows A12 to A23, X13)."""

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from troupe import Player
from virtual import VirtualSystem, behaviour

from llmactors import Actor, Mailbox
from llmactors.hosts import Loop
from supervisors import Backoff, ChildSpec, DynamicSupervisor, Intensity, SpecError, Supervisor, child
from supervisors.errors import UnknownOptionError


def rows(row: str, *cases: tuple[Any, ...]) -> list[Any]:
    """Make parameters whose ids begin with the row."""
    return [pytest.param(*case, id=f"{row}-{case[0]}={case[1]!r}"[:60]) for case in cases]


class App(Supervisor):
    """Two children, to read back."""

    first = child(Player, [], restart="transient", name="first")
    second = child(Player, [])


class Smaller(App):
    """One child of its own in the place of the first, the second left out."""

    first = child(Player, [], shutdown="kill")
    second = None  # type: ignore[assignment]
    third = child(Player, [])


@pytest.mark.parametrize("row", ["A12"])
def test_a_supervisor_s_defaults(row: str) -> None:
    assert (Supervisor.strategy, Supervisor.auto_shutdown, Supervisor.revive) == ("one_for_one", "never", False)
    assert (Supervisor.intensity.restarts, Supervisor.intensity.within) == (3, 5.0)
    assert DynamicSupervisor.intensity == Intensity(3, within=5.0)
    assert DynamicSupervisor.max_children is None


@pytest.mark.parametrize("row", ["A13"])
def test_a_child_s_defaults_and_that_the_full_spec_reads_back(row: str) -> None:
    spec = App.second
    assert isinstance(spec, ChildSpec)
    assert (spec.actor, spec.args, spec.kwargs) == (Player, ([],), {})
    assert (spec.restart, spec.shutdown, spec.significant, spec.redeliver) == ("permanent", 5.0, False, 0)
    assert (spec.host, spec.backoff, spec.mailbox, spec.start_timeout) == (None, None, None, None)
    assert (spec.intensity, spec.ready, spec.ready_timeout, spec.stall_timeout) == (None, None, None, None)
    assert (spec.name, spec.owner) == ("second", App)
    assert child(App).shutdown == "forever"
    assert child(App, shutdown=3).shutdown == 3


def test_keyword_arguments_go_by_partial() -> None:
    spec = child(partial(Player, slow_start=1.0), [])
    assert (spec.actor, spec.args, spec.kwargs) == (Player, ([],), {"slow_start": 1.0})


@pytest.mark.parametrize("row", ["A116"])
def test_an_actor_class_says_how_it_is_to_be_supervised_and_the_spec_may_say_otherwise(row: str) -> None:
    class Fleeting(Actor):
        supervised = MappingProxyType({"restart": "temporary", "shutdown": "kill"})

    assert (child(Fleeting).restart, child(Fleeting).shutdown) == ("temporary", "kill")
    assert child(Fleeting, restart="transient").restart == "transient"
    assert replace(child(Fleeting), redeliver=2).redeliver == 2


@behaviour("A2")
async def test_children_are_inherited_in_order_replaced_in_place_and_left_out_by_none() -> None:
    async with VirtualSystem(Smaller) as system:
        assert [ref.name for ref in system.ref("/").children()] == ["first", "third"]
        assert system.ref(Smaller.first).name == "first"


@behaviour("A14")
async def test_children_in_a_list_have_the_names_they_are_given_or_their_class_s_with_a_number() -> None:
    class Several(Supervisor):
        children = [child(Player, []), child(Player, [], name="one"), child(Player, [])]  # noqa: RUF012

    async with VirtualSystem(Several) as system:
        assert [ref.name for ref in system.ref("/").children()] == ["player-1", "one", "player-2"]


@pytest.mark.parametrize("row", ["X13", "A15"])
@pytest.mark.parametrize(("option", "nearest"), [("restrat", "restart"), ("shutdwn", "shutdown"), ("xyz", None)])
def test_an_unknown_option_is_refused_with_the_nearest_one(row: str, option: str, nearest: str | None) -> None:
    options: Any = {option: "permanent"}
    with pytest.raises(UnknownOptionError, match=option) as caught:
        child(Player, [], **options)
    assert caught.value.nearest == nearest


@pytest.mark.parametrize("row", ["X13"])
def test_a_misspelt_declaration_of_a_class_is_refused(row: str) -> None:
    with pytest.raises(UnknownOptionError, match="did you mean `strategy`"):
        type("Bad", (Supervisor,), {"stratgey": "one_for_all"})
    with pytest.raises(UnknownOptionError, match="did you mean `max_children`"):
        type("Bad", (DynamicSupervisor,), {"max_child": 3})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *rows("A16", ("restart", "always"), ("restart", 1), ("restart", None), ("significant", 1), ("name", 7)),
        *rows("A16", ("name", "a/b"), ("name", "a\nb"), ("name", "x" * 201), ("redeliver", -1), ("redeliver", 1.0)),
        *rows(
            "A16",
            ("redeliver", True),
            ("backoff", 3.0),
            ("intensity", 3),
            ("mailbox", 10),
            ("host", "thread"),
            ("start_timeout", 0),
        ),
        *rows("A16", ("start_timeout", "1")),
        *rows("X3", ("ready", True), ("ready", "leave"), ("ready", Player), ("ready_timeout", 5.0)),
        *rows("X4", ("stall_timeout", 0), ("stall_timeout", True), ("stall_timeout", "1")),
        *rows("A17", ("shutdown", -1), ("shutdown", "never"), ("shutdown", None), ("shutdown", float("nan"))),
        *rows("A17", ("shutdown", True), ("shutdown", float("inf"))),
    ],
)
def test_every_field_has_its_own_error_that_names_the_value(option: str, value: object) -> None:
    options: Any = {option: value}
    with pytest.raises(SpecError) as caught:
        child(Player, [], **options)
    assert (caught.value.field, repr(caught.value.value)) == (option, repr(value))
    assert option in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [3, "Player", lambda: Player([]), int, partial(int)],
    ids=["a number", "a name", "a function", "another class", "a partial of another class"],
)
@pytest.mark.parametrize("row", ["A16"])
def test_what_is_no_actor_class_is_refused(row: str, value: Any) -> None:
    with pytest.raises(SpecError, match="derives from Actor"):
        child(value)


@pytest.mark.parametrize(
    ("option", "value"),
    rows(
        "A17",
        ("shutdown", 0),
        ("shutdown", 0.5),
        ("shutdown", "kill"),
        ("shutdown", "forever"),
        ("host", Loop()),
        ("mailbox", Mailbox(capacity=1)),
        ("backoff", Backoff()),
        ("intensity", Intensity(0, within=60.0)),
        ("start_timeout", 0.1),
        ("ready", Player.leave()),
        ("stall_timeout", 0.1),
        ("redeliver", 3),
    ),
)
def test_what_can_be_meant_is_accepted(option: str, value: object) -> None:
    options: Any = {option: value}
    assert getattr(child(Player, [], **options), option) == value


BAD = [(-1, 5.0), (1.5, 5.0), (True, 5.0), (3, 0), (3, -1.0), (3, "5"), (3, float("inf"))]


def test_a_supervisor_runs_on_the_loop_only() -> None:
    class Elsewhere:
        def runtime(self, system: object) -> Any:
            raise NotImplementedError

    with pytest.raises(SpecError, match="event loop only"):
        child(App, host=Elsewhere())
    assert child(Player, [], host=Elsewhere()).name == ""
    assert child(App, host=Loop()).shutdown == "forever"


@pytest.mark.parametrize("row", ["A18"])
@pytest.mark.parametrize(("restarts", "within"), BAD)
def test_an_intensity_that_is_none_is_refused(row: str, restarts: Any, within: Any) -> None:
    with pytest.raises(SpecError, match="intensity"):
        Intensity(restarts, within=within)


@pytest.mark.parametrize("row", ["A18", "X1"])
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("initial", (-1, 5, 2, 0)),
        ("maximum", (5, 1, 2, 0)),
        ("factor", (1, 5, 0.5, 0)),
        ("jitter", (1, 5, 2, 1.5)),
    ],
)
def test_a_backoff_that_is_none_is_refused(row: str, field: str, values: tuple[Any, ...]) -> None:
    with pytest.raises(SpecError, match=f"backoff.{field}"):
        Backoff(*values)


@pytest.mark.parametrize("row", ["A18"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("strategy", "all_for_one"), ("strategy", 3), ("auto_shutdown", True), ("intensity", 3), ("intensity", (3, 5))],
)
def test_a_class_that_declares_what_cannot_be_is_refused_when_it_is_made(row: str, field: str, value: object) -> None:
    with pytest.raises(SpecError, match=field):
        type("Bad", (Supervisor,), {field: value})


@pytest.mark.parametrize("row", ["A19"])
def test_two_children_of_one_name_are_refused(row: str) -> None:
    with pytest.raises(SpecError, match="unique"):
        type("Bad", (Supervisor,), {"children": [child(Player, [], name="a"), child(Player, [], name="a")]})
    with pytest.raises(SpecError, match="unique"):
        type("Bad", (App,), {"children": [child(Player, [], name="first")]})


@pytest.mark.parametrize("row", ["A19"])
def test_one_spec_under_two_names_is_refused(row: str) -> None:
    spec = child(Player, [])
    with pytest.raises(SpecError, match="name"):
        type("Bad", (Supervisor,), {"one": spec, "two": spec})
    with pytest.raises(SpecError, match="name"):
        type("Bad", (Supervisor,), {"one": child(Player, [], name="two")})


@pytest.mark.parametrize("row", ["A20"])
def test_a_dynamic_supervisor_with_children_in_its_body_is_refused(row: str) -> None:
    with pytest.raises(SpecError, match="start_child"):
        type("Bad", (DynamicSupervisor,), {"one": child(Player, [])})


@pytest.mark.parametrize("row", ["A21"])
def test_significance_without_a_meaning_is_refused(row: str) -> None:
    with pytest.raises(SpecError, match="permanent"):
        child(Player, [], significant=True)
    with pytest.raises(SpecError, match="auto_shutdown='never'"):
        type("Bad", (Supervisor,), {"one": child(Player, [], restart="transient", significant=True)})


@pytest.mark.parametrize("row", ["A22"])
@pytest.mark.parametrize("field", ["auto_shutdown", "strategy"])
def test_a_dynamic_supervisor_has_neither_auto_shutdown_nor_strategy(row: str, field: str) -> None:
    with pytest.raises(SpecError, match=field):
        type("Bad", (DynamicSupervisor,), {field: "never"})


@pytest.mark.parametrize("row", ["A110"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "3"])
def test_a_max_children_that_is_none_is_refused(row: str, value: object) -> None:
    with pytest.raises(SpecError, match="max_children"):
        type("Bad", (DynamicSupervisor,), {"max_children": value})


@behaviour("A16", "A23")
async def test_a_computed_list_is_refused_when_the_supervisor_starts() -> None:
    class Computed(Supervisor):
        def __init__(self) -> None:
            super().__init__([child(Player, [], restart="transient", significant=True, name="x")])

    with pytest.raises(SpecError, match="`x`"):
        await VirtualSystem(Computed).start()
