"""The folder of one run of `pumpwatch up`: logs, the ground truth of the simulated pumps, Valkey's configuration."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Judgement: enough to compare with yesterday, too few to fill a disk.
KEPT_RUNS = 5


@contextlib.contextmanager
def run_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that only this user can read, held by a lock while the run lasts; remove those of old runs."""
    parent.mkdir(parents=True, exist_ok=True)
    _remove_old(parent)
    # mkdtemp makes it 0700; the leading time sorts the runs.
    folder = Path(tempfile.mkdtemp(prefix=f"up-{time.strftime('%Y%m%d-%H%M%S')}-", dir=parent))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _remove_old(parent: Path) -> None:
    for folder in sorted(parent.glob("up-*"))[: -KEPT_RUNS + 1]:
        with contextlib.suppress(OSError), (folder / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while that run lasts
            shutil.rmtree(folder, ignore_errors=True)
