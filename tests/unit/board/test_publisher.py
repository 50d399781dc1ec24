"""The publisher of what people do: a confirmation or an error in time, never silence."""

import asyncio
import socket

import pytest

from schemas.topics import ALERT_ACTIONS
from services.board.actions import action_on
from services.board.publisher import EventPublisher, NotConfirmedError
from services.embedded.ports import LOOPBACK
from tests.made_read_model import alert


@pytest.fixture
def nowhere():
    """An address where nothing listens, and nobody can begin to: its port is taken."""
    with socket.socket() as deaf:
        deaf.bind((LOOPBACK, 0))
        yield f"{LOOPBACK}:{deaf.getsockname()[1]}"


async def test_without_kafka_there_is_an_error_in_time(nowhere):
    """Nothing listens: the person learns it before Kafka's own patience of minutes ends, and may try again."""
    publisher = EventPublisher({"bootstrap.servers": nowhere}, confirm_within_s=1)
    publisher.start()
    action = action_on(alert("a"), "acknowledge", "biomed", None)
    try:
        for _ in range(2):
            async with asyncio.timeout(60):
                with pytest.raises(NotConfirmedError, match="Kafka did not"):
                    await publisher.publish(ALERT_ACTIONS, action.key, action)
    finally:
        publisher.stop()
