"""Models: what they are to the system, where they come from, who runs them.

Backends are public submodules, `llmagentos.models.llama_cpp` and `llmagentos.models.scripted`; errors are in
`llmagentos.models.errors`.
"""

from llmagentos.models._models import Models, ModelSupervisor
from llmagentos.models._protocol import (
    ChatMessage,
    Chunk,
    Finish,
    GenerateRequest,
    Model,
    ModelInfo,
    ModelSpec,
    Role,
    TextChunk,
)
from llmagentos.models._pull import Progress, pull
from llmagentos.models._recipes import recipe
from llmagentos.models._store import ModelStatus, models, remove, resolve
from llmagentos.models._worker import ModelWorker

__all__ = [
    "ChatMessage",
    "Chunk",
    "Finish",
    "GenerateRequest",
    "Model",
    "ModelInfo",
    "ModelSpec",
    "ModelStatus",
    "ModelSupervisor",
    "ModelWorker",
    "Models",
    "Progress",
    "Role",
    "TextChunk",
    "models",
    "pull",
    "recipe",
    "remove",
    "resolve",
]
