"""The command line as a person runs it: in processes of its own, some on a terminal of their own."""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

WAIT = 40.0
"""Seconds that anything may take on a busy machine."""

COMMAND = (sys.executable, "-m", "llmagentos")


class Terminal:
    """A command on a terminal of its own: what it writes is read, keys are typed."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self._ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - nothing else runs in this process's threads
        )
        os.close(theirs)
        self._unread = ""

    def type(self, keys: str) -> None:
        """Type *keys*; a Ctrl-C among them interrupts, as on any terminal."""
        os.write(self._ours, keys.encode(errors="surrogateescape"))

    def read_until(self, pattern: str, timeout: float = WAIT) -> str:
        """Read until *pattern* matches; answer all that was read up to the end of the match."""
        end = time.monotonic() + timeout
        while (found := re.search(pattern, self._unread)) is None:
            if not self._read(end - time.monotonic()):
                pytest.fail(f"{pattern!r} did not come; what came is {self._unread!r}")
        text, self._unread = self._unread[: found.end()], self._unread[found.end() :]
        return text

    def finish(self, timeout: float = WAIT) -> int:
        """Read to the end; answer the status."""
        end = time.monotonic() + timeout
        while self._read(end - time.monotonic()):
            continue
        return self.process.wait(max(0.1, end - time.monotonic()))

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self, timeout: float) -> bool:
        if timeout <= 0 or not select.select([self._ours], [], [], timeout)[0]:
            return False
        try:
            text = os.read(self._ours, 65_536)
        except OSError:  # the other side is closed
            return False
        self._unread += text.decode(errors="replace")
        return bool(text)


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C on it is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class CommandLine:
    """The command line in a world of its own: its systems are nobody else's."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self.environment, self.directory = environment, directory
        self._begun: list[subprocess.Popen[str]] = []
        self._terminals: list[Terminal] = []

    def __call__(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, with *stdin* (nothing without it) on its standard input."""
        return subprocess.run(
            [*COMMAND, *arguments],
            input=stdin or "",
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.directory,
            timeout=WAIT,
            check=False,
        )

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Begin a command that goes on."""
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.directory,
            process_group=0,
        )
        self._begun.append(process)
        return process

    def terminal(self, *arguments: str) -> Terminal:
        """Begin a command on a terminal of its own."""
        terminal = Terminal(arguments, self.environment)
        self._terminals.append(terminal)
        return terminal

    def ps(self) -> dict[str, dict[str, Any]]:
        """Answer what `ps --json` tells, by path; nothing while no system runs."""
        done = self("ps", "--json")
        rows = json.loads(done.stdout) if done.returncode == 0 else []
        return {row["path"]: row for row in rows}

    def wait_for(self, true: Callable[[dict[str, dict[str, Any]]], Any]) -> Any:
        """Ask `ps` until it tells what is waited for; answer that."""
        end = time.monotonic() + WAIT
        while not (found := true(self.ps())):
            if any(process.poll() is not None for process in self._begun):
                pytest.fail(f"a command ended: {[process.communicate() for process in self._begun if process.poll()]}")
            if time.monotonic() > end:
                pytest.fail(f"what was waited for did not come; ps tells {self.ps()}")
        return found

    def close(self) -> None:
        """End everything."""
        for terminal in self._terminals:
            terminal.close()
        for process in self._begun:
            if process.poll() is None:
                process.kill()
            process.communicate()


def gone(pids: list[int], within: float = 5.0) -> bool:
    """Whether all of *pids* are gone, soon."""
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(processes, timeout=within)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)
