"""A small part of the real logs, so that tests of the evaluation take seconds."""

import csv
import gzip
from pathlib import Path

import pytest

from services.evaluate.intents import Intents, read
from services.public_logs import SOURCES
from tests.real_logs import FOLDER

EVERY = 6


@pytest.fixture(scope="session")
def few_logs(tmp_path_factory) -> Path:
    """Both public logs with every sixth stay; written to a folder that goes with the test run."""
    folder = tmp_path_factory.mktemp("few-logs")
    for name in SOURCES:
        assert (FOLDER / name).exists(), f"{FOLDER / name} is missing: put the logs there, or set PUMPWATCH_DATA"
        with gzip.open(FOLDER / name, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        stays = set(sorted({row["stay"] for row in rows})[::EVERY])
        with gzip.open(folder / name, "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(row for row in rows if row["stay"] in stays)
    return folder


@pytest.fixture(scope="session")
def few(few_logs) -> Intents:
    return read(few_logs)
