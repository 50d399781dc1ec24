"""Which of the four profiles a hospital's care area belongs to: its own map first, then the name's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Profile = Literal["adult_icu", "ward", "paediatric", "neonatal"]

PROFILES: tuple[Profile, ...] = ("adult_icu", "ward", "paediatric", "neonatal")

# In this order: a "Neonatal ICU" is neonatal before it is an ICU, a "Neuro ICU" never is.
_ADULT_ICU = (
    r"\w*icu|\w*itu|\w*ccu|hdu|csru|pacu|ed|er|or|intensive|critical|coronary|emergency|resus\w*|trauma"
    r"|theat\w*|operating|anaesth\w*|anesth\w*|recovery|cath|burns?"
)
_WORDS: tuple[tuple[Profile, str], ...] = (
    ("neonatal", r"nicu|scbu|neonat\w*|newborns?|nursery"),
    ("paediatric", r"picu|pcicu|pa?ed(s|ia\w*)?|child(ren\w*)?|kids|infants?"),
    ("adult_icu", _ADULT_ICU),
)
_PATTERNS = tuple((profile, re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])")) for profile, words in _WORDS)


def plain(name: str) -> str:
    """The form in which two spellings of one care area are the same."""
    return " ".join(name.casefold().split())


def profile_of(care_area: str, own: Mapping[str, Profile]) -> Profile:
    """The profile of a care area named in free text; `own` maps plain names to profiles.

    A name that says nothing is a ward: there the limits are tightest for adults, so a doubt warns rather than
    stays silent.
    """
    name = plain(care_area)
    if name in own:
        return own[name]
    words = name.replace("_", " ")
    for profile, pattern in _PATTERNS:
        if pattern.search(words):
            return profile
    return "ward"
