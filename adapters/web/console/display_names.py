"""Say what places and people are called where the database knows it, else by their ids, and read places as typed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.errors import InvalidInput
from bot.language import gettext
from bot.ports import ConsoleStore
from bot.types import PLACE_STATE, ConversationKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names by key: people as "platform/id", places as "platform/workspace" and "platform/workspace/channel"."""

    people: Mapping[str, str]
    places: Mapping[str, str]

    def person(self, key: str) -> str:
        """Return what somebody is called."""
        return self.people.get(key) or key.partition("/")[2] or key

    def place(self, key: str) -> str:
        """Return what a place is called."""
        return self.places.get(key) or key


async def names_for(store: ConsoleStore, *, people: Sequence[str] = (), places: Iterable[str] = ()) -> Names:
    """Return the names of these people and places. Raises `StorageError`."""
    wanted = set(places)
    found: dict[str, str] = {}
    for platform in {key.partition("/")[0] for key in wanted}:
        if platform == "local":
            found |= await _of_playground(store)
        for name, text in (await store.list_state(platform, prefix=PLACE_STATE)).items():
            found |= _told(f"{platform}/{name.removeprefix(PLACE_STATE)}", text)
    return Names(people=await store.names_of(people), places={key: found[key] for key in wanted if key in found})


async def _of_playground(store: ConsoleStore) -> dict[str, str]:
    found = {}
    for workspace in await store.get_workspaces():
        found[f"local/{workspace.id}"] = workspace.name
        for channel in await store.get_channels(workspace.id):
            found[f"local/{workspace.id}/{channel.id}"] = f"#{channel.name} ({workspace.name})"
    return found


def _told(key: str, text: str) -> dict[str, str]:
    """Return what a channel and its workspace are called, as the system prompt was told."""
    with suppress(ValueError):
        told = json.loads(text)
        workspace, channel = str(told.get("workspace") or ""), str(told.get("channel") or "").lstrip("#")
        where = f" ({workspace})" if workspace else ""
        named = {key.rpartition("/")[0]: workspace, key: f"#{channel}{where}" if channel else ""}
        return {place: name for place, name in named.items() if name}
    return {}


LONGEST = 1_000


def read_place(text: str) -> ConversationKey:
    """Return the place of "PLATFORM[/WORKSPACE[/CHANNEL[/THREAD]]]", "" for everywhere. Raises `InvalidInput`."""
    parts = text.strip().split("/", 3) if text.strip() else []
    if len(text) > LONGEST or any(not part for part in parts) or not text.isprintable():
        raise InvalidInput(gettext("Write a place as PLATFORM/WORKSPACE[/CHANNEL[/THREAD]], as the log does."))
    platform, workspace, channel, thread = [*parts, "", "", "", ""][:4]
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)


def place_text(key: ConversationKey) -> str:
    """Return a place as `read_place` reads it."""
    return "/".join(part for part in (key.platform, key.workspace, key.channel, key.thread) if part)
