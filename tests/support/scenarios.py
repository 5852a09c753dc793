"""Scenarios for supervisors: what children there are, how their starts go, and what happens, for OTP's and for ours.

A scenario is data of names, numbers and tuples, so that it can be sent to Erlang and read in a failing test.
"""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field, replace
from itertools import product
from random import Random
from typing import Any, TypeAlias

DYNAMIC = "simple_one_for_one"
STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one", DYNAMIC)
NAMES = "abcdef"

Command: TypeAlias = tuple[Any, ...]
"""`("exit", [(name, reason), ...])`, of which the supervisor hears at once; `("start", child)`; `("terminate", name)`,
`("restart", name)`, `("delete", name)`; `("which",)`; `("count",)`."""

Attempt: TypeAlias = tuple[str, list[Command]]
"""What becomes of a start (ok, fail, ignore), and what happens while it is under way."""


@dataclass(frozen=True)
class Child:
    """A child's spec. *shutdown*: `infinity` or `brutal_kill`."""

    name: str
    restart: str = "permanent"
    shutdown: str = "infinity"
    significant: bool = False


@dataclass(frozen=True)
class Scenario:
    """A supervisor and what it goes through. Starts beyond those in the *script* go well.

    Under a dynamic supervisor all children are of the *template*'s kind, and whoever is started has a new name.
    """

    strategy: str = "one_for_one"
    intensity: int = 1
    auto_shutdown: str = "never"
    children: tuple[Child, ...] = ()
    script: dict[str, list[Attempt]] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()

    @property
    def dynamic(self) -> bool:
        """Whether the supervisor is a dynamic one; then its one child is the template."""
        return self.strategy == DYNAMIC

    @property
    def quiet(self) -> bool:
        """Whether nothing happens while anything is under way."""
        several = any(verb == "exit" and len(rest[0]) > 1 for verb, *rest in self.commands)
        return not several and not any(asides for its in self.script.values() for _, asides in its)

    def as_term(self) -> tuple[Any, ...]:
        """Return it as OTP's player reads it."""
        script = [(name, [(outcome, _plain(asides)) for outcome, asides in its]) for name, its in self.script.items()]
        children = [astuple(child) for child in self.children]
        return (self.strategy, self.intensity, self.auto_shutdown, children, script, _plain(self.commands))


def _plain(commands: tuple[Command, ...] | list[Command]) -> list[Command]:
    return [tuple(astuple(part) if isinstance(part, Child) else part for part in command) for command in commands]


def ordered(scenario: Scenario, lines: list[str]) -> list[str]:
    """Return the *lines* of a log without an order that there is not: dynamic children stop at once."""
    if not scenario.dynamic:
        return lines
    end = first = next(at for at, line in enumerate(lines) if line.startswith("ended"))
    while first and lines[first - 1].startswith("down"):
        first -= 1
    return lines[:first] + sorted(lines[first:end]) + lines[end:]


# -- random ones -----------------------------------------------------------------------------------------------------
REASONS = ("crash", "crash", "normal", "kill", "shutdown", "told")
KINDS = [Child("", *kind) for kind in product(("permanent", "transient", "temporary"), ("infinity", "brutal_kill"))]
SIGNIFICANT = [replace(kind, significant=True) for kind in KINDS if kind.restart != "permanent"]
FIRST = ["ok"] * 10 + ["ignore", "fail"]
LATER = ["ok", "ok", "fail", "fail", "ignore"]

ENDS = [(name, reason) for name in NAMES for reason in REASONS]
EXITS: list[Command] = [("exit", [end]) for end in ENDS]
LOOKS: list[Command] = [("which",), ("count",)]
TERMINATES: list[Command] = [("terminate", name) for name in NAMES]
RETURNS: list[Command] = [(verb, name) for name in NAMES for verb in ("restart", "restart", "delete")]
ASIDES = {
    "one_for_one": [EXITS + LOOKS + TERMINATES + RETURNS],
    "one_for_all": [EXITS + LOOKS],
    "rest_for_one": [EXITS + LOOKS],
    DYNAMIC: [EXITS + LOOKS, EXITS + TERMINATES],
}


def random_scenario(strategy: str, random: Random, *, quiet: bool = False) -> Scenario:
    """Make a scenario of that strategy; a *quiet* one if nothing is to happen while anything is under way."""
    dynamic = strategy == DYNAMIC
    auto = "never" if dynamic else random.choice(["never", "never", "any_significant", "all_significant"])
    kinds = KINDS if auto == "never" else KINDS + 2 * SIGNIFICANT
    drawn = random.choices(kinds, k=1 if dynamic else random.randint(1, 4))
    children = tuple(replace(kind, name=name) for kind, name in zip(drawn, NAMES, strict=False))
    starts = [("start", replace(random.choice(drawn if dynamic else kinds), name=name)) for name in 3 * NAMES]
    usual = EXITS + LOOKS + TERMINATES + starts + ([] if dynamic else RETURNS)
    asides = [] if quiet else random.choice(ASIDES[strategy])
    commands = [_command(usual, random, quiet=quiet) for _ in range(random.randint(0, 10))]
    if dynamic:
        commands = _newly_named(starts[:2] + commands)
    if dynamic and TERMINATES[0] in asides:  # after which OTP 25 counts wrong
        commands = [command for command in commands if command != ("count",)]
    return Scenario(
        strategy=strategy,
        intensity=random.choice([0, 1, 2, 3, 6]),
        auto_shutdown=auto,
        children=children,
        script={name: _attempts(strategy, asides, random) for name in NAMES if random.random() < 0.4},
        commands=tuple(commands),
    )


def _command(usual: list[Command], random: Random, *, quiet: bool) -> Command:
    if not quiet and random.random() < 0.1:
        names = random.sample(NAMES, k=random.randint(2, 3))
        return ("exit", [(name, random.choice(REASONS)) for name in names])
    return random.choice(usual)


def _attempts(strategy: str, asides: list[Command], random: Random) -> list[Attempt]:
    later = LATER[:4] if strategy == DYNAMIC else LATER
    outcomes = [random.choice(FIRST), *(random.choice(later) for _ in range(random.randint(0, 4)))]
    return [
        (outcome, random.choices(asides, k=random.choice([0, 0, 0, 1, 2])) if asides else []) for outcome in outcomes
    ]


def _newly_named(commands: list[Command]) -> list[Command]:
    """Give each child that is added a name of its own."""
    names = iter(NAMES)
    named = []
    for command in commands:
        if command[0] != "start":
            named.append(command)
        elif name := next(names, ""):
            named.append(("start", replace(command[1], name=name)))
    return named


# -- smaller ones ----------------------------------------------------------------------------------------------------
def smallest(scenario: Scenario, fails: Callable[[Scenario], bool]) -> Scenario:
    """Take away from a *scenario* that fails what it also fails without, until nothing can be taken away."""
    for smaller in _smaller(scenario):
        if fails(smaller):
            return smallest(smaller, fails)
    return scenario


def _smaller(it: Scenario) -> Iterator[Scenario]:
    """Make scenarios that are a little smaller than *it*."""
    for commands in _shorter(it.commands, _fewer_ends):
        yield replace(it, commands=commands)
    if not it.dynamic:
        for children in _shorter(it.children, _plainer):
            yield replace(it, children=children)
    for name, attempts in it.script.items():
        yield replace(it, script={each: its for each, its in it.script.items() if each != name})
        for fewer in _shorter(attempts, _fewer_asides):
            yield replace(it, script=it.script | {name: fewer})
    if it.intensity:
        yield replace(it, intensity=it.intensity - 1)


def _shorter(sequence: Any, smaller: Callable[[Any], Iterator[Any]] = lambda _: iter(())) -> Iterator[Any]:
    """Leave each one out, the last first; or make one *smaller*."""
    for at in reversed(range(len(sequence))):
        yield sequence[:at] + sequence[at + 1 :]
    for at, each in enumerate(sequence):
        for less in smaller(each):
            yield sequence[:at] + type(sequence)([less]) + sequence[at + 1 :]


def _fewer_ends(command: Command) -> Iterator[Command]:
    return (("exit", ends) for ends in _shorter(command[1])) if command[0] == "exit" else iter(())


def _fewer_asides(attempt: Attempt) -> Iterator[Attempt]:
    return ((attempt[0], asides) for asides in _shorter(attempt[1]))


def _plainer(child: Child) -> Iterator[Child]:
    return iter([Child(child.name)] if child != Child(child.name) else [])
