"""Scripts of the agent tests run as a user runs them: in a process of their own, with a private runtime directory."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    runtime = tmp_path_factory.mktemp("r")
    runtime.chmod(0o700)
    return {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Begin a script, given as text. Its group is its own: Ctrl-C goes to all of it, as from a terminal."""

    def begin(text: str) -> "subprocess.Popen[str]":
        script = tmp_path / "script.py"
        script.write_text(text)
        return subprocess.Popen(
            [sys.executable, str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            process_group=0,
        )

    return begin
