"""The verbs about faults: `chaos` and `inject` have them happen, `tape` tells what was before one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmagentos.cli._output import as_json, as_table, note
from llmagentos.cli._processes import Json, On, Which

if TYPE_CHECKING:
    from llmactors.testing import ChaosReport, Faults

FAILED = 1
NOT_TRIED = 3


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(chaos)
    app.command()(inject)
    app.command()(tape)


def chaos(
    target: Annotated[str, typer.Argument(help="A Python file, and after a colon what in it to run: app.py:App.")],
    *,
    plan: Annotated[Path, typer.Option("--plan", help="The fault plan, a TOML file.")],
    time: Annotated[str, typer.Option("--for", help="How long faults are injected: 60s, 5m.")] = "60s",
    seed: Annotated[int, typer.Option("--seed", help="Of chance.")] = 0,
    json: Json = False,
) -> None:
    """Run a Supervisor or an Agent under a fault plan, and tell what became of it.

    Status 1 if it did not come through; 3 if it did, and nothing was injected, or a line of the plan met nobody.
    """
    from llmagentos._core.limits import read_seconds
    from llmagentos._logging import configure
    from llmagentos._program import hurt_program
    from llmagentos.cli._run import load, pick

    seconds = read_seconds(time)
    if seconds is None:
        raise typer.BadParameter(f"--for {time}: give a time, such as 60s or 5m")
    faults = _read(plan)
    configure("never")
    path, _, wanted = target.partition(":")
    cls = pick(load(Path(path)), wanted)
    note(f"faults for {seconds:g} s, then everybody has to be up again")
    name = Path(path).stem.replace(" ", "-")
    report = hurt_program(cls, name, faults=faults.within("/app"), seconds=seconds, seed=seed)
    if json:
        as_json(_plain(report))
    else:
        _tell(report)
    raise typer.Exit(0 if report.ok else NOT_TRIED if report.came_through else FAILED)


def _read(plan: Path) -> Faults:
    from llmactors.testing import read_plan
    from llmagentos.cli.errors import NoPlanError

    try:
        text = plan.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoPlanError(str(plan), str(error)) from None
    return read_plan(text, str(plan))


def _plain(report: ChaosReport) -> dict[str, Any]:
    broken = report.broken
    return {
        "ok": report.ok,
        "seconds": round(report.seconds, 3),
        "injected": [
            {"fault": fault, "path": path, "times": times} for (fault, path), times in report.injected.items()
        ],
        "restarts": report.restarts,
        "exits": report.exits,
        "asks": report.asks,
        "dead_letters": report.dead_letters,
        "unmet": list(report.unmet),
        "recovered": report.recovered,
        "broken": None if broken is None else {"law": broken.law, "what": broken.what},
        "error": report.error,
    }


def _tell(report: ChaosReport) -> None:
    paths = sorted({path for _, path in report.injected} | set(report.restarts))
    rows = []
    for path in paths:
        faults = [f"{fault} {times}" for (fault, whom), times in sorted(report.injected.items()) if whom == path]
        rows.append({"path": path, "faults": ", ".join(faults) or None, "restarts": report.restarts.get(path, 0)})
    as_table(rows, {"path": "actor", "faults": "injected", "restarts": "restarts"})
    for title, counts in (("ended", report.exits), ("asks", report.asks), ("dead letters", report.dead_letters)):
        for what, times in sorted(counts.items(), key=lambda one: -one[1]):
            print(f"{title}: {times} x {what}")
    if report.broken is not None:
        print(f"broken: {report.broken.law}: {report.broken.what}")
    if report.error is not None:
        print(f"ended by itself: {report.error}")
    for line in report.unmet:
        print(f"not tried: {line}: nobody and no message was as the plan says")
    if not report.injected:
        print("nothing was injected, so this says nothing about the program: have it do more, or raise `rate` or --for")
    print("everybody was up again" if report.recovered else "not everybody was up again")


def inject(
    fault: Annotated[str, typer.Argument(help="crash, kill; in a worker process also oom, hang, slow, disk_full.")],
    which: Which,
    *,
    time: Annotated[float | None, typer.Option("--for", help="Seconds that `slow` lasts.")] = None,
    on: On = None,
    json: Json = False,
) -> None:
    """Have a fault happen to an actor of a system that was started with --allow-faults."""
    from llmagentos._control._client import ask, find
    from llmagentos._core.control import Level

    (row,) = ask(find(on), "inject", Level.FAULTS, which=which, fault=fault, seconds=time)
    if json:
        as_json(row)
    else:
        note(f"{row['fault']} was done to {row['path']}")


def tape(
    crash: Annotated[str | None, typer.Argument(help="A crash, as the list without it names them.")] = None,
    *,
    test: Annotated[str, typer.Option("--test", help="The test that is to play it: FILE.py::NAME.")] = "",
    on: On = None,
    json: Json = False,
) -> None:
    """List the crashes of a running system, or write what was before one as a tape for the simulator.

    What was not recorded is said on standard error, and stands on the tape.
    """
    from llmagentos._control._client import ask, find

    if crash is None:
        rows = ask(find(on), "crashes")
        if json:
            as_json(rows)
        else:
            shown = [{**row, "ago": f"{row['ago']:.0f}s"} for row in rows]
            as_table(shown, {"id": "crash", "path": "actor", "ago": "ago", "turns": "turns", "exit": "exit"})
        return
    (row,) = ask(find(on), "tape", which=crash, test=test)
    if json:
        as_json(row)
    else:
        print(row["tape"], end="")
        note(f"not recorded: {row['missing']}")
