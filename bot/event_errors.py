"""Log errors of single events: in full once for each kind, then counted, and never with what people wrote."""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from typing import Final

KINDS_KEPT: Final = 200
"""Kinds come from outside; those beyond are counted together."""

OTHER: Final = "other"
_NAME: Final = re.compile(r"[\w.:/ -]{1,80}", re.ASCII)


class EventErrors:
    """Log the unexpected errors of one platform's events; the next event is none the worse for them."""

    def __init__(self, platform: str, logger: logging.Logger) -> None:
        self._platform = platform
        self._logger = logger
        self.counts: Counter[str] = Counter()

    def note(self, kind: str, error: BaseException) -> None:
        """Count an error of a kind of event; log the first one with its frames, then the 10th, the 100th and so on."""
        kind = self._known(kind)
        self.counts[kind] += 1
        count = self.counts[kind]
        extra = {"platform": self._platform, "event": kind, "error": type(error).__name__, "at": place_of(error)}
        if count == 1:
            self._logger.error("an event could not be handled\n%s", frames_of(error), extra=extra)
        elif str(count).strip("0") == "1":
            self._logger.error("events could not be handled", extra={**extra, "count": count})

    def _known(self, kind: str) -> str:
        if not _NAME.fullmatch(kind):
            return OTHER
        return kind if kind in self.counts or len(self.counts) < KINDS_KEPT else OTHER


def frames_of(error: BaseException) -> str:
    """Return the frames of a traceback without the error's message, which may quote what people wrote."""
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()


def place_of(error: BaseException) -> str:
    """Return file and line of the innermost frame, "" for an error that was never raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
