"""Discord: people's messages and commands in, answers out, over the gateway and REST."""

from adapters.discord.doctor import application_id, examine
from adapters.discord.platform import DiscordPlatform
from adapters.discord.rest import RECONNECT, DiscordOptions

__all__ = ["RECONNECT", "DiscordOptions", "DiscordPlatform", "application_id", "examine"]
