"""Who can do which case: what the registry says is what the modules do."""

import importlib
import shutil

import pytest
from sources import ROOT

from cases import KNOWN
from runtimes import OURS, RUNTIMES

INSTALLED = [OURS, "asyncio", "pykka", "thespian", *(["erlang"] if shutil.which("erlc") else [])]
MODULES = [(name, module) for name in INSTALLED for module in RUNTIMES[name].modules]


@pytest.mark.parametrize(("name", "module"), MODULES)
def test_a_module_measures_what_the_registry_says_it_can(name: str, module: str) -> None:
    measures = importlib.import_module(f"runtimes.{module}").MEASURES
    assert list(measures) == list(RUNTIMES[name].modules[module])


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_can_do_known_cases_only_each_in_one_module_that_exists(name: str) -> None:
    runtime = RUNTIMES[name]
    listed = [case for counts in runtime.modules.values() for case in counts]
    assert set(listed) <= set(KNOWN)
    assert len(listed) == len(set(listed))
    assert runtime.wide <= set(listed)
    for module in runtime.modules:
        assert (ROOT / "benchmarks" / "runtimes" / f"{module.replace('.', '/')}.py").is_file()


def test_we_can_do_every_case_and_every_rival_says_how_to_get_it() -> None:
    assert set(RUNTIMES[OURS].counts) == set(KNOWN)
    assert all(runtime.remedy for runtime in RUNTIMES.values())
