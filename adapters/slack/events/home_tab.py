"""Show the home tab, and suggested prompts in the messages tab."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.limits import SECTION_CHARACTERS
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import ChannelEvent, Interaction
from adapters.slack.events.requests import asked_by
from adapters.slack.replies.markdown import Block, MrkdwnRenderer, escape_mrkdwn
from adapters.slack.replies.rendering import COMMAND, shortened
from bot.commands.parameter_text import origin_text
from bot.errors import BotError
from bot.language import gettext, gettext_noop
from bot.parameters import Effective
from bot.ports import Bot, Clock
from bot.types import Entrance

logger = logging.getLogger(__name__)

OPEN_SETTINGS: Final = "seedling_open_settings"
WELCOME: Final = gettext_noop(
    "• Mention me in a channel: I answer in the thread, and read what was said there before.\n"
    "• Write to me in the *Messages* tab, without any mention.\n"
    "• In channels, `{command}` asks, searches, summarises and sets; in threads, mention me with the same words or "
    "write `!set reasoning_effort high`.\n"
    "• Under a message, *More actions* has *Seed settings here* and *Summarise*."
)
PROMPTS: Final[Sequence[Mapping[str, str]]] = (
    {"title": gettext_noop("What can you do?"), "message": "help"},
    {
        "title": gettext_noop("Explain something"),
        "message": gettext_noop("Explain how a heat pump works, in five sentences."),
    },
    {
        "title": gettext_noop("Draft a message"),
        "message": gettext_noop("Draft a short, friendly message that moves our meeting to Thursday."),
    },
    {"title": gettext_noop("Search the web"), "message": gettext_noop("search What is new in Python this month?")},
)


class HomeTab:
    """Shows the home tab and the suggested prompts."""

    def __init__(self, bot: Bot, *, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock

    async def opened(self, workspace: SlackWorkspace, event: ChannelEvent) -> None:
        """Somebody opened one of the two tabs. Raises `PlatformError` and `StorageError`."""
        if event.tab == "messages":
            await self._suggest(workspace, event.channel)
        elif event.tab == "home" and event.user:
            await self._publish(workspace, event.user)

    async def _suggest(self, workspace: SlackWorkspace, channel: str) -> None:
        try:
            arguments = {"channel_id": channel, "prompts": list(PROMPTS)}
            await workspace.calls.call("assistant.threads.setSuggestedPrompts", arguments, patience=10)
        except SlackApiError as refusal:
            logger.info("suggested prompts refused", extra={"code": refusal.code})

    async def _publish(self, workspace: SlackWorkspace, user: str) -> None:
        asked = await asked_by(workspace, Interaction(user_id=user), self._clock, entrance=Entrance.BUTTON)
        if refusal := await self._bot.refuse(asked):
            await self._bot.mark_answered(asked)
            return await self._show(workspace, user, {"type": "home", "blocks": [_section(in_mrkdwn(refusal.text))]})
        try:
            used = await self._bot.usage(asked)
        except BotError as error:
            logger.info("usage not shown on the home tab", extra={"error": str(error)})
            used = ""
        effective = await self._bot.get_parameters(asked.key)
        return await self._show(workspace, user, home_view(effective, used, is_admin=asked.is_admin))

    async def _show(self, workspace: SlackWorkspace, user: str, view: Mapping[str, Any]) -> None:
        await workspace.calls.call("views.publish", {"user_id": user, "view": view}, patience=10)


def home_view(effective: Mapping[str, Effective], used: str, *, is_admin: bool) -> dict[str, Any]:
    """Return the home tab: how to start, what was used, what is set for the workspace."""
    blocks = [_header(gettext("How to start")), _section(gettext(WELCOME).format(command=COMMAND))]
    if used:
        blocks += [_header(gettext("Usage")), _section(in_mrkdwn(used))]
    blocks += [_header(gettext("Settings of this workspace")), *_settings(effective)]
    if is_admin:
        button = {"type": "button", "action_id": OPEN_SETTINGS, "text": _plain(gettext("Change them"))}
        blocks.append({"type": "actions", "elements": [button]})
    else:
        blocks.append(
            _section(
                gettext("Administrators change them here. In a channel or thread, the form shows what you can change.")
            )
        )
    return {"type": "home", "blocks": blocks}


def in_mrkdwn(markdown: str) -> str:
    """Return the core's own short texts as mrkdwn; tables become aligned text."""
    return MrkdwnRenderer().render(markdown)


def _settings(effective: Mapping[str, Effective]) -> list[Block]:
    lines = [
        f"*{name}*: {shortened(escape_mrkdwn(' '.join(item.parameter.format(item.value).split())), 100)}"
        f" ({origin_text(item)})"
        for name, item in effective.items()
    ]
    return [_section("\n".join(lines[start : start + 10])) for start in range(0, len(lines), 10)]


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text)}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": shortened(text, SECTION_CHARACTERS)}}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
