"""The models on this machine: names, files, and which is where."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from llmagentos.models._catalogue import CATALOGUE, KnownModel, known
from llmagentos.models._locks import exclusive
from llmagentos.models.errors import ModelFileMissingError, ModelNotPulledError

CACHE_VARIABLE = "LLMAGENTOS_CACHE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """A known model; *path* is None while it is not on this machine. Sizes are in bytes."""

    name: str
    title: str
    licence: str
    size: int
    download: int
    path: Path | None


def models_dir() -> Path:
    """Answer the directory of pulled models: below `LLMAGENTOS_CACHE`, else below the user's cache directory."""
    configured = os.environ.get(CACHE_VARIABLE)
    cache = Path(configured).expanduser() if configured else platformdirs.user_cache_path("llmagentos")
    return cache.absolute() / "models"


def is_there(model: KnownModel, path: Path) -> bool:
    """Whether *path* is *model*'s file. Only whole, verified files get that name; the size guards against accidents."""
    return path.is_file() and path.stat().st_size == model.size


def models() -> tuple[ModelStatus, ...]:
    """Answer every known model, and where it is."""
    return tuple(_status(model) for model in CATALOGUE.values())


def resolve(model: str) -> Path:
    """Answer the file of a model: of a known name, or of a path to a local `.gguf` file. Fetches nothing.

    Raises:
        UnknownModelError: It is neither.
        ModelFileMissingError: It is a path, and there is no file.
        ModelNotPulledError: It is a known name that was not pulled yet.
    """
    if is_path(model):
        path = Path(model).expanduser().absolute()
        if not path.is_file():
            raise ModelFileMissingError(str(path))
        return path
    status = _status(known(model))
    if status.path is None:
        raise ModelNotPulledError(model)
    return status.path


def is_path(model: str) -> bool:
    """Whether *model* is written as the path of a file rather than as a name."""
    return model.lower().endswith(".gguf") or os.sep in model


def remove(name: str) -> bool:
    """Remove a pulled model's file; whether there was one. Workers that have it loaded keep it until they end.

    Raises:
        UnknownModelError: There is no such model.
    """
    model, directory = known(name), models_dir()
    path = directory / model.file
    if not path.exists():
        return False
    with exclusive(lock_path(model, directory)):
        path.unlink(missing_ok=True)
    return True


def lock_path(model: KnownModel, directory: Path) -> Path:
    """Answer the lock file under which *model*'s file is changed."""
    return directory / f".{model.name}.lock"


def _status(model: KnownModel) -> ModelStatus:
    path = models_dir() / model.file
    return ModelStatus(
        name=model.name,
        title=model.title,
        licence=model.licence,
        size=model.size,
        download=model.download,
        path=path if is_there(model, path) else None,
    )
