"""Settings of every process, from the environment (`PUMPWATCH_*`) or from options of the command line.

A wrong combination is refused at start with the name of the variable, never found out at 3 a.m. Secrets are
`SecretStr`, so that they do not reach a log by accident.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Security = Literal["plaintext", "ssl", "sasl_ssl"]


class SettingsError(Exception):
    """A setting is missing or does not fit; the message names the variable and the remedy."""


class Settings(BaseSettings):
    """All settings with their defaults. Times are in the unit their name ends with."""

    model_config = SettingsConfigDict(env_prefix="PUMPWATCH_", extra="ignore", frozen=True)

    kafka: str = Field(default="127.0.0.1:9092", description="Kafka bootstrap servers, host:port separated by commas")
    kafka_security: Security = Field(
        default="plaintext", description="plaintext (loopback only), ssl (mutual TLS) or sasl_ssl (SCRAM-SHA-512)"
    )
    kafka_user: str | None = Field(default=None, description="SCRAM user, for sasl_ssl")
    kafka_password: SecretStr | None = Field(default=None, description="SCRAM password, for sasl_ssl")
    kafka_ca: Path | None = Field(default=None, description="PEM file of the certificate authority of the brokers")
    kafka_cert: Path | None = Field(default=None, description="PEM certificate of this client, for ssl")
    kafka_key: Path | None = Field(default=None, description="PEM key of this client, for ssl")
    redis: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"), description="Redis URL, rediss:// across a network"
    )
    group: str = Field(default="pumpwatch", min_length=1, description="Kafka consumer group of the stream workers")
    data_dir: Path = Field(
        default=Path.home() / ".cache" / "pumpwatch", description="folder for logs and scratch files of this process"
    )
    session_timeout_s: float = Field(default=10, ge=3, le=300, description="Kafka consumer session timeout, seconds")
    fetch_max_wait_ms: int = Field(default=100, ge=1, le=5000, description="longest wait of a fetch, milliseconds")
    max_poll_records: int = Field(default=2000, ge=1, le=100_000, description="records a fetch hands on at most")
    commit_interval_s: float = Field(default=1, gt=0, le=60, description="seconds between offset commits")
    worker_host: str = Field(default="127.0.0.1", description="address of the worker's /metrics and /healthz")
    worker_port: int = Field(default=0, ge=0, le=65535, description="port of the worker's /metrics; 0 for none")
    watchdog_s: float = Field(
        default=60, ge=1, description="seconds without progress on delivered records before the worker exits"
    )
    dlq_max_ratio: float = Field(
        default=0.95, gt=0, le=1, description="share of refused records at which the worker stops"
    )
    dlq_window: int = Field(
        default=5000, ge=100, description="records over which the share of refused ones is taken, per topic"
    )
    intent_parameters: Path | None = Field(default=None, description="intent parameters file instead of the shipped")
    intent_priors: Path | None = Field(
        default=None, description="priors file instead of the shipped, made by `pumpwatch intent train`"
    )
    intent_learning: Literal["on", "frozen", "off"] = Field(
        default="on",
        description="on: learn from what became of entries; frozen: use what was learned, learn nothing; "
        "off: shipped priors only",
    )
    intent_state_every_s: float = Field(
        default=30, ge=1, le=3600, description="seconds between publications of learned counts that changed"
    )
    intent_learned_mb: int = Field(
        default=1024,
        ge=16,
        description="memory for learned counts, MB; what was taught longest ago is forgotten beyond",
    )
    alert_rules: Path | None = Field(
        default=None, description="alert rules file instead of the shipped; read again whenever it changes"
    )
    charge_history_h: float = Field(
        default=48, ge=0, le=720, description="hours of a pump's charge that Redis keeps for its page; 0 for none"
    )
    episodes_kept: int = Field(
        default=20, ge=0, le=200, description="last episodes on battery that Redis keeps of each pump"
    )
    accounts: Path | None = Field(
        default=None, description="account file of the board, mode 0600; read again whenever it changes"
    )
    board_user: str = Field(default="biomed", min_length=1, description="admin of a board without an account file")
    board_password: SecretStr | None = Field(default=None, description="its password; generated when unset")
    oidc_issuer: str | None = Field(default=None, description="OpenID provider of the board, as it calls itself")
    oidc_client_id: str | None = Field(default=None, min_length=1, description="the board's client id there")
    oidc_client_secret: SecretStr | None = Field(default=None, description="the board's client secret there")
    oidc_name: str = Field(
        default="OpenID", min_length=1, max_length=40, description="the provider's name on the login button"
    )
    oidc_user_claim: str = Field(
        default="preferred_username", min_length=1, description="claim of the id token that is the user's name"
    )
    oidc_groups_claim: str = Field(
        default="groups", min_length=1, description="claim of the id token with the user's groups"
    )
    oidc_redirect: str | None = Field(
        default=None, description="address of /login/openid/back as browsers reach it; from the request when unset"
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="bearer token of /metrics; required beyond loopback"
    )
    log_format: Literal["auto", "json", "console"] = Field(default="auto", description="auto: console on a terminal")

    @field_validator("kafka")
    @classmethod
    def _servers_have_ports(cls, value: str) -> str:
        for server in value.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f"`{server.strip()}` is not host:port")
        return value

    @field_validator("kafka_ca", "kafka_cert", "kafka_key")
    @classmethod
    def _file_is_readable(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_file() and os.access(value, os.R_OK)):
            raise ValueError(f"{value} is no file that this user can read")
        return value

    @field_validator("redis")
    @classmethod
    def _redis_is_a_url(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("the URL starts with redis://, rediss:// or unix://")
        if parts.scheme == "redis" and not is_loopback(parts.hostname or ""):
            raise ValueError("redis:// crosses the network unencrypted; use rediss://")
        from redis import ConnectionPool  # noqa: PLC0415 (most commands that read settings need no Redis)

        try:
            ConnectionPool.from_url(value.get_secret_value()).make_connection()  # connects later
        except TypeError as error:
            raise ValueError(f"the URL has an option that is none: {str(error).rpartition(' ')[2]}") from None
        return value

    @model_validator(mode="after")
    def _security_is_complete(self) -> Self:
        if self.kafka_security == "plaintext":
            for server in self.kafka.split(","):
                if not is_loopback(server.strip().rpartition(":")[0]):
                    raise ValueError(
                        f"PUMPWATCH_KAFKA_SECURITY is plaintext but {server.strip()} is not on this machine; "
                        "use sasl_ssl or ssl"
                    )
        if self.kafka_security == "sasl_ssl" and not (self.kafka_user and self.kafka_password):
            raise ValueError("sasl_ssl needs PUMPWATCH_KAFKA_USER and PUMPWATCH_KAFKA_PASSWORD")
        if self.kafka_security == "ssl" and not (self.kafka_cert and self.kafka_key):
            raise ValueError("ssl needs PUMPWATCH_KAFKA_CERT and PUMPWATCH_KAFKA_KEY")
        return self

    @model_validator(mode="after")
    def _openid_is_complete(self) -> Self:
        if self.oidc_issuer is None:
            return self
        parts = urlsplit(self.oidc_issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "?")):
            raise ValueError("PUMPWATCH_OIDC_ISSUER is not an https address")
        if not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("PUMPWATCH_OIDC_ISSUER needs PUMPWATCH_OIDC_CLIENT_ID and PUMPWATCH_OIDC_CLIENT_SECRET")
        if self.accounts is None:
            raise ValueError("PUMPWATCH_OIDC_ISSUER needs PUMPWATCH_ACCOUNTS, where its groups get their rights")
        return self

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Read the environment; options given (not None) win. Raises SettingsError in one line."""
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"PUMPWATCH_{part.upper()}: " for part in first["loc"] if isinstance(part, str))
            raise SettingsError(f"{where}{first['msg'].removeprefix('Value error, ')}") from None

    def confluent(self) -> dict[str, Any]:
        """Connection settings of every confluent-kafka client."""
        config: dict[str, Any] = {"bootstrap.servers": self.kafka, "security.protocol": self.kafka_security}
        if self.kafka_security == "sasl_ssl" and self.kafka_user and self.kafka_password:
            config |= {
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": self.kafka_user,
                "sasl.password": self.kafka_password.get_secret_value(),
            }
        if self.kafka_ca:
            config["ssl.ca.location"] = str(self.kafka_ca)
        if self.kafka_security == "ssl":
            config |= {"ssl.certificate.location": str(self.kafka_cert), "ssl.key.location": str(self.kafka_key)}
        return config

    def ssl_context(self) -> ssl.SSLContext | None:
        """TLS context for Faust's own Kafka client, or None for plaintext."""
        if self.kafka_security == "plaintext":
            return None
        context = ssl.create_default_context(cafile=str(self.kafka_ca) if self.kafka_ca else None)
        if self.kafka_security == "ssl" and self.kafka_cert:
            context.load_cert_chain(self.kafka_cert, self.kafka_key)
        return context


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine; an empty host means a local socket."""
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
