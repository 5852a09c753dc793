"""The models of a system: one worker each, loaded on demand, under a supervisor of their own."""

import re
from pathlib import Path

from llmactors import Actor, ActorRef, message
from llmactors.errors import WorkerLostError
from llmactors.hosts import HostConfig, Process
from llmagentos.models._protocol import ModelSpec
from llmagentos.models._recipes import recipe
from llmagentos.models._worker import ModelWorker
from llmagentos.models.errors import (
    BackendMissingError,
    BadModelFileError,
    LoadFailedError,
    ModelError,
    ModelFileMissingError,
    ModelNotPulledError,
    UnknownModelError,
)
from llmagentos.models.llama_cpp import LlamaCppSpec
from llmagentos.models.scripted import ScriptedSpec
from supervisors import DynamicSupervisor, Intensity, child
from supervisors.errors import AlreadyStartedError, ChildNotFoundError, ChildStartError

LOAD_TIME = 300.0
"""Seconds that a model has to load: tens of gigabytes from a slow disk."""

STOP_TIME = 5.0

LOAD_TRIES = 3
"""A process that was killed while it loaded says nothing about the model: it is loaded again."""

OWN_PROCESS = Process(preload=("llmagentos.models",))
"""Forked with our modules imported already: a third of a restart of the small model would be imports."""

_LOAD_ERRORS = (
    BackendMissingError,
    BadModelFileError,
    LoadFailedError,
    ModelFileMissingError,
    ModelNotPulledError,
    UnknownModelError,
)


class ModelSupervisor(DynamicSupervisor):
    """Keeps the model workers, each restarted by itself.

    A killed worker is back in half a second, and foreign code under memory pressure may die now and then: 20 restarts
    in a minute are granted.
    """

    intensity = Intensity(20, within=60.0)


class Models(Actor):
    """Answers for models by name, path or recipe. Put it in a tree: `models = child(Models)`.

    Its workers live below it, under `workers`, each under its model's name.

    Args:
        host: Where the workers run: a process of its own for each, unless told otherwise.
    """

    concurrency = 16  # one model that loads does not keep the others waiting

    def __init__(self, host: HostConfig | None = None) -> None:
        self._host = host if host is not None else OWN_PROCESS
        self._names: dict[str, ModelSpec] = {}
        self._workers: ActorRef[ModelSupervisor]

    async def on_start(self) -> None:
        """Begin with no model loaded. If the supervisor below gives up, so does this actor: it is linked."""
        self._workers = await self.context.spawn(ModelSupervisor, name="workers", shutdown="forever")

    @message(timeout=LOAD_TIME, limit=LOAD_TIME, raises=_LOAD_ERRORS)
    async def worker(self, model: str | Path | LlamaCppSpec | ScriptedSpec | ModelSpec) -> ActorRef[ModelWorker]:
        """Answer the worker that has *model* loaded; load it first if need be. The ref stays good until `unload`.

        Raises:
            UnknownModelError: There is no such model.
            ModelNotPulledError: It is not on this machine yet.
            ModelFileMissingError: The path leads nowhere.
            BadModelFileError: The file is no model.
            BackendMissingError: The library that runs it is not installed.
            LoadFailedError: Anything else.
        """
        spec = recipe(model)
        name = self._name_of(spec)
        if (worker := self._worker_called(name)) is not None:
            return worker
        start = child(ModelWorker, spec, name=name, host=self._host, shutdown=STOP_TIME, start_timeout=LOAD_TIME)
        for last in (False,) * (LOAD_TRIES - 1) + (True,):
            try:
                return await self._workers.ask(ModelSupervisor.start_child(start))
            except AlreadyStartedError:  # another asker came first
                if (worker := self._worker_called(name)) is not None:
                    return worker
                raise LoadFailedError(name, "it ended while it was loading") from None
            except ChildStartError as error:
                if last or not isinstance(error.__cause__, WorkerLostError):
                    raise _own_error(name, error) from error
        raise AssertionError("the last try returns or raises")

    @message(timeout=2 * STOP_TIME)
    async def unload(self, model: str | Path | LlamaCppSpec | ScriptedSpec | ModelSpec) -> bool:
        """End the worker of *model*, answers under way included; whether there was one."""
        name = self._name_of(recipe(model))
        try:
            await self._workers.ask(ModelSupervisor.terminate_child(name))
            await self._workers.ask(ModelSupervisor.delete_child(name))
        except ChildNotFoundError:
            return False
        return True

    @message
    def loaded(self) -> list[str]:
        """Answer the names of the models that are loaded or about to be, in the order of loading."""
        return [worker.name for worker in self._workers.children()]

    def _name_of(self, spec: ModelSpec) -> str:
        """Answer the worker's name: the model's; another model of the same name gets a number behind it."""
        stem = re.sub(r"[^\w.-]+", "-", spec.name) or "model"
        name, number = stem, 1
        while self._names.setdefault(name, spec) != spec:
            number += 1
            name = f"{stem}-{number}"
        return name

    def _worker_called(self, name: str) -> ActorRef[ModelWorker] | None:
        return next((worker for worker in self._workers.children() if worker.name == name), None)


def _own_error(name: str, error: ChildStartError) -> ModelError:
    cause = error.__cause__
    return cause if isinstance(cause, ModelError) else LoadFailedError(name, str(cause or error))
