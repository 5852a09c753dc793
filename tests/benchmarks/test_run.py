"""The benchmarks' command, with as little work as it takes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from sources import ROOT

from measuring.rounds import FailedError, interpreters, measure, run_alone

RUN = ROOT / "benchmarks" / "run.py"
pytestmark = pytest.mark.timeout(120)  # several interpreters begin, one after the other
NOWHERE = "/nowhere/python"


def run(cwd: Path, *options: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(RUN), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.slow
def test_we_are_measured_beside_rivals_in_rounds_and_the_figures_are_written(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    wanted = ["--case", "spawn", "--against", "asyncio", "--against", "pykka"]
    done = run(tmp_path, *wanted, "--rounds", "2", "--n", "100", "--json", str(target))
    assert done.returncode == 0, done.stderr
    report = json.loads(target.read_text(encoding="utf-8"))
    assert report["rounds"] == 2
    assert report["absent"] == report["failed"] == []
    assert set(report["versions"]) == {"llmactors", "asyncio", "pykka"}
    assert {"when", "machine", "load_before"} < set(report)
    assert set(report["machine"]) == {"processor", "processors", "system", "python"}  # its kind, never its name
    expected = {("spawn", "time"), ("spawn", "memory")}
    for runtime in report["versions"]:
        figures = [one for one in report["figures"] if one["runtime"] == runtime]
        assert {(one["case"], one["reading"]) for one in figures} == expected
        assert all(len(one["rounds"]) == 2 for one in figures)
    assert "times ahead" in done.stdout
    assert "raw asyncio" in done.stdout


def test_an_absent_rival_is_reported_with_the_remedy_and_the_others_are_measured(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    wanted = ["--case", "tell", "--against", "pykka", "--python", f"pykka={NOWHERE}"]
    done = run(tmp_path, *wanted, "--rounds", "1", "--n", "1", "--json", str(target))
    assert done.returncode == 0, done.stderr
    (absent,) = json.loads(target.read_text(encoding="utf-8"))["absent"]
    assert absent["runtime"] == "pykka"
    assert "tell" in absent["cases"]
    assert NOWHERE in absent["why"]
    assert "pip install" in absent["remedy"]
    assert "absent: pykka" in done.stdout
    assert "llmactors" in done.stdout


def test_a_rival_whose_library_is_missing_is_absent_too(tmp_path: Path) -> None:
    (tmp_path / "pykka.py").write_text("raise ModuleNotFoundError(\"No module named 'pykka'\")\n", encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    wanted = ["--case", "tell", "--against", "pykka", "--rounds", "1", "--n", "1"]
    done = run(tmp_path, *wanted, env={"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    assert "absent: pykka: No module named 'pykka'" in done.stdout


def test_a_rival_that_fails_is_reported_and_the_others_are_measured(tmp_path: Path) -> None:
    (tmp_path / "pykka.py").write_text("raise RuntimeError('out of order')\n", encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    wanted = ["--case", "tell", "--against", "pykka", "--rounds", "1", "--n", "1"]
    done = run(tmp_path, *wanted, env={"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    assert "failed: pykka at tell: RuntimeError: out of order" in done.stdout


def test_that_we_ourselves_are_absent_is_an_error(tmp_path: Path) -> None:
    wanted = ["--case", "tell", "--against", "asyncio", "--python", f"llmactors={NOWHERE}"]
    done = run(tmp_path, *wanted, "--rounds", "1", "--n", "1")
    assert done.returncode == 1
    assert "llmactors itself could not be measured" in done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--case", "telepathy"], "telepathy"),
        (["--against", "abacus"], "abacus"),
        (["--against", "llmactors"], "llmactors"),
        (["--n", "0"], "0 is too few"),
        (["--rounds", "-1"], "-1 is too few"),
        (["--python", "pykka"], "RIVAL=PATH"),
        (["--python", "abacus=/usr/bin/python3"], "RIVAL=PATH"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(options: list[str], named: str, tmp_path: Path) -> None:
    done = run(tmp_path, *options)
    assert done.returncode == 2
    assert named in done.stderr


def test_a_rivals_interpreter_is_the_named_one_else_the_environments_else_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BENCH_PYTHON_PYKKA", "/from/environment")
    monkeypatch.setenv("BENCH_PYTHON_THESPIAN", "/from/environment")
    pythons = interpreters({"pykka": "/named"})
    assert pythons["pykka"] == "/named"
    assert pythons["thespian"] == "/from/environment"
    assert pythons["asyncio"] == sys.executable


def test_what_a_measurement_leaves_running_is_ended(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    leaving = (
        "import subprocess, sys, pathlib\n"
        "code = 'import time; time.sleep(600)'\n"
        "left = subprocess.Popen([sys.executable, '-c', code], start_new_session=True,"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        f"pathlib.Path({str(written)!r}).write_text(str(left.pid))\n"
    )
    assert run_alone([sys.executable, "-c", leaving]).returncode == 0
    pid = int(written.read_text(encoding="utf-8"))
    assert not psutil.pid_exists(pid)


def test_a_rival_that_fails_once_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[dict[str, Any] | FailedError] = [
        FailedError("stumbled"),
        {"readings": {"time": 1.5}, "version": "1", "python": "3.11"},
        FailedError("fell"),
        FailedError("fell again"),
    ]

    def once(*_: object) -> dict[str, Any]:
        outcome = outcomes.pop(0)
        if isinstance(outcome, FailedError):
            raise outcome
        return outcome

    monkeypatch.setattr("measuring.rounds.once", once)
    outcome = measure(["ask"], ["pykka"], n=1, rounds=3, pythons=interpreters({}), said=lambda _: None)
    assert outcome.taken["ask", "time", "pykka"] == [1.5]
    assert outcome.failed == {("pykka", "ask"): "fell again"}
    assert outcomes == []
