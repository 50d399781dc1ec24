"""Every command explains itself, and refuses bad input in one clear line."""

import sys
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


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"topics", "library", "dlq"}])
def test_a_command_has_help_with_an_example(command, pumpwatch):
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
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_clear_message_and_a_non_zero_exit(arguments, said, pumpwatch):
    done = pumpwatch(*arguments)
    assert done.returncode not in {0, 1} or arguments[0] in {"library", "score", "episodes"}
    assert done.returncode != 0
    assert said.lower() in " ".join(done.stderr.split()).lower()
    assert "Traceback" not in done.stderr
