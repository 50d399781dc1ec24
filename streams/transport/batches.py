"""One Faust message for all records that one fetch brought for one partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faust
from faust.types.tuples import ConsumerMessage

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord


class Batch(ConsumerMessage):
    """Records of one partition in offset order, acknowledged as one; its offset is the last record's."""

    __slots__ = ()

    @classmethod
    def of(cls, tp: Any, records: list[ConsumerRecord], generation: int) -> Batch:
        """Wrap the non-empty records of one fetch from partition `tp`."""
        last = records[-1]
        return cls(
            tp.topic,
            tp.partition,
            last.offset,
            (last.timestamp or 0) / 1000.0,
            last.timestamp_type,
            (),
            None,
            records,
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    def ack(self, consumer: Any, n: int = 1) -> bool:  # noqa: ARG002 (Faust's interface)
        """Nothing: Faust's own acknowledgement is also given to what its streams skip at a rebalance (a loss)."""
        return False

    def finished(self, consumer: Any) -> bool:
        """One agent has finished with the batch; the last one acknowledges it."""
        return bool(super().ack(consumer))

    @property
    def records(self) -> list[ConsumerRecord]:
        """The records, at least one."""
        return self.value  # type: ignore[no-any-return]


class BatchSchema(faust.Schema):
    """Hands the batch to the agent as it is: decoding is the agent's, record by record."""

    def compile(  # noqa: D102 (Faust's interface)
        self,
        app: Any,
        *,
        on_key_decode_error: Any = None,  # noqa: ARG002
        on_value_decode_error: Any = None,  # noqa: ARG002
        default_propagate: bool = False,
    ) -> Any:
        create_event = app.create_event

        async def wrap(message: Batch, *, propagate: bool = default_propagate) -> Any:  # noqa: ARG001
            return create_event(None, message, None, message)

        return wrap
