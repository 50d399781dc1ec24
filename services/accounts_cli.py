"""`pumpwatch accounts`: who may use the board. It writes the account file, and running boards take it at once."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from services.board.account_file import AccountsRefusedError, load, write
from services.board.accounts import (
    LONGEST_TOKEN_LIFE,
    TOKEN_PREFIX,
    Account,
    Accounts,
    ApiToken,
    UserName,
    digest_of,
    now,
)
from services.board.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, generate_password, hashed
from services.board.roles import ROLES, Role
from services.failure import fail
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.board.accounts import HospitalNames

app = typer.Typer(
    help="Accounts and API tokens of the board.\n\n"
    "Example: pumpwatch accounts add ana --role responder --hospital North",
    no_args_is_help=True,
    add_completion=False,
)

_TOKEN_BYTES = 32

File = Annotated[Path | None, typer.Option("--file", help="The account file (PUMPWATCH_ACCOUNTS).")]
WhichRole = Annotated[str, typer.Option("--role", help=f"{', '.join(ROLES[:-1])} or {ROLES[-1]}.")]
Hospitals = Annotated[list[str] | None, typer.Option("--hospital", help="A hospital; may be repeated.")]
Everywhere = Annotated[bool, typer.Option("--all-hospitals", help="All hospitals, also those that come later.")]
Password = Annotated[
    str | None, typer.Option("--password", help="- reads it from standard input; generated and shown once if absent.")
]
User = Annotated[str, typer.Argument(help="The user.", show_default=False)]
TokenName = Annotated[str, typer.Argument(help="The token's name.", show_default=False)]


@app.command()
def add(
    user: User,
    role: WhichRole,
    hospital: Hospitals = None,
    *,
    all_hospitals: Everywhere = False,
    password: Password = None,
    file: File = None,
) -> None:
    """Add a person's account; the file is made where there is none.

    Example: pumpwatch accounts add ana --role responder --hospital North --file accounts.yaml
    """
    _fit_name(user)
    chosen = _password(password)
    with _changing(file, new=True) as (accounts, path):
        if accounts.account(user) is not None:
            fail(
                f"there is an account `{user}` already; `pumpwatch accounts password {user}` gives it another password"
            )
        account = Account(
            user=user,
            role=_role(role),
            hospitals=_hospitals(hospital, everywhere=all_hospitals),
            password=hashed(chosen),
            created=now(),
        )
        _put(path, msgspec.structs.replace(accounts, accounts=[*accounts.accounts, account]))
    _tell_password(user, chosen, given=password is not None)


@app.command("list")
def show(
    *, as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False, file: File = None
) -> None:
    """Show accounts, tokens and groups; nothing of passwords and tokens.

    Example: pumpwatch accounts list
    """
    accounts = _read(_path(file))
    if as_json:
        shown = msgspec.to_builtins(accounts)
        for secret, entries in (("password", shown["accounts"]), ("hash", shown["tokens"])):
            for entry in entries:
                del entry[secret]
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    at = now()
    table = Table("who", "role", "hospitals", "state", box=None)
    for account in accounts.accounts:
        table.add_row(
            account.user, account.role, _where(account.hospitals), "disabled" if account.disabled else "active"
        )
    for token in accounts.tokens:
        state = f"{'expired' if token.expires <= at else 'until'} {token.expires:%Y-%m-%d %H:%M} UTC"
        table.add_row(token.who, token.role, _where(token.hospitals), state)
    for group in accounts.groups:
        table.add_row(f"group {group.group}", group.role, _where(group.hospitals), "from the OpenID provider")
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@app.command()
def disable(user: User, file: File = None) -> None:
    """Shut an account out: its sessions end at once, and it can be enabled again.

    Example: pumpwatch accounts disable ana
    """
    _replace(file, user, disabled=True)
    typer.echo(f"{user} is disabled")


@app.command()
def enable(user: User, file: File = None) -> None:
    """Let a disabled account in again, with the password that it had.

    Example: pumpwatch accounts enable ana
    """
    _replace(file, user, disabled=False)
    typer.echo(f"{user} is enabled")


@app.command()
def remove(user: User, file: File = None) -> None:
    """Remove an account; its sessions end at once.

    Example: pumpwatch accounts remove ana
    """
    with _changing(file) as (accounts, path):
        _known(accounts, user)
        left = [account for account in accounts.accounts if account.user != user]
        _put(path, msgspec.structs.replace(accounts, accounts=left))
    typer.echo(f"{user} is removed")


@app.command()
def password(user: User, *, password: Password = None, file: File = None) -> None:
    """Give an account another password; sessions opened with the old one end at once.

    Example: pumpwatch accounts password ana
    """
    chosen = _password(password)
    _replace(file, user, password=hashed(chosen))
    _tell_password(user, chosen, given=password is not None)


@app.command()
def token(
    name: TokenName,
    role: WhichRole,
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST_TOKEN_LIFE.days, help="Days until it expires.")],
    hospital: Hospitals = None,
    *,
    all_hospitals: Everywhere = False,
    file: File = None,
) -> None:
    """Make an API token for a program, and show it once.

    Example: pumpwatch accounts token night-report --role viewer --hospital North --days 90
    """
    _fit_name(name)
    text = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    at = now()
    with _changing(file, new=True) as (accounts, path):
        if any(each.name == name for each in accounts.tokens):
            fail(f"there is a token `{name}` already; `pumpwatch accounts revoke {name}` ends it")
        made = ApiToken(
            name=name,
            role=_role(role),
            hospitals=_hospitals(hospital, everywhere=all_hospitals),
            hash=digest_of(text),
            created=at,
            expires=at + timedelta(days=days),
        )
        _put(path, msgspec.structs.replace(accounts, tokens=[*accounts.tokens, made]))
    typer.echo(f"token {name}, until {made.expires:%Y-%m-%d %H:%M} UTC: {text}")
    typer.echo("It is not shown again. Send it as `Authorization: Bearer pw_...`.", err=True)


@app.command()
def revoke(name: TokenName, file: File = None) -> None:
    """End an API token; what uses it is refused at once.

    Example: pumpwatch accounts revoke night-report
    """
    with _changing(file) as (accounts, path):
        left = [each for each in accounts.tokens if each.name != name]
        if len(left) == len(accounts.tokens):
            fail(f"there is no token `{name}`; `pumpwatch accounts list` shows all")
        _put(path, msgspec.structs.replace(accounts, tokens=left))
    typer.echo(f"token {name} is revoked")


def _path(file: Path | None) -> Path:
    path = file or Settings.load().accounts
    if path is None:
        fail("give --file or set PUMPWATCH_ACCOUNTS to the account file")
    return path


def _read(path: Path) -> Accounts:
    try:
        return load(path)
    except AccountsRefusedError as refusal:
        fail(str(refusal))


@contextlib.contextmanager
def _changing(file: Path | None, *, new: bool = False) -> Iterator[tuple[Accounts, Path]]:
    """The accounts of the file while nobody else changes them."""
    path = _path(file)
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield (Accounts() if new and not path.exists() else _read(path)), path
    finally:
        os.close(folder)


def _put(path: Path, accounts: Accounts) -> None:
    """Write the accounts, unless a board would refuse them."""
    try:
        write(path, accounts)
    except AccountsRefusedError as refusal:
        fail(str(refusal))


def _known(accounts: Accounts, user: str) -> Account:
    account = accounts.account(user)
    if account is None:
        fail(f"there is no account `{user}`; `pumpwatch accounts list` shows all")
    return account


def _replace(file: Path | None, user: str, **fields: bool | str) -> None:
    with _changing(file) as (accounts, path):
        changed = msgspec.structs.replace(_known(accounts, user), **fields)
        kept = [changed if account.user == user else account for account in accounts.accounts]
        _put(path, msgspec.structs.replace(accounts, accounts=kept))


def _fit_name(name: str) -> None:
    try:
        msgspec.convert(name, UserName)
    except msgspec.ValidationError:
        fail(f"`{name}`: a name is up to 48 letters, digits and . _ @ + -, the first one a letter or digit")


def _role(name: str) -> Role:
    if name not in ROLES:
        fail(f"--role {name}: expected {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    return name


def _hospitals(names: list[str] | None, *, everywhere: bool) -> HospitalNames:
    if everywhere == bool(names):
        fail("give --hospital, once for each, or --all-hospitals")
    return "all" if everywhere or names is None else names


def _where(hospitals: HospitalNames) -> str:
    return "all" if hospitals == "all" else ", ".join(hospitals)


def _password(option: str | None) -> str:
    if option is None:
        return generate_password()
    if option != "-":
        fail("--password takes only -, which reads standard input: what stands on a command line is seen by others")
    typed = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST_PASSWORD <= len(typed) <= LONGEST_PASSWORD:
        fail(f"a password takes {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return typed


def _tell_password(user: str, chosen: str, *, given: bool) -> None:
    typer.echo(f"{user} has the password that was given" if given else f"user {user}, password {chosen}")
