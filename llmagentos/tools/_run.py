"""One call of a tool, from the model's JSON to a text or a sentence. It never raises for the tool's sake."""

import asyncio
import json
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from llmagentos._messages import Call, Outcome, ToolClosed
from llmagentos.tools._context import ToolContext
from llmagentos.tools._thread import in_thread
from llmagentos.tools._tool import Tool
from llmagentos.tools.errors import ToolError

LONGEST = 8_000
"""Characters of a result that are handed to the model; what is longer is cut, and the cut is said."""


async def run_call(tool: Tool[..., Any], call: Call, agent: str) -> ToolClosed:
    """Run *call* to its end: what the tool returned, the sentence of its failure, or that its time was up."""
    clock = asyncio.get_running_loop().time
    context = ToolContext(agent=agent, tool=tool.name, call=call.id, deadline=clock() + tool.deadline, clock=clock)
    limit = asyncio.timeout(tool.deadline)
    try:
        async with limit:
            result = await _invoke(tool, call, context)
    except TimeoutError as error:
        if not limit.expired():  # the tool's own timeout is its own failure
            return ToolClosed(call.id, Outcome.FAILED, sentence(error))
        return ToolClosed(call.id, Outcome.TIMED_OUT, f"`{tool.name}` did not answer within {tool.deadline:g} s")
    except ToolError as error:
        return ToolClosed(call.id, Outcome.FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - whatever the tool raised is its answer to the model
        return ToolClosed(call.id, Outcome.FAILED, sentence(error))
    finally:
        context.gave_up.set()
    return ToolClosed(call.id, Outcome.RETURNED, as_text(result))


async def _invoke(tool: Tool[..., Any], call: Call, context: ToolContext) -> Any:
    arguments = tool.read(call.arguments)
    if tool.context is not None:
        arguments[tool.context] = context
    if tool.is_async:
        return await tool.function(**arguments)
    return await in_thread(lambda: tool.function(**arguments), f"tool-{tool.name}-{call.id}")


def sentence(error: BaseException) -> str:
    """Name the error's type, and what it says where it says something."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def as_text(result: Any) -> str:
    """Write what a tool returned as text for a model: strings as they are, everything else as JSON where it can be."""
    if isinstance(result, str):
        text = result
    elif isinstance(result, BaseModel):
        text = result.model_dump_json()
    else:
        text = json.dumps(to_jsonable_python(result, fallback=str), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} […cut at {LONGEST} of {len(text)} characters]"
