"""Two slips in one entry. Only pairs that slips of one cause make: zeros, a key that bounces, a point and a zero.

Their chance is that of both slips times the share of slips that bring another; any further pair is left to `other`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.intent.digit_slips import Meant, Pad


def two_slips(pad: Pad, text: str) -> Iterator[Meant]:
    """At most about ten texts, by the slip that changes more."""
    share, shares = pad.forms.second_slip, pad.shares
    whole = "." not in text
    length = len(text)
    if whole:
        yield text + "00", "missing_digit", share * shares["missing_digit"] ** 2, 0
    if whole and text.endswith("00") and length > 2:
        yield text[:-2], "repeated_key", share * shares["repeated_key"] ** 2, 0
    again = [place for place in range(1, length) if text[place] == text[place - 1] != "."]
    if len(again) == 2:
        meant = "".join(key for place, key in enumerate(text) if place not in again)
        yield meant, "key_bounce", share * shares["key_bounce"] ** 2 * 2 / length, again[0]
        yield meant, "repeated_key", share * shares["repeated_key"] ** 2 * 2 / length, again[0]
    if whole and text[-1] == "0":
        both = share * shares["missing_decimal"] * shares["repeated_key"]
        for place in range(1, length - 1):
            yield f"{text[:place]}.{text[place:-1]}", "missing_decimal", both, 0
