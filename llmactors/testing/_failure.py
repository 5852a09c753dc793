"""What is written when a run has failed: the report, the tape and the timeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmactors.testing._core.tape import Tape, dumps
from llmactors.testing._report import Failure, report
from llmactors.testing._timeline import timeline_of

if TYPE_CHECKING:
    from llmactors.testing._campaign import Result


def told_failure(name: str, root: Any, result: Result, runs: int, *, folder: Path | None) -> str:
    """Return the report of a failure, once its tape and its timeline are in *folder*.

    Of a run in real time there is no tape: it cannot be had again. A folder that cannot be written to costs the files,
    and not the report.
    """
    failed, smallest = result.failed, result.smallest
    assert failed is not None
    assert smallest is not None
    broken = smallest.broken or failed.broken
    assert broken is not None
    tape = Tape(
        test=name,
        law=broken.law,
        root=getattr(root, "__name__", ""),
        choices=smallest.choices,
        seed=failed.seed,
    )
    facts: dict[str, Any] = {
        "test": name,
        "broken": broken,
        "history": smallest.history,
        "choices": smallest.choices,
        "chosen": len(failed.choices),
        "minimal": result.minimal,
        "seed": failed.seed,
        "run": result.runs,
        "runs": runs,
        "replay": f"pytest '{name}' --sim-seed={failed.seed:#x}",
        "unmet": result.unmet,
    }
    if result.real:
        facts["replay"] = f"pytest --sim-level=real --sim-seed={failed.seed:#x} '{name}'   (as far as real time goes)"
    if folder is None:
        return report(Failure(**facts))
    stem = folder / re.sub(r"[^\w.-]+", "-", name.rpartition("/")[2].replace("::", "."))
    page, kept = stem.with_name(f"{stem.name}.html"), stem.with_name(f"{stem.name}.tape")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not result.real:
            kept.write_text(dumps(tape), encoding="utf-8")
        page.write_text(timeline_of(Failure(**facts)), encoding="utf-8")
    except OSError as error:
        return "\n".join([report(Failure(**facts)), f"  neither tape nor timeline could be written: {error}"])
    return report(Failure(**facts, tape="" if result.real else _near(kept), timeline=_near(page)))


def _near(path: Path) -> str:
    """Return a path as it is seen from the working directory, where it is below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
