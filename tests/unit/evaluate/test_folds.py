"""Nobody is tested with priors that saw her hospital."""

from services.evaluate.folds import FOLDS, folds
from services.evaluate.intents import MIMIC


def test_each_hospital_is_tested_once_with_priors_fitted_without_it(few):
    """Five folds of eICU with MIMIC-III in training, and MIMIC-III with eICU alone."""
    found = list(folds(few, seed=1))
    assert len(found) == FOLDS + 1
    tested = [hospital for fold in found for hospital in fold.hospitals]
    assert sorted(tested) == sorted({one.entered.hospital for one in few.of_logs})
    for fold in found:
        trained = {one.entered.hospital for one in fold.training}
        assert not trained & fold.hospitals
        assert (MIMIC in trained) == (MIMIC not in fold.hospitals)


def test_flows_of_eicu_are_never_tested_and_train_only_where_mimic_is_left_out(few):
    """Many are totals of several hours: no entries, but all that a fit without MIMIC-III has."""
    assert few.eicu_flows
    assert not [one for one in few.of_logs if one.entered.unit == "mL/h" and one.entered.hospital != MIMIC]
    for fold in folds(few, seed=1):
        flows = [one for one in fold.training if one.entered.unit == "mL/h" and one.entered.hospital != MIMIC]
        assert len(flows) == (len(few.eicu_flows) if MIMIC in fold.hospitals else 0)


def test_the_seed_deals_the_hospitals(few):
    """The same seed gives the same folds, another one others."""
    dealt = [[fold.hospitals for fold in folds(few, seed)] for seed in (1, 1, 2)]
    assert dealt[0] == dealt[1] != dealt[2]
