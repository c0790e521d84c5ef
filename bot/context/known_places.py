"""What channels are called, as the system prompt tells it: asked of the platforms, and kept where they do not tell."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Final

from bot.errors import BotError
from bot.ports import AdapterStateStore, Platform
from bot.types import PLACE_STATE, ConversationKey, Place

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 3.0
REMEMBERED: Final = 10_000

_Channel = tuple[str, str, str]


class Places:
    """The channels of all platforms.

    A platform that fails once must not change the system prompt and change it back, which would break the cached
    prefix twice: what it told last is used until it tells something else, after a restart too.
    """

    def __init__(self, platforms: Mapping[str, Platform], store: AdapterStateStore) -> None:
        self._platforms = platforms
        self._store = store
        self._known: OrderedDict[_Channel, Place] = OrderedDict()

    async def describe(self, key: ConversationKey) -> Place:
        """Return what is known of the channel that `key` lies in; a blank `Place` until its platform has told it.

        Raises `StorageError`.
        """
        channel = (key.platform, key.workspace, key.channel)
        known = self._known.get(channel)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                told = await self._platforms[key.platform].describe(key)
        except (BotError, TimeoutError) as error:
            logger.info("channel not described", extra={"conversation": str(key), "error": str(error)})
            told = known or await known_place(self._store, key)
        else:
            if told != known:
                await self._store.put_state(key.platform, _name_of(key), json.dumps(asdict(told)))
        self._known[channel] = told
        self._known.move_to_end(channel)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return told


async def known_place(store: AdapterStateStore, key: ConversationKey) -> Place:
    """Return what a platform told last of the channel that `key` lies in, or a blank one. Raises `StorageError`."""
    return _from_text(await store.get_state(key.platform, _name_of(key)))


def _name_of(key: ConversationKey) -> str:
    return f"{PLACE_STATE}{key.workspace}/{key.channel}"


def _from_text(text: str | None) -> Place:
    """Return a channel as it was stored, by this version or by one that knew more or less of it."""
    told = json.loads(text) if text else {}
    names = {field.name for field in fields(Place)}
    return Place(**{name: value for name, value in told.items() if name in names})
