"""A system's claim to its name: a private directory with a lock, a cookie and a socket.

The lock is the kernel's, held for as long as the process lives; so whatever is found unlocked was left by a system that
was killed, and is swept. No pid is trusted for that: pids come back.
"""

import fcntl
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from llmagentos._control._directory import check_private, make_private, runtime_directory
from llmagentos._control.errors import ControlError, SystemNameTakenError

LONGEST_ADDRESS = 107
"""Bytes that the address of a Unix socket may have (on Linux; macOS has 103)."""
TRIES = 4
"""Times that a lock is tried: whoever lists the systems holds it for a moment."""
MOST = 999
"""Systems of one name that may run at once."""


@dataclass(frozen=True, slots=True)
class Running:
    """A system that runs now, as its directory tells."""

    name: str
    pid: int
    directory: Path

    @property
    def address(self) -> Path:
        """Where its socket is."""
        return self.directory / "control.sock"

    @property
    def cookie(self) -> bytes:
        """Read its cookie."""
        return (self.directory / "cookie").read_bytes()


@dataclass(frozen=True, slots=True)
class Lease:
    """Our own claim; `release` gives it back, and so does the end of the process."""

    running: Running
    cookie: bytes
    lock: int

    def listen(self) -> socket.socket:
        """Answer the listening socket, open to this user only."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.running.address.unlink(missing_ok=True)  # the gateway's last life left it
        listener.bind(str(self.running.address))
        self.running.address.chmod(0o600)
        listener.listen(16)
        listener.setblocking(False)  # noqa: FBT003 - the standard library's spelling
        return listener

    def release(self) -> None:
        """Give the name back. Twice is harmless."""
        shutil.rmtree(self.running.directory, ignore_errors=True)
        try:
            os.close(self.lock)
        except OSError:  # closed already: released twice
            return


def claim(name: str, *, exact: bool = False) -> Lease:
    """Claim *name*; where it is taken, `name-2` and so on, unless it has to be *exact*.

    Raises:
        SystemNameTakenError: It is taken, and has to be exact.
        ControlError: It cannot be a name.
        UnsafeDirectoryError: There is no safe place for the socket.
    """
    _check_name(name)
    home = runtime_directory()
    for i in range(1, 2 if exact else MOST):
        numbered = name if i == 1 else f"{name}-{i}"
        if (lease := _try_claim(home / numbered)) is not None:
            return lease
    raise SystemNameTakenError(name, _read_pid(home / name / "lock"))


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", name):
        raise ControlError(f"{name!r} cannot be a system's name; use up to 41 letters, digits, `_`, `.` and `-`")


def _try_claim(directory: Path) -> Lease | None:
    address = directory / "control.sock"
    if len(os.fsencode(address)) > LONGEST_ADDRESS:
        raise ControlError(
            f"`{address}` is too long for a socket; set XDG_RUNTIME_DIR to a shorter directory of your own"
        )
    make_private(directory)
    lock = _lock(directory / "lock")
    if lock is None:
        return None
    for left in directory.iterdir():
        if left.name != "lock":
            left.unlink()
    cookie = secrets.token_bytes(32)
    _write_private(directory / "cookie", cookie)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return Lease(Running(directory.name, os.getpid(), directory), cookie, lock)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _lock(path: Path) -> int | None:
    """Answer the descriptor of the locked file; None while somebody else holds it."""
    for _ in range(TRIES):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # swept together with its directory, just now
            make_private(path.parent)
            continue
        if _is_locked(descriptor, path):
            return descriptor
        os.close(descriptor)
        time.sleep(0.02)
    return None


def _is_locked(descriptor: int, path: Path) -> bool:
    """Lock, and check that the file is still the one of this path: it may have been swept in between."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def running_systems() -> list[Running]:
    """Answer this user's running systems by name, and sweep what killed ones left.

    Raises:
        UnsafeDirectoryError: The place of the sockets is in somebody else's hands.
    """
    return sorted(_look(runtime_directory()), key=lambda running: running.name)


def _look(home: Path) -> Iterator[Running]:
    for directory in home.iterdir():
        try:
            check_private(directory)
            lock = os.open(directory / "lock", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):  # being made or swept just now
            continue
        try:
            if _is_locked(lock, directory / "lock"):
                shutil.rmtree(directory, ignore_errors=True)
            elif (pid := _read_pid(directory / "lock")) is not None and (directory / "control.sock").exists():
                yield Running(directory.name, pid, directory)
        finally:
            os.close(lock)


def _read_pid(lock: Path) -> int | None:
    try:
        return int(lock.read_text())
    except (FileNotFoundError, ValueError):  # swept just now, or claimed and not yet written
        return None
