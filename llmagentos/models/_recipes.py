"""From what people call a model to its recipe."""

from pathlib import Path

from llmagentos.models._protocol import ModelSpec
from llmagentos.models._store import is_path, resolve
from llmagentos.models.llama_cpp import LlamaCppSpec


def recipe(model: str | Path | ModelSpec) -> ModelSpec:
    """Answer the recipe of a known model's name, of a `.gguf` file's path, or the recipe itself. Fetches nothing.

    Raises:
        UnknownModelError: It is none of these.
        ModelFileMissingError: It is a path, and there is no file.
        ModelNotPulledError: It is a known name that was not pulled yet.
    """
    if not isinstance(model, (str, Path)):
        return model
    name = str(model) if isinstance(model, str) else str(model.absolute())
    path = resolve(name)
    return LlamaCppSpec(path=str(path), name=path.stem if is_path(name) else name)
