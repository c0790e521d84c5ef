"""Add `seedling feedback` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.app.core import utc_now
from bot.app.day_option import add_days
from bot.app.feedback_report import rating_as_json, report_lines
from bot.app.operator_commands import open_database
from bot.plurals import quantity
from bot.ports import Commands
from bot.settings import Settings, load_settings
from bot.standard_streams import say, say_json
from bot.types import RatedAnswer

MOST_RATINGS: Final = 10_000
"""How many ratings are printed at once; whoever has more names fewer days."""


def add_export_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    command = commands.add_parser("feedback", help="print thumbs by channel and week, and the answers found bad")
    add_days(command)
    command.add_argument("--json", action="store_true", help="every rated answer as one JSON object on each line")
    command.set_defaults(command=_feedback)


def _feedback(options: argparse.Namespace) -> int:
    rated = asyncio.run(_rated_answers(load_settings(), days=options.days))
    if options.json:
        for item in rated:
            say_json(rating_as_json(item))
    elif rated:
        say("\n".join(report_lines(rated)))
    else:
        say(f"Nobody has rated an answer in the last {quantity(options.days, 'day')}.")
    return 0


async def _rated_answers(settings: Settings, *, days: int) -> Sequence[RatedAnswer]:
    async with open_database(settings) as store:
        return await store.rated_answers(since=utc_now() - timedelta(days=days), limit=MOST_RATINGS)
