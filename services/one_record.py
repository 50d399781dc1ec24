"""One record from a person at a terminal to Kafka: confirmed, or the command ends with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, Producer

from schemas import envelope
from services.failure import fail

if TYPE_CHECKING:
    from schemas.envelope import Event
    from streams.settings import Settings

DELIVERED_WITHIN_S = 20  # judgement: longer than a leader election, shorter than a person's patience
LARGEST_RECORD = 5 * 2**20  # a drug library; see its topic


def publish(settings: Settings, topic: str, key: str, event: Event, value: bytes) -> None:
    """Produce the event, whose encoded form is `value`, and wait until Kafka has confirmed it."""
    failures: list[str] = []
    producer = Producer(
        {
            **settings.confluent(),
            "client.id": "pumpwatch-operator",
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "message.max.bytes": LARGEST_RECORD,
            "delivery.timeout.ms": DELIVERED_WITHIN_S * 1000,
            "log_level": 0,  # the client would log every attempt at an absent broker
        }
    )
    try:
        producer.produce(
            topic,
            key=key.encode(),
            value=value,
            headers=list(envelope.headers(event, topic)),
            on_delivery=lambda error, _: failures.append(error.str()) if error is not None else None,
        )
        waiting = producer.flush(DELIVERED_WITHIN_S + 1)
    except KafkaException as error:
        fail(f"not published: {error.args[0].str()}", code=1)
    if waiting or failures:
        why = failures[0] if failures else "Kafka did not answer"
        fail(f"not published to {settings.kafka}: {why}; `pumpwatch doctor` looks for the cause", code=1)
