"""Whole fetched batches for Faust agents, acknowledged through our own per-partition progress.

Stock Faust makes four futures per record; one message per (fetch, partition) makes that cost vanish. The figures
behind this and the ways stock Faust loses data are in ARCHITECTURE.md.
"""

from streams.transport.batches import Batch, BatchSchema
from streams.transport.consumer import BatchConsumer, use_batches
from streams.transport.progress import PartitionProgress

__all__ = ["Batch", "BatchConsumer", "BatchSchema", "PartitionProgress", "use_batches"]
