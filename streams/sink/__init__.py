"""The Redis read model: fenced, idempotent writes of what the topics say."""

from streams.sink.read_model import ReadModel, RedisAwayError

__all__ = ["ReadModel", "RedisAwayError"]
