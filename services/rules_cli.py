"""`pumpwatch rules`: look at the alert rules, and check a file of one's own before the workers take it."""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path  # noqa: TC003 (typer reads the annotation)
from typing import Annotated

import typer

from services.failure import fail
from streams.alerts.rules import RulesRefusedError, load_rules

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The alert rules: which findings become alerts, and how loud.\n\nExample: pumpwatch rules check rules.yaml",
)


@app.command()
def show() -> None:
    """Print the rules that come with Pumpwatch, to begin a file of one's own with.

    Example: pumpwatch rules show > rules.yaml
    """
    sys.stdout.write(resources.files("streams.alerts").joinpath("rules.yaml").read_text("utf-8"))


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The rules file.")]) -> None:
    """Check a rules file as the workers do: what does not fit is named with its line.

    Example: pumpwatch rules check rules.yaml
    """
    try:
        rules = load_rules(file)
    except RulesRefusedError as refusal:
        fail(str(refusal))
    for what, own in (("drug", rules.dose_entry_error.drugs), ("care area", rules.dose_entry_error.care_areas)):
        for name, ladders in own.items():
            grades = [harm for harm in ladders.__struct_fields__ if getattr(ladders, harm) is not None]
            sys.stdout.write(f"{what} {name}: ladders of its own for harm {', '.join(grades) or 'of no grade'}\n")
    sys.stdout.write(f"{file} is sound; workers with PUMPWATCH_ALERT_RULES={file.absolute()} take it within seconds\n")
