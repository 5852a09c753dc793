"""How the command line speaks: answers and tables on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmagentos._core.text import one_line, plain


def complain(text: str) -> None:
    """Say on standard error what went wrong."""
    print(f"llmagentos: {plain(text)}", file=sys.stderr)


def note(text: str) -> None:
    """Say something on standard error that is no answer."""
    print(plain(text), file=sys.stderr, flush=True)


def as_json(value: Any) -> None:
    """Write *value* as JSON: for scripts. Escapes come as JSON spells them, so foreign text is harmless."""
    print(json.dumps(value, indent=2))


def as_json_line(value: Any) -> None:
    """Write *value* as one line of JSON, at once."""
    print(json.dumps(value), flush=True)


def as_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Write *rows* as a table: *columns* are the keys with their headings. Plain text, one space at least between."""
    cells = [[heading.upper() for heading in columns.values()]]
    cells += [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print(_line(line, widths))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(value: Any) -> str:
    return "-" if value is None else one_line(str(value), 60)


def size(count: float | None) -> str | None:
    """Write bytes for people."""
    if count is None:
        return None
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:  # noqa: PLR2004 - the step between binary units
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def span(seconds: float | None) -> str | None:
    """Write a time for people: its two largest units."""
    if seconds is None:
        return None
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f}s"
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{left:02}s"
