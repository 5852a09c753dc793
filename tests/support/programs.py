"""Running a program as its reader would: in a process of its own, elsewhere."""

import subprocess
import sys
from pathlib import Path


def run_program(program: Path, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run *program* in *cwd* with nothing on its standard input, for at most *timeout* seconds."""
    return _run_python([str(program)], cwd, timeout)


def run_tests(file: Path, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Have pytest run *file* in *cwd* as its reader would, coroutine tests included."""
    options = ["-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return _run_python(["-m", "pytest", *options, str(file)], cwd, timeout)


def run_fragment(fragment: Path, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run *fragment* in *cwd* as a module that somebody imports: what is under a guard is not run."""
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='fragment')"
    return _run_python(["-c", code, str(fragment)], cwd, timeout)


def _run_python(arguments: list[str], cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
