"""Who is admitted, and what is kept of passwords and tokens."""

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.board.accounts import Account, Accounts, ApiToken, Group, digest_of
from services.board.passwords import generate_password

ACCOUNT = Account.create("biomed", "a fine password")
GONE = msgspec.structs.replace(ACCOUNT, user="gone", disabled=True)
BOTH = Accounts(accounts=[ACCOUNT, GONE])


@pytest.mark.parametrize(
    ("user", "password", "admitted"),
    [
        ("biomed", "a fine password", True),
        ("biomed", "a fine passwore", False),
        ("Biomed", "a fine password", False),
        ("gone", "a fine password", False),
        ("", "", False),
        ("biomed", "a fine password" + "x" * 1024, False),
        ("biömed", "ä\x00", False),
    ],
)
def test_only_the_right_pair_is_admitted(user, password, admitted):
    """User and password both have to fit, to the letter, and the account must not be disabled."""
    assert BOTH.admitted(user, password) == (ACCOUNT if admitted else None)


def test_every_refusal_hashes_once(monkeypatch):
    """Unknown, disabled and mistyped take the same work, so that the time tells nobody which it was."""
    verified = []

    def verify(password_hash, _password):
        verified.append(password_hash.split("$")[1:4])
        raise monkeypatch_error

    from argon2.exceptions import VerifyMismatchError

    from services.board import passwords

    monkeypatch_error = VerifyMismatchError()
    monkeypatch.setattr(passwords._hasher.__class__, "verify", lambda _self, *given: verify(*given))
    for user in ("biomed", "gone", "nobody"):
        assert BOTH.admitted(user, "wrong") is None
    assert len(verified) == 3
    assert verified[0] == verified[1] == verified[2]


def test_the_password_itself_is_not_kept():
    """Only an argon2id hash with a salt of its own stays in memory."""
    assert ACCOUNT.password.startswith("$argon2id$")
    assert "a fine password" not in repr(ACCOUNT)
    assert Account.create("biomed", "a fine password").password != ACCOUNT.password


def test_generated_passwords_can_be_read_out_and_never_repeat():
    """Four groups of five letters and digits, none of which looks like another."""
    made = {generate_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}", each) for each in made)


def test_a_token_lives_a_year_at_most():
    """One that would live longer, or that ends before it begins, cannot be made."""
    start = datetime(2026, 11, 23, tzinfo=UTC)
    fields = {"name": "n", "role": "viewer", "hospitals": "all", "hash": digest_of("x"), "created": start}
    assert ApiToken(**fields, expires=start + timedelta(days=366)).who == "token:n"
    for wrong in (timedelta(days=366, seconds=1), timedelta(0), timedelta(days=-1)):
        with pytest.raises(ValueError, match="at most 366 days"):
            ApiToken(**fields, expires=start + wrong)


def test_of_several_groups_the_first_of_the_list_counts():
    """Rights of two groups are never mixed, and who is in none has none."""
    accounts = Accounts(
        groups=[
            Group(group="north-staff", role="responder", hospitals=["North"]),
            Group(group="everybody", role="viewer", hospitals="all"),
        ]
    )
    assert accounts.rights_of(["everybody", "north-staff"]) == ("responder", frozenset({"North"}))
    assert accounts.rights_of(["everybody"]) == ("viewer", None)
    assert accounts.rights_of(["others"]) is None
    assert accounts.rights_of([]) is None
