"""One measurement, in a process of its own: `python benchmarks/measure.py RUNTIME CASE N` prints one line of JSON.

`N` is the number of operations, 0 for the runtime's own. A fresh process each time, because what ran before (threads, a
warm allocator, a grown heap) changes what comes after. It needs no more than the runtime's own library and the standard
one, so that a runtime may have an interpreter of its own.
"""

import importlib
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

from cases import KNOWN
from cases.processes import pin, processors
from runtimes import RUNTIMES, AbsentError, Runtime

HERE = str(Path(__file__).resolve().parent)
ABSENT = 3
"""Exit status where a runtime is not installed."""


def main() -> None:
    """Measure what the command line names."""
    name, case, n = sys.argv[1:]
    runtime = RUNTIMES[name]
    try:
        module = importlib.import_module(f"runtimes.{runtime.module_of(case)}")
        found = version_of(runtime, module)
    except (ModuleNotFoundError, AbsentError) as missing:
        print(f"{missing} (CPython {platform.python_version()})", file=sys.stderr)
        sys.exit(ABSENT)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")]))  # for workers
    if not KNOWN[case].apart and case not in runtime.wide:
        pin(processors()[0])
    readings = module.MEASURES[case](int(n) or runtime.counts[case])
    print(json.dumps({"readings": readings, "version": found, "python": platform.python_version()}))


def version_of(runtime: Runtime, module: object) -> str:
    """Return the version of a runtime: its distribution's, or what its module says."""
    if runtime.distribution is None:
        return str(module.version())  # type: ignore[attr-defined]  # those modules have it
    try:
        return importlib.metadata.version(runtime.distribution)
    except importlib.metadata.PackageNotFoundError:
        return "from source"


if __name__ == "__main__":
    main()
    sys.stdout.flush()
