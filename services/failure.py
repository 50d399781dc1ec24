"""How a command ends when it cannot do what was asked."""

from __future__ import annotations

import sys
from typing import NoReturn


def fail(reason: str, code: int = 2) -> NoReturn:
    """Say in one line on stderr what is wrong and what helps, and exit."""
    sys.stderr.write(f"pumpwatch: {' '.join(reason.split())}\n")
    sys.exit(code)
