"""Show the status below a thread while the bot works, and Slack's own Stop button."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.limits import CALLS_PER_MINUTE, SESSION_TITLE_CHARACTERS, STATUS_METHOD, STATUS_SECONDS
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.replies.rendering import shortened
from bot.chat.rate_limit import Priority
from bot.language import gettext, gettext_noop
from bot.types import ConversationKey, Turn

logger = logging.getLogger(__name__)

TEXTS: Final[Mapping[str, str]] = {
    "thinking": gettext_noop("is thinking…"),
    "searching": gettext_noop("is searching the web…"),
}
LOADING: Final = [
    gettext_noop("Reading the conversation…"),
    gettext_noop("Thinking it over…"),
    gettext_noop("Still thinking…"),
]
LOADING_CHARACTERS: Final = 120
"""Of one loading message; Slack names no limit, and shows one line."""

SESSION: Final = "agents.sessions.setStatus"


RENAME: Final = "agents.sessions.rename"
UNTITLED: Final = "Question"


async def forget_title(workspace: SlackWorkspace, key: ConversationKey) -> None:
    """Take the words of a deleted question out of the title of its thread's session, where there is one."""
    arguments = {"channel_id": key.channel, "thread_ts": key.thread, "title": UNTITLED}
    try:
        await workspace.calls.call(RENAME, arguments, priority=Priority.FINAL, patience=60)
    except (SlackApiError, SlackUnknownOutcome) as error:
        logger.info("title of the session not changed", extra={"error": str(error)})


def status_arguments(channel: str, thread: str, status: str, progress: str = "") -> dict[str, Any]:
    """Return what sets the status of a thread; what is being done goes into the messages that Slack shows in turn."""
    loading = (
        [shortened(progress, LOADING_CHARACTERS)]
        if progress
        else list(map(gettext, LOADING))
        if status == "thinking"
        else None
    )
    text = gettext(TEXTS.get(status, TEXTS["thinking"]))
    return {"channel_id": channel, "thread_ts": thread, "status": text, "loading_messages": loading}


async def acknowledge(workspace: SlackWorkspace, key: ConversationKey) -> None:
    """Set the status of a thread for a question that has come in. Raises `SlackApiError` and `SlackUnknownOutcome`."""
    if workspace.statuses:
        try:
            await workspace.calls.try_call(STATUS_METHOD, status_arguments(key.channel, key.thread, "thinking"))
        except SlackApiError as refusal:
            if not workspace.learn(refusal):
                raise


async def take_back(workspace: SlackWorkspace, key: ConversationKey) -> None:
    """Clear the status of a thread. Raises `SlackApiError` and `SlackUnknownOutcome`."""
    if workspace.statuses and key.thread:
        arguments = {"channel_id": key.channel, "thread_ts": key.thread, "status": ""}
        try:
            await workspace.calls.call(STATUS_METHOD, arguments, priority=Priority.FINAL, patience=60)
        except SlackApiError as refusal:
            if not workspace.learn(refusal):
                raise


class ThreadStatus:
    """The status of one answer's thread; whatever goes wrong with it never keeps the answer."""

    def __init__(self, workspace: SlackWorkspace, turn: Turn, *, channel: str) -> None:
        self._workspace = workspace
        self._turn = turn
        self._channel = channel
        self._thread = turn.incoming.key.thread
        self._shown = ""
        self._shown_at = 0.0
        self._processing = turn.epoch > 1  # an earlier runner may have left the session so

    @property
    def is_shown(self) -> bool:
        """Return whether people can see a status there: threads have one, in workspaces that have any."""
        return bool(self._thread) and self._workspace.statuses

    async def show(self, status: str, progress: str = "") -> None:
        """Tell that the bot is at work, and at what; told again before Slack clears it."""
        now = asyncio.get_running_loop().time()
        text = progress or TEXTS.get(status, "")
        fresh = text == self._shown and now - self._shown_at < STATUS_SECONDS / 2
        if not self._thread or not text or fresh:
            return
        await self._begin_session()
        if self._workspace.statuses:
            arguments = status_arguments(self._channel, self._thread, status, progress)
            await self._try(STATUS_METHOD, arguments)
        self._shown, self._shown_at = text, now

    async def clear(self) -> None:
        """Clear the status once the work is done: this runner's, what an earlier one may have left, or what stands
        there since the question came in. An edit clears none, unlike a post.
        """
        if self._processing and self._workspace.sessions and self._thread:
            await self._try(SESSION, self._session("active"), must=True)
        if self.is_shown:
            arguments = {"channel_id": self._channel, "thread_ts": self._thread, "status": ""}
            await self._try(STATUS_METHOD, arguments)

    async def _begin_session(self) -> None:
        if self._processing or not self._workspace.sessions:
            return
        title = shortened(" ".join(self._turn.incoming.text.split()), SESSION_TITLE_CHARACTERS)
        arguments = self._session("processing") | {"title": title or None}
        # Half of the calls are for the ends.
        self._processing = await self._try(SESSION, arguments, reserved=CALLS_PER_MINUTE[SESSION] // 2)

    def _session(self, status: str) -> dict[str, Any]:
        return {"channel_id": self._channel, "thread_ts": self._thread, "status": status}

    async def _try(self, method: str, arguments: Mapping[str, Any], *, must: bool = False, reserved: int = 0) -> bool:
        try:
            if must:
                return bool(await self._workspace.calls.call(method, arguments, priority=Priority.FINAL, patience=60))
            return await self._workspace.calls.try_call(method, arguments, reserved=reserved) is not None
        except SlackApiError as refusal:
            if not self._workspace.learn(refusal):
                logger.info("status refused", extra={"method": method, "code": refusal.code})
        except SlackUnknownOutcome as error:
            logger.info("status not sent", extra={"method": method, "error": str(error)})
        return False
