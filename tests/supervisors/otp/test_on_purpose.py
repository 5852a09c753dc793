"""Where our supervisors differ from OTP's on purpose: each row a scenario, what OTP's does, and what ours does."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import scenario_core
from otp import Otp
from scenarios import Child, Scenario


@dataclass(frozen=True)
class Difference:
    """One scenario that goes two ways, and why it does."""

    why: str
    scenario: Scenario
    theirs: str
    ours: str
    how: dict[str, Any] = field(default_factory=dict)


A, B, C = Child("a"), Child("b"), Child("c")
CRASH_OF_B = ("exit", [("b", "crash")])

DIFFERENCES = {
    "X8-finished": Difference(
        "a group restart does not start what had finished: it would be done, and paid for, twice",
        Scenario(
            "one_for_all",
            children=(Child("a", "transient"), B),
            commands=(("exit", [("a", "normal")]), CRASH_OF_B),
        ),
        "start a, start b, down a normal, down b crash, start a, start b, down b shutdown, down a shutdown, "
        "ended shutdown",
        "start a, start b, down a normal, down b crash, start b, down b shutdown, ended shutdown",
        {"revive": False},
    ),
    "X8-stopped": Difference(
        "nor what somebody has stopped: it stays stopped",
        Scenario("rest_for_one", children=(A, B), commands=(("terminate", "b"), ("exit", [("a", "crash")]))),
        "start a, start b, down b shutdown, terminate b: ok, down a crash, start a, start b, down b shutdown, "
        "down a shutdown, ended shutdown",
        "start a, start b, down b shutdown, terminate b: ok, down a crash, start a, down a shutdown, ended shutdown",
        {"revive": False},
    ),
    "X1-half-a-group": Difference(
        "between two attempts of one_for_all nobody of the group runs: with a back-off that may be minutes",
        Scenario(
            "one_for_all",
            intensity=2,
            children=(A, B),
            script={"b": [("ok", []), ("fail", [("which",)])]},
            commands=(CRASH_OF_B,),
        ),
        "start a, start b, down b crash, down a shutdown, start a, fail b, which b=restarting a=up, down a "
        "shutdown, start a, start b, down b shutdown, down a shutdown, ended shutdown",
        "start a, start b, down b crash, down a shutdown, start a, fail b, down a shutdown, which b=undefined "
        "a=undefined, start a, start b, down b shutdown, down a shutdown, ended shutdown",
        {"prompt": True},
    ),
    "X2-terminated": Difference(
        "terminating the child that will not start ends its own retry, not that of the group: the others run again",
        Scenario(
            "one_for_all",
            intensity=2,
            children=(A, B),
            script={"a": [("ok", []), ("fail", [("terminate", "a")])]},
            commands=(CRASH_OF_B,),
        ),
        "start a, start b, down b crash, down a shutdown, fail a, terminate a: ok, ended shutdown",
        "start a, start b, down b crash, down a shutdown, fail a, terminate a: ok, start b, down b shutdown, "
        "ended shutdown",
    ),
    "X2-restarted": Difference(
        "a child that waits for its turn in a group's restart cannot be started out of turn",
        Scenario(
            "rest_for_one",
            intensity=2,
            children=(A, B),
            script={"a": [("ok", []), ("fail", [("restart", "b")])]},
            commands=(("exit", [("a", "crash")]),),
        ),
        "start a, start b, down a crash, down b shutdown, fail a, start b, restart b: ok, down b shutdown, "
        "start a, start b, down b shutdown, down a shutdown, ended shutdown",
        "start a, start b, down a crash, down b shutdown, fail a, restart b: restarting, start a, start b, "
        "down b shutdown, down a shutdown, ended shutdown",
    ),
    "X2-added": Difference(
        "a child that is added while a group restarts starts once, with the group",
        Scenario(
            "rest_for_one",
            intensity=2,
            children=(A, B),
            script={"a": [("ok", []), ("fail", [("start", C)])]},
            commands=(("exit", [("a", "crash")]),),
        ),
        "start a, start b, down a crash, down b shutdown, fail a, start c, start c: ok, down c shutdown, "
        "start a, start b, start c, down c shutdown, down b shutdown, down a shutdown, ended shutdown",
        "start a, start b, down a crash, down b shutdown, fail a, start a, start b, start c, start c: ok, "
        "down c shutdown, down b shutdown, down a shutdown, ended shutdown",
    ),
    "A42-dynamic": Difference(
        "a dynamic child that need not run when restarted is forgotten; OTP 25 keeps it, and trips over it "
        "when it stops",
        Scenario(
            "simple_one_for_one",
            children=(A,),
            script={"a": [("ok", []), ("ignore", [])]},
            commands=(("start", A), ("exit", [("a", "crash")])),
        ),
        "start a, start a: ok, down a crash, ignore a, ended error",
        "start a, start a: ok, down a crash, ignore a, ended shutdown",
    ),
    "A82-dynamic": Difference(
        "nobody is nobody: OTP 25 counts one child fewer for each that was terminated while it was being restarted",
        Scenario(
            "simple_one_for_one",
            children=(A,),
            script={"a": [("ok", []), ("fail", [("terminate", "a")])]},
            commands=(("start", A), ("exit", [("a", "crash")]), ("count",)),
        ),
        "start a, start a: ok, down a crash, fail a, terminate a: ok, count -1 0, ended shutdown",
        "start a, start a: ok, down a crash, fail a, terminate a: ok, count 0 0, ended shutdown",
    ),
}


@pytest.mark.parametrize("row", DIFFERENCES)
def test_otp_s_supervisor_and_ours_go_two_ways_on_purpose(otp: Otp, row: str) -> None:
    difference = DIFFERENCES[row]
    assert otp.play(difference.scenario) == difference.theirs.split(", ")
    assert scenario_core.play(difference.scenario, **difference.how) == difference.ours.split(", ")
