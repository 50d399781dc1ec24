"""The account file: refused with line and field, written in one step, and in force as soon as it changes."""

import asyncio
import os
import stat
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.board.account_file import AccountBook, AccountsRefusedError, Change, load, parse, write
from services.board.account_watch import differences
from services.board.accounts import Account, Accounts, ApiToken, Group, digest_of
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT, PASSWORD, USER
from tests.unit.board.sse import next_of, opened

CREATED = datetime(2026, 11, 23, 17, tzinfo=UTC)
HASH = ACCOUNT.password
BIOMED = msgspec.structs.replace(ACCOUNT, created=CREATED)
ANA = msgspec.structs.replace(BIOMED, user="ana", role="responder", hospitals=["North"])
TEXT = f"""accounts:
- user: ana
  role: responder
  hospitals: [North]
  password: {HASH}
  created: 2026-11-23T17:00:00Z
  disabled: false
tokens:
- name: report
  role: viewer
  hospitals: all
  hash: {digest_of("x")}
  created: 2026-11-23T17:00:00Z
  expires: 2027-01-31T00:00:00Z
groups:
- group: staff
  role: viewer
  hospitals: [North, South]
"""


def test_a_sound_file_says_who_may_what():
    """Every field of the three lists, with times as YAML has them."""
    found = parse(TEXT, "accounts.yaml")
    assert found.accounts == [ANA]
    assert found.account("ana").rights == ("responder", frozenset({"North"}))
    assert found.presented("x").rights == ("viewer", None)
    assert found.rights_of(["staff"]) == ("viewer", frozenset({"North", "South"}))
    assert parse("", "accounts.yaml") == Accounts()


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("role: responder", "role: boss", "line 3: field `accounts[0].role`: expected viewer, responder or admin"),
        ("[North]", "North", "line 4: field `accounts[0].hospitals`: expected `all` or a list"),
        ("[North]", "[]", "line 4: field `accounts[0].hospitals`: expected `all` or a list"),
        ("  hospitals: all\n", "", "line 9: field `tokens[0]`: object missing required field `hospitals`"),
        ("$argon2id$", "$argon2i$", "line 5: field `accounts[0].password`: expected a hash that"),
        (HASH, PASSWORD, "line 5: field `accounts[0].password`: expected a hash that"),
        ("disabled: false", "disabled: perhaps", "line 7: field `accounts[0].disabled`: expected true or false"),
        ("user: ana", "user: token:x", "line 2: field `accounts[0].user`: expected up to 48 letters"),
        ("user: ana", "usr: ana", "line 2: field `accounts[0]`: object contains unknown field `usr`"),
        ("2027-01-31", "2028-01-31", "line 9: field `tokens[0]`: `expires` is at most 366 days after `created`"),
        ("expires: 2027-01-31T00:00:00Z", "expires: soon", "line 14: field `tokens[0].expires`: expected a time"),
        ("groups:", "- name: report", "line 15: field `tokens[1]`: object missing required field"),
        ("groups:", "teams:", "line 15: object contains unknown field `teams`"),
        ("accounts:", "accounts: [", "not YAML"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(old, new, refusal):
    """The sentence names the line, the field and what fits; nothing of a hash or password stands in it."""
    with pytest.raises(AccountsRefusedError) as refused:
        parse(TEXT.replace(old, new, 1), "accounts.yaml")
    assert str(refused.value).startswith("accounts.yaml: ")
    assert refusal in str(refused.value)
    assert PASSWORD not in str(refused.value)
    assert HASH not in str(refused.value)


def test_a_name_stands_once():
    """Two accounts of one name would be two answers to who may what."""
    second = TEXT.partition("tokens:")[0].removeprefix("accounts:\n")
    with pytest.raises(AccountsRefusedError, match=r"line 8: field `accounts\[1\]`: `ana` stands twice"):
        parse(TEXT.replace("tokens:", f"{second}tokens:"), "accounts.yaml")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    """The remedy stands beside it."""
    path = tmp_path / "accounts.yaml"
    path.write_text(TEXT)
    path.chmod(mode)
    with pytest.raises(AccountsRefusedError, match=rf"its mode is {mode:04o}.*`chmod 600 {path}`"):
        load(path)


def test_writing_replaces_the_file_in_one_step(tmp_path):
    """What is written is read again as it was, for nobody else, and a refused one leaves the old and no rest."""
    path = tmp_path / "accounts.yaml"
    token = ApiToken(
        name="r", role="viewer", hospitals="all", hash=digest_of("x"), created=CREATED, expires=CREATED + timedelta(1)
    )
    written = Accounts(
        accounts=[BIOMED, ANA], tokens=[token], groups=[Group(group="Ü", role="viewer", hospitals="all")]
    )
    write(path, written)
    assert load(path) == written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(AccountsRefusedError):
        write(path, Accounts(accounts=[ANA, ANA]))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["accounts.yaml"]  # noqa: PTH208 (names alone)


def test_a_bad_change_keeps_what_was_in_force(tmp_path):
    """Also a file that is gone or that others may read now; the next sound one is taken."""
    path = tmp_path / "accounts.yaml"
    write(path, Accounts(accounts=[ANA]))
    book = AccountBook(path)
    assert book.changed() is None
    for spoil in (lambda: path.write_text("accounts: 5"), lambda: path.chmod(0o644), path.unlink):
        spoil()
        assert book.changed() is None
        assert book.accounts.accounts == [ANA]
    write(path, Accounts(accounts=[BIOMED]))
    assert book.changed() == (Accounts(accounts=[ANA]), Accounts(accounts=[BIOMED]))
    assert book.accounts.accounts == [BIOMED]


def test_changes_are_told_in_words():
    """What was added, removed or changed, of accounts, tokens and groups, without a secret."""
    token = ApiToken(
        name="r", role="viewer", hospitals="all", hash=digest_of("x"), created=CREATED, expires=CREATED + timedelta(1)
    )
    group = Group(group="staff", role="viewer", hospitals=["North"])
    moved = msgspec.structs.replace(ANA, role="viewer", hospitals=["North", "South"], disabled=True)
    renewed = Account.create("bo", "another password")
    before = Accounts(accounts=[BIOMED, ANA, msgspec.structs.replace(BIOMED, user="bo", created=None)], tokens=[token])
    after = Accounts(accounts=[moved, renewed], groups=[group])
    assert dict(differences(Change(before, after))) == {
        "ana": "role viewer, was responder, hospitals North, South, disabled True",
        "biomed": "removed",
        "bo": "another password",
        "group:staff": "added as viewer of North",
        "token:r": "removed",
    }


@pytest.fixture
def path(tmp_path):
    """An account file with an admin and a responder of North."""
    path = tmp_path / "accounts.yaml"
    write(path, Accounts(accounts=[BIOMED, ANA]))
    return path


@pytest.fixture
def book(path):
    """The accounts of that file."""
    return AccountBook(path)


async def until(holds) -> None:
    """Wait until an async condition holds."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 (no event tells it)
            await asyncio.sleep(0.05)


async def becomes(client, status: int) -> None:
    async def answered() -> bool:
        return (await client.get("/api/session")).status_code == status

    await until(answered)


@pytest.mark.parametrize(
    "left",
    [[BIOMED], [BIOMED, msgspec.structs.replace(ANA, disabled=True)]],
    ids=["removed", "disabled"],
)
async def test_who_is_shut_out_is_out_at_once(board, path, left):
    """The session is over, the open stream ends, others stay, and enabling it again brings no session back."""
    ana, biomed = await board.logged_in("ana"), await board.logged_in()
    async with opened(ana) as events:
        await next_of(events, "snapshot")
        write(path, Accounts(accounts=left))
        async with asyncio.timeout(60):
            assert {event.name async for event in events} <= {"status", "snapshot"}
    await becomes(ana, 401)
    assert (await biomed.get("/api/session")).status_code == 200
    refused = await board.client().post("/login", data={"user": "ana", "password": PASSWORD})
    assert "User or password is wrong." in refused.text
    (event,) = await board.audited("account_changed")
    assert (event.subject, event.detail) == ("ana", "removed" if len(left) == 1 else "disabled True")
    write(path, Accounts(accounts=[BIOMED, ANA]))

    async def enabled() -> bool:
        return len(await board.audited("account_changed")) == 2

    await until(enabled)
    assert (await ana.get("/api/session")).status_code == 401


async def test_another_password_ends_the_sessions_of_the_old(board, path):
    """Whoever knew the old one is out, also where a session was stolen."""
    ana = await board.logged_in("ana")
    renewed = msgspec.structs.replace(ANA, password=Account.create("ana", "another password").password)
    write(path, Accounts(accounts=[BIOMED, renewed]))
    await becomes(ana, 401)


async def test_another_scope_and_role_hold_at_once(board, redis, path):
    """The stream ends and starts over with what is open in the new scope; a role taken away is refused."""
    await store(redis, alert("n"), alert("s", hospital="South"))
    await board.follows("North", "South")
    ana = await board.logged_in("ana")
    async with opened(ana) as events:
        snapshot = await next_of(events, "snapshot")
        assert [each["alert"]["fingerprint"] for each in snapshot.data["alerts"]] == ["n"]
        last = snapshot.id
        write(path, Accounts(accounts=[BIOMED, msgspec.structs.replace(ANA, role="viewer", hospitals=["South"])]))
        async with asyncio.timeout(60):
            async for event in events:
                last = event.id or last
    async with opened(ana, last=last) as events:
        snapshot = await next_of(events, "snapshot", "alert")
        assert [each["alert"]["fingerprint"] for each in snapshot.data["alerts"]] == ["s"]
    refused = await ana.post("/api/alerts/s/actions", json={"action": "acknowledge"})
    assert (refused.status_code, refused.json()["error"]) == (403, "This needs the role responder; yours is viewer.")


async def test_a_bad_file_shuts_nobody_out(board, path, capsys):
    """It is reported with its line; whoever could come in still can."""
    ana = await board.logged_in("ana")
    path.write_text("accounts:\n- user: 5\n")

    async def reported() -> bool:
        return "accounts refused" in capsys.readouterr().out

    await until(reported)
    assert (await ana.get("/api/session")).json()["user"] == "ana"
    assert (await (await board.logged_in(USER)).get("/api/session")).json()["user"] == USER
