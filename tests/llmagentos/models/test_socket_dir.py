"""A directory for a socket: ours alone, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmagentos.models._socket_dir import PREFIX, YOUNG, private_socket_dir


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("llmagentos.models._socket_dir.LONGEST", 4096)
    return tmp_path


def test_only_its_owner_may_enter_and_it_is_gone_afterwards(parent: Path) -> None:
    with private_socket_dir() as path:
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "s.sock").touch()
    assert not any(parent.iterdir())


def test_it_is_gone_after_an_error_too(parent: Path) -> None:
    with pytest.raises(RuntimeError), private_socket_dir():
        raise RuntimeError
    assert not any(parent.iterdir())


def test_one_in_use_is_left_alone() -> None:
    with private_socket_dir() as first, private_socket_dir() as second:
        assert first.is_dir()
        assert first != second


def test_one_whose_process_was_killed_is_removed_by_the_next(parent: Path) -> None:
    code = (
        f"import tempfile; tempfile.tempdir = {str(parent)!r}\n"
        "from llmagentos.models import _socket_dir; _socket_dir.LONGEST = 4096\n"
        "with _socket_dir.private_socket_dir() as path: print(path, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        left = Path(child.stdout.readline().decode().strip())
        child.send_signal(signal.SIGKILL)
    assert left.is_dir()
    with private_socket_dir():
        assert not left.exists()


@pytest.mark.parametrize(("age", "stays"), [(0.0, True), (2 * YOUNG, False)])
def test_one_without_a_lock_is_removed_only_when_it_is_old(parent: Path, age: float, stays: bool) -> None:
    other = parent / f"{PREFIX}x"
    other.mkdir()
    then = time.time() - age
    os.utime(other, (then, then))
    with private_socket_dir():
        assert other.exists() is stays
