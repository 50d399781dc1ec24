"""Records that are bytes between two events: a million pumps have one each, as objects ten times these bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import astuple

if TYPE_CHECKING:
    from struct import Struct as Form
    from typing import Self


class Packed(Struct, gc=False):
    """A record of numbers; its fields stand in its bytes in their order, as `form` says."""

    form: ClassVar[Form]

    def packed(self) -> bytes:
        """All of it as `form.size` bytes."""
        return self.form.pack(*astuple(self))

    @classmethod
    def unpacked(cls, packed: bytes, place: int = 0) -> Self:
        """What `packed` gave, from this place on."""
        return cls(*cls.form.unpack_from(packed, place))
