"""Open, update and submit the settings modal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.parse import PLATFORM
from adapters.slack.events.requests import Body, asked_by
from adapters.slack.events.settings_view import KINDS, SCOPE, Kind, SettingsTarget, form, read_form, read_where
from adapters.slack.payloads import field
from bot.access.roles import Role
from bot.chat.rate_limit import Priority
from bot.commands.parameter_text import place_text
from bot.parameter_resolver import scopes_of
from bot.parameters import PARAMETERS, Scope
from bot.ports import Bot, Clock
from bot.types import ConversationKey, Entrance, Incoming

logger = logging.getLogger(__name__)

OPEN_SECONDS = 2.0
"""How long a form may take to open: what allows it lasts three seconds."""

OPENED_BEFORE = "exchanged_trigger_id"
"""What Slack answers to a command that was delivered again: its form is open."""

ONLY_ADMINISTRATORS = "Only administrators can change settings of the whole workspace."


class SettingsModal:
    """Shows the form and carries out what was submitted."""

    def __init__(self, bot: Bot, hearing: SlackMessageHandler, *, clock: Clock) -> None:
        self._bot = bot
        self._hearing = hearing
        self._clock = clock

    async def open(self, workspace: SlackWorkspace, body: Body, asked: Incoming) -> None:
        """Open the form for a place, at its narrowest scope. Raises `PlatformError` and `StorageError`."""
        if await self._is_refused(workspace, asked):
            return
        key = asked.key
        kinds = SettingsTarget(channel=key.channel, thread=key.thread, kind="workspace").kinds
        where = SettingsTarget(channel=key.channel, thread=key.thread, kind=kinds[-1])
        view = await self._form(workspace, where, asked)
        arguments = {"trigger_id": field(body, "trigger_id"), "view": view}
        try:
            await workspace.calls.call("views.open", arguments, priority=Priority.FIRST, patience=OPEN_SECONDS)
        except SlackApiError as refused:
            if refused.code != OPENED_BEFORE:
                raise

    async def move(self, workspace: SlackWorkspace, body: Body, kind: str) -> None:
        """Show what is set at another scope. Raises `PlatformError` and `StorageError`."""
        where = read_where(field(body, "view", "private_metadata"))
        if where is None or kind not in where.kinds:
            return
        asked = await self._asked(workspace, body, where, Entrance.BUTTON)
        if await self._is_refused(workspace, asked):
            return
        chosen: Kind = next(item for item in KINDS if item == kind)
        view = await self._form(workspace, replace(where, kind=chosen), asked)
        arguments = {"view_id": field(body, "view", "id"), "hash": field(body, "view", "hash") or None, "view": view}
        await workspace.calls.call("views.update", arguments, priority=Priority.FIRST, patience=OPEN_SECONDS)

    async def submitted(self, workspace: SlackWorkspace, body: Body) -> Mapping[str, str]:
        """Set what was changed; what is wrong, by block. Raises `StorageError`."""
        where = read_where(field(body, "view", "private_metadata"))
        view = body.get("view")
        if where is None or not isinstance(view, Mapping):
            return {}
        asked = await self._asked(workspace, body, where, Entrance.FORM)
        if await self._is_refused(workspace, asked):
            return {}
        permissions = await self._bot.permissions(asked)
        if where.kind == "workspace" and permissions.role is not Role.ADMINISTRATOR:
            return {SCOPE: ONLY_ADMINISTRATORS} | dict.fromkeys(_blocks_of(view), ONLY_ADMINISTRATORS)
        parameters = [item for item in PARAMETERS.values() if permissions.allow(item.name, item.roles, where.kind)]
        changes, errors = read_form(where, view, parameters, await self._own(workspace, where))
        if errors:
            return errors
        if changes:
            scope = scopes_of(_key(workspace, where))[KINDS.index(where.kind)]
            answer = _confirmation(scope, changes) if where.channel else ""
            await self._hearing.tell(
                workspace, asked, self._bot.set_parameters(scope, changes, asked=asked, answer=answer)
            )
        return {}

    async def _asked(
        self, workspace: SlackWorkspace, body: Body, where: SettingsTarget, entrance: Entrance
    ) -> Incoming:
        """Return what somebody does with the form, in the place that it is for."""
        here = {"channel": where.channel, "thread": where.thread}
        return await asked_by(workspace, body, self._clock, entrance=entrance, **here)

    async def _is_refused(self, workspace: SlackWorkspace, asked: Incoming) -> bool:
        """Return whether this is not open to whoever does it, who is told so."""
        refusal = await self._bot.refuse(asked)
        if refusal is not None:
            await self._hearing.show(workspace, asked, refusal)
        return refusal is not None

    async def _form(self, workspace: SlackWorkspace, where: SettingsTarget, asked: Incoming) -> dict[str, object]:
        permissions = await self._bot.permissions(asked)
        effective = await self._bot.get_parameters(_key(workspace, where))
        return form(where, effective, await self._own(workspace, where), permissions)

    async def _own(self, workspace: SlackWorkspace, where: SettingsTarget) -> Mapping[str, str]:
        """Return what is set at the very scope of a form."""
        key = _key(workspace, where)
        if where.kind != "conversation":
            key = replace(key, thread="", channel="" if where.kind == "workspace" else key.channel)
        effective = await self._bot.get_parameters(key)
        return {
            name: item.parameter.format(item.value) for name, item in effective.items() if item.origin == where.kind
        }


def _key(workspace: SlackWorkspace, where: SettingsTarget) -> ConversationKey:
    return ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=where.channel, thread=where.thread)


def _confirmation(scope: Scope, changes: Mapping[str, str | None]) -> str:
    lines = [f"- {name}: {'as before' if value is None else value}" for name, value in changes.items()]
    return "\n".join((f"Set for {place_text(scope)}:", "", *lines))


def _blocks_of(view: Mapping[str, Any]) -> list[str]:
    """Return the blocks of a form's first field, where a message is seen."""
    blocks = view.get("blocks")
    found = [field(block, "block_id") for block in blocks or () if isinstance(block, Mapping)]
    return [item for item in found if ":" in item][:1]
