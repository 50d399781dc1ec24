"""A drug library as people write it: YAML grouped by drug, then care area, then one line per field and unit.

    hospital: st-example
    version: "2026-11"
    at: 2026-11-23T00:00:00Z
    care_areas: {Med-Surg ICU: adult_icu}
    drugs:
      norepinephrine:
        aliases: [levophed]
        high_alert: true
        half_life_min: 2.4
        concentrations: [16 mcg/mL, 64 mcg/mL]
        limits:
          adult_icu, ward:
            source: where the figures come from
            dose mcg/min: {soft: [2, 30], hard: [~, 100]}
            rate mL/h: from dose mcg/min

`aliases`, `high_alert`, `half_life_min` and `concentrations` may be left out; a care area may have its own
`half_life_min` and `concentrations`, a line its own `source`. `~` is "no limit". `from dose ...` works a flow
out over all usual concentrations, for drugs by weight at 70 kg and therefore for adults only. `limits: as heparin`
takes the limits of a drug above.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from schemas.drugs.care_areas import PROFILES
from schemas.drugs.drug_entry import drug_rows
from schemas.drugs.yaml_nodes import LibraryFileError, Reader, compose
from schemas.events import DrugLibrary, LibraryRow

if TYPE_CHECKING:
    import yaml

_TOP = {"hospital", "version", "at", "id", "care_areas", "drugs"}
_REQUIRED = {"hospital", "version", "at", "drugs"}


def load_yaml(path: str | Path) -> DrugLibrary:
    """Read a hospital's own library. Raises LibraryFileError with a sentence and a line for each problem."""
    name = Path(path).name
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise LibraryFileError([f"cannot read {path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise LibraryFileError([f"{name} is not a text file in UTF-8"]) from None
    return parse(text, name)


def parse(text: str, name: str) -> DrugLibrary:
    """The library in a YAML text; `name` stands in errors. Raises LibraryFileError."""
    reader = Reader()
    root = compose(text, name)
    top = reader.known(root, "the library", _TOP)
    for missing in sorted(_REQUIRED - top.keys()):
        reader.wrong(root, f"the library: `{missing}` is missing")
    hospital = reader.text(top.get("hospital"), "`hospital`")
    version = reader.text(top.get("version"), "`version`")
    areas = reader.mapping(top["care_areas"], "`care_areas`") if "care_areas" in top else {}
    by_drug: dict[str, list[LibraryRow]] = {}
    for drug, node in (reader.mapping(top["drugs"], "`drugs`") if "drugs" in top else {}).items():
        by_drug[drug] = drug_rows(reader, drug, node, by_drug)
    rows = [row for of_drug in by_drug.values() for row in of_drug]
    if not rows and not reader.problems:
        reader.wrong(root, "the library has no rows")
    written = {
        "id": reader.text(top.get("id"), "`id`") or f"drug-library/{hospital}/{version}",
        "hospital": hospital,
        "version": version,
        "at": _time(reader, top.get("at")),
        "care_areas": {area: _profile(reader, node, area) for area, node in areas.items()},
        "rows": msgspec.to_builtins(rows),
    }
    if not reader.problems:
        try:
            return msgspec.convert(written, DrugLibrary)
        except msgspec.ValidationError as error:
            reader.wrong(root, f"the library: {error}")
    raise LibraryFileError(reader.problems)


def _time(reader: Reader, node: yaml.Node | None) -> datetime | None:
    text = reader.text(node, "`at`")
    if node is None or text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        reader.wrong(node, "`at`: expected a time such as 2026-11-23T00:00:00Z")
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _profile(reader: Reader, node: yaml.Node, area: str) -> str | None:
    profile = reader.text(node, f"care area {area}")
    if profile not in PROFILES:
        reader.wrong(node, f"care area {area}: expected one of {', '.join(PROFILES)}")
    return profile
