"""`pumpwatch accounts` on a file: what is shown once, what is refused, and what a board takes from it."""

import json
import re
import stat

import pytest
from typer.testing import CliRunner

from services.accounts_cli import app
from services.board.account_file import load


@pytest.fixture
def file(tmp_path):
    return tmp_path / "accounts.yaml"


@pytest.fixture
def run(file):
    """Call a command on the file, with standard input."""

    def call(*arguments, typed: str | None = None):
        return CliRunner().invoke(app, [*arguments, "--file", str(file)], input=typed)

    return call


def refusal(done) -> str:
    """The one line of a refusal."""
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_generated_password_is_shown_once_and_admits(file, run):
    """The file is made for its owner alone; the account may what was said."""
    done = run("add", "ana", "--role", "responder", "--hospital", "North", "--hospital", "South")
    password = re.fullmatch(r"user ana, password (\S+)\n", done.stdout)[1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    account = load(file).admitted("ana", password)
    assert account.rights == ("responder", frozenset({"North", "South"}))
    assert password not in file.read_text()
    assert password not in run("list").stdout


def test_a_password_from_standard_input_is_not_shown(file, run):
    """Its line break does not count; a short one is refused, and so is one on the command line."""
    done = run("add", "bo", "--role", "admin", "--all-hospitals", "--password", "-", typed="correct horse\n")
    assert done.stdout == "bo has the password that was given\n"
    assert load(file).admitted("bo", "correct horse").rights == ("admin", None)
    assert "takes 8 to 1024 characters" in refusal(run("password", "bo", "--password", "-", typed="short\n"))
    assert "--password takes only -" in refusal(run("password", "bo", "--password", "hunter2222"))
    assert load(file).admitted("bo", "correct horse")


def test_an_account_is_disabled_enabled_and_removed(file, run):
    """Another password ends the old one; the name is free again after a removal."""
    run("add", "ana", "--role", "viewer", "--all-hospitals", "--password", "-", typed="first password\n")
    run("disable", "ana")
    assert load(file).admitted("ana", "first password") is None
    run("enable", "ana")
    assert load(file).admitted("ana", "first password")
    second = run("password", "ana").stdout.split()[-1]
    assert load(file).admitted("ana", "first password") is None
    assert load(file).admitted("ana", second)
    assert "there is an account `ana` already" in refusal(run("add", "ana", "--role", "viewer", "--all-hospitals"))
    assert run("remove", "ana").stdout == "ana is removed\n"
    assert load(file).accounts == []
    assert "there is no account `ana`" in refusal(run("remove", "ana"))


def test_a_token_is_shown_once_and_has_an_end(file, run):
    """The file keeps its hash; a year is the longest, and there is no token without an end."""
    done = run("token", "report", "--role", "viewer", "--hospital", "North", "--days", "90")
    text = re.search(r"(pw_\S{43})\n", done.stdout)[1]
    token = load(file).presented(text)
    assert (token.name, token.rights, (token.expires - token.created).days) == (
        "report", ("viewer", frozenset({"North"})), 90,
    )  # fmt: skip
    assert text not in file.read_text()
    again = run("token", "report", "--role", "viewer", "--hospital", "North", "--days", "9")
    assert "there is a token `report` already" in refusal(again)
    for days in (["--days", "367"], ["--days", "0"], []):
        assert run("token", "long", "--role", "viewer", "--all-hospitals", *days).exit_code == 2
    assert run("revoke", "report").stdout == "token report is revoked\n"
    assert load(file).presented(text) is None
    assert "there is no token `report`" in refusal(run("revoke", "report"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["x", "--role", "chief", "--all-hospitals"], "--role chief: expected viewer, responder or admin"),
        (["x", "--role", "viewer"], "give --hospital, once for each, or --all-hospitals"),
        (["x", "--role", "viewer", "--hospital", "N", "--all-hospitals"], "give --hospital, once for each, or"),
        (["token:x", "--role", "viewer", "--all-hospitals"], "`token:x`: a name is up to 48 letters"),
    ],
)
def test_what_does_not_fit_is_refused_and_writes_nothing(file, run, arguments, reason):
    assert reason in refusal(run("add", *arguments))
    assert not file.exists()


def test_lists_show_who_may_what_and_no_secret(run):
    """As a table, and as JSON for programs."""
    run("add", "ana", "--role", "responder", "--hospital", "North")
    run("token", "report", "--role", "viewer", "--all-hospitals", "--days", "9")
    run("disable", "ana")
    lines = [line.split() for line in run("list").stdout.splitlines()]
    assert ["ana", "responder", "North", "disabled"] in lines
    assert ["token:report", "viewer", "all", "until"] in [line[:4] for line in lines]
    shown = json.loads(run("list", "--json").stdout)
    assert (shown["accounts"][0]["user"], shown["accounts"][0]["disabled"]) == ("ana", True)
    assert "password" not in shown["accounts"][0]
    assert "hash" not in shown["tokens"][0]


def test_a_file_that_others_may_read_is_not_used(file, run):
    """The remedy stands in the refusal."""
    run("add", "ana", "--role", "viewer", "--all-hospitals")
    file.chmod(0o644)
    assert f"`chmod 600 {file}`" in refusal(run("list"))


def test_without_a_file_the_remedy_is_named(monkeypatch):
    monkeypatch.delenv("PUMPWATCH_ACCOUNTS", raising=False)
    done = CliRunner().invoke(app, ["list"])
    assert refusal(done) == "pumpwatch: give --file or set PUMPWATCH_ACCOUNTS to the account file"
