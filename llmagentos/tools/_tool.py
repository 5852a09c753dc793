"""`@tool`: a typed function becomes something that a model may call."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, overload

from pydantic import BaseModel

from llmagentos._core.loop import NO_TOOL
from llmagentos._core.prompt import ToolCard
from llmagentos.tools._schema import parameters_of, read_arguments, schema_of
from llmagentos.tools.errors import ToolDefinitionError

P = ParamSpec("P")
R = TypeVar("R")

DEADLINE = 30.0
"""Seconds that a call may take, unless its tool says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[P, R]):
    """A function with what a model needs to know of it. Calling it calls the function, so that it is tested like one.

    Attributes:
        function: The function itself, sync or async.
        name: What the model calls it.
        description: What the model is told it does: the docstring's first paragraph.
        deadline: Seconds after which a call is given up.
        parameters: A pydantic model of the parameters.
        context: The name of the parameter that takes the `ToolContext`, if the function has one.
    """

    function: Callable[P, R]
    name: str
    description: str
    deadline: float
    parameters: type[BaseModel]
    context: str | None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        return self.function(*args, **kwargs)

    @property
    def card(self) -> ToolCard:
        """What the model is told."""
        return ToolCard(self.name, self.description, schema_of(self.parameters))

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function, and so runs on the loop."""
        return inspect.iscoroutinefunction(self.function)

    def read(self, arguments: str) -> dict[str, Any]:
        """Answer the arguments in a JSON object, checked and converted.

        Raises:
            ToolArgumentsError: They do not fit the parameters.
        """
        return read_arguments(self.parameters, self.name, arguments)


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(*, name: str | None = None, deadline: float = DEADLINE) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(function: Callable[..., Any] | None = None, /, *, name: str | None = None, deadline: float = DEADLINE) -> Any:
    """Make a typed function a tool: `@tool`, or `@tool(name=…, deadline=…)`.

    The schema comes from the type hints, the description from the docstring. A synchronous function runs in a thread of
    its own, never on the loop; an asynchronous one runs on the loop and is cancelled at its deadline.

    Raises:
        ToolDefinitionError: The function cannot be a tool; the sentence says why.
    """
    if function is None:
        return lambda function: _make(function, name, deadline)
    return _make(function, name, deadline)


def _make(function: Callable[P, R], given: str | None, deadline: float) -> Tool[P, R]:
    name = given or str(getattr(function, "__name__", repr(function)))
    parameters, context = parameters_of(function, name)
    if name == NO_TOOL:
        raise ToolDefinitionError(
            name, "models choose this name when they want no tool; give it another with `@tool(name=…)`"
        )
    if deadline <= 0:
        raise ToolDefinitionError(name, f"its deadline is {deadline} s; give it some time")
    description = inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    if not description:
        raise ToolDefinitionError(name, "it has no docstring; its first sentence is what the model is told")
    return Tool(
        function=function, name=name, description=description, deadline=deadline, parameters=parameters, context=context
    )
