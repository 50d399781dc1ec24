"""Positions of derived records."""

from hypothesis import given
from hypothesis import strategies as st

from streams.positions import position_headers, read_position


@given(st.integers(0, 2**62), st.integers(0, 1000))
def test_a_position_survives_the_headers(offset: int, index: int):
    assert read_position(position_headers("pump.power.v1", (offset, index))) == ("pump.power.v1", (offset, index))


def test_records_of_others_have_no_position():
    assert read_position(None) is None
    assert read_position([]) is None
    assert read_position([("ce_id", b"x"), ("pumpwatch-position", b"twelve")]) is None
    assert read_position([("pumpwatch-position", b"12.0")]) is None
