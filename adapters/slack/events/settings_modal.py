"""Open, update and submit the settings modal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import Interaction, ModalView
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.requests import asked_by
from adapters.slack.events.settings_view import SCOPE, SettingsTarget, as_shown, form, read_form, read_where
from adapters.slack.settings import PLATFORM
from bot.chat.rate_limit import Priority
from bot.chat.settings_panel import SettingsPanel, own_values, stored_scope
from bot.commands.parameter_text import place_text
from bot.language import gettext, gettext_noop
from bot.parameters import Scope
from bot.ports import Bot, Clock
from bot.types import ConversationKey, Entrance, Incoming

logger = logging.getLogger(__name__)

OPEN_SECONDS = 2.0
"""How long a form may take to open: what allows it lasts three seconds."""

OPENED_BEFORE = "exchanged_trigger_id"
"""What Slack answers to a command that was delivered again: its form is open."""

ONLY_ADMINISTRATORS = gettext_noop("Only administrators can change settings of the whole workspace.")


class SettingsModal:
    """Shows the form and carries out what was submitted."""

    def __init__(self, bot: Bot, message_handler: SlackMessageHandler, *, clock: Clock) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._clock = clock

    async def open(self, workspace: SlackWorkspace, body: Interaction, asked: Incoming) -> None:
        """Open the form for a place, at its narrowest scope. Raises `PlatformError` and `StorageError`."""
        if await self._is_refused(workspace, asked):
            return
        key = asked.key
        kinds = SettingsTarget(channel=key.channel, thread=key.thread, kind="workspace").kinds
        where = SettingsTarget(channel=key.channel, thread=key.thread, kind=kinds[-1])
        view = await self._form(workspace, where, asked)
        arguments = {"trigger_id": body.trigger_id, "view": view}
        try:
            await workspace.calls.call("views.open", arguments, priority=Priority.FIRST, patience=OPEN_SECONDS)
        except SlackApiError as refused:
            if refused.code != OPENED_BEFORE:
                raise

    async def move(self, workspace: SlackWorkspace, body: Interaction, kind: str) -> None:
        """Show what is set at another scope. Raises `PlatformError` and `StorageError`."""
        shown = body.view or ModalView()
        where = read_where(shown.private_metadata)
        if where is None or kind not in where.kinds:
            return
        asked = await self._asked(workspace, body, where, Entrance.BUTTON)
        if await self._is_refused(workspace, asked):
            return
        chosen = next(item for item in where.kinds if item == kind)
        view = await self._form(workspace, replace(where, kind=chosen), asked)
        arguments = {"view_id": shown.id, "hash": shown.hash or None, "view": view}
        await workspace.calls.call("views.update", arguments, priority=Priority.FIRST, patience=OPEN_SECONDS)

    async def submitted(self, workspace: SlackWorkspace, body: Interaction) -> Mapping[str, str]:
        """Set what was changed; what is wrong, by block. Raises `StorageError`."""
        view = body.view or ModalView()
        where = read_where(view.private_metadata)
        if where is None:
            return {}
        asked = await self._asked(workspace, body, where, Entrance.FORM)
        if await self._is_refused(workspace, asked):
            return {}
        panel = await self._panel(workspace, where, asked)
        if not panel.is_open:
            return {SCOPE: gettext(ONLY_ADMINISTRATORS)} | dict.fromkeys(_blocks_of(view), gettext(ONLY_ADMINISTRATORS))
        shown = as_shown(where, view, panel)
        changes, errors = read_form(where, view, shown)
        if errors:
            return errors
        if changes:
            scope = stored_scope(_key(workspace, where), where.kind)
            answer = _confirmation(scope, changes) if where.channel else ""
            setting = self._bot.set_parameters(
                scope, changes, asked=asked, answer=answer, expected=shown.expected(changes)
            )
            await self._message_handler.tell(workspace, asked, setting)
        return {}

    async def _asked(
        self, workspace: SlackWorkspace, body: Interaction, where: SettingsTarget, entrance: Entrance
    ) -> Incoming:
        """Return what somebody does with the form, in the place that it is for."""
        here = {"channel": where.channel, "thread": where.thread}
        return await asked_by(workspace, body, self._clock, entrance=entrance, **here)

    async def _is_refused(self, workspace: SlackWorkspace, asked: Incoming) -> bool:
        """Return whether this is not open to whoever does it, who is told so."""
        refusal = await self._bot.refuse(asked)
        if refusal is not None:
            await self._message_handler.show(workspace, asked, refusal)
        return refusal is not None

    async def _form(self, workspace: SlackWorkspace, where: SettingsTarget, asked: Incoming) -> dict[str, object]:
        return form(where, await self._panel(workspace, where, asked))

    async def _panel(self, workspace: SlackWorkspace, where: SettingsTarget, asked: Incoming) -> SettingsPanel:
        key = _key(workspace, where)
        return SettingsPanel(
            scope=where.kind,
            scopes=where.kinds,
            effective=await self._bot.get_parameters(key),
            own=await own_values(self._bot, key, where.kind),
            permissions=await self._bot.permissions(asked),
        )


def _key(workspace: SlackWorkspace, where: SettingsTarget) -> ConversationKey:
    return ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=where.channel, thread=where.thread)


def _confirmation(scope: Scope, changes: Mapping[str, str | None]) -> str:
    lines = [f"- {name}: {gettext('as before') if value is None else value}" for name, value in changes.items()]
    return "\n".join((gettext("Set for {place_text}:").format(place_text=place_text(scope)), "", *lines))


def _blocks_of(view: ModalView) -> list[str]:
    """Return the blocks of a form's first field, where a message is seen."""
    return [block.block_id for block in view.blocks if ":" in block.block_id][:1]
