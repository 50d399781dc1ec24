"""Where in a rules file a field stands, so that a refusal can name its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

_PART = re.compile(r"[^.\[\]]+")


def line_of(text: str, path: str | Sequence[str], unknown: str | None = None) -> int | None:
    """The line (from 1) of a field such as `flapping.reopenings` in a YAML text, or of `unknown` inside it.

    A path of which a part may hold a dot comes in parts. Where the field itself is missing, the line of what should
    hold it; None for a text that holds nothing.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return None
    line = node.start_mark.line
    parts = _PART.findall(path) if isinstance(path, str) else path
    for part in (*parts, *((unknown,) if unknown else ())):
        found = _inside(node, part)
        if found is None:
            break
        line, node = found
    return int(line) + 1


def _inside(node: yaml.Node, part: str) -> tuple[int, yaml.Node] | None:
    """The line of a part and what stands there."""
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        item = node.value[int(part)]
        return item.start_mark.line, item
    return None
