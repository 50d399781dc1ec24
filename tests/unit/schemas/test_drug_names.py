"""Which drug a name means, and when that must not be guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.drugs.names import DrugNames, key
from schemas.library import Library, load_default

LIBRARY = Library(load_default())
DRUGS = sorted({row.drug for row in load_default().rows} - {"*"})
ALIASES = sorted({alias for row in load_default().rows for alias in row.aliases})


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("Norepinephrine (mcg/kg/min)", "norepinephrine"),
        ("NORepinephrine 4 mg in 250 ml", "norepinephrine"),
        ("nor-epinephrine", "norepinephrine"),
        ("Norepinephrine MAX 32 mg Dextrose 5% 250 ml", "norepinephrine"),
        ("Midazolam (Versed)", "midazolam"),
        ("Dexmedetomidine(Precedex) 400 mcg Sodium Chloride 0.9% 100 ml", "dexmedetomidine"),
        ("Replete with Fiber (Full)", "enteral nutrition"),
        ("Dilaudid PCA -Infusion", "hydromorphone"),
        ("0.9 % sodium chloride", "sodium chloride 0.9%"),
        ("Volume (mL)-sodium chloride 0.9 % bolus 1,000 mL", "sodium chloride 0.9%"),
        ("Volume (mL) heparin", "heparin"),
        ("IV heparin 25,000 units/250 mL D5W", "heparin"),
        ("Potassium chloride 20 mEq in D5 1/2NS 1000 mL", "potassium chloride"),
        ("NS with 20meq  KCL", "sodium chloride 0.9% with potassium chloride"),
        ("D5Ww/3ampNaHC03", "sodium bicarbonate"),
        ("Liposomal Amphotericin B", "amphotericin b liposomal"),
        ("Oxytocin post partum 30 units/500 ml", "oxytocin postpartum"),
    ],
)
def test_noise_around_a_name_does_not_hide_the_drug(name, drug):
    assert LIBRARY.canonical_drug(name) == drug


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ketamine/propofol", "a mixture of two drugs"),
        ("insulin glargine", "another insulin"),
        ("doxorubicin liposomal", "another preparation"),
        ("penicillin G benzathine", "never given into a vein"),
        ("epinephrine racemic", "inhaled"),
        ("heparin flush", "not an infusion of heparin"),
        ("sodium chloride 23.4%", "another strength of a fluid"),
        ("NaCl 5%", "another strength of a fluid"),
        ("dextrose 50%", "another strength of a fluid"),
        ("3% NSS", "another strength of a fluid"),
        ("magnesium chloride", "another salt with another dose"),
        ("IL-2", "an alias of two letters proves nothing"),
        ("norepinephrin", "similar is not equal"),
        ("*", "the row of all drugs is no drug"),
        ("", "no name"),
        ("%%%", "no name"),
    ],
)
def test_a_doubtful_name_is_no_drug(name, why):
    assert LIBRARY.canonical_drug(name) is None, why


def test_a_drugs_own_name_comes_before_anybodys_alias():
    names = DrugNames([("albumin", "albumin"), ("plasma", "albumin"), ("plasma", "plasma")])
    assert (names.resolve("albumin"), names.resolve("plasma")) == ("albumin", "plasma")


@given(
    st.sampled_from(DRUGS + ALIASES), st.sampled_from([str.upper, str.title, str.swapcase, lambda name: f"  {name} "])
)
def test_case_and_spaces_do_not_matter(name, change):
    assert LIBRARY.canonical_drug(change(name)) == LIBRARY.canonical_drug(name) is not None


@given(st.one_of(st.sampled_from(DRUGS + ALIASES), st.text(max_size=128)))
def test_canonical_names_are_their_own_canonical_names(name):
    drug = LIBRARY.canonical_drug(name)
    assert drug is None or LIBRARY.canonical_drug(drug) == drug


@given(
    st.sampled_from(DRUGS), st.sampled_from([" 4 mg in 250 ml", " (mcg/kg/min)", " 100 mL premix", " infusion", " PCA"])
)
def test_amounts_and_units_after_a_drug_do_not_change_it(drug, noise):
    assert LIBRARY.canonical_drug(drug + noise) == drug


@given(st.text(max_size=128))
def test_keys_hold_no_case_and_no_punctuation(name):
    assert key(name) == key(key(name)) or any(character.isdigit() for character in name)


def test_names_from_outside_cannot_fill_the_memory():
    """A million made-up names leave the cache at its size."""
    size = LIBRARY.canonical_drug.cache_info().maxsize
    for number in range(size + 100):
        LIBRARY.canonical_drug(f"made up {number}")
    assert LIBRARY.canonical_drug.cache_info().currsize == size
    assert LIBRARY.row.cache_info().maxsize is not None
