"""Lines of the log for machines."""

from __future__ import annotations

import json
import logging
import sys

from bot.logs import JsonFormatter


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelname": "WARNING", "name": "bot.turns", "created": 0.5})
    vars(made).update(extra)
    return made


def test_a_record_is_one_object_on_one_line() -> None:
    line = JsonFormatter().format(record('said "x"\nand more', turn=7, conversation="slack/T1"))
    assert "\n" not in line
    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00.500+00:00",
        "level": "warning",
        "logger": "bot.turns",
        "message": 'said "x"\nand more',
        "turn": 7,
        "conversation": "slack/T1",
    }


def test_a_traceback_is_a_field_of_it() -> None:
    try:
        int("x")
    except ValueError:
        told = json.loads(JsonFormatter().format(record("a bug", exc_info=sys.exc_info())))
    assert "ValueError" in told["traceback"]
