"""The pytest plugin: fixtures `supervised`, `probe` and `clock`, tests in virtual time, simulations and their tapes.

Theory of operation
1. A coroutine test is in virtual time if it is marked `virtual_time`, asks for the fixture `clock`, or the ini option
   `virtual_time` says that all are; unless it is marked `real_time`.
2. Where pytest-asyncio runs the test, it is given the virtual loop through its own hook, for that test only; so its
   fixtures are on the same loop. Other tests do not notice that this plugin is there.
3. Where nobody else runs coroutine tests, this plugin runs those in virtual time itself.
"""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from llmactors.testing import _pytest_sim as simulations
from llmactors.testing._options import OPTIONS
from llmactors.testing._probe import Probe
from llmactors.testing._supervised import Supervised
from llmactors.testing._virtual import VirtualClock, VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

HOOK = "pytest_asyncio_loop_factories"


# -- options and markers -------------------------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    simulations.add_options(parser)
    parser.addini("virtual_time", "run every coroutine test in virtual time", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Take the options over, and make the markers known."""
    simulations.configure(config)
    config.addinivalue_line(
        "markers",
        "virtual_time(autojump=True, patience=1.0): seconds pass only when nothing else can happen (llmactors)",
    )
    config.addinivalue_line("markers", "real_time: not in virtual time, whatever the ini option says (llmactors)")


# -- simulations ---------------------------------------------------------------------------------------------
pytest_collect_file = simulations.collect_file


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Know which test runs: a simulation says how to run it again."""
    OPTIONS.test = item.nodeid
    try:
        return (yield)
    finally:
        OPTIONS.test = ""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what was simulated to where it is told."""
    simulations.send_told(session)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has simulated."""
    simulations.take_told(node)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell what was simulated."""
    simulations.summarise(terminalreporter)


# -- fixtures ------------------------------------------------------------------------------------------------
@pytest.fixture
def clock() -> VirtualClock:
    """Return the clock of the test, which is in virtual time: `await clock.advance(60)`."""
    return VirtualClock()


@pytest.fixture
def probe() -> Probe:
    """Return a probe; it lives in the system that the test enters with `supervised`."""
    return Probe()


@pytest.fixture
def supervised(request: pytest.FixtureRequest) -> Iterator[Callable[..., Supervised]]:
    """Return what makes a system for the test, as `llmactors.testing.supervised` does; the fixture `probe` joins it."""
    made: list[Supervised] = []

    def make(root: Callable[..., Any] | None = None, *args: Any, **options: Any) -> Supervised:
        tree = Supervised(root, *args, **options)
        if not made and "probe" in request.fixturenames:
            tree.will_join(request.getfixturevalue("probe"))
        made.append(tree)
        return tree

    yield make
    if any(tree.entered and not tree.left_again for tree in made):
        pytest.fail("a tree was entered and never left: use `async with supervised(...) as tree`", pytrace=False)


# -- virtual time --------------------------------------------------------------------------------------------
class _VirtualLoops:
    """What pytest-asyncio is told while it plans a test in virtual time."""

    def __init__(self, factory: Callable[[], VirtualLoop]) -> None:
        self._factory = factory

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_asyncio_loop_factories(self) -> Mapping[str, Callable[[], VirtualLoop]]:
        """Run it on this loop."""
        return {"virtual": self._factory}


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, Any, Any]:
    """Have pytest-asyncio plan the loop of a test in virtual time."""
    factory = _factory_of(metafunc.definition)
    if factory is None or not metafunc.config.pluginmanager.hasplugin("asyncio"):
        return (yield)
    if not hasattr(metafunc.config.hook, HOOK):
        raise pytest.UsageError(f"virtual time needs a pytest-asyncio with `{HOOK}`: install 1.5 or newer")
    loops = _VirtualLoops(factory)
    metafunc.config.pluginmanager.register(loops)
    try:
        return (yield)
    finally:
        metafunc.config.pluginmanager.unregister(loops)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test in virtual time that nobody else runs."""
    factory = _factory_of(pyfuncitem)
    if factory is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def _factory_of(item: pytest.Function) -> Callable[[], VirtualLoop] | None:
    """Return what makes the loop of a test in virtual time; None for every other test."""
    marker = item.get_closest_marker("virtual_time")
    asked = marker is not None or item.config.getini("virtual_time") or _asks_for_our_clock(item)
    if not asked or item.get_closest_marker("real_time") is not None:
        return None
    options = {} if marker is None else marker.kwargs
    if (marker is not None and marker.args) or options.keys() - {"autojump", "patience"}:
        raise pytest.UsageError(f"{item.nodeid}: the marker `virtual_time` takes `autojump=` and `patience=`, no more")
    return partial(VirtualLoop, **options)


def _asks_for_our_clock(item: pytest.Function) -> bool:
    """Say whether the test asks for this module's `clock`, rather than another fixture of that name."""
    found = item._fixtureinfo.name2fixturedefs.get("clock")
    return bool(found) and found[-1].func.__module__ == __name__ if found else False
