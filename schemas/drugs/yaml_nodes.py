"""Reads YAML with line numbers: every problem names its line, and all are collected, not only the first.

Refused besides plain errors: a key that stands twice (YAML would silently keep the last), anchors and aliases
(a file of a few lines could expand to gigabytes), and texts beyond 4 MiB, the most the library topic carries.
"""

from __future__ import annotations

import math
from operator import itemgetter

import yaml

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 20  # a library has 7 levels
MAX_QUANTITY = 10_000_000  # as `Quantity` of schemas.events

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LibraryFileError(ValueError):
    """A drug library file that cannot be read; `problems` holds one sentence each, with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Reader:
    """Takes the values out of YAML nodes; what does not fit becomes a problem and None."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def wrong(self, node: yaml.Node, problem: str) -> None:
        """Note a problem with the line of a node."""
        self._found.append((node.start_mark.line + 1, problem))

    @property
    def problems(self) -> list[str]:
        """All problems in the order of the lines."""
        return [f"line {line}: {problem}" for line, problem in sorted(self._found, key=itemgetter(0))]

    def mapping(self, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
        """The values of a mapping by key."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what}: expected `name: value` lines")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key, f"a name in {what}")
            if name in found:
                self.wrong(key, f"{what}: `{name}` stands twice")
            elif name is not None:
                found[name] = value
        return found

    def known(self, node: yaml.Node, what: str, names: set[str]) -> dict[str, yaml.Node]:
        """The values of a mapping that may hold only these names."""
        found = self.mapping(node, what)
        for name in sorted(found.keys() - names):
            self.wrong(found[name], f"{what}: unknown `{name}`; known are {', '.join(sorted(names))}")
        return found

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """The nodes of a list."""
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"{what}: expected a list in square brackets")
            return []
        return list(node.value)

    def texts(self, node: yaml.Node | None, what: str) -> list[str]:
        """A list of texts; absent is empty."""
        found = [self.text(item, what) for item in self.items(node, what)] if node else []
        return [text for text in found if text is not None]

    def text(self, node: yaml.Node | None, what: str) -> str | None:
        """A text as written: `no` and `1.0` stay texts."""
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.wrong(node, f"{what}: expected a text")
            return None
        return " ".join(node.value.split())

    def number(self, node: yaml.Node | None, what: str) -> float | None:
        """A number from 0 to 10,000,000, or None where the file says `~`."""
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        try:
            value = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            value = math.nan
        if not 0 <= value <= MAX_QUANTITY:
            self.wrong(node, f"{what}: expected a number from 0 to 10,000,000")
            return None
        return value

    def flag(self, node: yaml.Node | None, what: str) -> bool:
        """`true` or `false`; absent is false."""
        if node is None:
            return False
        if not isinstance(node, yaml.ScalarNode) or node.value not in ("true", "false"):
            self.wrong(node, f"{what}: expected true or false")
            return False
        return str(node.value) == "true"


def compose(text: str, name: str) -> yaml.Node:
    """The root node of a YAML text; `name` stands in errors. Raises LibraryFileError."""
    if len(text) > MAX_BYTES:
        raise LibraryFileError([f"{name} is larger than 4 MiB"])
    try:
        _refuse_traps(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LibraryFileError([f"line {line}: not YAML: {error.problem}"]) from None
    except yaml.YAMLError:
        raise LibraryFileError([f"{name} is not YAML: it has characters that YAML forbids"]) from None
    if root is None:
        raise LibraryFileError([f"{name} is empty"])
    return root


def _refuse_traps(text: str) -> None:
    """Refuse aliases, and nesting so deep that composing it would overrun the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 1
            what = "more nesting than a library has" if depth > MAX_DEPTH else "aliases (*) are not allowed; repeat it"
            raise LibraryFileError([f"line {line}: {what}"])
