"""Serving: what address is refused, and a stop that is quick, clean and says so."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx
import pytest

from services.serving import Address
from streams.settings import SettingsError

COMMAND = [sys.executable, "-m", "services.cli"]


@contextlib.contextmanager
def _serving(*arguments: str, **env: str):
    """A service as a child process, and its ready line."""
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--port", "0"], stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )
    try:
        for line in process.stderr:
            if " ready at " in line:
                yield process, line
                break
        else:
            pytest.fail(f"{arguments[0]} ended with {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize(
    ("host", "why"),
    [("0.0.0.0", "give --tls-cert and --tls-key"), ("::", "--tls-cert"), ("192.0.2.1", "--tls-cert"), ("", "(empty)")],
)
def test_the_network_is_refused_without_tls(host, why):
    """One sentence names the option and the remedy."""
    with pytest.raises(SettingsError) as refused:
        Address(host, 8080)
    assert why in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_tls(host):
    """Whatever its name."""
    assert not Address(host, 8080).secure


def test_certificates_have_to_be_there(tmp_path: Path):
    """Both options, both files."""
    there = tmp_path / "cert.pem"
    there.touch()
    with pytest.raises(SettingsError, match="belong together"):
        Address("0.0.0.0", 8080, tls_cert=there)
    with pytest.raises(SettingsError, match="--tls-key: there is no file"):
        Address("0.0.0.0", 8080, tls_cert=there, tls_key=tmp_path / "key.pem")


def test_an_address_in_use_is_one_clear_line():
    """And a non-zero exit."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, "metrics", "--port", str(port)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"pumpwatch: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_a_certificate_that_is_none_is_one_clear_line(tmp_path: Path):
    """Files with something else in them are named."""
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing")
    options = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    done = subprocess.run([*COMMAND, "metrics", "--port", "0", *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("pumpwatch: --tls-cert and --tls-key cannot be used:")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_board_stops_with_screens_open(redis_url, number):
    """An open stream does not hold it up, and a wanted stop is exit code 0."""
    env = {"PUMPWATCH_REDIS": redis_url, "PUMPWATCH_BOARD_PASSWORD": "a fine password"}
    with _serving("board", **env) as (process, line):
        url = line.split(" ready at ")[1].split(",")[0].strip()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        opener.open(f"{url}/login", b"user=biomed&password=a+fine+password", timeout=60).close()
        stream = opener.open(f"{url}/api/stream", timeout=60)
        assert stream.readline() == b"retry: 1500\n"
        process.send_signal(number)
        assert process.wait(60) == 0
        stream.close()


def test_a_password_is_generated_and_shown_once(redis_url):
    """Without PUMPWATCH_BOARD_PASSWORD there is no default: the ready line tells what was made up, and it works."""
    with _serving("board", PUMPWATCH_REDIS=redis_url) as (process, line):
        assert process.poll() is None
        url, _, password = line.split(" ready at ")[1].strip().partition(", user biomed, password ")
        form = f"user=biomed&password={password}".encode()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(f"{url}/login", form, timeout=60) as answer:
            assert answer.status == 200
            assert answer.url == f"{url}/"


def test_a_short_password_is_refused():
    """The variable and the remedy are named."""
    env = {**os.environ, "PUMPWATCH_BOARD_PASSWORD": "short"}
    done = subprocess.run([*COMMAND, "board", "--port", "0"], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 2
    assert done.stderr.startswith("pumpwatch: PUMPWATCH_BOARD_PASSWORD: takes 8 to 1024 characters")


def test_a_board_with_an_account_file_has_the_accounts_of_the_file_alone(redis_url, tmp_path: Path):
    """No password is made up; a bad file, and a password that nobody could use, are refused with the remedy."""
    file = tmp_path / "accounts.yaml"
    file.write_text("accounts:\n- user: ana\n  role: boss\n")
    file.chmod(0o600)
    env = {**os.environ, "PUMPWATCH_ACCOUNTS": str(file), "PUMPWATCH_REDIS": redis_url}
    done = subprocess.run([*COMMAND, "board", "--port", "0"], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 2
    assert done.stderr == (
        "pumpwatch: PUMPWATCH_ACCOUNTS: accounts.yaml: line 3: field `accounts[0].role`: "
        "expected viewer, responder or admin\n"
    )
    env["PUMPWATCH_BOARD_PASSWORD"] = "a fine password"
    done = subprocess.run([*COMMAND, "board", "--port", "0"], capture_output=True, text=True, check=False, env=env)
    assert done.stderr.startswith("pumpwatch: PUMPWATCH_BOARD_PASSWORD: is for a board without PUMPWATCH_ACCOUNTS")
    subprocess.run(
        [*COMMAND, "accounts", "add", "bo", "--role", "viewer", "--all-hospitals", "--file", str(tmp_path / "a.yaml")],
        check=True,
        capture_output=True,
    )
    with _serving("board", PUMPWATCH_REDIS=redis_url, PUMPWATCH_ACCOUNTS=str(tmp_path / "a.yaml")) as (_, line):
        assert line.strip().endswith(f", accounts of {tmp_path / 'a.yaml'}")


def test_metrics_beyond_this_machine_need_a_token():
    """A network listener without a bearer token is refused."""
    done = subprocess.run([*COMMAND, "metrics", "--host", "0.0.0.0"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "set PUMPWATCH_METRICS_TOKEN" in done.stderr


def test_over_tls_the_board_may_leave_this_machine(redis_url, tmp_path: Path):
    """With a certificate it listens everywhere, its cookie is Secure, and it takes only the names it was given."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=board.example", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", cert], check=True, capture_output=True)
    options = ["--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key), "--allow-host", "board.example"]
    env = {"PUMPWATCH_REDIS": redis_url, "PUMPWATCH_BOARD_PASSWORD": "a fine password"}
    with (
        _serving("board", *options, **env) as (_, line),
        httpx.Client(verify=ssl.create_default_context(cafile=str(cert))) as client,
    ):
        port = line.split(" ready at https://0.0.0.0:")[1].split(",")[0]
        url = f"https://localhost:{port}"
        answer = client.post(f"{url}/login", data={"user": "biomed", "password": "a fine password"})
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith("__Host-pumpwatch=")
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        names = {"board.example": 303, "elsewhere.example": 400}  # logged in, so the login leads on
        for name, status in names.items():
            assert client.get(f"{url}/login", headers={"Host": name}).status_code == status
