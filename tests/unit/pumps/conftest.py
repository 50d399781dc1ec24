from pathlib import Path

import pytest

from services.public_logs import data_folder
from services.pumps import behaviour

START_MS = 1_795_996_800_000  # 2026-11-30T00:00:00Z


@pytest.fixture(scope="session")
def figures() -> behaviour.Behaviour:
    return behaviour.load()


@pytest.fixture(scope="session")
def real_logs() -> dict[str, Path]:
    """Both public logs. They are not part of the project; without them these tests fail and say where they belong."""
    folder = data_folder()
    logs = {kind: folder / f"{kind}-demo-infusions.csv.gz" for kind in ("mimic3", "eicu")}
    for path in logs.values():
        assert path.exists(), f"{path} is missing: put the public logs there, or set PUMPWATCH_DATA"
    return logs
