"""The table of settings in docs/settings.md, made from the settings themselves.

`python -m services.settings_docs > docs/settings.md` writes it anew; a test keeps it fresh.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import SecretStr

from streams.settings import Settings

HEAD = """# Settings

From the environment; options of the commands win. Secrets belong in the environment, not on a command line.
Made by `python -m services.settings_docs`.

| variable | default | meaning |
|---|---|---|
"""


def table() -> str:
    """The whole document."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        if isinstance(default, Path):
            default = f"~/{default.relative_to(Path.home())}"
        shown = "" if default is None else f"`{default}`"
        rows.append(f"| `PUMPWATCH_{name.upper()}` | {shown} | {field.description} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table())
