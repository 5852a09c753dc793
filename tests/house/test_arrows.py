"""Imports only go down: between the packages, and between the storeys inside each."""

import ast
from collections.abc import Iterable

from sources import PACKAGES, Import, Source, imports, sources

VALUES = {"_messages", "_exits", "_specs", "_values", "_words", "_budget", "_quantity", "errors"}
"""Files of the lowest storey, by name, wherever in a package they stand."""

WAITS = {
    *("asyncio", "uvloop", "selectors", "select", "socket", "ssl", "http", "urllib"),
    *("threading", "concurrent", "multiprocessing", "subprocess", "signal", "queue", "sched"),
    *("time", "random", "secrets", "uuid", "tempfile"),
    *("logging", "structlog", "warnings", "psutil"),
}
"""What a core may not import: clocks, threads, sockets, processes, chance and logs."""

FACE, SHELL, CORE, VALUE = 3, 2, 1, 0


def storey(module: str) -> int:
    """Return the storey of *module*: 3 the face, 2 the shell, 1 the core, 0 the values."""
    parts = module.split(".")
    if len(parts) == 1:
        return FACE
    if "_core" in parts:
        return CORE
    return VALUE if parts[-1] in VALUES else SHELL


def wrong(forbidden: Iterable[Import | Source]) -> str:
    return "\n" + "\n".join(str(one) for one in forbidden)


def test_a_package_imports_only_from_the_packages_below_it() -> None:
    rank = {package: level for level, package in enumerate(PACKAGES)}
    upwards = [i for i in imports() if rank.get(i.target.partition(".")[0], -1) > rank[i.by.package]]
    assert not upwards, wrong(upwards)


def test_another_package_is_reached_by_its_face_or_a_public_submodule_only() -> None:
    private = [
        i
        for i in imports()
        if i.target.partition(".")[0] in set(PACKAGES) - {i.by.package}
        and any(part.startswith("_") for part in i.target.split("."))
    ]
    assert not private, wrong(private)


def test_no_module_imports_through_its_own_package_s_face() -> None:
    circles = [i for i in imports() if i.target == i.by.package]
    assert not circles, wrong(circles)


def test_inside_a_package_imports_only_go_down_the_storeys() -> None:
    own = [i for i in imports() if i.target.startswith(f"{i.by.package}.")]
    upwards = [i for i in own if storey(i.target) > storey(i.by.name)]
    assert not upwards, wrong(upwards)


def test_a_core_imports_nothing_that_waits() -> None:
    waiting = [i for i in imports() if storey(i.by.name) <= CORE and i.target.partition(".")[0] in WAITS]
    assert not waiting, wrong(waiting)


def test_a_face_holds_names_and_no_logic() -> None:
    busy = [s for s in sources() if s.is_face and any(not _is_a_name(node) for node in s.tree().body)]
    assert not busy, wrong(busy)


def _is_a_name(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.startswith("__")
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
            return all(isinstance(inner, ast.ImportFrom) for inner in node.body)
        case _:
            return False
