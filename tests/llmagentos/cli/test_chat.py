"""`chat` with the real model: one answer, or a conversation on a terminal; its worker is killed, and it goes on."""

import os
import signal
from pathlib import Path

import pytest
from command_line import CommandLine, gone

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(240)]

WORKER = "/models/workers/smollm2"
LONG = "Write a long story about a dragon.\n"
BEGUN = r"dragon\.\r\n(?s:.*)[a-z]{3} "
"""Some words of the answer to that, behind the echo of the question."""


def test_a_question_on_standard_input_is_answered_on_standard_output(command: CommandLine) -> None:
    done = command("chat", stdin="What is the capital of France?\n")
    assert done.returncode == 0, done.stderr
    assert "Paris" in done.stdout


def test_a_question_in_the_arguments_is_answered_by_the_instructions(command: CommandLine) -> None:
    done = command(
        "chat", "--system", "You are a helpful AI assistant. Answer briefly in English.", "What", "is", "7 + 5?"
    )
    assert done.returncode == 0, done.stderr
    assert "12" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--model", "nope", "hi"), 1, "there is no model `nope`; known models are: smollm2"),
        (("--model", "/nowhere.gguf", "hi"), 1, "there is no model file at `/nowhere.gguf`"),
        (("--name", "a b", "hi"), 1, "cannot be a system's name"),
        ((), 2, "the question is empty"),
    ],
)
def test_a_failure_is_a_sentence_and_a_status(
    command: CommandLine, arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = command("chat", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_model_is_a_failure(command: CommandLine) -> None:
    bad = command.directory / "bad.gguf"
    bad.write_bytes(b"no model at all")
    done = command("chat", "--model", str(bad), "hi")
    assert done.returncode == 1
    assert "cannot be loaded as a model" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_conversation_on_a_terminal(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    terminal.type("What is the capital of France?\n")
    assert "Paris" in terminal.read_until(r"\r\n> ")
    terminal.type(LONG)
    terminal.read_until(BEGUN)
    terminal.type("\x03")
    terminal.read_until(r"\[broken off\]\r\n> ")
    terminal.type("/new\n")
    terminal.read_until(r"a new conversation\r\n> ")
    worker = command.ps()[WORKER]["pid"]
    terminal.type("\x04")
    assert terminal.finish() == 0
    assert gone([worker])


def test_a_line_that_is_no_text_is_refused_and_the_conversation_goes_on(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    terminal.type("ab\udcff\udcfe\n")
    terminal.read_until(r"that was no UTF-8 text; type it again\r\n> ")
    terminal.type("/quit\n")
    assert terminal.finish() == 0


def test_a_terminal_that_goes_away_ends_the_conversation_in_order(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    worker = command.ps()[WORKER]["pid"]
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.finish() == 128 + signal.SIGHUP
    assert gone([worker])
    left = [path.name for path in Path(command.environment["XDG_RUNTIME_DIR"]).rglob("*") if not path.is_dir()]
    assert left == []


def test_ten_workers_killed_in_the_middle_of_answers_and_the_conversation_goes_on(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    pids = set()
    for _ in range(10):
        terminal.type(LONG)
        terminal.read_until(BEGUN)
        pid = command.ps()[WORKER]["pid"]
        os.kill(pid, signal.SIGKILL)
        pids.add(pid)
        assert f"worker process {pid} was lost" in terminal.read_until(r"the answer begins again \(attempt 2\)")
        terminal.read_until("[a-z]{3} ")
        terminal.type("\x03")
        terminal.read_until(r"\[broken off\]\r\n> ")
    terminal.type("/new\nWhat is the capital of France?\n")
    terminal.read_until("Paris")
    terminal.read_until("> ")
    assert len(pids) == 10
    assert command.ps()[WORKER]["restarts"] == 10
    terminal.type("/quit\n")
    assert terminal.finish() == 0
    assert gone(list(pids))


def test_an_agent_that_is_killed_or_stopped_answers_the_next_question(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    terminal.type(LONG)
    terminal.read_until(BEGUN)
    assert command("kill", "assistant").returncode == 0
    terminal.read_until(r"actor `/agents/assistant` ended \(killed: killed from the command line\)\r\n> ")
    assert command("stop", "assistant").returncode == 0
    terminal.type("/new\nWhat is the capital of France?\n")
    terminal.read_until("Paris")
    terminal.read_until("> ")
    terminal.type("/quit\n")
    assert terminal.finish() == 0


def test_a_paused_answer_stands_still_until_it_is_resumed(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    terminal.type(LONG)
    terminal.read_until(BEGUN)
    assert command("pause", "assistant").returncode == 0
    terminal.read_until(r"\[paused\]")
    assert command.ps()["/agents/assistant"]["state"] == "paused"
    assert command("resume", "assistant").returncode == 0
    terminal.read_until(r"\[resumed after [0-9.]+ s\]")
    terminal.type("\x03")
    terminal.read_until("broken off")
    terminal.read_until("> ")  # what is typed before it is in line mode: an end of file would be lost in the change
    terminal.type("\x04")
    assert terminal.finish() == 0


def test_when_the_system_is_killed_nothing_of_it_is_left(command: CommandLine) -> None:
    terminal = command.terminal("chat")
    terminal.read_until("> ")
    terminal.type("Hello\n")
    terminal.read_until(r"\r\n> ")
    pids = {row["pid"] for row in command.ps().values() if row["pid"]} - {terminal.process.pid}
    terminal.process.kill()
    assert gone(list(pids), within=2.0)
    assert "no system is running" in command("ps").stderr
