"""Which laws hold: those of the kernel, and those that packages bring."""

import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from llmactors.testing._core.laws import Law
from llmactors.testing._laws import GROUP, LAWS, gathered


class Bells(Law):
    name = "bells ring at noon"


BROUGHT = (Bells, LAWS[0])
WRONG = [Bells]


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, f"brings_laws:{value}", GROUP)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brings_laws", sys.modules[__name__])


def test_the_laws_of_the_kernel_come_first_and_each_comes_once() -> None:
    assert gathered([]) == LAWS
    assert gathered([point("z", "BROUGHT"), point("a", "BROUGHT")]) == (*LAWS, Bells)


def test_every_law_has_a_name_of_its_own() -> None:
    names = [law.name for law in LAWS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("value", ["WRONG", "Bells", "GROUP"])
def test_an_entry_point_that_names_no_laws_is_refused_by_name(value: str) -> None:
    with pytest.raises(TypeError, match=rf"`bells = brings_laws:{value}` .* is no tuple of subclasses of Law"):
        gathered([point("bells", value)])


def test_an_installed_package_brings_its_laws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tmp_path / "bells-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bells\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\nbells = brings_laws:BROUGHT\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert gathered(entry_points(group=GROUP))[: len(LAWS)] == LAWS
    assert Bells in gathered(entry_points(group=GROUP))
