"""`pumpwatch bench`: the benchmarks of a checkout, which live beside its tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.failure import fail

CHECKOUT = Path(__file__).parents[1]


def bench(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the records, for a first look.")] = False,
) -> None:
    """Print rates, CPU seconds and latencies on Apache Kafka and Redis, of this checkout.

    Needs the tools that `make develop` installs, and Java, Maven and redis-server. Example: pumpwatch bench --quick
    """
    if not (CHECKOUT / "tests" / "bench").is_dir():
        fail(
            "the benchmarks come with a checkout of Pumpwatch and not with an installed package; run `make bench` there"
        )
    os.chdir(CHECKOUT)  # so that `tests` is found
    arguments = [sys.executable, "-m", "tests.bench", *(["--quick"] if quick else [])]
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, no shell
