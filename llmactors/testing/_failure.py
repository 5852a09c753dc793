"""What is written when a run has failed: the report, the tape and the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmactors.testing._core.tape import Tape, dumps

if TYPE_CHECKING:
    from pathlib import Path

    from llmactors.testing._campaign import Result


def told_failure(simulation: Any, result: Result, folder: Path) -> str:
    """Write the tape of a failure, and return the report."""
    failed, smallest = result.failed, result.smallest
    assert failed is not None
    assert smallest is not None
    broken = smallest.broken or failed.broken
    assert broken is not None
    name = simulation.name.rpartition(".")[2]
    folder.mkdir(parents=True, exist_ok=True)
    tape = Tape(
        test=simulation.name,
        law=broken.law,
        root=getattr(simulation.program.root, "__name__", ""),
        choices=smallest.choices,
        seed=failed.seed,
    )
    path = folder / f"{name}.tape"
    path.write_text(dumps(tape), encoding="utf-8")
    lines = [
        f"run {result.runs}, seed {failed.seed:#x}",
        f"  {broken.what}   (law: {broken.law})",
        f"  smallest cause: {len(smallest.choices)} of {len(failed.choices)} choices",
        *(f"    {choice.point} => {choice.pick}" for choice in smallest.choices),
        f"  replay: pytest -k {name} --sim-seed={failed.seed:#x}   tape: {path}",
    ]
    return "\n".join(lines)
