"""The page that holds OTP's behaviours against ours: made from a table of wording, and from the tests.

A test says which row it holds by a parameter's id (`@behaviour("A33")`, `ids=["B12"]`) or by its name (`test_a37_…`).
The table may name more. Run as a script, it writes the page.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sources import ROOT

TABLE = ROOT / "docs" / "reference" / "conformance.toml"
PAGE = ROOT / "docs" / "reference" / "conformance.md"
FOLDERS = ("tests/supervisors", "tests/llmactors", "tests/conformance", "tests/llmagentos")

ROW = re.compile(r"([ABX]\d+)(?:-[\w-]+)?")
NAMED = re.compile(r"test_((?:[abx]\d+_)+)")


def tests_by_row() -> dict[str, list[str]]:
    """Return the tests of each row, as `path::name`."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            for test, row in _rows_in(ast.parse(path.read_text(encoding="utf-8"))):
                found[row].append(f"{path.relative_to(ROOT).as_posix()}::{test}")
    return found


def _rows_in(module: ast.Module) -> Iterator[tuple[str, str]]:
    tables = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            named = NAMED.match(node.name)
            rows = set(named[1].upper().rstrip("_").split("_")) if named else set()
            for decorator in node.decorator_list:
                rows |= set(_words(decorator, tables))
            yield from ((node.name, row) for row in sorted(rows))


def _words(tree: ast.AST, tables: dict[str, ast.expr]) -> Iterator[str]:
    """Find the rows among the strings of an expression, also of module-level tables that it names: their keys."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (row := ROW.fullmatch(node.value)):
            yield row[1]
        elif isinstance(node, ast.Name) and node.id in tables:
            table = tables[node.id]
            for part in table.keys if isinstance(table, ast.Dict) else [table]:
                if part is not None:
                    yield from _words(part, {})


def page() -> str:
    """Write the page.

    Raises:
        LookupError: a row has neither test nor reason, or a test that is named is not there.
    """
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    found = tests_by_row()
    if unknown := sorted(set(found) - set(table["rows"])):
        raise LookupError(f"tests hold rows that {TABLE.name} does not have: {unknown}")
    lines = INTRODUCTION.splitlines()
    for row, words in table["rows"].items():
        if heading := table["sections"].get(row):
            lines += ["", f"## {heading}", "", "| | about | OTP | ours | held by |", "| --- | --- | --- | --- | --- |"]
        tests = [*found.get(row, ()), *(f"tests/{test}" for test in words.get("tests", ()))]
        lines.append(f"| {row} | {words['it']} | {words['otp']} | {_ours(row, words, tests)} | {_held_by(tests)} |")
    return "\n".join([*lines, ""])


def _ours(row: str, words: dict[str, Any], tests: list[str]) -> str:
    why = words.get("why")
    if not tests and not why:
        raise LookupError(f"row {row} has neither a test nor a reason (`why`) to have none")
    if missing := [test for test in tests if not _is_there(test)]:
        raise LookupError(f"row {row} names tests that are not there: {missing}")
    return str(words.get("ours", "the same")) if tests else f"*no test:* {why}"


def _is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and bool(re.search(rf"def {name}\b" if name else "", file.read_text(encoding="utf-8")))


def _held_by(tests: list[str]) -> str:
    """Name the files of *tests*."""
    files = dict.fromkeys(test.partition("::")[0].removeprefix("tests/") for test in tests)
    return "<br>".join(f"`{file}`" for file in files)


INTRODUCTION = """# Behaviour by behaviour

What Erlang/OTP's supervisors, processes, servers and state machines do, in rows that can be tested, and what ours do.
The rows of part A are about supervisors, those of part B about what they are made of, and X is where ours goes further
on purpose. A test says which row it holds by a parameter's id or by its name; the last column names its file, in
`tests/`. A row without a test says why.

Beside these rows, ten thousand random scenarios are played by OTP's own supervisor and by ours, and have to go the same
way: `supervisors/otp/test_against_otp.py`. What differs there is pinned, both ways, in
`supervisors/otp/test_on_purpose.py`.

This page is made by `python tests/support/conformance.py` from the tests and from `conformance.toml` beside it."""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
