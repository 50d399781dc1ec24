"""`pumpwatch topics acls`: show what each role needs on Kafka, and have the broker grant it."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # confluent does not list what it exports
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from rich.console import Console
from rich.table import Table

from services.acls import ROLES, Binding, Role, bindings
from services.failure import fail
from streams.cluster import Cluster, ClusterError
from streams.settings import Settings

TIMEOUT_S = 30
ANY_HOST = "*"
_REMEDIES = {
    KafkaError.SECURITY_DISABLED: "the broker checks no ACLs; give it the authorizer of deploy/kafka/secure.properties",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this user may not change ACLs; connect as a super user of the brokers",
}


def acls(
    role: Annotated[Role | None, typer.Option(help="Only this role; all of them unless given.")] = None,
    principal: Annotated[
        str | None, typer.Option(help="Kafka user of the role, without `User:`; the name of the role unless given.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Consumer group of the workers; PUMPWATCH_GROUP.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Have the broker grant what is missing; takes nothing away.")
    ] = False,
) -> None:
    """Show who needs which rights on Kafka, from the topics' declared producers and consumers; asks no broker.

    Example: pumpwatch topics acls --role subscriber --principal pharmacy-review --apply
    """
    if principal is not None and role is None:
        fail("--principal needs --role: one user for all roles would be more than any of them needs")
    if principal is not None and (not principal or principal == "*" or ":" in principal):
        fail("--principal: give the name of one Kafka user, without `User:`")
    settings = Settings.load(kafka=kafka, group=group)
    if role == "subscriber" and principal == settings.group:
        fail("--principal: a subscriber's consumer groups are named after its user, and this is the workers' group")
    wanted = [right for one in ([role] if role else ROLES) for right in bindings(one, principal, settings.group)]
    if apply:
        try:
            _apply(settings.confluent(), wanted)
        except ClusterError as error:
            fail(str(error), code=1)
    elif as_json:
        typer.echo(json.dumps([right._asdict() for right in wanted], indent=2))
    else:
        _print(wanted)


def _apply(config: dict[str, Any], wanted: list[Binding]) -> None:
    """Grant what is not granted yet, and name what these principals may do beyond it. Raises ClusterError."""
    cluster = Cluster(config)
    cluster.metadata()
    asked = {_on_broker(right): right for right in wanted}
    there = {found for user in dict.fromkeys(right.principal for right in wanted) for found in _granted(cluster, user)}
    missing = [binding for binding in asked if binding not in there]
    for binding, future in cluster.client.create_acls(missing, request_timeout=TIMEOUT_S).items() if missing else ():
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            raise ClusterError(_words(error)) from None
        typer.echo(f"granted {_line(binding)}")
    for binding in sorted(there - asked.keys(), key=_line):
        typer.echo(f"not needed, take it away with kafka-acls.sh: {_line(binding)}")
    typer.echo(f"{len(missing)} granted, {len(asked) - len(missing)} were there")


def _granted(cluster: Cluster, principal: str) -> list[AclBinding]:
    anything: Any = None
    any_of_it = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        principal,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    try:
        found: list[AclBinding] = cluster.client.describe_acls(any_of_it, request_timeout=TIMEOUT_S).result(TIMEOUT_S)
    except KafkaException as error:
        raise ClusterError(_words(error)) from None
    return found


def _on_broker(right: Binding) -> AclBinding:
    return AclBinding(
        ResourceType[right.resource.upper()],
        right.name,
        ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL,
        right.principal,
        ANY_HOST,
        AclOperation[right.operation.upper()],
        AclPermissionType.ALLOW,
    )


def _words(error: KafkaException) -> str:
    found: KafkaError = error.args[0]
    return _REMEDIES.get(found.code(), f"the broker did not take the ACLs: {found.str()}")


def _line(binding: Any) -> str:  # confluent types the enums of a binding as what may be given for them
    kind = f"{binding.restype.name} {binding.resource_pattern_type.name} {binding.name}".lower()
    where = "" if binding.host == ANY_HOST else f" from {binding.host}"
    return f"{binding.principal} {binding.permission_type.name.lower()} {binding.operation.name.lower()} {kind}{where}"


def _print(wanted: list[Binding]) -> None:
    """One line for each resource, as `kafka-acls.sh --list` has it, operations together."""
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for right in wanted:
        pattern = "prefixed" if right.prefixed else "literal"
        rows.setdefault((right.principal, right.resource, pattern, right.name), []).append(right.operation)
    table = Table("principal", "resource", "pattern", "name", "operations", box=None)
    for place, operations in rows.items():
        table.add_row(*place, ", ".join(operations))
    # Into a pipe or a file the table is as wide as it needs to be.
    Console(width=None if sys.stdout.isatty() else 200).print(table)
