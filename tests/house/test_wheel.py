"""What users get is what is tested."""

import importlib.util
import os
from pathlib import Path

import pytest
from sources import PACKAGES, ROOT

on_the_wheel = pytest.mark.skipif(
    os.environ.get("TOX_ENV_NAME") != "tests", reason="only tox builds and installs the wheel"
)


def installed(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@on_the_wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_under_tox_the_tests_run_on_the_built_wheel(package: str) -> None:
    assert "site-packages" in installed(package).parts


@on_the_wheel
@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_in_the_wheel(package: str) -> None:
    files = {path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*.*") if path.suffix != ".pyc"}
    assert {str(file) for file in files if not (installed(package) / file).exists()} == set()


def test_every_package_says_that_it_is_typed() -> None:
    assert [package for package in PACKAGES if not (ROOT / package / "py.typed").exists()] == []
