"""A stand-in for Discord, for tests and demonstrations: gateway, REST, interactions, CDN, and the people on it.

Every request and every frame is held against Discord's own specifications; `README.md` says what is assumed.
"""

from tests.emulators.discord.emulator import DiscordEmulator
from tests.emulators.discord.options import TOKEN, Options
from tests.emulators.discord.people import CannotDo
from tests.emulators.discord.server import discord_process, running_discord

__all__ = ["TOKEN", "CannotDo", "DiscordEmulator", "Options", "discord_process", "running_discord"]
