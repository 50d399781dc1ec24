"""Colours that people with any of the common colour deficiencies can tell apart.

Source: Okabe and Ito 2008, Color Universal Design. Black is left out, for Grafana is dark or light.
"""

from __future__ import annotations

ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUISH_GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
REDDISH_PURPLE = "#CC79A7"

OKABE_ITO = frozenset({ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW, BLUE, VERMILLION, REDDISH_PURPLE})

GOOD, WATCH, BAD, PLAIN = BLUISH_GREEN, ORANGE, VERMILLION, SKY_BLUE
"""What a threshold says; no panel says it by colour alone, the number or a word stands there too."""
