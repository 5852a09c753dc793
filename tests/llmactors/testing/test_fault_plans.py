"""Fault plans: what can be said, what is refused, and how they are read from a file."""

from typing import Any

import pytest
from netting import Net, Nets, Store

from llmactors.testing import At, FaultPlanError, Faults, read_plan

PLAN = """
rate = 0.05
most = 20
crash = "/store"

[kill]
who = "/nets/*"
nth = 3

[[slow]]
who = "/store"
message = "Store.keep"
seconds = [0.5, 2.0]

[[slow]]
seconds = 3
"""


def test_a_plan_is_read_line_by_line() -> None:
    rules = {(rule.kind, rule.at.who): rule for rule in read_plan(PLAN).rules()}
    assert set(rules) == {("crash", "/store"), ("kill", "/nets/*"), ("slow", "/store"), ("slow", None)}
    assert rules["crash", "/store"].rate == 0.05
    assert rules["kill", "/nets/*"].rate == 1.0
    assert rules["slow", "/store"].at.message == "Store.keep"
    assert rules["slow", "/store"].at.span("slow") == (0.5, 2.0)
    assert rules["slow", None].at.span("slow") == (3, 3)
    assert read_plan(PLAN).most == 20


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("kill = [", "TOML"),
        ("kil = true", "one of"),
        ('kill = {whom = "/x"}', "one of"),
        ("kill = 7", "a table"),
        ("rate = 7", "from 0 to 1"),
        ("most = -1", "0 or more"),
        ("kill = {rate = 2}", "from 0 to 1"),
        ("kill = {nth = 0}", "1 or more"),
        ('kill = {when = "later"}', "taken"),
        ("slow = {seconds = [3, 1]}", "a pair"),
        ("slow = {seconds = [1, 2, 3]}", "a pair"),
        ('slow = {seconds = "long"}', "a pair"),
        ("rate = true", "from 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(plan: str, says: str) -> None:
    with pytest.raises(FaultPlanError, match=says):
        read_plan(plan)


@pytest.mark.parametrize(
    ("message", "name"),
    [(Net.predict, "Net.predict"), (Net.predict(3), "Net.predict"), (Net.pid, "Net.pid"), ("Store.keep", "Store.keep")],
)
def test_a_message_may_be_named_in_many_ways(message: Any, name: str) -> None:
    assert At(message=message).message == name


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(FaultPlanError, match="an endpoint"):
        At(message=7)


def test_a_kind_takes_a_place_or_several_or_everywhere() -> None:
    plan = Faults(kill=Nets.nets, crash=[Store, At("/nets/*", rate=0.5)], hang=True, slow=False)
    assert [(rule.kind, rule.at.who, rule.rate) for rule in plan.rules()] == [
        ("crash", Store, 0.01),
        ("crash", "/nets/*", 0.5),
        ("kill", Nets.nets, 0.01),
        ("hang", None, 0.01),
    ]


@pytest.mark.parametrize(
    ("plan", "may"), [(Faults(), False), (Faults(kill=True), True), (Faults(kill=True, most=0), False)]
)
def test_a_plan_is_true_where_anything_may_happen(plan: Faults, may: bool) -> None:
    assert bool(plan) is may


def test_a_plan_within_a_path_is_for_those_below_it() -> None:
    plan = Faults(kill=["/nets/*", "net-1", None], crash=True, rate=0.2, most=5).within("/app")
    assert {(rule.kind, rule.at.who) for rule in plan.rules()} == {
        ("kill", "/app/nets/*"),
        ("kill", "net-1"),
        ("kill", "/app/*"),
        ("crash", "/app/*"),
    }
    assert plan.most == 5


def test_a_line_of_a_plan_says_in_words_what_may_happen_to_whom() -> None:
    plan = Faults(
        crash=[At(Nets.nets, message=Net.predict, when="finished", nth=3), Store],
        drop=[True, "/store", At(message=Store.keep)],
        kill=Nets.apart,
    )
    assert [str(rule) for rule in plan.rules()] == [
        "crash Nets.nets finished Net.predict #3",
        "crash Store",
        "kill Nets.apart",
        "drop anybody",
        "drop /store",
        "drop anybody Store.keep",
    ]
