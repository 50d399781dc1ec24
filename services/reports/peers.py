"""The peers file: which hospitals are compared with which, and who does not take part.

Groups follow from the file alone, never from figures, so that nobody can move them by asking. A hospital that opted
out keeps its group's other members together: from its month on it adds nothing and is told nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from schemas.events import Name  # noqa: TC001 (msgspec reads annotations at runtime)

if TYPE_CHECKING:
    from pathlib import Path

Month = Annotated[str, Meta(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
Pumps = Annotated[int, Meta(ge=1, le=1_000_000)]
Size = Literal["small", "medium", "large"]
Kind = Literal["general", "specialised", "children"]


class PeersRefusedError(ValueError):
    """The peers file cannot be used; the text names the field and what it should be."""


class Sizes(Struct, forbid_unknown_fields=True, frozen=True):
    """Pumps below which a hospital is small, or medium; the others are large."""

    small: Pumps = 200
    medium: Pumps = 800

    def __post_init__(self) -> None:
        if self.small >= self.medium:
            raise ValueError("`small` must be less than `medium`")


class Hospital(Struct, forbid_unknown_fields=True, frozen=True):
    """What a hospital is matched by: its pumps, and what it is for (which care areas it has)."""

    pumps: Pumps
    kind: Kind = "general"


class Peers(Struct, forbid_unknown_fields=True, frozen=True):
    """All hospitals that may be compared; `opted_out` holds the month from which one takes no part.

    `benchmarks` is the folder of what was published, beside the file.
    """

    hospitals: dict[Name, Hospital]
    sizes: Sizes = Sizes()
    opted_out: dict[Name, Month] = {}
    benchmarks: Annotated[str, Meta(min_length=1, max_length=255)] = "benchmarks"

    def __post_init__(self) -> None:
        if unknown := sorted(self.opted_out.keys() - self.hospitals.keys()):
            raise ValueError(f"`opted_out` names {unknown[0]}, which is not among `hospitals`")

    def takes_part(self, hospital: str, month: str) -> bool:
        """Whether a hospital adds to the benchmarks of a month, as `2026-10`, and is told them."""
        return hospital in self.hospitals and month < self.opted_out.get(hospital, "9999-12")

    def group(self, hospital: str) -> str:
        """The group of a hospital that is in the file, by size and kind."""
        one = self.hospitals[hospital]
        size: Size = "large"
        if one.pumps < self.sizes.medium:
            size = "small" if one.pumps < self.sizes.small else "medium"
        return f"{size} {one.kind}"

    def groups(self, month: str) -> dict[str, list[str]]:
        """The hospitals that take part in a month, by group; none is in two."""
        found: dict[str, list[str]] = {}
        for hospital in sorted(self.hospitals):
            if self.takes_part(hospital, month):
                found.setdefault(self.group(hospital), []).append(hospital)
        return found


def load_peers(path: Path) -> Peers:
    """The peers of a file. Raises PeersRefusedError."""
    try:
        return parse_peers(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise PeersRefusedError(f"{path.name}: cannot be read ({error})") from None


def parse_peers(text: str, name: str = "peers.yaml") -> Peers:
    """The peers in a YAML text. Raises PeersRefusedError naming the field."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:  # as for alert rules
        raise PeersRefusedError(f"{name}: not YAML ({' '.join(str(error).split())})") from None
    try:
        return msgspec.convert(document, Peers)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".").replace("[...]", ", of a hospital,")
        where = f"field `{field}`: " if field else ""
        raise PeersRefusedError(f"{name}: {where}{problem[0].lower()}{problem[1:]}") from None
