"""What is entered at all, before any key is seen."""

import pytest

from streams.intent import parameters, priors
from streams.intent.prior import Prior

FIGURES = parameters.load()
PRIOR = Prior(FIGURES, priors.load())


def usual(library, drug: str, care_area: str = "MICU") -> dict[float, float]:
    density = PRIOR.context(library, drug, care_area, "rate", "mL/h").density
    assert sum(density.usual.values()) == pytest.approx(density.usual_share)
    return density.usual


def test_the_fastest_flow_of_a_pump_is_usual_for_what_is_given_so_and_not_for_heparin(library):
    """999 mL/h is a bolus of fluid; of heparin, or for a child, it is a slip."""
    assert usual(library, "sodium chloride 0.9%")[999.0] > 0.001
    assert usual(library, "heparin").get(999.0, 0.0) < 1e-4
    assert 999.0 not in usual(library, "sodium chloride 0.9%", "PICU")
