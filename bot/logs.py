"""Configure logging: one line per outcome, then ids and durations as name=value; never anybody's text."""

from __future__ import annotations

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class PlainFormatter(logging.Formatter):
    """A record's message followed by its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it for a bug."""
        line = super().format(record)
        extras = " ".join(f"{name}={value}" for name, value in vars(record).items() if name not in _STANDARD)
        head, newline, rest = line.partition("\n")
        return f"{head} {extras}{newline}{rest}" if extras else line


def configure_logging(*, verbose: bool = False) -> None:
    """Send Seedling's records to standard error, and of the libraries only what needs attention."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(logging.DEBUG if verbose else logging.INFO)
