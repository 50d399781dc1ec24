"""Alerts in words: every code of the contract has some, and figures are written so that they are not misread."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AlertKind, AlertSubject, Cause, CommitAction, Field, Harm, Slip
from services.board.wording import CAUSES, COMMITS, FIELDS, HARMS, KINDS, SLIPS, figure, words
from tests.made_read_model import alert


@pytest.mark.parametrize(
    ("said", "codes"),
    [(SLIPS, Slip), (HARMS, Harm), (KINDS, AlertKind), (CAUSES, Cause), (FIELDS, Field), (COMMITS, CommitAction)],
)
def test_every_code_has_words(said, codes):
    """A code that is added to the contract needs words before it reaches a screen."""
    assert set(said) == set(get_args(codes))


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5"), (0.5, "0.5"), (1005.0, "1,005"), (100.5, "100.5"), (0.05, "0.05"), (1e6, "1,000,000"), (0.0, "0")],
)
def test_figures_as_ismp_asks(value, text):
    """No trailing zero, a leading zero, commas from 1,000 on."""
    assert figure(value) == text


@given(st.integers(0, 10**10))
def test_figures_keep_their_value(thousandths):
    """Reading a figure back gives the number, to a thousandth."""
    text = figure(thousandths / 1000)
    assert re.fullmatch(r"\d{1,3}(,\d{3})*(\.\d*[1-9])?", text)
    assert float(text.replace(",", "")) == thousandths / 1000


def test_an_alert_in_words():
    """What does not apply is left out."""
    said = words(alert("a"))
    assert (said.kind, said.typed, said.meant, said.slip, said.harm) == (
        "Dose entry", "80", "8", "a digit too many", "life-threatening",
    )  # fmt: skip
    power = words(alert("b", kind="unplugged_infusion", subject=AlertSubject(cause="practice")))
    assert (power.kind, power.typed, power.cause) == ("Infusing on battery", None, "left unplugged")
