"""The command around Discord: `seedling invite`."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from bot.errors import InvalidInput
from bot.settings import load_settings
from bot.standard_streams import say

Commands = Any  # argparse has no public name for what `add_subparsers` gives


def add_discord_commands(commands: Commands) -> None:
    """Add it to the command line."""
    command = commands.add_parser("invite", help="print the link that adds the bot to a Discord server, with reasons")
    command.add_argument(
        "--application", metavar="ID", default="", help="the application's id; else that of DISCORD_TOKEN is asked for"
    )
    command.set_defaults(command=_invite)


def _invite(options: argparse.Namespace) -> int:
    from adapters.discord.invitation import REASONS, invite_link  # noqa: PLC0415 - the SDK is loaded only for this
    from bot.app.discord import discord_application  # noqa: PLC0415 - the same

    application = options.application or asyncio.run(discord_application(load_settings()))
    if not application.isdecimal():
        raise InvalidInput("An application's id is a number; it stands on its page 'General Information'.")
    lines = [f"  {name:26} {reason}" for name, reason in REASONS.items()]
    say("\n".join((invite_link(application), "", "It asks for these permissions:", *lines)))
    return 0
