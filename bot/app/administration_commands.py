"""Add `seedling access` and `audit` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.access.rule_words import GRAMMAR
from bot.app import administration
from bot.app.core import utc_now
from bot.command_help import add_command
from bot.commands.audit import audit_line
from bot.ports import Commands
from bot.settings import load_settings
from bot.standard_streams import say, say_json

DAYS: Final = 30


def add_administration_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    command = add_command(
        commands,
        "access",
        "say who may use the bot where, who manages it, and who may change what",
        "seedling access show",
        "seedling access deny guests --at slack/T1",
        description=f"Show or change access rules: {GRAMMAR}. People and groups are named by person:ID and group:ID, "
        "for the whole installation by person:PLATFORM/ID.",
    )
    command.add_argument("words", nargs="*", help="as behind /access; shows the rules if left out")
    command.add_argument(
        "--at", metavar="PLATFORM[/WORKSPACE[/CHANNEL]]", default="", help="where; the whole installation if left out"
    )
    command.set_defaults(command=_access)

    command = add_command(
        commands,
        "audit",
        "print who changed what: settings, rules, digests, deletions, sign-ins",
        "seedling audit --since 7 --at slack/T1",
    )
    add_since(command)
    command.add_argument("--who", metavar="PLATFORM/ID", default="", help="only what one person changed")
    command.add_argument("--at", metavar="PLATFORM[/WORKSPACE[/CHANNEL]]", default="", help="only what holds there")
    command.add_argument("--json", action="store_true", help="as one JSON object on each line")
    command.set_defaults(command=_audit)


def add_since(command: argparse.ArgumentParser) -> None:
    """Add the option that says how far to look back."""
    command.add_argument(
        "--since", metavar="DAYS|DATE", type=_moment, default=str(DAYS), help=f"how far to look back ({DAYS} days)"
    )


def _moment(text: str) -> datetime:
    """Read a number of days, or a date in UTC. Raises `ArgumentTypeError`."""
    try:
        at = utc_now() - timedelta(days=int(text)) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of days and no date like 2026-11-01") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _access(options: argparse.Namespace) -> int:
    say(asyncio.run(administration.change_access(load_settings(), options.at, " ".join(options.words))))
    return 0


def _audit(options: argparse.Namespace) -> int:
    found = administration.audit_trail(load_settings(), since=options.since, who=options.who, within=options.at)
    for record in asyncio.run(found):
        if options.json:
            say_json({**asdict(record), "at": record.at.isoformat()})
        else:
            say(audit_line(record, UTC))
    return 0
