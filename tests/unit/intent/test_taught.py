"""How a hospital's own slips move the shares of slips."""

import pytest

from streams.intent import parameters
from streams.intent.learned import Learned
from streams.intent.prior import Prior
from streams.intent.priors import load
from streams.intent.taught import OF_THE_MIND, Taught
from tests.unit.intent.test_learned import lesson, taught

FIGURES = parameters.load()
SHARES = FIGURES.shares


def factors(library, learned: Learned) -> dict[str, float]:
    context = Prior(FIGURES, load()).context(library, "heparin", "MICU", "dose", "units/h")
    return Taught(FIGURES, learned).context(context, "h").slips


def test_confirmed_slips_move_the_shares_of_all_slips(library):
    found = factors(library, taught(lesson(), *(lesson(slip="wrong_unit") for _ in range(100))))
    assert found["wrong_unit"] == pytest.approx((500 * SHARES["wrong_unit"] + 100) / 600 / SHARES["wrong_unit"])
    assert found["adjacent_key"] == pytest.approx(500 / 600)


def test_slips_taken_back_move_the_shares_of_slips_of_the_finger_alone(library):
    """A hundred bounces taken back count as twenty; what is slipped by the finger in all stays what it was."""
    found = factors(library, taught(lesson(), *(lesson(slip="key_bounce", taken_back=True) for _ in range(100))))
    finger = {slip: share for slip, share in SHARES.items() if share and slip not in {*OF_THE_MIND, "other"}}
    together = sum(finger.values())
    assert {slip for slip, factor in found.items() if factor == pytest.approx(1)} == OF_THE_MIND
    assert found["key_bounce"] == pytest.approx(
        (500 * SHARES["key_bounce"] + 20 * together) / 520 / SHARES["key_bounce"]
    )
    assert found["adjacent_key"] == pytest.approx(500 / 520)
    assert sum(found[slip] * share for slip, share in finger.items()) == pytest.approx(together)


def test_however_many_slips_are_taken_back_they_weigh_as_a_hundred_at_most(library):
    found = factors(library, taught(lesson(), *(lesson(slip="key_bounce", taken_back=True) for _ in range(5000))))
    assert found["adjacent_key"] == pytest.approx(500 / 600)
