"""The fenced blocks of README and docs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from sources import ROOT

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<tag>\w*)(?P<said>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
GIVEN = re.compile(r"<!-- given\n(?P<given>(?:(?!-->).)*)-->\s*\Z", re.DOTALL)
TITLE = re.compile(r'title="(?P<title>[^"]+)"')


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: what its fence calls it, where it begins and what it holds."""

    path: Path
    line: int
    tag: str
    body: str
    output: str | None
    """The `text` block that follows it with nothing between: what it prints."""
    title: str | None = None
    """The name of the file of which it is a part: pages are given whole files piece by piece."""
    given: str | None = None
    """What a fragment needs to run, from the comment before it: its reader has that already."""

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return every page that a reader is given."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *path* in order."""
    text = path.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for match, after in zip_longest(found, found[1:]):
        follows = after is not None and after["tag"] == "text" and not text[match.end() : after.start()].strip()
        yield Block(
            path=path,
            line=text.count("\n", 0, match.start()) + 1,
            tag=match["tag"],
            body=_dedented(match),
            output=_dedented(after) if after is not None and follows else None,
            given=None if (given := GIVEN.search(text[: match.start()])) is None else given["given"],
            title=None if (title := TITLE.search(match["said"])) is None else title["title"],
        )


@dataclass(frozen=True, slots=True)
class File:
    """A file of tests that a page has its reader write, piece by piece."""

    path: Path
    title: str
    body: str
    failure: str | None
    """What pytest says of it, as the first `console` block behind its last piece tells it; None where it passes."""

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.title}"


def files_of(path: Path) -> Iterator[File]:
    """Yield the files that a page gives piece by piece."""
    blocks = list(blocks_of(path))
    for title in dict.fromkeys(block.title for block in blocks if block.title is not None):
        pieces = [place for place, block in enumerate(blocks) if block.title == title]
        told = next((block.body for block in blocks[pieces[-1] + 1 :][:1] if block.tag == "console"), "")
        body = "\n\n".join(blocks[place].body for place in pieces)
        yield File(path, title, body, told if told.startswith("FAILED ") else None)


def section(path: Path, heading: str) -> list[Block]:
    """Return the blocks under *heading*, down to the next heading of its level."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if heading not in lines:
        return []
    first = lines.index(heading) + 1
    level = heading.split(" ", 1)[0] + " "
    last = next((n for n, line in enumerate(lines[first:], first + 1) if line.startswith(level)), len(lines) + 1)
    return [block for block in blocks_of(path) if first < block.line < last]


def _dedented(match: re.Match[str]) -> str:
    indent = match["indent"]
    return "".join(line.removeprefix(indent) for line in match["body"].splitlines(keepends=True))
