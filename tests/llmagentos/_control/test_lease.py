"""A system's name is its own while it lives, and free the moment it does not."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from llmagentos._control._directory import runtime_directory
from llmagentos._control._lease import claim, running_systems
from llmagentos._control.errors import ControlError, SystemNameTakenError, UnsafeDirectoryError

HOLD = """
import sys
from llmagentos._control._lease import claim
lease = claim("chat")
listener = lease.listen()
print(lease.running.name, flush=True)
sys.stdin.read()
"""


def test_a_claim_is_a_private_directory_with_a_socket_and_a_cookie(home: Path) -> None:
    lease = claim("chat")
    listener = lease.listen()
    try:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home / "chat").iterdir()}
        assert modes == {"lock": 0o600, "cookie": 0o600, "control.sock": 0o600}
        assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "chat")] == [0o700, 0o700]
        assert [(system.name, system.pid, system.cookie) for system in running_systems()] == [
            ("chat", os.getpid(), lease.cookie)
        ]
    finally:
        listener.close()
        lease.release()
    assert running_systems() == []


def test_a_name_that_is_taken_gets_a_number_or_is_refused_when_it_has_to_be_exact() -> None:
    first = claim("chat")
    second = claim("chat")
    assert (first.running.name, second.running.name) == ("chat", "chat-2")
    with pytest.raises(SystemNameTakenError, match=rf"`chat` is running already \(pid {os.getpid()}\)"):
        claim("chat", exact=True)
    first.release()
    first.release()
    again = claim("chat", exact=True)
    again.release()
    second.release()


def test_what_a_killed_system_left_is_swept_and_its_name_is_free(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "chat\n"
        assert [system.pid for system in running_systems()] == [holder.pid]
        holder.kill()
        holder.wait()
    assert (home / "chat" / "control.sock").exists()
    assert running_systems() == []
    lease = claim("chat", exact=True)
    lease.release()


def test_a_name_is_claimed_over_what_a_killed_system_left() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    lease = claim("chat", exact=True)
    listener = lease.listen()
    listener.close()
    lease.release()


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "x" * 42, "a b"])
def test_a_name_that_is_no_plain_word_is_refused(name: str) -> None:
    with pytest.raises(ControlError, match="cannot be a system's name"):
        claim(name)


def test_a_link_in_place_of_the_directory_is_refused(home: Path, tmp_path: Path) -> None:
    home.symlink_to(tmp_path)
    with pytest.raises(UnsafeDirectoryError, match="a link"):
        runtime_directory()


def test_a_directory_that_others_may_enter_is_refused(home: Path) -> None:
    home.mkdir(mode=0o755)
    with pytest.raises(UnsafeDirectoryError, match=r"others may enter it \(mode 0755\); run `chmod 700"):
        runtime_directory()


def test_a_parent_that_others_may_rearrange_is_refused_unless_it_is_sticky(home: Path) -> None:
    home.parent.chmod(0o777)
    with pytest.raises(UnsafeDirectoryError, match="others may rename what is in"):
        runtime_directory()
    home.parent.chmod(0o1777)
    assert runtime_directory() == home


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives directories away")
def test_a_directory_of_somebody_else_is_refused(home: Path) -> None:
    home.mkdir(mode=0o700)
    os.chown(home, 12345, 12345)
    with pytest.raises(UnsafeDirectoryError, match="it belongs to user 12345"):
        runtime_directory()


def test_a_place_too_long_for_a_socket_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = home.parent / ("x" * 100)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    with pytest.raises(ControlError, match="too long for a socket"):
        claim("chat")
