"""The account admits only its own user and password and keeps no password."""

import re

import pytest

from services.board.accounts import Account, generate_password

ACCOUNT = Account.create("biomed", "a fine password")


@pytest.mark.parametrize(
    ("user", "password", "admitted"),
    [
        ("biomed", "a fine password", True),
        ("biomed", "a fine passwore", False),
        ("Biomed", "a fine password", False),
        ("", "", False),
        ("biomed", "a fine password" + "x" * 1024, False),
        ("biömed", "ä\x00", False),
    ],
)
def test_only_the_right_pair_is_admitted(user, password, admitted):
    """User and password both have to fit, to the letter."""
    assert ACCOUNT.admits(user, password) is admitted


def test_the_password_itself_is_not_kept():
    """Only an argon2id hash with a salt of its own stays in memory."""
    assert ACCOUNT.password_hash.startswith("$argon2id$")
    assert "a fine password" not in repr(ACCOUNT)
    assert Account.create("biomed", "a fine password").password_hash != ACCOUNT.password_hash


def test_generated_passwords_can_be_read_out_and_never_repeat():
    """Four groups of five letters and digits, none of which looks like another."""
    made = {generate_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}", each) for each in made)
