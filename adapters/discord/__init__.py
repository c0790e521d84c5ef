"""Discord: people's messages and commands in, answers out, over the gateway and REST."""

from adapters.discord.platform import DiscordPlatform
from adapters.discord.rest import DiscordOptions

__all__ = ["DiscordOptions", "DiscordPlatform"]
