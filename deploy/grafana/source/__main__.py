"""Writes the dashboards: `python -m deploy.grafana.source [--board URL] [--into FOLDER]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.grafana.source.pages import BOARD, FOLDER, texts


def main() -> None:
    """Write every dashboard."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.source", description="Write the dashboards.")
    parser.add_argument("--board", default=BOARD, help="address of the board, which the dashboards link to")
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the JSON files")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    for name, text in texts(options.board).items():
        (options.into / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
