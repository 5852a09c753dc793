"""Actor classes by name, and the user's script, which is `__main__` here and must be found again in a worker.

As in `multiprocessing`, a worker runs the script's file under the name `__mp_main__`, and then calls it `__main__` too.
"""

from __future__ import annotations

import importlib
import runpy
import sys
import types
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from llmactors._codec import name_of
from llmactors._guard import importing_main
from llmactors.errors import NotSerialisableError

MAIN: Final = "__main__"
FORK_SAFE: Final = "__fork_safe__"
"""What a module is that says so: imported before workers are forked, it harms none, and starts no thread."""


def fork_safe(cls: type) -> list[str]:
    """Name the modules that an actor class and its module build on, and that say they may be imported before a fork."""
    module = sys.modules.get(cls.__module__)
    used = [*cls.__mro__, *(vars(module).values() if module is not None else ())]
    packages = {name for value in used for name in _packages(value)}
    return sorted(name for name in packages if getattr(sys.modules.get(name), "__dict__", {}).get(FORK_SAFE) is True)


def _packages(value: object) -> list[str]:
    """Name the module that a value comes from, and the packages that it is in."""
    kind = type(value)  # not `isinstance`: a proxy answers it, and `getattr`, by looking for what it stands for
    if issubclass(kind, types.ModuleType):
        name = vars(value).get("__name__")
    else:
        name = getattr(value if issubclass(kind, (type, types.FunctionType)) else kind, "__module__", None)
    return list(accumulate(name.split("."), "{}.{}".format)) if isinstance(name, str) else []


def name_of_class(cls: type) -> str:
    """Return the name by which a worker finds an actor class.

    Raises:
        NotSerialisableError: A worker cannot find it.
    """
    if "<locals>" in cls.__qualname__:
        raise NotSerialisableError(
            f"{cls.__qualname__} is a class inside a function, where a worker process cannot find it; "
            "move it to its module"
        )
    if cls.__module__ in {MAIN, "__mp_main__"} and main_file() is None:
        raise NotSerialisableError(
            f"{cls.__qualname__} is defined in an interactive session, which a worker process cannot run again; "
            "put it into a file"
        )
    return name_of(cls)


def main_file() -> dict[str, str] | None:
    """Return how a worker gets the user's script: by module name (`python -m`), or by file. None: it cannot."""
    main = sys.modules.get(MAIN)
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in {MAIN, None}:
        return {"module": spec.name.removesuffix(".__main__") if spec.name.endswith(".__main__") else spec.name}
    file = getattr(main, "__file__", None)
    return None if file is None or not Path(file).is_file() else {"file": str(Path(file).resolve())}


def find_class(name: str, main: dict[str, str] | None) -> Any:
    """Worker: import the actor class that the main process named.

    Raises:
        BaseException: Whatever importing its module raises.
        AttributeError: The module has no such class.
    """
    module, _, qualname = name.partition(":")
    found: Any = import_main(main) if module == MAIN else importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def import_main(main: dict[str, str] | None) -> types.ModuleType:
    """Worker: run the user's script as `__mp_main__`, and call it `__main__` too."""
    if main is None:
        raise NotSerialisableError(
            "the main process has no script that a worker could run; put the class into a module"
        )
    module = types.ModuleType("__mp_main__")
    sys.modules["__mp_main__"] = module
    with importing_main():
        if "file" in main:
            content = runpy.run_path(main["file"], run_name="__mp_main__")
        else:
            content = runpy.run_module(main["module"], run_name="__mp_main__", alter_sys=True)
            sys.modules["__mp_main__"] = module
    module.__dict__.update(content)
    sys.modules[MAIN] = module
    return module


def loaded_class(name: str) -> Any:
    """Main process: return the class that a worker named, if its module is imported here; never import it.

    Raises:
        LookupError: It is not there.
    """
    module, _, qualname = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type):
        raise LookupError(f"there is no class `{name}` in the main process; import its module there")  # noqa: TRY004  a look-up that finds nothing
    return found
