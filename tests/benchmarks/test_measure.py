"""One measurement in a process of its own: each of our cases, as small as can be."""

import json
import shutil
import subprocess
import sys

import pytest
from sources import ROOT

from cases import KNOWN
from measuring.rounds import run_alone
from runtimes import OURS, RUNTIMES

MEASURE = ROOT / "benchmarks" / "measure.py"
pytestmark = pytest.mark.timeout(120)  # an interpreter begins, on a machine that may be busy
WITH_ERLANG = pytest.mark.skipif(shutil.which("erlc") is None, reason="there is no Erlang")
FEW = {"gc-pause": 500, "process-restart": 2, "process-echo": 3, "process-swap": 3}


def measured(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_alone([sys.executable, str(MEASURE), *arguments])  # some leave daemons behind


@pytest.mark.slow
@pytest.mark.parametrize("case", RUNTIMES[OURS].counts)
def test_each_of_our_cases_can_be_measured(case: str) -> None:
    done = measured(OURS, case, str(FEW.get(case, 20)))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    readings = json.loads(done.stdout)["readings"]
    assert list(readings) == [reading.name for reading in KNOWN[case].readings]
    assert all(isinstance(value, float) for value in readings.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runtime", "case"),
    [
        ("asyncio", "ask-suspending"),
        ("asyncio", "fan-in"),
        ("asyncio", "process-ask"),
        ("asyncio", "process-tell"),
        ("pykka", "fan-in"),
        ("pykka", "skew"),
        ("thespian", "ring"),
        pytest.param("erlang", "tell", marks=WITH_ERLANG),
        pytest.param("erlang", "process-ask", marks=WITH_ERLANG),
    ],
)
def test_a_rival_is_measured_in_the_same_readings(runtime: str, case: str) -> None:
    done = measured(runtime, case, "10")
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["readings"]) == [reading.name for reading in KNOWN[case].readings]
