"""All dashboards, as the text of the files that Grafana is provisioned with."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.source import fleet, medication_safety, pipeline, power

FOLDER = Path(__file__).parents[1] / "dashboards"
BOARD = "http://localhost:8080"
"""Where `pumpwatch board` listens unless told otherwise."""
PAGES = {
    "medication-safety": medication_safety.PAGE,
    "power": power.PAGE,
    "fleet": fleet.PAGE,
    "pipeline": pipeline.PAGE,
}


def texts(board: str = BOARD) -> dict[str, str]:
    """Each file name with its JSON; the same sources always give the same text."""
    return {
        f"{name}.json": json.dumps(page.build(board), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for name, page in PAGES.items()
    }
