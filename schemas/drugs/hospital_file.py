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
out over all usual concentrations, for drugs by weight at 70 kg and therefore for adults only.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import yaml

from schemas import events, units
from schemas.drugs.care_areas import PROFILES
from schemas.drugs.flow import flow_from_dose
from schemas.drugs.yaml_nodes import LibraryFileError, Reader, compose

_FIELDS = get_args(events.Field)
_TOP = {"hospital", "version", "at", "id", "care_areas", "drugs"}
_DRUG = {"aliases", "high_alert", "half_life_min", "concentrations", "limits"}
_LIMITS = {"soft", "hard", "source"}
_AREA = ("source", "half_life_min", "concentrations")
_CONCENTRATION = re.compile(r"([\d.]+) ?(\S.*)")


def load_yaml(path: str | Path) -> events.DrugLibrary:
    """Read a hospital's own library. Raises LibraryFileError with a sentence and a line for each problem."""
    name = Path(path).name
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise LibraryFileError([f"cannot read {path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise LibraryFileError([f"{name} is not a text file in UTF-8"]) from None
    return parse(text, name)


def parse(text: str, name: str) -> events.DrugLibrary:
    """The library in a YAML text; `name` stands in errors. Raises LibraryFileError."""
    reader = Reader()
    root = compose(text, name)
    top = _known(reader, root, "the library", _TOP)
    for missing in sorted({"hospital", "version", "at", "drugs"} - top.keys()):
        reader.wrong(root, f"the library: `{missing}` is missing")
    hospital = reader.text(top.get("hospital"), "`hospital`")
    version = reader.text(top.get("version"), "`version`")
    areas = reader.mapping(top["care_areas"], "`care_areas`") if "care_areas" in top else {}
    rows: list[events.LibraryRow] = []
    for drug, node in (reader.mapping(top["drugs"], "`drugs`") if "drugs" in top else {}).items():
        rows.extend(_drug_rows(reader, drug, node))
    plain = {
        "id": reader.text(top.get("id"), "`id`") or f"drug-library/{hospital}/{version}",
        "hospital": hospital,
        "version": version,
        "at": _time(reader, top.get("at")),
        "care_areas": {area: _profile(reader, node, area) for area, node in areas.items()},
    }
    if not rows and not reader.problems:
        reader.wrong(root, "the library has no rows")
    if not reader.problems:
        try:
            return msgspec.convert({**plain, "rows": msgspec.to_builtins(rows)}, events.DrugLibrary)
        except msgspec.ValidationError as error:
            reader.wrong(root, f"the library: {error}")
    raise LibraryFileError(reader.problems)


def _known(reader: Reader, node: yaml.Node, what: str, names: set[str]) -> dict[str, yaml.Node]:
    found = reader.mapping(node, what)
    for name in found.keys() - names:
        reader.wrong(found[name], f"{what}: unknown `{name}`; known are {', '.join(sorted(names))}")
    return found


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


def _drug_rows(reader: Reader, drug: str, node: yaml.Node) -> list[events.LibraryRow]:
    parts = _known(reader, node, f"drug {drug}", _DRUG)
    if "limits" not in parts:
        reader.wrong(node, f"drug {drug}: `limits` is missing")
        return []
    common = {
        "drug": drug,
        "aliases": reader.texts(parts.get("aliases"), f"drug {drug}, `aliases`"),
        "high_alert": reader.flag(parts.get("high_alert"), f"drug {drug}, `high_alert`"),
        **_properties(reader, drug, parts),
    }
    rows: list[events.LibraryRow] = []
    for areas, block in reader.mapping(parts["limits"], f"drug {drug}, `limits`").items():
        lines = reader.mapping(block, f"drug {drug}, {areas}")
        own = {**common, **_properties(reader, drug, lines)}
        source = reader.text(lines.get("source"), f"drug {drug}, {areas}, `source`") or ""
        for area in areas.split(","):
            profile = area.strip()
            if profile not in PROFILES:
                reader.wrong(
                    block, f"drug {drug}: unknown care area `{profile}`; known are {', '.join(PROFILES)}"
                )
                continue
            mine: dict[str, events.LibraryRow] = {}
            for line, limits in lines.items():
                if line not in _AREA:
                    row = _row(reader, {**own, "care_area": profile, "source": source}, line, limits, mine)
                    if row is not None:
                        mine[line] = row
            rows.extend(mine.values())
    return rows


def _properties(reader: Reader, drug: str, parts: dict[str, yaml.Node]) -> dict[str, Any]:
    """Half-life and usual concentrations, where they are given."""
    found: dict[str, Any] = {}
    if "half_life_min" in parts:
        found["half_life_min"] = reader.number(parts["half_life_min"], f"drug {drug}, `half_life_min`")
    if "concentrations" in parts:
        what = f"drug {drug}, `concentrations`"
        found["concentrations"] = []
        for item in reader.items(parts["concentrations"], what):
            match = _CONCENTRATION.fullmatch(reader.text(item, what) or "")
            try:
                value = float(match[1]) if match else 0
            except ValueError:
                value = 0
            if match is None or value <= 0:
                reader.wrong(item, f"{what}: expected for example `16 mcg/mL`")
            else:
                unit = units.canonical(match[2]) or match[2]
                found["concentrations"].append(events.Concentration(value, unit))
    return found


def _row(
    reader: Reader, common: dict[str, Any], line: str, node: yaml.Node, earlier: dict[str, events.LibraryRow]
) -> events.LibraryRow | None:
    """One line, `dose mcg/min: {soft: [2, 30], hard: [~, 100]}` or `rate mL/h: from dose mcg/min`."""
    field, _, unit = line.partition(" ")
    what = f"{common['drug']}, {common['care_area']}, {line}"
    if field not in _FIELDS or not unit:
        reader.wrong(node, f"{what}: expected a field and a unit, the field one of {', '.join(_FIELDS)}")
        return None
    row = events.LibraryRow(**common, field=cast("events.Field", field), unit=units.canonical(unit) or unit)
    derived = reader.text(node, what) if isinstance(node, yaml.ScalarNode) else None
    if derived is not None:
        dose = earlier.get(derived.removeprefix("from "))
        flow = flow_from_dose(row, dose) if dose else None
        if flow is None:
            reader.wrong(
                node,
                f"{what}: `{derived}` needs that line above it, concentrations of the same amount, and, for a"
                " dose by weight, an adult care area",
            )
        return flow
    limits = _known(reader, node, what, _LIMITS)
    for name in ("soft", "hard"):
        if name in limits:
            pair = reader.items(limits[name], f"{what}, `{name}`")
            if len(pair) != 2:
                reader.wrong(limits[name], f"{what}, `{name}`: expected [low, high], `~` for no limit")
                return None
            low, high = (reader.number(item, f"{what}, `{name}`") for item in pair)
            row = msgspec.structs.replace(row, **{f"{name}_low": low, f"{name}_high": high})
    source = reader.text(limits.get("source"), f"{what}, `source`") or row.source
    return msgspec.structs.replace(row, source=source)
