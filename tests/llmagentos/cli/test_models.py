"""`model` lists, fetches and removes; what goes wrong is a sentence."""

import json

import pytest
from command_line import CommandLine

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def empty(command: CommandLine) -> CommandLine:
    """A user who has no model yet."""
    command.environment["LLMAGENTOS_CACHE"] = str(command.directory / "cache")
    return command


def test_list_tells_what_is_here_and_what_is_not(empty: CommandLine) -> None:
    (row,) = json.loads(empty("model", "list", "--json").stdout)
    assert (row["name"], row["licence"], row["path"]) == ("smollm2", "Apache-2.0", None)
    assert "not here" in empty("model", "list").stdout


def test_rm_of_what_is_not_here_says_so(empty: CommandLine) -> None:
    done = empty("model", "rm", "smollm2")
    assert (done.returncode, done.stderr) == (0, "smollm2 was not here\n")


@pytest.mark.parametrize("verb", ["pull", "rm"])
def test_an_unknown_model_is_a_sentence_and_a_status(empty: CommandLine, verb: str) -> None:
    done = empty("model", verb, "nope")
    assert done.returncode == 1
    assert done.stderr == (
        "llmagentos: there is no model `nope`; known models are: smollm2; or give the path of a local .gguf file\n"
    )


def test_chat_without_the_model_and_without_an_index_fails_in_a_sentence(empty: CommandLine) -> None:
    empty.environment.update(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_CONFIG_FILE="/dev/null")
    empty.environment.pop("PIP_FIND_LINKS", None)
    empty.environment.pop("PIP_EXTRA_INDEX_URL", None)
    done = empty("chat", "hi")
    assert (done.returncode, done.stdout) == (1, "")
    assert "smollm2 is not here yet; fetching it, once" in done.stderr
    assert "model `smollm2` could not be pulled" in done.stderr
    assert "Traceback" not in done.stderr
