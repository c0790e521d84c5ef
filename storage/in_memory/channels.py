"""Remove a channel of the playground from the stores in memory: the twin of `storage.channel_removal`."""

from __future__ import annotations

from typing import Any

from bot.errors import OthersWrote
from bot.turns.effects import RemoveChannel
from bot.types import DeletionOutcome, PlaygroundEvent, Within


async def remove_channel(store: Any, change: RemoveChannel) -> DeletionOutcome:
    """Remove a channel from the whole store with all that is kept of it. Raises `OthersWrote`."""
    key = change.key
    channel = store._channels[key.workspace].get(key.channel)
    if channel is None:
        return DeletionOutcome()
    there = store._messages[key.workspace, key.channel]
    written = any(not item.author.is_bot and item.author.id != change.maker for item in there.values())
    if change.maker and (channel.maker != change.maker or written):
        raise OthersWrote
    outcome: DeletionOutcome = await store.delete_place(
        Within(platform=key.platform, workspace=key.workspace, channel=key.channel)
    )
    place = f"{key.workspace_key}/{key.channel}"
    _remove_what_was_set(store, place)
    store._files = {
        id: file for id, file in store._files.items() if (file.workspace, file.channel) != (key.workspace, key.channel)
    }
    store._events = [
        item for item in store._events if (item[1].workspace, item[1].channel) != (key.workspace, key.channel)
    ]
    del store._messages[key.workspace, key.channel], store._channels[key.workspace][key.channel]
    store._record([PlaygroundEvent(kind="place", workspace=key.workspace)])
    return outcome


def _remove_what_was_set(store: Any, place: str) -> None:
    """Remove settings, rules and budgets of a channel and of its threads."""

    def is_here(scope: Any) -> bool:
        of_channel = scope.kind == "channel" and scope.key == place
        return bool(of_channel or (scope.kind == "conversation" and scope.key.startswith(f"{place}/")))

    for scope in [scope for scope in store._values if is_here(scope)]:
        del store._values[scope]
    store._setting_changes = {name: item for name, item in store._setting_changes.items() if not is_here(name[2])}
    store._rules = {id: rule for id, rule in store._rules.items() if rule.place.key != place}
    store._budgets = {name: item for name, item in store._budgets.items() if name[0].place != place}
