"""The option that says how many days a command of the command line looks back."""

from __future__ import annotations

import argparse

DAYS = 30
MOST_DAYS = 36_500
MOST_DIGITS = 9


def add_days(command: argparse.ArgumentParser) -> None:
    """Add `--days` to a command."""
    command.add_argument(
        "--days",
        type=_days,
        default=DAYS,
        metavar="N",
        help=f"how many days to look back, 1 to {MOST_DAYS:,} (default: {DAYS})",
    )


def _days(text: str) -> int:
    """Read how many days to look back. Raises `ArgumentTypeError`, which argparse tells."""
    if not text.isdecimal() or not 1 <= int(text[:MOST_DIGITS]) <= MOST_DAYS or len(text) > MOST_DIGITS:
        raise argparse.ArgumentTypeError(f"'{text[:20]}' is not a whole number of days from 1 to {MOST_DAYS:,}")
    return int(text)
