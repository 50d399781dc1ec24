"""`pumpwatch board`: the live page, its API and its stream."""

from __future__ import annotations

import socket
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from services.board.account_file import AccountBook, AccountsRefusedError
from services.board.accounts import Account, Accounts
from services.board.app import LOOPBACK_NAMES, Board, BoardConfig
from services.board.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, generate_password
from services.logs import configure
from services.serving import Address, serve
from streams.settings import Settings, SettingsError

if TYPE_CHECKING:
    from services.board.openid import OpenIdConfig


def board(
    host: Annotated[str, typer.Option(help="Address to listen on; beyond this machine only with TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate chain of the board.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Further name under which browsers reach the board; may be repeated.")
    ] = None,
    kafka: Annotated[str | None, typer.Option(help="Kafka bootstrap servers (PUMPWATCH_KAFKA).")] = None,
    redis: Annotated[str | None, typer.Option(help="Redis URL (PUMPWATCH_REDIS).")] = None,
) -> None:
    """Serve the live board of open alerts.

    Its accounts are those of PUMPWATCH_ACCOUNTS (see `pumpwatch accounts`). Without it there is one, an admin, whose
    password is PUMPWATCH_BOARD_PASSWORD, or is generated and shown once.

    Example: pumpwatch board --port 8080
    """
    settings = Settings.load(kafka=kafka, redis=redis)
    address = Address(host, port, tls_cert, tls_key)
    book, entry = _accounts(settings)
    configure(settings.log_format)
    app = Board(
        BoardConfig(
            redis=settings.redis.get_secret_value(),
            kafka=settings.confluent(),
            book=book,
            hosts=_names(host, allow_host or []),
            secure=address.secure,
            openid=_openid(settings),
        )
    )
    serve(app, address, f"board ready at {{url}}, {entry}", app.close_streams)


def _accounts(settings: Settings) -> tuple[AccountBook, str]:
    """Who may come in, and what the line says of it that tells that the board is ready."""
    if settings.accounts is not None:
        if settings.board_password is not None:
            raise SettingsError(
                "PUMPWATCH_BOARD_PASSWORD: is for a board without PUMPWATCH_ACCOUNTS; unset one of them"
            )
        try:
            return AccountBook(settings.accounts), f"accounts of {settings.accounts}"
        except AccountsRefusedError as refusal:
            raise SettingsError(f"PUMPWATCH_ACCOUNTS: {refusal}") from None
    password = _password(settings)
    only = Accounts(accounts=[Account.create(settings.board_user, password)])
    shown_once = "" if settings.board_password else f", password {password}"
    return AccountBook(fixed=only), f"user {settings.board_user}{shown_once}"


def _openid(settings: Settings) -> OpenIdConfig | None:
    if settings.oidc_issuer is None:
        return None
    from services.board.openid import OpenIdConfig  # noqa: PLC0415 (takes part of a second, most boards have none)

    return OpenIdConfig.of(settings)


def _password(settings: Settings) -> str:
    if settings.board_password is None:
        return generate_password()
    password = settings.board_password.get_secret_value()
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise SettingsError(
            f"PUMPWATCH_BOARD_PASSWORD: takes {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            "unset it to have one generated"
        )
    return password


def _names(host: str, allowed: list[str]) -> tuple[str, ...]:
    """Names a browser may ask for, so that a foreign name which resolves to this machine is refused."""
    own = (socket.gethostname(), socket.getfqdn()) if host not in LOOPBACK_NAMES else ()
    listening = f"[{host}]" if ":" in host else host
    return tuple(dict.fromkeys((*LOOPBACK_NAMES, listening, *own, *allowed)))
