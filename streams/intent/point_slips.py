"""Slips with the decimal point: left out, pressed for nothing, in the wrong place, or ignored by the pump."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.intent.digit_slips import Meant, Pad

_LOST_ZEROS = 2
"""Zeros after a point that were typed and are not shown without it: 0.005 becomes 5."""


def point_missing(pad: Pad, text: str, *, shown: bool) -> Iterator[Meant]:
    """No point where there was to be one. `shown`: the text is the value as shown, which hides zeros in front."""
    share = pad.shares["missing_decimal"]
    for place in range(len(text) + 1):
        yield f"{text[:place]}.{text[place:]}", "missing_decimal", share, 0
    if shown:
        for zeros in range(1, _LOST_ZEROS + 1):
            yield f".{'0' * zeros}{text}", "missing_decimal", share, 0


def point_too_many(pad: Pad, text: str) -> Iterator[Meant]:
    """A point where there was to be none, or one place off."""
    at = text.index(".")
    whole = text[:at] + text[at + 1 :]
    if not whole:
        return
    yield whole, "extra_decimal", pad.shares["extra_decimal"] / max(1, len(whole) - 1), 0
    for place in (at - 1, at + 1):
        if 0 <= place < len(whole):
            yield f"{whole[:place]}.{whole[place:]}", "misplaced_decimal", pad.shares["misplaced_decimal"] / 2, 0
