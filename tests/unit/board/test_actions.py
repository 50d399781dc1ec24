"""The publisher of actions: a confirmation or an error in time, never silence."""

import time

import pytest

from services.board.actions import ActionNotConfirmedError, ActionPublisher, action_on
from services.embedded.ports import LOOPBACK, free_port
from tests.made_read_model import alert


async def test_without_kafka_there_is_an_error_in_time():
    """Nothing listens: the person learns it within the time promised, and the next try is not blocked."""
    publisher = ActionPublisher({"bootstrap.servers": f"{LOOPBACK}:{free_port()}"}, confirm_within_s=1)
    publisher.start()
    try:
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(ActionNotConfirmedError, match="Kafka did not"):
                await publisher.publish(action_on(alert("a"), "acknowledge", "biomed", None))
            assert time.monotonic() - begun < 3
    finally:
        publisher.stop()
