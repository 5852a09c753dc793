"""Erlang/OTP on one scheduler: runs `bench.erl`, which stands beside this file, in an Erlang of the machine's own."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cases.kinds import Measure, Readings
from cases.processes import place_client
from runtimes import AbsentError

SOURCE = Path(__file__).resolve().with_name("bench.erl")
ERL = ("erl", "+S", "1:1", "+P", "2000000", "-noshell", "-kernel", "inet_dist_use_interface", "{127,0,0,1}")
ENV = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_CRASH_DUMP_SECONDS": "0"}
RELEASE = "io:format([erlang:system_info(otp_release)]), halt()."

if shutil.which("erl") is None or shutil.which("erlc") is None:
    raise AbsentError("there is no erl and erlc on the path")


def version() -> str:
    """Return the release."""
    done = subprocess.run(["erl", "-noshell", "-eval", RELEASE], check=True, capture_output=True, text=True)
    return f"OTP {done.stdout.strip()}"


def _in_erlang(case: str, *, apart: bool = False) -> Measure:
    def measure(n: int) -> Readings:
        processor = [str(place_client())] if apart else []
        env = {**os.environ, **ENV}
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["erlc", "-o", folder, str(SOURCE)], check=True, capture_output=True, env=env)
            if apart:
                subprocess.run(["epmd", "-daemon"], check=True, env=env)
            command = [*ERL, "-pa", folder, "-run", "bench", "main", case, str(n), *processor]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
        readings: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return readings

    return measure


INSIDE = ("ask", "tell-none", "tell", "fan-in", "ring", "spawn", "restart", "skew")
APART = ("process-ask", "process-tell", "process-echo", "process-swap")
MEASURES = {
    **{case: _in_erlang(case) for case in INSIDE},
    **{case: _in_erlang(case, apart=True) for case in APART},
}
