"""The command line's tests run it as a person does."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine


@pytest.fixture
def command(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    runtime = tmp_path_factory.mktemp("r")
    runtime.chmod(0o700)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PYTHONUNBUFFERED": "1", "TERM": "dumb"}
    line = CommandLine(environment, tmp_path)
    yield line
    line.close()
