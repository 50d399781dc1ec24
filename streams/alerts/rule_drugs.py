"""The drugs and care areas of a rules file by the names that entries are looked up by."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.drugs.care_areas import plain
from schemas.library import Library, load_default

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.alerts.severity import DoseEntryError, OwnLadders


class NameRefusedError(ValueError):
    """A name cannot stand in the rules: the `field` that holds it, the name, and why."""

    def __init__(self, field: str, name: str, why: str) -> None:
        super().__init__(why)
        self.field = field
        self.name = name


@cache
def shipped_library() -> Library:
    """The library that comes with Pumpwatch; reading it takes part of a second."""
    return Library(load_default())


def canonical(rules: DoseEntryError) -> DoseEntryError:
    """The rules with drugs and care areas under their canonical names. Raises NameRefusedError.

    A drug counts by any name that the shipped library has for it: hospitals differ in the drugs of their own
    libraries, and one file of rules holds for all of them.
    """
    if not rules.drugs and not rules.care_areas:
        return rules
    return replace(
        rules,
        drugs=_renamed(rules.drugs, "drugs", _drug),
        care_areas=_renamed(rules.care_areas, "care_areas", plain),
    )


def _renamed(own: Mapping[str, OwnLadders], field: str, known: Callable[[str], str]) -> dict[str, OwnLadders]:
    found: dict[str, OwnLadders] = {}
    said: dict[str, str] = {}
    for name, ladders in own.items():
        try:
            wanted = known(name)
        except LookupError as error:
            raise NameRefusedError(field, name, str(error.args[0])) from None
        if wanted in found:
            raise NameRefusedError(field, name, f"`{name}` is `{said[wanted]}` by another name; keep one of them")
        found[wanted], said[wanted] = ladders, name
    return found


def _drug(name: str) -> str:
    library = shipped_library()
    drug = library.canonical_drug(name)
    if drug is None:
        close = library.nearest(name)
        hint = f"did you mean `{close}`?" if close else "`pumpwatch library show` lists all"
        raise LookupError(f"no drug `{name}` is known; {hint}")
    return drug
