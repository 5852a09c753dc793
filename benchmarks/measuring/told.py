"""What a measurement leaves: when and on what it was made, and a file for a machine to read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from measuring.machine import kind_of_machine


def conditions(load_before: float | None) -> dict[str, object]:
    """Return when it is, on what kind of machine, and how busy that was before."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": kind_of_machine(),
        "load_before": load_before,
    }


def write(found: Mapping[str, object], file: Path | None) -> None:
    """Write what was found to a file, if there is to be one."""
    if file is not None:
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
