"""Add `seedling invite` to the command line."""

from __future__ import annotations

import argparse
import asyncio

from adapters.discord.settings import DiscordSettings
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.ports import Commands, OpenStore
from bot.settings import load_platform_settings
from bot.standard_streams import say


def add_commands(commands: Commands, _open_store: OpenStore) -> None:
    """Add it to the command line."""
    command = add_command(
        commands,
        "invite",
        "print the link that adds the bot to a Discord server, with reasons",
        "seedling invite",
    )
    command.add_argument(
        "--application", metavar="ID", default="", help="the application's id; else that of DISCORD_TOKEN is asked for"
    )
    command.set_defaults(command=_invite)


def _invite(options: argparse.Namespace) -> int:
    from adapters.discord.invitation import REASONS, invite_link  # noqa: PLC0415 - its SDK is loaded only for this

    application = options.application or _application_of(load_platform_settings(DiscordSettings))
    if not application.isdecimal():
        raise InvalidInput("An application's id is a number; it stands on its page 'General Information'.")
    lines = [f"  {name:26} {reason}" for name, reason in REASONS.items()]
    say("\n".join((invite_link(application), "", "It asks for these permissions:", *lines)))
    return 0


def _application_of(settings: DiscordSettings) -> str:
    """Return the id of the application that the token belongs to. Raises `ConfigError` and `PlatformError`."""
    from adapters.discord.api.client import options_of  # noqa: PLC0415 - the same
    from adapters.discord.doctor import application_id  # noqa: PLC0415 - the same

    settings.need_joined("invite")
    return asyncio.run(application_id(options_of(settings)))
