"""Settings, adapter state, and the playground's workspaces, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from bot.errors import StorageError
from bot.parameters import Scope, SettingChange
from bot.ports import Clock
from bot.turns.effects import UNDONE_WITHIN, as_known
from bot.types import PLACE_STATE, Channel, ChannelMessage, Person, Within, Workspace
from storage.codec import as_utc
from storage.in_memory.events import MemoryPlayground
from storage.playground_rules import events_of, events_of_channels


class MemorySettings:
    """A `SettingStore` in memory."""

    _clock: Clock

    def __init__(self) -> None:
        self._values: defaultdict[Scope, dict[str, str]] = defaultdict(dict)
        self._setting_changes: dict[tuple[str, str, Scope], SettingChange] = {}

    async def get_settings(self, scopes: Sequence[Scope]) -> Mapping[Scope, Mapping[str, str]]:
        return {scope: dict(self._values[scope]) for scope in scopes}

    async def put_setting(self, scope: Scope, name: str, value: str) -> None:
        self._values[scope][name] = value

    async def remove_setting(self, scope: Scope, name: str) -> bool:
        return self._values[scope].pop(name, None) is not None

    async def get_everywhere(self, name: str) -> Mapping[Scope, str]:
        return {scope: values[name] for scope, values in self._values.items() if name in values}

    async def last_change(self, platform: str, person: str, scopes: Sequence[Scope]) -> SettingChange | None:
        found = [item for key, item in self._setting_changes.items() if key in {(platform, person, s) for s in scopes}]
        recent = [item for item in found if item.at > as_utc(self._clock()) - UNDONE_WITHIN]
        return max(recent, key=lambda item: item.at, default=None)

    async def undo_change(self, platform: str, person: str, change: SettingChange) -> bool:
        """Set back a change of which nothing was changed or undone since; whether that was so."""
        scope = change.scope
        if self._setting_changes.get((platform, person, scope)) != change:
            return False
        del self._setting_changes[platform, person, scope]
        if any(as_known(name, self._values[scope].get(name)) != value for name, value in change.after.items()):
            return False
        for name, value in change.before.items():
            self._values[scope].pop(name, None)
            if value is not None:
                self._values[scope][name] = value
        return True


class MemoryAdapterState:
    """An `AdapterStateStore` in memory."""

    def __init__(self) -> None:
        self._state: dict[tuple[str, str], str] = {}

    async def get_state(self, platform: str, name: str) -> str | None:
        return self._state.get((platform, name))

    async def list_state(self, platform: str, *, prefix: str = "") -> Mapping[str, str]:
        named = sorted((name, value) for (where, name), value in self._state.items() if where == platform)
        return {name: value for name, value in named if name.startswith(prefix)}

    async def put_state(self, platform: str, name: str, value: str) -> None:
        self._state[platform, name] = value

    async def swap_state(self, platform: str, name: str, *, before: str | None, after: str | None) -> bool:
        if self._state.get((platform, name)) != before:
            return False
        if after is None:
            self._state.pop((platform, name), None)
        else:
            self._state[platform, name] = after
        return True

    def _forget_places_in(self, place: Within) -> None:
        channel = f"{PLACE_STATE}{place.workspace}/{place.channel}"
        gone = {
            (platform, name)
            for platform, name in self._state
            if platform == place.platform and (name == channel if place.channel else name.startswith(channel))
        }
        self._state = {name: value for name, value in self._state.items() if name not in gone}


class MemoryWorkspaces(MemoryPlayground):
    """A `WorkspaceStore` in memory."""

    def __init__(self) -> None:
        self._workspaces: dict[str, Workspace] = {}
        self._channels: defaultdict[str, dict[str, Channel]] = defaultdict(dict)
        self._people: defaultdict[str, dict[str, Person]] = defaultdict(dict)
        self._messages: defaultdict[tuple[str, str], dict[str, ChannelMessage]] = defaultdict(dict)

    async def put_workspace(self, workspace: Workspace, channels: Sequence[Channel], people: Sequence[Person]) -> None:
        self._workspaces[workspace.id] = workspace
        self._channels[workspace.id].update({channel.id: channel for channel in channels})
        self._people[workspace.id].update({person.id: person for person in people})
        self._record(events_of_channels(workspace.id, channels))

    async def add_channel(self, channel: Channel, *, most: int | None = None) -> bool:
        there = self._channels[channel.workspace]
        made = sum(item.maker == channel.maker for each in self._channels.values() for item in each.values())
        if channel.id not in there:
            if most is not None and made >= most:
                return False
            there[channel.id] = channel
            self._record(events_of_channels(channel.workspace, [channel]))
        return True

    async def put_messages(self, messages: Sequence[ChannelMessage]) -> int:
        messages = [replace(message, at=as_utc(message.at)) for message in messages]
        for message in messages:
            if message.channel not in self._channels[message.workspace]:
                raise StorageError(f"There is no channel {message.channel!r} in the workspace {message.workspace!r}.")
        new = 0
        for (workspace, channel), of_channel in groupby(sorted(messages, key=_channel_of), key=_channel_of):
            there, stored = self._messages[workspace, channel], {message.id: message for message in of_channel}
            known = there.keys() & stored.keys()
            there.update(stored)
            self._record(events_of(stored.values(), known))
            new += len(stored) - len(known)
        return new

    async def get_workspaces(self) -> Sequence[Workspace]:
        return sorted(self._workspaces.values(), key=lambda each: (each.name, each.id))

    async def get_channels(self, workspace: str) -> Sequence[Channel]:
        return sorted(self._channels[workspace].values(), key=lambda each: (each.direct, each.name, each.id))

    async def get_people(self, workspace: str) -> Sequence[Person]:
        return sorted(self._people[workspace].values(), key=lambda each: (each.name, each.id))

    async def get_message(self, workspace: str, channel: str, id: str) -> ChannelMessage | None:
        there = self._messages[workspace, channel]
        return next(iter(self._with_replies([there[id]])), None) if id in there else None

    async def get_messages(
        self,
        workspace: str,
        channel: str,
        *,
        before: ChannelMessage | None = None,
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        return await self.get_thread(workspace, channel, "", before=before, after=after, limit=limit)

    async def get_thread(
        self,
        workspace: str,
        channel: str,
        thread: str,
        *,
        before: ChannelMessage | None = None,
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        end = None if before is None else _mark(before)
        inside = (message for message in self._messages[workspace, channel].values() if message.thread == thread)
        earlier = sorted((item for item in inside if end is None or _mark(item) < end), key=_mark)
        if after is not None:
            return self._with_replies([item for item in earlier if _mark(item) > _mark(after)][:limit])
        return self._with_replies(earlier[max(0, len(earlier) - limit) :])

    def _with_replies(self, messages: Iterable[ChannelMessage]) -> list[ChannelMessage]:
        return [self._with_thread(message) for message in messages]

    def _with_thread(self, root: ChannelMessage) -> ChannelMessage:
        there = self._messages[root.workspace, root.channel].values()
        times = [item.at for item in there if item.thread == root.id]
        return replace(root, replies=len(times), last_reply_at=max(times, default=None))


def _channel_of(message: ChannelMessage) -> tuple[str, str]:
    return message.workspace, message.channel


def _mark(message: ChannelMessage) -> tuple[datetime, str]:
    return message.at, message.id
