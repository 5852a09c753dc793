"""The timeline of a run: one HTML file that needs nothing else, with a lane for each actor and a row for each event.

What stands where is decided in `_core.lanes`; here it becomes SVG. Everything has a title, which shows while the
pointer is over it. All text is escaped by the writer of the XML.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import hypot
from typing import Final
from xml.etree import ElementTree as ET

from llmactors.testing._core.lanes import Arrow, Bar, Mark, Row, Sheet, sheet
from llmactors.testing._core.story import story
from llmactors.testing._report import Failure
from llmactors.testing._values import Event

ROW: Final = 22  # pixels
CLOCK: Final = 84
LETTER: Final = 7.3
NARROW, WIDE = 64, 190  # a lane
HEAD: Final = 46
TEXT: Final = 620
LONGEST: Final = 84  # characters of a row's text; all of it is in its title

STYLE: Final = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2830; --faint: #6b7a83; --line: #d5dde1; --band: #f5f8f9;
  --starting: #cfe3e0; --up: #8fc4bc; --ending: #d9d3c4; --hand: #1f7a6d; --message: #37566b; --answer: #8296a3;
  --lost: #b3541e; --fault: #c62828; --marked: #fff1c2; --struck: #fde3e1; }
@media (prefers-color-scheme: dark) { :root { --paper: #12181c; --ink: #e3eaee; --faint: #93a3ad; --line: #2c3840;
  --band: #182026; --starting: #22413d; --up: #2f6f66; --ending: #4a4436; --hand: #7fd8ca; --message: #a9c7da;
  --answer: #6f8593; --lost: #f0965f; --fault: #ff7a70; --marked: #4a3f16; --struck: #4a2523; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 13px/1.45 ui-sans-serif, system-ui, sans-serif; }
header { padding: 16px 20px 8px; } h1 { font-size: 17px; margin: 0 0 4px; } header p { margin: 0 0 2px; }
.what { font-weight: 600; color: var(--fault); white-space: pre-wrap; } .plain { color: var(--faint); }
code { font: 12px ui-monospace, monospace; }
.key { margin-top: 8px; color: var(--faint); } .key svg { vertical-align: -4px; margin: 0 4px 0 12px; }
.names { position: sticky; top: 0; min-width: max-content; background: var(--paper);
  border-bottom: 1px solid var(--line); }
svg { display: block; } .key svg { display: inline; }
svg text { fill: var(--ink); font: 12px ui-monospace, monospace; } svg text.faint { fill: var(--faint); }
svg text.name { font-weight: 600; }
.band { fill: var(--band); } .marked { fill: var(--marked); } .struck { fill: var(--struck); }
.lane { stroke: var(--line); } .starting { fill: var(--starting); } .up { fill: var(--up); }
.ending { fill: var(--ending); } .hand { fill: var(--hand); }
.message, .answer, .lost, .waiting { fill: none; stroke: var(--message); stroke-width: 1.4; }
.answer { stroke: var(--answer); stroke-dasharray: 4 3; } .lost { stroke: var(--lost); }
.waiting { stroke: var(--lost); stroke-dasharray: 2 3; }
.tip { fill: var(--message); stroke: none; } .tip.answer { fill: var(--answer); } .tip.lost { fill: var(--lost); }
.dot { fill: var(--message); } .fault { fill: var(--fault); } .cross { stroke: var(--fault); stroke-width: 2; }
.cross.lost { stroke: var(--lost); } .note { fill: var(--faint); }
.redelivery { fill: none; stroke: var(--lost); stroke-width: 2; }
""".strip()


def timeline_of(failure: Failure) -> str:
    """Draw the run of a failure; what led to the violation is marked."""
    told = story(failure.history, failure.broken.number, failure.broken.about)
    lines = [f"law: {failure.broken.law}", f"seed {failure.seed:#x}"]
    if failure.replay:
        lines.append(failure.replay)
    return timeline(failure.history, failure.test, failure.broken.what, lines, told.about)


def timeline(
    history: Sequence[Event], title: str, what: str = "", lines: Sequence[str] = (), marked: Collection[int] = ()
) -> str:
    """Draw a history as a page.

    Args:
        history: What happened.
        title: What the page is called.
        what: What was broken; empty for nothing.
        lines: More to be said of it.
        marked: The numbers of the events that it is about.
    """
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "title").text = title
    ET.SubElement(head, "style").text = STYLE
    body = ET.SubElement(html, "body")
    top = ET.SubElement(body, "header")
    ET.SubElement(top, "h1").text = title
    if what:
        ET.SubElement(top, "p", {"class": "what"}).text = what
    for line in lines:
        ET.SubElement(ET.SubElement(top, "p", {"class": "plain"}), "code").text = line
    _legend(top)
    drawn = sheet(history)
    page = _Page(drawn, frozenset(marked))
    names = ET.SubElement(body, "div", {"class": "names"})
    names.append(page.names())
    body.append(page.picture())
    return "<!doctype html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"


class _Page:
    """Turns rows and lanes into pixels."""

    def __init__(self, drawn: Sheet, marked: frozenset[int]) -> None:
        self._sheet, self._marked = drawn, marked
        self._struck = {mark.row for mark in drawn.marks if mark.sign == "fault"}
        self._centres: list[float] = []
        left = float(CLOCK)
        for path in drawn.lanes:
            width = min(WIDE, max(NARROW, LETTER * max(map(len, _names(path))) + 18))
            self._centres.append(left + width / 2)
            left += width
        self._text = left + 16
        self._width = self._text + TEXT

    def names(self) -> ET.Element:
        """Draw whose the lanes are."""
        svg = _svg(self._width, HEAD)
        for path, x in zip(self._sheet.lanes, self._centres, strict=True):
            above, name = (_short(part) for part in _names(path))
            group = _titled(svg, "g", path)
            _text(group, (x, 18), above, "faint", anchor="middle")
            _text(group, (x, 36), name, "name", anchor="middle")
        _text(svg, (self._text, 36), "what happened", "faint")
        _text(svg, (CLOCK - 14, 36), "seconds", "faint", anchor="end")
        return svg

    def picture(self) -> ET.Element:
        """Draw all the rest."""
        height = ROW * len(self._sheet.rows) + 12
        svg = _svg(self._width, height)
        for row, each in enumerate(self._sheet.rows):
            self._band(svg, row, each)
        for x in self._centres:
            ET.SubElement(svg, "path", {"class": "lane", "d": f"M{x:g} 0V{height}"})
        for bar in sorted(self._sheet.bars, key=lambda bar: bar.stage == "hand"):
            self._bar(svg, bar)
        for arrow in self._sheet.arrows:
            self._arrow(svg, arrow)
        for mark in self._sheet.marks:
            self._mark(svg, mark)
        before = None
        for row, each in enumerate(self._sheet.rows):
            self._words(svg, row, each, same_time=each.at == before)
            before = each.at
        return svg

    def _band(self, svg: ET.Element, row: int, each: Row) -> None:
        struck = row in self._struck
        style = "marked" if each.number in self._marked else "struck" if struck else "band" if row % 2 else ""
        if style:
            box = {"class": style, "x": "0", "y": str(row * ROW), "width": f"{self._width:g}", "height": str(ROW)}
            ET.SubElement(svg, "rect", box)

    def _bar(self, svg: ET.Element, bar: Bar) -> None:
        width = 5 if bar.stage == "hand" else 15
        x, y = self._centres[bar.lane] - width / 2, _y(bar.first)
        box = {"class": bar.stage, "x": f"{x:g}", "y": f"{y:g}", "width": str(width), "rx": "2"}
        _titled(svg, "rect", bar.title, height=f"{max(3.0, _y(bar.last) - y):g}", **box)

    def _arrow(self, svg: ET.Element, arrow: Arrow) -> None:
        group = _titled(svg, "g", arrow.title)
        x, y = self._centres[arrow.from_lane], _y(arrow.from_row)
        to_x, to_y = self._centres[arrow.to_lane], _y(arrow.to_row)
        if arrow.kind != "answer":
            ET.SubElement(group, "circle", {"class": "dot", "cx": f"{x:g}", "cy": f"{y:g}", "r": "3"})
        if x == to_x:
            to_x, bow, towards = to_x + 4, x + 34, (-1.0, 0.0)
            line = f"M{x:g} {y:g}C{bow:g} {y:g} {bow:g} {to_y:g} {to_x:g} {to_y:g}"
        else:
            to_x += 4 if to_x < x else -4
            line, towards = f"M{x:g} {y:g}L{to_x:g} {to_y:g}", (to_x - x, to_y - y)
        ET.SubElement(group, "path", {"class": arrow.kind, "d": line})
        if arrow.kind == "lost":
            _cross(group, (to_x, to_y), "cross lost")
        elif arrow.kind != "waiting":
            _tip(group, (to_x, to_y), towards, f"tip {arrow.kind}")

    def _mark(self, svg: ET.Element, mark: Mark) -> None:
        x, y = self._centres[mark.lane], _y(mark.row)
        group = _titled(svg, "g", mark.title)
        match mark.sign:
            case "fault":
                ET.SubElement(group, "path", {"class": "fault", "d": f"M{x:g} {y - 8:g}l8 8l-8 8l-8 -8Z"})
            case "failure" | "abnormal end":
                _cross(group, (x, y), "cross")
            case "redelivery":
                ET.SubElement(group, "circle", {"class": "redelivery", "cx": f"{x:g}", "cy": f"{y:g}", "r": "6"})
            case "note":
                ET.SubElement(group, "circle", {"class": "note", "cx": f"{x:g}", "cy": f"{y:g}", "r": "4"})

    def _words(self, svg: ET.Element, row: int, each: Row, *, same_time: bool) -> None:
        y = _y(row) + 4
        if not same_time:
            _text(svg, (CLOCK - 14, y), f"{each.at:.3f}", "faint", anchor="end")
        told = f"{each.who} {each.what}"
        group = _titled(svg, "g", f"{each.at:.6f} s: {told}")
        _text(group, (self._text, y), told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…", "told")


def _y(row: int) -> float:
    return row * ROW + ROW / 2


def _names(path: str) -> tuple[str, str]:
    """Return what stands above a lane: where the actor is, and its name."""
    above, slash, name = path.rpartition("/")
    return (f"{above}{slash}" if name else ""), name or path


def _short(name: str) -> str:
    most = int((WIDE - 18) / LETTER)
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _svg(width: float, height: float) -> ET.Element:
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    return ET.Element("svg", size)


def _titled(parent: ET.Element, tag: str, title: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    ET.SubElement(element, "title").text = title
    return element


def _text(parent: ET.Element, at: tuple[float, float], text: str, style: str, anchor: str = "start") -> None:
    place = {"class": style, "x": f"{at[0]:g}", "y": f"{at[1]:g}", "text-anchor": anchor}
    ET.SubElement(parent, "text", place).text = text


def _cross(parent: ET.Element, at: tuple[float, float], style: str) -> None:
    x, y = at
    ET.SubElement(parent, "path", {"class": style, "d": f"M{x - 5:g} {y - 5:g}l10 10M{x - 5:g} {y + 5:g}l10 -10"})


def _tip(parent: ET.Element, at: tuple[float, float], towards: tuple[float, float], style: str) -> None:
    """Draw the tip of an arrow that comes from the other side of *towards*."""
    (x, y), length, back, out = at, hypot(*towards), 8, 4
    across, down = towards[0] / length, towards[1] / length
    left = f"{x - back * across - out * down:.1f} {y - back * down + out * across:.1f}"
    right = f"{x - back * across + out * down:.1f} {y - back * down - out * across:.1f}"
    ET.SubElement(parent, "path", {"class": style, "d": f"M{x:g} {y:g}L{left}L{right}Z"})


LEGEND: Final = (
    ("a life", "rect", {"class": "up", "x": "3", "y": "2", "width": "12", "height": "12", "rx": "2"}),
    ("starting", "rect", {"class": "starting", "x": "3", "y": "2", "width": "12", "height": "12", "rx": "2"}),
    ("ending", "rect", {"class": "ending", "x": "3", "y": "2", "width": "12", "height": "12", "rx": "2"}),
    ("in hand", "rect", {"class": "hand", "x": "6", "y": "2", "width": "5", "height": "12", "rx": "2"}),
    ("message", "path", {"class": "message", "d": "M0 8H17"}),
    ("answer", "path", {"class": "answer", "d": "M0 8H17"}),
    ("nobody took it", "path", {"class": "lost", "d": "M0 8H17"}),
    ("fault", "path", {"class": "fault", "d": "M8 0l8 8l-8 8l-8 -8Z"}),
    ("failure", "path", {"class": "cross", "d": "M3 3l10 10M3 13l10 -10"}),
    ("given again", "circle", {"class": "redelivery", "cx": "8", "cy": "8", "r": "6"}),
    ("what was broken", "rect", {"class": "marked", "x": "0", "y": "2", "width": "17", "height": "12"}),
)


def _legend(parent: ET.Element) -> None:
    """Say what the signs mean."""
    key = ET.SubElement(parent, "p", {"class": "key"})
    for words, tag, attributes in LEGEND:
        svg = ET.SubElement(key, "svg", {"width": "18", "height": "16"})
        ET.SubElement(svg, tag, attributes)
        svg.tail = words
