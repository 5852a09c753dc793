"""OTP's own supervisor as a partner: a long-lived `erl` that plays scenarios."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

from scenarios import Scenario

ORACLE = Path(__file__).parents[1] / "supervisors" / "otp" / "oracle.erl"
REMEDY = "these tests ask OTP's own supervisor: install Erlang (`apt-get install erlang-base`)"
BEGIN = '{ok, M, Code} = compile:file("%s", [binary, report]), {module, M} = code:load_binary(M, "", Code), M:main().'
AHEAD = 25  # scenarios; their terms fit into a pipe
AS_IN_CI = bool(os.environ.get("CI"))


def erl() -> str | None:
    """Tell where Erlang is, if it is here."""
    return shutil.which("erl")


class Otp:
    """A running Erlang. Use it as a context manager.

    One scheduler thread (`+S 1`): so a process that ends has told everybody before anybody else runs.
    """

    def __enter__(self) -> Self:
        command = [erl() or "erl", "-noinput", "+S", "1:1", "-eval", BEGIN % ORACLE]
        self._erl = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._erl.stdin is not None
        assert self._erl.stdout is not None
        self._erl.kill()
        self._erl.wait()
        self._erl.stdin.close()
        self._erl.stdout.close()

    def play(self, scenario: Scenario) -> list[str]:
        """Play *scenario* and return what happened, line by line."""
        (log,) = self.play_all([scenario])
        return log

    def play_all(self, scenarios: Iterable[Scenario]) -> Iterator[list[str]]:
        """Play *scenarios*, some ahead of the one whose log is read, so that neither side waits for the other."""
        assert self._erl.stdin is not None
        assert self._erl.stdout is not None
        for several in batched(scenarios, AHEAD):
            for scenario in several:
                term = b"\x83" + encoded(scenario.as_term())
                self._erl.stdin.write(struct.pack(">I", len(term)) + term)
            self._erl.stdin.flush()
            for _ in several:
                (length,) = struct.unpack(">I", self._erl.stdout.read(4))
                yield str(self._erl.stdout.read(length), "utf-8").split("\n")


def batched(scenarios: Iterable[Scenario], size: int) -> Iterator[list[Scenario]]:
    """Return them in lists of that *size*, the last one shorter (Python 3.12 has this in itertools)."""
    them = iter(scenarios)
    while several := list(islice(them, size)):
        yield several


def encoded(value: Any) -> bytes:
    """Write *value* in Erlang's external term format: strings become atoms."""
    match value:
        case bool() | str():
            atom = str(value).lower().encode() if isinstance(value, bool) else value.encode()
            return b"w" + bytes([len(atom)]) + atom
        case int():
            return b"b" + struct.pack(">i", value)
        case tuple():
            return b"h" + bytes([len(value)]) + b"".join(map(encoded, value))
        case list():
            return b"l" + struct.pack(">I", len(value)) + b"".join(map(encoded, value)) + b"j" if value else b"j"
        case _:
            raise TypeError(f"no term for {value!r}")
