"""The flow in mL/h that a dose is, over a drug's usual concentrations: limits for pumps set in mL/h."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas import units

if TYPE_CHECKING:
    from schemas.events import LibraryRow

ADULT_KG = 70.0  # the reference adult of pharmacology; a light and a heavy patient differ by a factor of 2


def flow_from_dose(flow: LibraryRow, dose: LibraryRow) -> LibraryRow | None:
    """The limits of `dose` as mL/h in `flow`: low ones at the strongest bag, high ones at the weakest.

    None where the drug has no concentration in the dose's amount, where the dose is by surface, and where it
    is by weight and the patient is a child: no single weight stands for children.
    """
    amount, *per = dose.unit.split("/")
    weight = 1.0
    if "m2" in per or ("kg" in per and dose.care_area not in ("adult_icu", "ward")):
        return None
    if "kg" in per:
        weight = ADULT_KG
        per.remove("kg")
    per_hour = units.ratio("/".join([amount, *per]), f"{amount}/h")
    strengths = [
        usual.value * factor
        for usual in dose.concentrations
        if (factor := units.ratio(usual.unit, f"{amount}/mL")) is not None
    ]
    if per_hour is None or not strengths or units.canonical(flow.unit) != "mL/h":
        return None

    def flow_of(limit: float | None, strength: float) -> float | None:
        return None if limit is None else float(f"{limit * weight * per_hour / strength:.3g}")

    span = f"{min(strengths):g}-{max(strengths):g}" if len(strengths) > 1 else f"{strengths[0]:g}"
    patient = f", {ADULT_KG:g} kg" if weight != 1.0 else ""
    return msgspec.structs.replace(
        flow,
        soft_low=flow_of(dose.soft_low, max(strengths)),
        hard_low=flow_of(dose.hard_low, max(strengths)),
        soft_high=flow_of(dose.soft_high, min(strengths)),
        hard_high=flow_of(dose.hard_high, min(strengths)),
        source=f"{dose.source} (as mL/h: {dose.field} {dose.unit} at {span} {amount}/mL{patient})",
    )
