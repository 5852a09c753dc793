"""The names that the three packages promise, read from their sources without importing them.

`python tests/support/public_names.py` writes them to `tests/public_api.txt`; the change then shows in the diff.
"""

import ast
from collections.abc import Iterator

from sources import ROOT, Source, sources

RECORD = ROOT / "tests" / "public_api.txt"


def public_names() -> list[str]:
    """Return every name in the `__all__` of a package's face and of its public submodules, sorted."""
    return sorted(f"{source.name}.{name}" for source in public_modules() for name in exported(source) or ())


def public_modules() -> Iterator[Source]:
    """Yield the packages' faces and the submodules right under them without underscore, once they hold anything."""
    for source in sources():
        _, *rest = source.name.split(".")
        if len(rest) <= 1 and not any(part.startswith("_") for part in rest) and len(source.tree().body) > 1:
            yield source


def exported(source: Source) -> list[str] | None:
    """Return the `__all__` of *source* as it is written, or None where there is none."""
    for node in source.tree().body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return list(ast.literal_eval(value))
    return None


if __name__ == "__main__":
    RECORD.write_text("".join(f"{name}\n" for name in public_names()), encoding="utf-8")
