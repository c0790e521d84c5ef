"""Configure logging: one line per outcome, then ids and durations as name=value; never anybody's text."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class PlainFormatter(logging.Formatter):
    """A record's message followed by its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it for a bug."""
        line = super().format(record)
        extras = " ".join(f"{name}={value}" for name, value in vars(record).items() if name not in _STANDARD)
        head, newline, rest = line.partition("\n")
        return f"{head} {extras}{newline}{rest}" if extras else line


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time, level, logger and message, and its extra fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback is a field."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        told |= {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in told}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str, ensure_ascii=False)


def configure_logging(*, verbose: bool = False, as_json: bool = False) -> None:
    """Send Seedling's records to standard error, and of the libraries only what needs attention."""
    handler = logging.StreamHandler()
    plain = PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if as_json else plain)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(logging.DEBUG if verbose else logging.INFO)
