"""The first question to a Kafka cluster, asked before anything else starts, and what its silence means in words.

Clients try for ever to connect, each complaining in its own way: Faust's hangs on a wrong password with the process
alive. So a process asks here first and ends with one line when there is no use in waiting.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS_S = 15.0
# A refused password or certificate stays refused; the while is for a second broker of the list that takes it.
GIVE_UP_S = 3.0
_ASK_FOR_S = 1.0
# The address before librdkafka's words and the state of the connection after them.
_AROUND = re.compile(r"^\S+/\S+: | \(after \d+ms in state \w+\)$")


class ClusterError(Exception):
    """Kafka does not answer or does not let us in; the message says in one line why and what to correct."""


class Cluster:
    """An admin client that keeps what it hears, so that a failure can be explained."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._servers = config.get("bootstrap.servers", "")
        self._user = config.get("sasl.username")
        self._heard: dict[int, str] = {}
        settings: dict[str, Any] = {**config, "log_level": 0, "error_cb": self._hear}
        try:
            self.client = AdminClient(settings)
        except KafkaException as error:
            raise ClusterError(f"the Kafka settings are not usable: {error.args[0].str()}") from None

    def metadata(self, within_s: float = ANSWERS_S) -> Any:
        """The brokers, and the topics that this user may see. Raises ClusterError."""
        began = time.monotonic()
        while True:
            try:
                return self.client.list_topics(timeout=min(_ASK_FOR_S, within_s))
            except KafkaException as error:
                self.client.poll(0)  # the complaints come through here
                waited = time.monotonic() - began
                refused = {KafkaError._AUTHENTICATION, KafkaError._SSL} & self._heard.keys()  # noqa: SLF001
                if waited > within_s or (refused and waited > GIVE_UP_S):
                    raise ClusterError(self._why(error.args[0])) from None
                time.sleep(0.05)

    def _hear(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 (the client's own name)
            self._heard[error.code()] = _AROUND.sub("", str(error.str()))

    def _why(self, error: KafkaError) -> str:
        where = f"Kafka at {self._servers}"
        if words := self._heard.get(KafkaError._AUTHENTICATION):  # noqa: SLF001
            return (
                f"{where} does not let user `{self._user}` in; correct PUMPWATCH_KAFKA_USER or "
                f"PUMPWATCH_KAFKA_PASSWORD ({words})"
            )
        if words := self._heard.get(KafkaError._SSL):  # noqa: SLF001
            if "certificate verify failed" in words:
                return (
                    f"{where} shows a certificate that is not for this address or not of the authority in "
                    "PUMPWATCH_KAFKA_CA; correct the one that is wrong"
                )
            return f"{where} takes no TLS connection; correct PUMPWATCH_KAFKA or PUMPWATCH_KAFKA_SECURITY ({words})"
        words = next(reversed(self._heard.values()), str(error.str()))
        return (
            f"{where} does not answer ({words}); start it, or correct --kafka, PUMPWATCH_KAFKA or "
            "PUMPWATCH_KAFKA_SECURITY"
        )
