"""`pumpwatch maintenance`: list, plan and end maintenance windows from a terminal, over Kafka alone."""

from __future__ import annotations

import getpass
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas.codec import EventRefused, decode, encode
from schemas.events import AlertKind, MaintenanceWindow
from schemas.topics import MAINTENANCE
from services import maintenance, one_record
from services.failure import fail
from services.maintenance import PlanRefusedError
from streams.alerts.maintenance import end_of, window_key
from streams.cluster import Cluster, ClusterError
from streams.readback import Readback, ReadbackError
from streams.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Maintenance windows: alerts are recorded, and nobody is called.\n\n"
    'Example: pumpwatch maintenance plan --hospital st-example --pump 8015-1 --for 3h --reason "battery test"',
)

Kafka = Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")]
By = Annotated[str, typer.Option(help="Account to record; your user name on this machine if absent.")]

_LENGTH = re.compile(r"(?P<number>\d{1,6}(?:\.\d+)?)(?P<unit>min|h|d)")
_MINUTES = {"min": 1, "h": 60, "d": 24 * 60}


@app.command("list")
def show(
    kafka: Kafka = None,
    *,
    hospital: Annotated[str | None, typer.Option(help="Only this hospital.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that are over, as far as they are kept.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the windows that are planned or in force, the next to end first.

    Example: pumpwatch maintenance list --hospital st-example
    """
    now = datetime.now(UTC)
    found = [
        (window, maintenance.standing(window, now))
        for window in _published(Settings.load(kafka=kafka))
        if hospital in {None, window.hospital}
    ]
    shown = sorted((each for each in found if ended or each[1] != "ended"), key=lambda each: end_of(each[0]))
    if as_json:
        for window, standing in shown:
            typer.echo(json.dumps({**msgspec.to_builtins(window), "standing": standing}, ensure_ascii=False))
        return
    table = Table("window", "stands", "hospital", "of", "from", "until", "kinds", "reason", "by", box=None)
    for window, standing in shown:
        of = window.pump or window.care_area or "all of it"
        times = (f"{at:%Y-%m-%d %H:%M}Z" for at in (window.starts_at, end_of(window)))
        kinds = ", ".join(window.kinds) if window.kinds is not None else "as is safe"
        table.add_row(window.window, standing, window.hospital, of, *times, kinds, window.reason, window.by)
    Console(width=None if Console().is_terminal else 200).print(table)


@app.command()
def plan(
    hospital: Annotated[str, typer.Option(help="The hospital.")],
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders what is quiet.")],
    length: Annotated[str, typer.Option("--for", metavar="LENGTH", help="How long: 90min, 3h, 2d; at most 30 days.")],
    kafka: Kafka = None,
    *,
    pump: Annotated[str | None, typer.Option(help="Only this pump.")] = None,
    care_area: Annotated[str | None, typer.Option(help="Only this care area.")] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", help="From when on, in UTC; now if absent.", show_default=False)
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only alerts of this kind, and of it all; may be given again.")
    ] = None,
    by: By = "",
) -> None:
    """Plan a window: the alerts that it holds call nobody while it lasts.

    Example: pumpwatch maintenance plan --hospital st-example --care-area MICU --for 2h --reason "generator test"
    """
    now = datetime.now(UTC)
    starts_at = now if start is None else start.replace(tzinfo=UTC)
    try:
        window = maintenance.planned(
            hospital,
            starts_at,
            starts_at + _length(length),
            reason,
            by or getpass.getuser(),
            now=now,
            care_area=care_area,
            pump=pump,
            kinds=_kinds(kind),
        )
    except PlanRefusedError as refusal:
        fail(str(refusal))
    _publish(Settings.load(kafka=kafka), window)
    typer.echo(f"window {window.window} holds until {end_of(window):%Y-%m-%d %H:%M}Z what it may hold")


@app.command()
def end(
    window: Annotated[str, typer.Argument(help="The window, as `pumpwatch maintenance list` names it.")],
    kafka: Kafka = None,
    by: By = "",
) -> None:
    """End a window early, or call it off: what it holds and still stands fires at once.

    Example: pumpwatch maintenance end 7f3a90c2d4e1b856
    """
    settings = Settings.load(kafka=kafka)
    found = [each for each in _published(settings) if each.window == window]
    if len(found) != 1:
        fail(f"there is no window `{window}`; `pumpwatch maintenance list` names them")
    try:
        over = maintenance.ended(found[0], by or getpass.getuser(), datetime.now(UTC))
    except PlanRefusedError as refusal:
        fail(f"not ended: {refusal}")
    _publish(settings, over)
    typer.echo(f"window {window} is over")


def _published(settings: Settings) -> list[MaintenanceWindow]:
    """The windows that the topic holds, each as it stands."""
    config = settings.confluent()
    newest: dict[str, MaintenanceWindow] = {}
    try:
        if MAINTENANCE not in Cluster(config).metadata().topics:
            fail(f"{MAINTENANCE} does not exist, or not for this user; run `pumpwatch topics create`", code=1)
        reader = Readback(config)
        try:
            for message in reader.whole(MAINTENANCE, 0):
                raw = message.value()
                if isinstance(raw, bytes):
                    _take(newest, raw)
        finally:
            reader.close()
    except (ClusterError, ReadbackError) as error:
        fail(str(error), code=1)
    return list(newest.values())


def _take(newest: dict[str, MaintenanceWindow], raw: bytes) -> None:
    try:
        window = decode(MaintenanceWindow, raw)
    except EventRefused:
        return  # the workers pass it over too
    key = window_key(window.hospital, window.window)
    if key not in newest or newest[key].revision < window.revision:
        newest[key] = window


def _publish(settings: Settings, window: MaintenanceWindow) -> None:
    key = window_key(window.hospital, window.window)
    one_record.publish(settings, MAINTENANCE, key, window, encode(window))


def _length(text: str) -> timedelta:
    found = _LENGTH.fullmatch(text)
    if found is None:
        fail(f"--for {text}: give a length such as 90min, 3h or 2d")
    return timedelta(minutes=float(found["number"]) * _MINUTES[found["unit"]])


def _kinds(names: list[str] | None) -> list[AlertKind] | None:
    try:
        return msgspec.convert(names, list[AlertKind]) if names else None
    except msgspec.ValidationError:
        known = ", ".join(AlertKind.__args__)  # type: ignore[attr-defined]
        fail(f"--kind: there are {known}")
