"""Fixtures of the proofs."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def pumpwatch() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a `pumpwatch` command to its end; keywords become environment variables."""

    def run(*arguments: str, input: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:  # noqa: A002
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *arguments],
            env={**os.environ, **environment},
            input=input,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
