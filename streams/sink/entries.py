"""The recent dose entries of pumps on their way to Redis: the last ones of each, and flagged ones whole.

They are a view beside the stream: while Redis is away the newest wait, the stream goes on, and what no longer fits
comes back with `pumpwatch rebuild-redis`. Writes are the same in any order and any number: an entry has one place in
the order of its pump, and of a flagged entry the record that came last counts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct
from msgspec.json import Encoder

from schemas.codec import encode, ms
from schemas.events import CommitAction, Field, Limit, Verdict  # noqa: TC001 (msgspec reads the annotations)
from streams.rollups.cell import escaped
from streams.sink.read_model import ReadModel, RedisAwayError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import DoseScore

log = structlog.get_logger()
_encode = Encoder().encode

Noted = tuple[int, "DoseScore"]
"""A score and the offset of the keystroke record it follows from."""

# So long entries are gathered for one call to Redis, which costs as much as writing fifty entries.
EVERY_S = 0.1
RETRY_S = 1.0
ENTRIES_A_CALL = 1000
MOST_WAITING = 20_000
"""Entries that wait while Redis is away, about 2 KB each (judgement: 40 MB)."""


class EntryLine(Struct, frozen=True, gc=False, array_like=True):
    """One entry in the list of its pump. `at` is in epoch milliseconds, `likelihood` the probability of an error."""

    entry: str
    at: int
    hospital: str
    care_area: str
    channel: int
    field: Field
    drug: str
    unit: str
    typed: float
    previous: float | None
    action: CommitAction
    limit: Limit | None
    likelihood: float
    verdict: Verdict
    bounces: int
    test: bool


class RecentEntries:
    """Scores noted by the dose agent, written ten times a second."""

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model
        self._waiting: deque[Noted] = deque(maxlen=MOST_WAITING)
        self._dropped = 0

    def note(self, offset: int, score: DoseScore) -> None:
        """Take a score; `offset` is that of the keystroke record it follows from. May be called from any thread."""
        if len(self._waiting) == MOST_WAITING:
            self._dropped += 1
        self._waiting.append((offset, score))

    async def run(self) -> None:
        """Write until cancelled."""
        away = False
        while True:
            await asyncio.sleep(RETRY_S if away else EVERY_S)
            try:
                await self.write()
            except RedisAwayError as error:
                if not away:
                    log.warning("recent entries wait for Redis", reason=str(error))
                away = True
            else:
                if away:
                    log.info("recent entries reach Redis again")
                away = False

    async def write(self) -> None:
        """Write all that waits. Raises RedisAwayError; what was not written waits on."""
        while self._waiting:
            portion = [self._waiting.popleft() for _ in range(min(ENTRIES_A_CALL, len(self._waiting)))]
            try:
                await put(self._read_model, portion)
            except BaseException:
                self._take_back(portion)
                raise
        if self._dropped:
            log.warning(
                "entries never reached the lists of their pumps; `pumpwatch rebuild-redis` brings them back",
                entries=self._dropped,
            )
            self._dropped = 0

    def _take_back(self, portion: list[Noted]) -> None:
        """Let what was not written wait again, before what came since; the newest have precedence."""
        room = MOST_WAITING - len(self._waiting)
        self._dropped += max(0, len(portion) - room)
        self._waiting.extendleft(portion[-1 : -1 - room : -1])


async def put(read_model: ReadModel, noted: Iterable[Noted]) -> None:
    """Write scores to the lists of their pumps, and flagged ones whole. Raises RedisAwayError."""
    lines, flagged = [], []
    for offset, score in noted:
        if score.revision == 1:
            lines.append((offset, key_of_list(score.pump), _encode(line_of(score)).decode()))
        if score.verdict != "ok":
            flagged.append((offset, key_of_entry(score.pump, score.entry), encode(score)))
    await read_model.put_entries(_encode(lines), flagged)


def line_of(score: DoseScore) -> EntryLine:
    """An entry as it stands in the list of its pump; of its first revision, as later ones say it elsewhere."""
    return EntryLine(
        score.entry, ms(score.at), score.hospital, score.care_area, score.channel, score.field, score.drug, score.unit,
        score.typed, score.previous, score.action, score.limit, round(score.error_likelihood, 4), score.verdict,
        score.bounces, score.test,
    )  # fmt: skip


def key_of_list(pump: str) -> str:
    """Sorted set of the pump's last entries by the offset of the keystroke record that committed them."""
    return f"pw:entries:{pump}"


def key_of_entry(pump: str, entry: str) -> str:
    """Hash of a flagged entry: `score` is its latest revision."""
    return f"pw:entry:{escaped(pump)}/{escaped(entry)}"
