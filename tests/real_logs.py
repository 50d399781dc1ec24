"""Where the real infusion logs lie: beside the project, never in it. `PUMPWATCH_DATA` names another folder."""

from services.public_logs import data_folder

FOLDER = data_folder()
MIMIC = FOLDER / "mimic3-demo-infusions.csv.gz"
EICU = FOLDER / "eicu-demo-infusions.csv.gz"
