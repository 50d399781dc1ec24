"""Numbers people choose: how many digits, and whether they end in 5.

Each positive number belongs to one class. Within a class numbers are spread over the logarithm of the value, so a
number's share is (share of its class) x (distance to its neighbours of the class) x (density there). Summed over all
numbers of all classes that gives one.
"""

from __future__ import annotations

import math

CLASSES = (
    "1_2_5",
    "other_digit",
    "two_digits_5",
    "two_digits",
    "25_or_75",
    "three_digits_5",
    "three_digits",
    "four",
    "more",
)
# How many numbers of each class there are in one power of ten.
FINE = 6
"""From this class on a number was worked out rather than chosen."""
_IN_A_DECADE = (3, 6, 9, 72, 18, 72, 720, 8100, 81000)
_LN10 = math.log(10)


def digit_class(text: str) -> int:
    """The class of a number written without an exponent, as an index of CLASSES; -1 for zero."""
    digits = text.replace(".", "").lstrip("0")
    if "." not in text or digits.endswith("0"):
        digits = digits.rstrip("0")
    length = len(digits)
    if length == 0:
        return -1
    if length == 1:
        return 0 if digits in "125" else 1
    if length == 2:
        return 2 if digits[1] == "5" else 3
    if length == 3:
        if digits[1:] in {"25", "75"}:
            return 4
        return 5 if digits[2] == "5" else 6
    return 7 if length == 4 else 8


def spacing(value: float, digits: int) -> float:
    """Mean distance, in powers of ten, from a number to the next of its class (`digits`, index of CLASSES)."""
    leading = 10 ** (math.log10(value) % 1.0)
    if digits == 0:
        return 0.349 if 1.5 < leading < 9.5 else 0.302
    if digits == 1:
        return 1 / (1.129 * leading)
    return 9 / (_IN_A_DECADE[digits] * leading * _LN10)
