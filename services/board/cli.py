"""`pumpwatch board`: the live page, its API and its stream."""

from __future__ import annotations

import socket
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import Annotated

import typer

from services.board.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, Account, generate_password
from services.board.app import LOOPBACK_NAMES, Board, BoardConfig
from services.logs import configure
from services.serving import Address, serve
from streams.settings import Settings, SettingsError


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
    """Serve the live board of open alerts. Its password is PUMPWATCH_BOARD_PASSWORD, or is generated and shown once.

    Example: pumpwatch board --port 8080
    """
    settings = Settings.load(kafka=kafka, redis=redis)
    address = Address(host, port, tls_cert, tls_key)
    password = _password(settings)
    configure(settings.log_format)
    app = Board(
        BoardConfig(
            redis=settings.redis.get_secret_value(),
            kafka=settings.confluent(),
            account=Account.create(settings.board_user, password),
            hosts=_names(host, allow_host or []),
            secure=address.secure,
        )
    )
    shown_once = "" if settings.board_password else f", password {password}"
    serve(app, address, f"board ready at {{url}}, user {settings.board_user}{shown_once}", app.close_streams)


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
