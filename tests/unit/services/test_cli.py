"""Every command explains itself, and refuses bad input in one clear line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from services import cli
from services.cli import COMMANDS


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def pumpwatch(monkeypatch, capsys):
    """Run the command line in this process."""

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["pumpwatch", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_help_with_an_example(command, pumpwatch):
    """A group of commands has one too."""
    said = pumpwatch(command, "--help")
    assert said.returncode == 0, said.stderr
    assert (
        f"Example: {'PUMPWATCH_KAFKA=127.0.0.1:9092 ' if command == 'worker' else ''}pumpwatch {command}"
        in " ".join(said.stdout.split())
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["worker", "--kafka", "nowhere"], "PUMPWATCH_KAFKA: `nowhere` is not host:port"),
        (["worker", "--kafka", "10.1.1.1:9092"], "is not on this machine; use sasl_ssl or ssl"),
        (["rebuild-redis", "--redis", "redis://10.1.1.1"], "crosses the network unencrypted; use rediss://"),
        (["dlq", "list", "pump.unknown.v1"], "`pump.unknown.v1` has no dead-letter topic; choose one of"),
        (["score", "/no/such/file"], "/no/such/file"),
        (["episodes", "/no/such/file"], "/no/such/file"),
        (["replay", "/no/such/file"], "/no/such/file"),
        (["library", "check", "/no/such/file"], "/no/such/file"),
        (["simulate", "--speed", "-1"], "speed"),
        (["board", "--host", "0.0.0.0"], "TLS"),
        (["metrics", "--host", "0.0.0.0"], "PUMPWATCH_METRICS_TOKEN"),
        (["up", "--pumps", "-5"], "--pumps"),
        (["topics", "create", "--partitions", "0"], "--partitions"),
        (["library", "show", ""], "cannot read"),
        (["library", "check"], "Missing argument 'file'; `pumpwatch library check --help` explains"),
        (["simulate", "--only", "both"], "'both' is not one of 'keystrokes', 'power'"),
        (["library", "show", "--drug", "nonsense"], "the library of every hospital knows no drug `nonsense`"),
        (["simulate", "--out", "-", "--start", "9999-12-31T23:59:59Z"], "choose a year from 1970 to 2999"),
        (["nonsense"], "No such command 'nonsense'; `pumpwatch --help` explains"),
    ],
)
def test_bad_input_is_one_clear_message_and_a_non_zero_exit(arguments, said, pumpwatch):
    done = pumpwatch(*arguments)
    assert done.returncode not in {0, 1} or arguments[0] in {"library", "score", "episodes"}
    assert done.returncode != 0
    assert said.lower() in done.stderr.lower()
    assert done.stderr.count("\n") == 1


def run(*arguments, **how):
    """The command in a process of its own, as a shell starts it."""
    command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=60, **how)


def test_a_full_disk_is_told_in_one_line():
    """Also where the output is so short that it is only written at the end."""
    with Path("/dev/full").open("w") as full:
        ended = run("--version", stdout=full)
    assert (ended.returncode, ended.stderr) == (2, "pumpwatch: the input or the output: No space left on device\n")


@pytest.mark.parametrize("arguments", [["--help"], ["library", "show"], ["topics", "show", "--declared", "--json"]])
def test_who_stops_reading_gets_no_traceback(arguments):
    """As with `| head -1`."""
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as closed:
        ended = run(*arguments, stdout=closed)
    assert ended.returncode != 0
    assert ended.stderr == ""


@pytest.mark.parametrize("arguments", [["score", "-"], ["episodes", "-"], ["replay", "-"], ["library", "check", "-"]])
def test_a_closed_standard_input_is_an_empty_one(arguments):
    """A service manager may start a command without one."""
    ended = run(*arguments, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.close(0))
    assert ended.returncode in {1, 2}
    assert ended.stderr.startswith("pumpwatch: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no events"),
        (b"\n \n", "no events"),
        (b"\xff\xfe\0", "UTF-8"),
        (b"[" * 100_000, "object"),
        (b'{"id":"' + b"x" * 3_000_000 + b'"}', "bytes"),
        (b"null", "null"),
    ],
)
@pytest.mark.parametrize("command", ["score", "episodes"])
def test_a_file_without_a_sound_event_fails(command, content, said, tmp_path, pumpwatch):
    """What is wrong is said with the number of the line, and in the end how many were refused."""
    file = tmp_path / "events.ndjson"
    file.write_bytes(content)
    done = pumpwatch(command, str(file))
    assert done.returncode == 1
    assert done.stdout == ""
    assert said in done.stderr
    if content.strip():
        assert done.stderr.startswith(f"{file}:1: ")
        assert done.stderr.endswith(
            "pumpwatch: 1 of the events was refused; the others are counted\n".replace(
                "counted", {"score": "scored", "episodes": "counted"}[command]
            )
        )


@pytest.mark.parametrize("command", ["score", "episodes"])
def test_a_file_that_fails_while_it_is_read_is_named(command, pumpwatch):
    """The memory of a process opens like a file, but its first page cannot be read."""
    done = pumpwatch(command, "/proc/self/mem")
    assert (done.returncode, done.stderr) == (2, "pumpwatch: cannot read /proc/self/mem: Input/output error\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"a":' * 200_000, "line 1 is not JSON"), (b"x" * 200_000, "line 1: field larger than field limit (131072)")],
)
def test_a_log_that_no_reader_takes_is_named(content, said, tmp_path, pumpwatch):
    """Nested too deep, or with a name of a column that never ends."""
    file = tmp_path / "log"
    file.write_bytes(content)
    done = pumpwatch("replay", str(file), "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (2, f"pumpwatch: {file}: {said}\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "the file is empty"), (b"a: [\n", "line 2: not YAML"), (b"\xff", "is not a text in UTF-8")],
)
@pytest.mark.parametrize("command", [["library", "check"], ["score", "-", "--library"]])
def test_a_bad_library_is_named_by_each_command_that_takes_one(command, content, said, tmp_path, pumpwatch):
    """In one line, with the name of the file once."""
    file = tmp_path / "library.yaml"
    file.write_bytes(content)
    done = pumpwatch(*command, str(file))
    assert done.returncode == 2
    assert done.stderr.startswith(f"pumpwatch: {file}")
    assert said in done.stderr
    assert (done.stderr.count(str(file)), done.stderr.count("\n")) == (1, 1)
