"""What a heartbeat costs in the power decisions and what a pump takes in memory, up to a million pumps in one worker.

    python -m tests.bench.power               # one core, some minutes, about 0.4 GB
    python -m tests.bench.power --pumps 50000

A worker decodes each record and applies it; both are counted. One in ten pumps infuses on battery.
"""

import argparse
import gc
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from schemas.codec import decode
from schemas.events import PowerEvent
from streams.power.partition import PowerPartition
from tests.bench.load import Raw, heartbeats

PARTITIONS = 12
BATCH = 2000


def followed(pumps: int, beats: int, on_battery: float = 0.1) -> tuple[float, float, int]:
    """CPU in µs of a heartbeat's decoding and of its following, and bytes of memory that a pump took."""
    partitions = [PowerPartition() for _ in range(PARTITIONS)]
    decoding = following = 0.0
    gc.collect()
    before = resident()
    records = heartbeats(pumps * beats, pumps, on_battery=on_battery)
    for offset, batch in enumerate(batches(records)):
        began = time.process_time()
        events = [decode(PowerEvent, raw) for raw in batch]
        decoding += time.process_time() - began
        of = [partitions[int(event.pump.rpartition("-")[2]) % PARTITIONS] for event in events]
        began = time.process_time()
        for number, event in enumerate(events):
            of[number].apply(event, offset * BATCH + number)
        following += time.process_time() - began
    took = resident() - before
    return decoding / (pumps * beats) * 1e6, following / (pumps * beats) * 1e6, took // pumps


def batches(records: Iterator[Raw]) -> Iterator[list[bytes]]:
    """Record values in fetches."""
    batch: list[bytes] = []
    for _, _, value in records:
        batch.append(value)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def resident() -> int:
    """Bytes of memory that this process holds now; its greatest so far where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def table(pumps: int, beats: int) -> Table:
    """The costs at three shares of pumps on battery, and with all pumps in one worker."""
    shown = Table(
        "pumps",
        "on battery",
        "decoding µs",
        "following µs",
        "a heartbeat µs",
        "bytes a pump",
        "CPU at a heartbeat a minute",
        title=f"Heartbeats in batches, {beats} of each pump",
        title_justify="left",
    )
    for count, share in ((20_000, 0.0), (20_000, 0.1), (20_000, 1.0), (pumps, 0.1)):
        decoding, following, size = followed(count, beats, share)
        load = count / 60 * (decoding + following) / 1e6
        figures = f"{decoding:.2f}", f"{following:.2f}", f"{decoding + following:.2f}", f"{size:,}", f"{load:.1%}"
        shown.add_row(f"{count:,}", f"{share:.0%}", *figures)
    return shown


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.power", description=__doc__)
    options.add_argument("--pumps", type=int, default=1_000_000, help="pumps of the last row")
    options.add_argument("--beats", type=int, default=12, help="heartbeats of each pump")
    chosen = options.parse_args()
    Console(width=110).print(table(chosen.pumps, chosen.beats))


if __name__ == "__main__":
    main()
