"""The directory for the sockets of this user's systems: nobody else can enter it, or put anything in its way."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import platformdirs

from llmagentos._control.errors import UnsafeDirectoryError

PRIVATE = 0o700
SHARED_WRITE = stat.S_IWGRP | stat.S_IWOTH


def runtime_directory() -> Path:
    """Answer this user's directory for sockets, made with mode 0700 if it was missing.

    It stands in the directory that the session manager made for us; where there is none, with the user's state, never
    under a guessable name in /tmp.

    Raises:
        UnsafeDirectoryError: Somebody else could tamper with it.
    """
    path = _session_directory() / "llmagentos"
    path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    make_private(path)
    return path


def _session_directory() -> Path:
    if named := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(named)
    made = Path(f"/run/user/{os.getuid()}")
    if made.is_dir() and made.stat().st_uid == os.getuid():
        return made
    return platformdirs.user_state_path("llmagentos", appauthor=False) / "run"


def make_private(path: Path) -> None:
    """Make *path* a directory that only we can enter; check it if it was there already.

    Raises:
        UnsafeDirectoryError: It, or a directory above it, is in somebody else's hands.
    """
    with suppress(FileExistsError):  # whoever made it, what counts is what it is now
        path.mkdir(mode=PRIVATE)
    check_private(path)


def check_private(path: Path) -> None:
    """Check that *path* is a directory of ours with mode 0700, in directories that others cannot rearrange.

    Raises:
        UnsafeDirectoryError: It is not; the sentence says what to do.
    """
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise UnsafeDirectoryError(str(path), "it is not a directory of its own (a link?)", "remove it")
    if status.st_uid != os.getuid():
        raise UnsafeDirectoryError(
            str(path), f"it belongs to user {status.st_uid}", "remove it, or set XDG_RUNTIME_DIR"
        )
    if stat.S_IMODE(status.st_mode) & ~PRIVATE:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        raise UnsafeDirectoryError(str(path), f"others may enter it (mode {mode})", f"run `chmod 700 {path}`")
    for parent in path.parent.resolve().parents:
        _check_parent(parent)
    _check_parent(path.parent.resolve())


def _check_parent(parent: Path) -> None:
    """Check that nobody but root and us can rename what is in *parent*: not writable for others, or sticky."""
    status = parent.lstat()
    if status.st_uid not in {0, os.getuid()}:
        reason = f"`{parent}` belongs to user {status.st_uid}"
        raise UnsafeDirectoryError(str(parent), reason, "set XDG_RUNTIME_DIR to a directory of your own")
    if status.st_mode & SHARED_WRITE and not status.st_mode & stat.S_ISVTX:
        reason = f"others may rename what is in `{parent}`"
        raise UnsafeDirectoryError(str(parent), reason, f"run `chmod go-w {parent}`")
