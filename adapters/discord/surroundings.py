"""What the parts of the adapter share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from adapters.discord.directory import Directory
from adapters.discord.rate_limits import DiscordLimits
from adapters.discord.rest import Rest
from bot.ports import AdapterStateStore, Clock, SettingStore


class DiscordStore(AdapterStateStore, SettingStore, Protocol):
    """What the adapter remembers, and what people have set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One bot in one process; `searches` says whether the model in use can search the web."""

    rest: Rest
    limits: DiscordLimits
    store: DiscordStore
    clock: Clock
    directory: Directory
    searches: bool = True
