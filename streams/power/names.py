"""Names that are kept once and referred to by number: a fleet has many pumps, but few places and drugs."""

from __future__ import annotations

from typing import Generic, TypeVar

from schemas.codec import EventRefused

MOST = 65_535

T = TypeVar("T")


class Names(Generic[T]):
    """Numbers for names, from 0, as many as two bytes tell apart."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}
        self._names: list[T] = []

    def number(self, name: T) -> int:
        """The number of a name. Raises EventRefused where there are more names than any fleet has."""
        number = self._numbers.get(name)
        if number is None:
            number = len(self._names)
            if number > MOST:
                raise EventRefused("schema", f"{name}: more than {MOST:,} different names; send the same for the same")
            self._numbers[name] = number
            self._names.append(name)
        return number

    def __getitem__(self, number: int) -> T:
        return self._names[number]
