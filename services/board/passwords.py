"""Passwords: hashed with argon2id, compared in the same time whoever asks, generated so that they can be read out."""

from __future__ import annotations

import secrets
from functools import cache

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


def hashed(password: str) -> str:
    """The argon2id hash of a password, with a salt of its own."""
    return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether a password has this hash. Takes the same time (tens of ms, one core) where there is no hash: False."""
    try:
        return len(password) <= LONGEST_PASSWORD and _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False


def generate_password() -> str:
    """A password of 99 bits in four groups that can be read out and typed."""
    groups = ("".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


@cache
def _decoy() -> str:
    """A hash that no password has."""
    return _hasher.hash(secrets.token_urlsafe(32))
