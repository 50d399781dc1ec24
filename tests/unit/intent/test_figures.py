"""The figures of the model: parameters and priors, shipped and of one's own."""

import pytest
import yaml

from schemas.events import Slip
from streams.intent import parameters, priors
from streams.intent.harm import harm
from streams.intent.roundness import CLASSES, digit_class, spacing
from streams.intent.timing import factor

FIGURES = parameters.load()


def changed(**changes) -> str:
    """The shipped parameters with fields replaced; `a__b` is b within a."""
    from importlib import resources

    text = resources.files("streams.intent").joinpath("parameters.yaml").read_text("utf-8")
    content = yaml.safe_load(text)
    for place, value in changes.items():
        *outer, name = place.split("__")
        within = content
        for step in outer:
            within = within[step]
        within[name] = value
    return yaml.safe_dump(content)


def test_the_shipped_parameters_name_only_slips_of_the_contract():
    assert set(FIGURES.shares) - {"other"} == set(Slip.__args__)
    assert sum(FIGURES.shares.values()) == pytest.approx(1)
    assert FIGURES.base_rate == 0.005


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"base_rate": 2}, "base_rate"),
        ({"base_rate": "often"}, "base_rate"),
        ({"verdict__suspect": 0.9}, "verdict.suspect"),
        ({"shares__adjacent_key": 0.9}, "shares"),
        ({"shares__typo": 0.0}, "typo"),
        ({"timing__bounce": {"median_ms": -1, "log_sd": 1}}, "timing.bounce"),
        ({"prior__fields": {}}, "prior.fields"),
        ({"harm__too_much__high": 1.0}, "harm.too_much"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_figure_is_refused_by_the_name_of_its_field(changes, named):
    with pytest.raises(parameters.ParametersError) as refusal:
        parameters.parse(changed(**changes), "own.yaml")
    assert named in str(refusal.value)
    assert str(refusal.value).startswith("own.yaml: ")
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(parameters.ParametersError, match=r"no\.yaml"):
        parameters.read(tmp_path / "no.yaml")
    with pytest.raises(priors.PriorsError, match=r"no\.yaml"):
        priors.read(tmp_path / "no.yaml")


def test_the_shipped_priors_say_where_they_come_from():
    """Both data sets with licence and DOI, and only figures: nothing of fewer than eight entries."""
    shipped = priors.load()
    assert {source.doi for source in shipped.sources} == {"10.13026/C2HM2Q", "10.13026/4mxk-na84"}
    assert all("Open Database License" in source.licence for source in shipped.sources)
    fitted = [one for by_unit in shipped.drugs.values() for one in by_unit.values()]
    assert len(fitted) >= 40
    assert min(one.entries for one in fitted) >= 8
    assert all(sum(part.weight for part in one.density) == pytest.approx(1, abs=0.02) for one in fitted)
    assert all(sum(one.usual.values()) <= 1 for one in fitted)
    for by_after in shipped.digits.values():
        for shares in by_after.values():
            assert set(shares) == set(CLASSES)
            assert sum(shares.values()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("5", "1_2_5"),
        ("0.02", "1_2_5"),
        ("1000", "1_2_5"),
        ("30", "other_digit"),
        ("150", "two_digits_5"),
        ("1.2", "two_digits"),
        ("125", "25_or_75"),
        ("0.135", "three_digits_5"),
        ("137", "three_digits"),
        ("1234", "four"),
        ("12345", "more"),
    ],
)
def test_numbers_are_classed_by_how_round_they_are(text, name):
    assert CLASSES[digit_class(text)] == name


def test_zero_has_no_class():
    assert digit_class("0") == -1


@pytest.mark.parametrize("number", range(len(CLASSES) - 1))
def test_the_numbers_of_a_class_fill_a_power_of_ten(number):
    """So that the shares of all numbers of a class sum to the share of the class."""
    texts = [f"{mantissa / 1000:.3f}" for mantissa in range(1000, 10_000)]
    total = sum(spacing(float(text), number) for text in texts if digit_class(text) == number)
    assert total == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("typed", "meant", "field", "high_alert", "grade"),
    [
        (50, 50, "dose", True, "none"),
        (55, 50, "dose", False, "none"),
        (75, 50, "dose", False, "low"),
        (100, 50, "dose", False, "moderate"),
        (500, 50, "dose", False, "high"),
        (500, 50, "dose", True, "life_threatening"),
        (5000, 50, "dose", False, "life_threatening"),
        (5, 50, "dose", False, "moderate"),
        (5, 50, "dose", True, "high"),
        (0, 50, "dose", False, "life_threatening"),
        (5, 50, "duration", False, "high"),
        (500, 50, "concentration", False, "moderate"),
    ],
)
def test_harm_goes_by_ratio_direction_and_drug(typed, meant, field, high_alert, grade):
    """A shorter duration is too much, and so is a concentration set too low."""
    assert harm(typed, meant, field, FIGURES.harm, high_alert=high_alert) == grade


def test_intervals_speak_for_the_slip_that_makes_them():
    """40 ms is a bounce, 170 ms a key pressed twice, 400 ms a hand; none counts for more than the cap."""

    def at(slip, gap_ms):
        import math

        return factor(slip, int(math.log(gap_ms) * 6), FIGURES.timing)

    assert at("key_bounce", 40) == FIGURES.timing.most_evidence
    assert at("key_bounce", 170) < 1 < at("repeated_key", 170)
    assert at("key_bounce", 400) == pytest.approx(1 / FIGURES.timing.most_evidence)
    assert at("repeated_key", 400) < 1
    assert at("extra_digit", 40) > 10
    assert at("extra_digit", 400) == pytest.approx(1 - FIGURES.timing.at_once_share, abs=0.01)
