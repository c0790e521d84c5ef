"""Add `seedling access` and `audit` to the command line: rules, roles, and the audit trail."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.access.rule_words import GRAMMAR
from bot.app.clock import utc_now
from bot.app.database import by_operator, carry_out, open_database
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.ports import Commands
from bot.settings import Settings, load_settings
from bot.standard_streams import say, say_json
from bot.types import AuditRecord, ConversationKey

DAYS: Final = 30

MOST_RECORDS: Final = 100_000
"""How many records of the audit trail are printed at once; whoever has more names a later start."""


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
    say(asyncio.run(change_access(load_settings(), options.at, " ".join(options.words))))
    return 0


def _audit(options: argparse.Namespace) -> int:
    from bot.commands.audit import audit_line

    found = audit_trail(load_settings(), since=options.since, who=options.who, within=options.at)
    for record in asyncio.run(found):
        if options.json:
            say_json({**asdict(record), "at": record.at.isoformat()})
        else:
            say(audit_line(record, UTC))
    return 0


def place_named(text: str) -> ConversationKey:
    """Return the place of "PLATFORM[/WORKSPACE[/CHANNEL]]", "" for the whole installation. Raises `InvalidInput`."""
    platform, workspace, channel, *more = [*text.split("/"), "", ""] if text else ["", "", ""]
    if any(more) or (channel and not workspace) or (workspace and not platform):
        raise InvalidInput("Write a place as PLATFORM[/WORKSPACE[/CHANNEL]], as the log does.")
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread="")


async def change_access(settings: Settings, place: str, words: str) -> str:
    """Show or change access rules as `/access` does; what there is to tell. Raises `InvalidInput`."""
    from bot.access.control import AccessControl
    from bot.commands.access import decide

    asked = by_operator(place_named(place))
    async with open_database(settings) as store:
        return await carry_out(store, await decide(words, asked, store, AccessControl(store, {})), asked)


async def audit_trail(settings: Settings, *, since: datetime, who: str, within: str) -> Sequence[AuditRecord]:
    """Return what was changed since then, oldest first."""
    async with open_database(settings) as store:
        return await store.audit_trail(since=since, who=who, within=within, limit=MOST_RECORDS)
