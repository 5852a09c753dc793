"""Starts the fork server under any interpreter, and says clearly why it does not start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from typing import Final

# Old interpreters get here too: nothing in this text may need a new one. Its packet is that of `_wire`.
BOOT: Final = """
import json, os, sys
end, parent, serve = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
path, replace = json.loads(sys.argv[4]), sys.argv[5]
def fail(why):
    hello = {"is": "hello", "why": why, "python": list(sys.version_info[:3]), "executable": sys.executable}
    os.write(end, json.dumps(hello).encode())
    sys.exit(1)
if sys.version_info < (3, 11, 1):
    fail("")
sys.path[:] = path if replace == "replace" else sys.path[1:] + path
try:
    from llmactors.hosts.process._forkserver import main
except ImportError as error:
    fail("%s cannot import what a worker needs (%s); install llmagentos there" % (sys.executable, error))
sys.argv[:] = ["llmactors"]
main(end, parent, serve)
"""


def start(end: int, *, serve: str, python: str | None, env: dict[str, str] | None) -> subprocess.Popen[bytes]:
    """Start a fork server that has the socket with the descriptor *end*.

    Args:
        end: Descriptor of its end of the connection.
        serve: What workers run, as `module:function`.
        python: Another interpreter; None for this one.
        env: Variables to set beside those of this process.

    Raises:
        OSError: There is no such interpreter.
    """
    replace = "replace" if python is None else "append"
    arguments = [str(end), str(os.getpid()), serve, json.dumps(search_path(python)), replace]
    return subprocess.Popen(  # noqa: S603  the interpreter is this one, or named in code by the operator
        [python or sys.executable, "-c", BOOT, *arguments],
        pass_fds=(end,),
        stdin=subprocess.DEVNULL,
        env=environment(env),
        start_new_session=True,  # Ctrl-C is for the main process, which stops its workers in order
    )


def environment(env: dict[str, str] | None) -> dict[str, str]:
    """Return the variables of the fork server and its workers.

    OpenBLAS starts its threads when it is imported, and a process with threads cannot be forked: unless somebody has
    said how many, a worker's OpenBLAS has one.
    """
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ, **(env or {})}


def search_path(python: str | None) -> list[str]:
    """Return where workers look for modules: where we do; under another interpreter, only in the user's places."""
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100  an entry may be relative, or ""
    if python is None:
        return path
    places = ("stdlib", "platstdlib", "purelib", "platlib")
    installed = {os.path.realpath(sysconfig.get_path(name)) for name in places}
    return [entry for entry in path if not any(os.path.realpath(entry).startswith(place) for place in installed)]
