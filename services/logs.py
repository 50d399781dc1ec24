"""Logs of every process: JSON lines in production, readable on a terminal, never a secret or a person."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Libraries that say on every start or rebalance what concerns only their own developers.
QUIET = ("streams", "faust", "mode", "kafka", "asyncio", "uvicorn.access", "sse_starlette")


def configure(log_format: str) -> None:
    """Send structlog and the libraries' logs to stderr in one form."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer] if not console else [*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _name_logger],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
            if console
            else [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    # It repeats "connection refused" several times a second while a broker is away; the outbox says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _name_logger(logger: Any, _: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if logger is not None:
        event["logger"] = logger.name
    return event
