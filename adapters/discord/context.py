"""Objects that the modules of the adapter share."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from typing import Protocol

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.rate_limits import DiscordLimits
from bot.event_errors import EventErrors
from bot.ports import AdapterStateStore, Clock, SettingStore


def _event_errors() -> EventErrors:
    return EventErrors("discord", logging.getLogger(__name__))


class DiscordStore(AdapterStateStore, SettingStore, Protocol):
    """Store for the state of the adapter and the settings of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordContext:
    """One bot in one process, named by `process`; `searches` says whether the model in use can search the web."""

    rest: DiscordClient
    limits: DiscordLimits
    store: DiscordStore
    clock: Clock
    directory: DiscordDirectory
    searches: bool = True
    errors: EventErrors = field(default_factory=_event_errors)
    process: str = field(default_factory=lambda: secrets.token_hex(4))
