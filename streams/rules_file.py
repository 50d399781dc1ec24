"""The alert rules in force, read again when their file changes; a bad file is reported and the rules before stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from streams.alerts.rules import RulesRefusedError, load_rules

if TYPE_CHECKING:
    from pathlib import Path

    from streams.alerts.rules import Rules

log = structlog.get_logger()


class RulesFile:
    """The rules of a file, or the ones that come with Pumpwatch. Raises RulesRefusedError for a bad file at start."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen = self._state()
        self.rules: Rules = load_rules(path)

    def changed(self) -> bool:
        """Whether there are other rules than at the last call: looks at the file, a system call."""
        if self._path is None or (state := self._state()) == self._seen:
            return False
        self._seen = state
        try:
            rules = load_rules(self._path)
        except RulesRefusedError as refusal:
            log.error("alert rules refused, the ones before stay in force", reason=str(refusal))  # noqa: TRY400
            return False
        if rules == self.rules:
            return False
        self.rules = rules
        log.info("alert rules in force", file=str(self._path))
        return True

    def _state(self) -> tuple[int, int, int] | None:
        """What tells one version of the file from the next; None where there is none."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
