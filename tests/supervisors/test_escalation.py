"""From a leaf up to the exit status of the program (rows A46, A55; X7, X15)."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from llmactors import Actor, ActorSystem, message
from supervisors import Intensity, Supervisor, child


class Leaf(Actor):
    def on_start(self):
        self.context.send_after(0.001, "go")

    def receive(self, what):
        root = self.context.system.root
        if root.state == "starting":
            self.context.send_after(0.001, "go")
            return
        {does}


class Lower(Supervisor):
    leaf = child(Leaf{options})


class Middle(Supervisor):
    intensity = Intensity(1)
    lower = child(Lower, restart="transient")


class App(Supervisor):
    intensity = Intensity(1)
    middle = child(Middle)


if __name__ == "__main__":
    raise SystemExit(ActorSystem.run(App))
"""


def run_program(tmp_path: Path, does: str, options: str = "") -> "subprocess.CompletedProcess[str]":
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(does=does, options=options), encoding="utf-8")
    return subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.parametrize("row", ["X7", "X15", "A46", "A55"])
def test_a_leaf_that_always_crashes_ends_the_program_with_status_1_and_the_chain_from_the_root(
    row: str, tmp_path: Path
) -> None:
    done = run_program(tmp_path, 'raise ValueError("the root cause")')
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("supervisor_gave_up") >= 3, done.stderr
    told = done.stderr
    assert told.rindex("the root cause") < told.rindex("gave up on `middle`")
    assert "gave up on `lower`" in told
    assert "gave up on `leaf`" in told


@pytest.mark.parametrize("row", ["X15"])
def test_a_root_that_ends_cleanly_ends_the_program_with_status_0(row: str, tmp_path: Path) -> None:
    done = run_program(tmp_path, "root.stop()")
    assert done.returncode == 0, done.stderr
