"""Where the real infusion logs lie: beside the project, never in it. `PUMPWATCH_DATA` names another folder."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("PUMPWATCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
MIMIC = FOLDER / "mimic3-demo-infusions.csv.gz"
EICU = FOLDER / "eicu-demo-infusions.csv.gz"
