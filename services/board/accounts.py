"""Who may use the board: accounts of persons, API tokens of programs, and groups of an OpenID provider."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from schemas.events import At, Name
from services.board.passwords import fits, hashed
from services.board.roles import Role  # noqa: TC001 (msgspec reads the annotations)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.board.scope import Hospitals

# Judgement: a token that nobody renewed for a year belongs to a program that nobody looks after.
LONGEST_TOKEN_LIFE = timedelta(days=366)
TOKEN_PREFIX = "pw_"  # noqa: S105 - what every token begins with

# Names go into alert actions and the audit; without a colon they cannot pass for a token's.
UserName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$", max_length=48)]
PasswordHash = Annotated[str, Meta(pattern=r"^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$")]
TokenHash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
HospitalNames = Annotated[list[Name], Meta(min_length=1)] | Literal["all"]


class Rights(NamedTuple):
    """What somebody may do, and in which hospitals."""

    role: Role
    hospitals: Hospitals


class _Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    role: Role
    hospitals: HospitalNames

    @property
    def rights(self) -> Rights:
        """The role, and the hospitals as a set; None for all."""
        return Rights(self.role, None if self.hospitals == "all" else frozenset(self.hospitals))


class Account(_Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person's account. Only the argon2id hash of the password is kept. `created` None: made from the settings."""

    user: UserName
    password: PasswordHash
    created: At | None = None
    disabled: bool = False

    @classmethod
    def create(cls, user: str, password: str, role: Role = "admin", hospitals: HospitalNames = "all") -> Account:
        """An account with this password; the text itself is not kept."""
        return cls(user=user, password=hashed(password), role=role, hospitals=hospitals)

    @property
    def seal(self) -> str:
        """Changes with the password and with the account itself, and ends the sessions that were opened before."""
        if self.created is None:
            return ""
        return hashlib.sha256(f"{self.created.isoformat()} {self.password}".encode()).hexdigest()[:16]


class ApiToken(_Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program's token, of which only the SHA-256 is kept: it has 256 random bits, so no slower hash is needed."""

    name: UserName
    hash: TokenHash
    created: At
    expires: At

    def __post_init__(self) -> None:
        if not timedelta(0) < self.expires - self.created <= LONGEST_TOKEN_LIFE:
            raise ValueError(f"`expires` is at most {LONGEST_TOKEN_LIFE.days} days after `created`")

    @property
    def who(self) -> str:
        """How the token is called where an account's name would stand."""
        return f"token:{self.name}"


class Group(_Entry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a group of the OpenID provider gives to those in it."""

    group: Annotated[str, Meta(min_length=1, max_length=256)]


class Accounts(Struct, frozen=True, forbid_unknown_fields=True):
    """All who may come in. Of several groups that fit the first one counts: rights of two are never mixed."""

    accounts: list[Account] = field(default_factory=list)
    tokens: list[ApiToken] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def account(self, user: str) -> Account | None:
        """The account of that name, disabled or not."""
        return next((each for each in self.accounts if each.user == user), None)

    def admitted(self, user: str, password: str) -> Account | None:
        """The account that both fit. A wrong password, a disabled account and none at all take the same time."""
        account = self.account(user)
        right = fits(None if account is None else account.password, password)
        return account if right and account is not None and not account.disabled else None

    def presented(self, text: str) -> ApiToken | None:
        """The token that a program sent, expired or not."""
        digest = digest_of(text)
        return next((each for each in self.tokens if each.hash == digest), None)

    def rights_of(self, groups: Iterable[str]) -> Rights | None:
        """What somebody in these groups of the OpenID provider may do; None is nothing."""
        names = set(groups)
        return next((each.rights for each in self.groups if each.group in names), None)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def now() -> datetime:
    """The board's clock, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
