"""Running a program as its reader would: in a process of its own, elsewhere."""

import subprocess
import sys
from pathlib import Path


def run_program(program: Path, cwd: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run *program* in *cwd* with nothing on its standard input, for at most *timeout* seconds."""
    return subprocess.run(
        [sys.executable, program],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
