"""The publisher of actions: a confirmation or an error in time, never silence."""

import asyncio
import socket

import pytest

from services.board.actions import ActionNotConfirmedError, ActionPublisher, action_on
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
    publisher = ActionPublisher({"bootstrap.servers": nowhere}, confirm_within_s=1)
    publisher.start()
    try:
        for _ in range(2):
            async with asyncio.timeout(60):
                with pytest.raises(ActionNotConfirmedError, match="Kafka did not"):
                    await publisher.publish(action_on(alert("a"), "acknowledge", "biomed", None))
    finally:
        publisher.stop()
