"""`pumpwatch metrics`: what Prometheus scrapes."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import Annotated

import typer

from services.logs import configure
from services.metrics.app import Metrics
from services.serving import Address, serve
from streams.settings import Settings, SettingsError, is_loopback


def metrics(
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond this machine only with PUMPWATCH_METRICS_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 9108,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
    redis: Annotated[str | None, typer.Option(help="Redis URL (PUMPWATCH_REDIS).")] = None,
) -> None:
    """Serve /metrics for Prometheus, and /healthz, which is 200 only while the pipeline makes progress.

    Example: pumpwatch metrics --port 9108
    """
    settings = Settings.load(redis=redis)
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    if token is None and not is_loopback(host):
        raise SettingsError(f"--host {host} is not on this machine: set PUMPWATCH_METRICS_TOKEN, the bearer token")
    address = Address(host, port, tls_cert, tls_key, plain_beyond_loopback=token is not None)
    configure(settings.log_format)
    app = Metrics(settings.redis.get_secret_value(), token).app()
    serve(app, address, "metrics ready at {url}/metrics")
