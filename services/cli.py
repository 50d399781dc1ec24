"""The `pumpwatch` command: one sub-command for each thing a person or a machine does with the platform."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Annotated, Any, NoReturn

import typer
from confluent_kafka import KafkaException
from typer.core import TyperGroup
from typer.exceptions import TyperException

from services.failure import fail
from streams.settings import SettingsError

# Where each command lives. They are imported when called: `pumpwatch score` needs no Kafka client, a worker no web.
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("services.embedded.cli", "up"),
    "worker": ("services.worker_cli", "worker"),
    "simulate": ("services.pumps.cli", "simulate"),
    "replay": ("services.pumps.cli", "replay"),
    "score": ("services.score_cli", "score"),
    "episodes": ("services.episodes_cli", "episodes"),
    "practice": ("services.practice_cli", "practice"),
    "report": ("services.reports.cli", "report"),
    "benchmarks": ("services.reports.benchmarks_cli", "benchmarks"),
    "training": ("services.reports.training_cli", "training"),
    "evaluate": ("services.evaluate.cli", "app"),
    "board": ("services.board.cli", "board"),
    "metrics": ("services.metrics.cli", "metrics"),
    "accounts": ("services.accounts_cli", "app"),
    "topics": ("services.topics_cli", "app"),
    "intent": ("services.intent_cli", "app"),
    "rules": ("services.rules_cli", "app"),
    "library": ("services.library_cli", "app"),
    "maintenance": ("services.maintenance_cli", "app"),
    "dlq": ("services.dlq_cli", "app"),
    "rebuild-redis": ("services.rebuild_cli", "rebuild_redis"),
    "bench": ("services.bench_cli", "bench"),
    "doctor": ("services.doctor", "doctor"),
}


class LazyCommands(TyperGroup):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (click's interface)
        """All commands, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command behind a name, or None."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, attribute = place
        target: Any = getattr(importlib.import_module(module), attribute)
        if isinstance(target, typer.Typer):
            command = typer.main.get_command(target)
        else:
            holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            holder.command(cmd_name)(target)
            command = typer.main.get_command(holder)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=LazyCommands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 (typer's interface)
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (needed for this option alone)

        typer.echo(f"pumpwatch {version('pumpwatch')}")
        raise typer.Exit


@app.callback()
def _pumpwatch(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Reads the keystrokes and the power events of infusion pumps as a stream and says in time what was meant.

    Not a medical device. It never blocks a pump.

    Example: pumpwatch up --pumps 200
    """


def main() -> None:
    """Run the command line; what goes wrong is one clear line and a non-zero exit, never a traceback."""
    _open_missing_streams()
    try:
        _run()
    except TyperException as error:
        _explain(error)
    except SettingsError as error:
        fail(str(error))
    except KafkaException as error:
        fail(f"Kafka: {error.args[0].str() if error.args else error}")
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        _drop_output()
        sys.exit(141)
    except OSError as error:
        _drop_output()
        fail(f"{error.filename or 'the input or the output'}: {error.strerror or error}")


def _run() -> NoReturn:
    """Run a command, and write out what it said while a full disk or a closed pipe can still be told."""
    try:
        code = app(prog_name="pumpwatch", standalone_mode=False)
    finally:
        sys.stdout.flush()
    sys.exit(code)


def _explain(error: TyperException) -> NoReturn:
    """A wrong option or argument in one line; a group of commands without one has shown its help already."""
    said = error.format_message()
    if said.strip():
        context: Any = getattr(error, "ctx", None)
        fail(f"{said.rstrip('.')}; `{context.command_path if context else 'pumpwatch'} --help` explains")
    sys.exit(error.exit_code)


def _open_missing_streams() -> None:
    """Stand in for streams that the caller closed, lest a file or a socket takes their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115, PTH123


def _drop_output() -> None:
    """What could not be written would be tried again, with a traceback, when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
