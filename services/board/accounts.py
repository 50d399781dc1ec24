"""The account of the board: only an argon2 hash of its password is kept, and only in memory."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# NIST SP 800-63B section 5.1.1.1: at least 8 characters where a person chose them.
SHORTEST_PASSWORD = 8
# Nobody types more; longer input would only make the hash function work for an attacker.
LONGEST_PASSWORD = 1024
# Letters and digits that are not taken for one another when read off a terminal.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Account:
    """A user name and the argon2id hash of the password."""

    user: str
    password_hash: str

    @classmethod
    def create(cls, user: str, password: str) -> Account:
        """Hash the password; the text itself is not kept."""
        return cls(user, _hasher.hash(password))

    def admits(self, user: str, password: str) -> bool:
        """Whether both fit. Takes the same time (tens of ms, one core) whichever of them is wrong."""
        fits = len(password) <= LONGEST_PASSWORD and _fits(self.password_hash, password)
        known = hmac.compare_digest(user.encode(), self.user.encode())
        return fits and known


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def generate_password() -> str:
    """A password of 99 bits in four groups that can be read out and typed."""
    groups = ("".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)
