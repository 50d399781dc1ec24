"""One drug of a library file: what holds for the drug, and a row for each line under its care areas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec
import yaml

from schemas import units
from schemas.drugs.care_areas import PROFILES
from schemas.drugs.flow import flow_from_dose
from schemas.events import Concentration, Field, LibraryRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.drugs.yaml_nodes import Reader

_FIELDS = get_args(Field)
_DRUG = {"aliases", "high_alert", "half_life_min", "concentrations", "limits"}
_LIMITS = {"soft", "hard", "source"}
_OF_AREA = {"source", "half_life_min", "concentrations"}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([^\W\d_].*)")


def drug_rows(reader: Reader, drug: str, node: yaml.Node, above: Mapping[str, list[LibraryRow]]) -> list[LibraryRow]:
    """The rows of one drug; `above` are those of the drugs that stand before it."""
    parts = reader.known(node, f"drug {drug}", _DRUG)
    limits = parts.get("limits")
    if limits is None:
        reader.wrong(node, f"drug {drug}: `limits` is missing")
        return []
    of_drug = {
        "drug": drug,
        "aliases": reader.texts(parts.get("aliases"), f"drug {drug}, `aliases`"),
        "high_alert": reader.flag(parts.get("high_alert"), f"drug {drug}, `high_alert`"),
        **_properties(reader, drug, parts),
    }
    if isinstance(limits, yaml.ScalarNode):
        like = above.get((reader.text(limits, f"drug {drug}, `limits`") or "").removeprefix("as "))
        if not like:
            reader.wrong(limits, f"drug {drug}, `limits`: expected care areas, or `as` and a drug above")
        return [msgspec.structs.replace(row, **of_drug) for row in like or []]
    rows: list[LibraryRow] = []
    for areas, block in reader.mapping(limits, f"drug {drug}, `limits`").items():
        lines = reader.mapping(block, f"drug {drug}, {areas}")
        own = {**of_drug, **_properties(reader, drug, lines)}
        own["source"] = reader.text(lines.get("source"), f"drug {drug}, {areas}, `source`") or ""
        for area in (name.strip() for name in areas.split(",")):
            if area not in PROFILES:
                known = ", ".join(PROFILES)
                reader.wrong(block, f"drug {drug}: unknown care area `{area}`; known are {known}")
                break
            rows.extend(_area_rows(reader, {**own, "care_area": area}, lines))
    return rows


def _properties(reader: Reader, drug: str, parts: dict[str, yaml.Node]) -> dict[str, Any]:
    """Half-life and usual concentrations, where they are given."""
    found: dict[str, Any] = {}
    if "half_life_min" in parts:
        what = f"drug {drug}, `half_life_min`"
        found["half_life_min"] = reader.number(parts["half_life_min"], what)
        if found["half_life_min"] == 0:
            reader.wrong(parts["half_life_min"], f"{what}: expected minutes above 0")
    if "concentrations" in parts:
        what = f"drug {drug}, `concentrations`"
        found["concentrations"] = []
        for item in reader.items(parts["concentrations"], what):
            written = _AMOUNT.fullmatch(reader.text(item, what) or "")
            if written is None or float(written[1]) == 0:
                reader.wrong(item, f"{what}: expected for example `16 mcg/mL`")
                continue
            unit = units.canonical(written[2]) or written[2]
            found["concentrations"].append(Concentration(float(written[1]), unit))
    return found


def _area_rows(reader: Reader, common: dict[str, Any], lines: dict[str, yaml.Node]) -> list[LibraryRow]:
    rows: dict[str, LibraryRow] = {}
    for line, node in lines.items():
        if line in _OF_AREA:
            continue
        what = f"{common['drug']}, {common['care_area']}, {line}"
        field, _, unit = line.partition(" ")
        if field not in _FIELDS or not unit:
            reader.wrong(node, f"{what}: expected a field and a unit, the field one of {', '.join(_FIELDS)}")
            continue
        row = LibraryRow(**common, field=cast("Field", field), unit=units.canonical(unit) or unit)
        if isinstance(node, yaml.ScalarNode):
            flow = _flow(reader, node, what, row, rows)
            if flow is not None:
                rows[line] = flow
        else:
            rows[line] = _limits(reader, node, what, row)
    return list(rows.values())


def _flow(
    reader: Reader, node: yaml.Node, what: str, row: LibraryRow, above: dict[str, LibraryRow]
) -> LibraryRow | None:
    """A line such as `rate mL/h: from dose mcg/min`."""
    written = reader.text(node, what) or ""
    dose = above.get(written.removeprefix("from "))
    flow = flow_from_dose(row, dose) if dose else None
    if flow is None:
        reader.wrong(
            node,
            f"{what}: `{written}` needs that line above it, a concentration of the same kind of amount, and, for a"
            " dose by weight, an adult care area",
        )
    return flow


def _limits(reader: Reader, node: yaml.Node, what: str, row: LibraryRow) -> LibraryRow:
    """A line such as `dose mcg/min: {soft: [2, 30], hard: [~, 100]}`."""
    limits = reader.known(node, what, _LIMITS)
    found: dict[str, Any] = {}
    for name in ("soft", "hard"):
        if name in limits:
            pair = reader.items(limits[name], f"{what}, `{name}`")
            if len(pair) != 2:
                reader.wrong(limits[name], f"{what}, `{name}`: expected [low, high], `~` for no limit")
                continue
            found[f"{name}_low"], found[f"{name}_high"] = (reader.number(item, f"{what}, `{name}`") for item in pair)
    if "source" in limits:
        found["source"] = reader.text(limits["source"], f"{what}, `source`") or ""
    return msgspec.structs.replace(row, **found)
