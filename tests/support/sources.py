"""The project's own source files, as the house tests read them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("llmactors", "supervisors", "llmagentos")
"""From the ground up: each may import from those before it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One module of the project."""

    name: str
    """Dotted name; a package's face has the package's."""
    path: Path

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_face(self) -> bool:
        return self.name in PACKAGES

    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Import:
    """One module that a module imports when it is run."""

    by: Source
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.by.path.relative_to(ROOT)}:{self.line} imports {self.target}"


@cache
def sources() -> tuple[Source, ...]:
    """Return every module of the three packages."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(Source(_dotted(path), path) for path in paths)


@cache
def imports() -> tuple[Import, ...]:
    """Return every import that the three packages make at run time, inside functions too."""
    return tuple(found for source in sources() for found in _imports_of(source))


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports_of(source: Source) -> Iterator[Import]:
    for node in _run_time_nodes(source.tree()):
        if isinstance(node, ast.Import):
            yield from (Import(source, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(source, node)
            yield from (Import(source, _target(module, alias.name), node.lineno) for alias in node.names)


def _run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk *tree* without what only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from (inner for other in node.orelse for inner in (other, *_run_time_nodes(other)))
        else:
            yield node
            yield from _run_time_nodes(node)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.name.split(".")
    keep = len(parts) - node.level + (source.path.name == "__init__.py")
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])


def _target(module: str, name: str) -> str:
    """Return the module that `from module import name` reaches: a submodule where there is one."""
    submodule = f"{module}.{name}"
    return submodule if submodule in _names() else module


@cache
def _names() -> frozenset[str]:
    return frozenset(source.name for source in sources())
