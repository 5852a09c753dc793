"""A typed function becomes a tool, or a sentence says why it cannot."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from llmagentos.tools import ToolContext, tool
from llmagentos.tools.errors import ToolArgumentsError, ToolDefinitionError


@tool
def weather(city: str, ctx: ToolContext, unit: Literal["C", "F"] = "C") -> str:
    """Tell the weather in a city.

    And more that only people read.
    """
    return f"{ctx.agent}: sunny in {city}, 21 {unit}"


class Place(BaseModel):
    city: str
    title: str


@tool(name="measure", deadline=2)
def distance(start: Place, ways: list[str], count: Annotated[int, Field(ge=0, description="How many.")] = 1) -> int:
    """Tell how far it is."""
    return len(ways) * count


def test_the_model_is_told_name_sentence_and_schema_without_the_context() -> None:
    assert weather.card.name == "weather"
    assert weather.card.description == "Tell the weather in a city."
    assert weather.card.parameters == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["C", "F"], "default": "C"}},
        "required": ["city"],
    }


def test_titles_go_and_properties_called_title_stay() -> None:
    parameters: Any = distance.card.parameters
    assert set(parameters["$defs"]["Place"]["properties"]) == {"city", "title"}
    assert "title" not in parameters["$defs"]["Place"]
    assert parameters["properties"]["count"]["description"] == "How many."
    assert (distance.name, distance.deadline) == ("measure", 2)


def test_a_tool_is_called_like_the_function_it_is() -> None:
    assert weather("Paris", ToolContext(agent="clerk")) == "clerk: sunny in Paris, 21 C"


def test_arguments_are_converted_to_the_types_of_the_hints() -> None:
    arguments = distance.read('{"start": {"city": "Paris", "title": "x"}, "ways": ["rail"]}')
    assert arguments == {"start": Place(city="Paris", title="x"), "ways": ["rail"], "count": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{}", "`city`: Field required"),
        ('{"city": 5}', "`city`: Input should be a valid string"),
        ('{"city": "Paris", "unit": "K"}', "`unit`: Input should be 'C' or 'F'"),
        ('{"city": "Paris", "town": "x"}', "`town`: Extra inputs are not permitted"),
        ('{"city": "Paris", "ctx": {}}', "`ctx`: Extra inputs are not permitted"),
        ("[]", "Input should be an object"),
        ("{", "Invalid JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_the_argument_named(arguments: str, words: str) -> None:
    with pytest.raises(ToolArgumentsError, match="the arguments for `weather` do not fit") as caught:
        weather.read(arguments)
    assert words in str(caught.value)


class Clerk:
    def method(self, x: int) -> int:
        """Do."""
        return x


def none(x: int) -> int:
    """Do."""
    return x


def no_hint(x) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Do."""
    return int(x)


def no_name(x: int, /) -> int:
    """Do."""
    return x


def many(*x: int) -> int:
    """Do."""
    return len(x)


def no_doc(x: int) -> int:
    return x


def no_json(x: Callable[[], int]) -> int:
    """Do."""
    return x()


def no_type(x: "Missing") -> int:  # type: ignore[name-defined] # noqa: F821
    """Do."""
    return int(x)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (Clerk.method, "it is a method"),
        (Clerk().method, "it is no function"),
        (print, "it is no function"),
        (none, "models choose this name when they want no tool"),
        (no_hint, "`x` has no type; write `x: str`"),
        (no_name, "`x` cannot be given by name"),
        (many, "`x` cannot be given by name"),
        (no_doc, "it has no docstring"),
        (no_json, "models give JSON"),
        (no_type, "import the type at run time"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_where_it_is_written(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(ToolDefinitionError, match="cannot be a tool") as caught:
        tool(function)
    assert words in str(caught.value)


def test_a_function_inside_a_function_may_be_a_tool() -> None:
    @tool
    def local(x: int) -> int:
        """Do."""
        return x

    assert local.name == "local"


def test_a_deadline_is_some_time() -> None:
    with pytest.raises(ToolDefinitionError, match="give it some time"):
        tool(deadline=0)(no_doc)
