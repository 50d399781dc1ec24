"""The account file: read with a line for every refusal, read again when it changes, and written in one step."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import structlog
import yaml

from services.board.accounts import Account, Accounts, ApiToken, Group
from streams.alerts.rule_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

_OTHERS = 0o077
_HEAD = """# Accounts of the board; docs/accounts.md explains every field. `pumpwatch accounts` writes this file anew:
# comments of your own would be lost.
"""
_UNKNOWN = re.compile(r"unknown field `(.+)`")
# A refusal says what fits a field instead of showing a pattern or a type.
_FITTING = {
    "user": "expected up to 48 letters, digits and . _ @ + -, the first one a letter or digit",
    "name": "expected up to 48 letters, digits and . _ @ + -, the first one a letter or digit",
    "role": "expected viewer, responder or admin",
    "hospitals": "expected `all` or a list of names in square brackets",
    "password": "expected a hash that `pumpwatch accounts password` made",
    "hash": "expected a hash that `pumpwatch accounts token` made",
    "created": "expected a time such as 2026-11-23T17:00:00Z",
    "expires": "expected a time such as 2027-01-31T00:00:00Z",
    "disabled": "expected true or false",
}

Entry = TypeVar("Entry", Account, ApiToken, Group)


class AccountsRefusedError(ValueError):
    """The file cannot be used; the text names the file, the line, the field and the remedy."""


class _Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    accounts: list[Any] = []
    tokens: list[Any] = []
    groups: list[Any] = []


class Change(NamedTuple):
    """What was in force, and what is now."""

    before: Accounts
    after: Accounts


class AccountBook:
    """The accounts in force: those of a file, followed while it changes, or fixed ones where there is no file.

    Raises AccountsRefusedError for a bad file at start; later a bad one is reported and what was before stays.
    """

    def __init__(self, path: Path | None = None, fixed: Accounts | None = None) -> None:
        self._path = path
        self._seen = self._state()
        self.accounts = Accounts() if fixed is None else fixed
        if path is not None:
            self.accounts = load(path)

    def changed(self) -> Change | None:
        """What changed since the last call: looks at the file, a system call."""
        if self._path is None or (state := self._state()) == self._seen:
            return None
        self._seen = state
        try:
            after = load(self._path)
        except AccountsRefusedError as refusal:
            log.error("accounts refused, the ones before stay in force", reason=str(refusal))  # noqa: TRY400
            return None
        change = Change(self.accounts, after)
        self.accounts = after
        return None if change.before == after else change

    def _state(self) -> tuple[int, int, int, int] | None:
        """What tells one version of the file from the next; None where there is none."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def load(path: Path) -> Accounts:
    """The accounts of a file. Raises AccountsRefusedError."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & _OTHERS:
                raise AccountsRefusedError(
                    f"{path.name}: its mode is {stat.S_IMODE(mode):04o}, so that others may read the hashes; "
                    f"`chmod 600 {path}`"
                )
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise AccountsRefusedError(f"{path.name}: cannot be read ({error})") from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Accounts:
    """The accounts in a YAML text. Raises AccountsRefusedError naming line and field."""
    try:
        document = yaml.safe_load(text)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:  # PyYAML on tags and dates that are none
        raise AccountsRefusedError(f"{name}: not YAML ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise AccountsRefusedError(f"{name}: {line}not YAML ({getattr(error, 'problem', None) or error})") from None

    def refuse(field: str, problem: str) -> AccountsRefusedError:
        unknown = _UNKNOWN.search(problem)
        line = line_of(text, field, unknown[1] if unknown else None)
        where = "".join((f"line {line}: " if line else "", f"field `{field}`: " if field else ""))
        problem = _FITTING.get(field.rpartition(".")[2], problem[0].lower() + problem[1:])
        return AccountsRefusedError(f"{name}: {where}{problem}")

    lists = _fitting({} if document is None else document, _Lists, "", refuse)
    return Accounts(
        accounts=_entries(lists.accounts, Account, "accounts", "user", refuse),
        tokens=_entries(lists.tokens, ApiToken, "tokens", "name", refuse),
        groups=_entries(lists.groups, Group, "groups", "group", refuse),
    )


def _entries(
    found: list[Any], kind: type[Entry], under: str, named: str, refuse: Callable[[str, str], AccountsRefusedError]
) -> list[Entry]:
    entries: list[Entry] = []
    names = set()
    for number, each in enumerate(found):
        entry = _fitting(each, kind, f"{under}[{number}]", refuse)
        name = getattr(entry, named)
        if name in names:
            raise refuse(f"{under}[{number}]", f"`{name}` stands twice")
        names.add(name)
        entries.append(entry)
    return entries


Fitting = TypeVar("Fitting", bound=msgspec.Struct)


def _fitting(
    found: Any, kind: type[Fitting], under: str, refuse: Callable[[str, str], AccountsRefusedError]
) -> Fitting:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `")
        raise refuse(f"{under}{place.rstrip('`').removeprefix('$')}".removeprefix("."), problem) from None


def write(path: Path, accounts: Accounts) -> None:
    """Put the accounts in place of the file: whoever reads it sees all of the old or all of the new ones.

    Raises AccountsRefusedError for what could not be read again.
    """
    document = {
        "accounts": [_with_name_first(each, "user") for each in accounts.accounts],
        "tokens": [_with_name_first(each, "name") for each in accounts.tokens],
        "groups": [_with_name_first(each, "group") for each in accounts.groups],
    }
    text = _HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=200)
    parse(text, path.name)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with contextlib.suppress(FileNotFoundError):
            _keep_owner(path, handle)
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a file that is open already
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _keep_owner(path: Path, handle: int) -> None:
    """An administrator who changes the file of the board's own user leaves it to that user."""
    owner = path.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _with_name_first(entry: Account | ApiToken | Group, named: str) -> dict[str, Any]:
    fields = msgspec.to_builtins(entry)
    return {named: fields.pop(named), **fields}
