"""Who may do what on Kafka: least-privilege ACLs for each role, from the topics' declared producers and consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from schemas.topics import load
from streams import following, readback, rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.topics import Topic

Role = Literal["pumps", "worker", "board", "metrics", "subscriber", "operator"]
Operation = Literal["read", "write", "create", "describe", "describe_configs"]

# What each role runs. A producer or consumer that a topic declares belongs to the role of its longest prefix here.
ROLES: dict[Role, tuple[str, ...]] = {
    "pumps": ("services.pumps",),
    "worker": ("streams",),
    "board": ("services.board",),
    "metrics": ("services.metrics",),  # reads Redis alone
    "subscriber": (),  # programs of others
    "operator": ("services",),  # a person: `pumpwatch topics`, `dlq`, `library`, `rebuild-redis`
}
DEFAULT_GROUP = "pumpwatch"
# The group of the recipes in schemas/README.md that read without committing: all subscribers may name it.
UNCOMMITTED_GROUP = "not-committed"


class Binding(NamedTuple):
    """One right: `principal` may do `operation` on the resource, or on all whose names begin so if `prefixed`.

    On Kafka reading, writing and deleting include describing. Writing to any topic includes idempotent writing, from
    Kafka 2.8 on.
    """

    principal: str
    operation: Operation
    resource: Literal["topic", "group"]
    name: str
    prefixed: bool = False


def role_of(module: str) -> Role:
    """The role that a producer or consumer of a topic runs in. Raises ValueError for one that has none."""
    prefixes = {prefix: role for role, found in ROLES.items() for prefix in found}
    fitting = [prefix for prefix in prefixes if f"{module}.".startswith(f"{prefix}.")]
    if not fitting:
        raise ValueError(f"`{module}` belongs to no role; name it in services/acls.py")
    return prefixes[max(fitting, key=len)]


def bindings(role: Role, principal: str | None = None, group: str = DEFAULT_GROUP) -> list[Binding]:
    """All that a role needs, without doubles, topics first.

    `principal` is the Kafka user without `User:`, the role's own name unless given; `group` is the consumer group of
    the workers. A subscriber's consumer groups are named as its user, or so and a dot and more.
    """
    user = principal or role
    found = [(operation, "topic", topic.name, False) for topic in load().values() for operation in _rights(role, topic)]
    found += [(operation, "group", name, prefixed) for operation, name, prefixed in _groups(role, user, group)]
    return [Binding(f"User:{user}", *right) for right in dict.fromkeys(found)]  # type: ignore[arg-type]


def _rights(role: Role, topic: Topic) -> Iterator[Operation]:
    reads = role in {role_of(module) for module in topic.consumers}
    writes = role in {role_of(module) for module in topic.producers}
    if role == "subscriber":
        # What Pumpwatch publishes under a schema; refused records hold whatever somebody sent and are not for others.
        reads = topic.direction == "outbound" and topic.event is not None and not topic.confidential
    elif role == "worker":
        yield from rights.needed().get(topic.name, ())
        return
    elif role == "operator":
        yield from ("describe", "describe_configs", "create")
        # `pumpwatch dlq replay` sends refused records back to where they came from.
        writes = writes or topic.dead_letter is not None
        reads = reads or topic.confidential
    if reads:
        yield "read"
    if writes:
        yield "write"


def _groups(role: Role, user: str, group: str) -> Iterator[tuple[Operation, str, bool]]:
    """Groups to join, and groups that are only named by clients that read outside any group."""
    if role == "worker":
        yield "read", group, False
        yield "describe", readback.GROUP, False
        yield "describe", following.GROUP, False
    elif role == "board":
        yield "describe", following.GROUP, False
    elif role == "operator":
        yield "describe", readback.GROUP, False
    elif role == "subscriber":
        yield "read", user, False
        yield "read", f"{user}.", True
        yield "describe", UNCOMMITTED_GROUP, False
