"""Try in a test channel what answers need: post, edit, stream, upload, delete; and tell what Slack made of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import aiohttp

from adapters.slack.api.client import SlackClient
from adapters.slack.api.files import delete_file, upload
from adapters.slack.api.workspace import Connector, SingleWorkspace, SlackWorkspace
from adapters.slack.options import SlackOptions
from adapters.slack.replies.rendering import escape_markdown, markdown_blocks
from bot.checks import LOOK_SECONDS, Check, within
from bot.delivery.split import FILE_NAME

SAMPLE: Final = "**Bold**, `a < b`, [a link](https://example.com) and a table:\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
"""What people can compare with the first of the pictures in docs/first-day.md."""


class SlackLiveCheck:
    """The steps in one channel, in order; each uses what the one before has left there."""

    def __init__(self, workspace: SlackWorkspace, channel: str) -> None:
        self._workspace = workspace
        self._calls: SlackClient = workspace.calls
        self._channel = channel
        self._ts = ""
        self._file = ""

    @property
    def steps(self) -> Mapping[str, Callable[[], Awaitable[Check]]]:
        """Return what is tried, by name."""
        return {
            "Slack post": self.post,
            "Slack edit": self.edit,
            "Slack stream": self.stream,
            "Slack upload": self.upload,
            "Slack delete": self.delete,
        }

    async def post(self) -> Check:
        """Post Markdown with code, a link and a table."""
        content = {"text": "A test of Seedling", "blocks": markdown_blocks(escape_markdown(SAMPLE))}
        told = await self._call("chat.postMessage", {**content, "unfurl_links": False})
        self._ts = str(told["ts"])
        return Check(name="Slack post", ok=True, detail=f"kept as {_kinds(told)}")

    async def edit(self) -> Check:
        """Change the whole message."""
        blocks = markdown_blocks(escape_markdown(f"{SAMPLE}\nEdited."))
        told = await self._call("chat.update", {"ts": self._ts, "text": "A test of Seedling, edited", "blocks": blocks})
        return Check(name="Slack edit", ok=True, detail=f"kept as {_kinds(told)}")

    async def stream(self) -> Check:
        """Begin, grow and end a stream in the thread of the message."""
        asker = await self._asker()
        begun = await self._call("chat.startStream", {"thread_ts": self._ts, "markdown_text": "One ", **asker})
        place = {"ts": str(begun["ts"])}
        started = time.monotonic()
        await self._call("chat.appendStream", {**place, "markdown_text": "two "})
        await self._call("chat.stopStream", {**place, "markdown_text": "three."})
        await self._call("chat.delete", place)
        seconds = time.monotonic() - started
        return Check(name="Slack stream", ok=True, detail=f"begun, grown and ended within {seconds:.1f} s")

    async def upload(self) -> Check:
        """Put a file beside the message."""
        self._file = await upload(self._workspace, FILE_NAME, SAMPLE.encode())
        changed = {"ts": self._ts, "text": "A test of Seedling, with a file", "file_ids": [self._file]}
        told = await self._call("chat.update", changed)
        shown = told.get("message") or {}
        count = len(shown.get("files") or ())
        fix = "" if count else "the file is not shown by the edit: set answer_messages to 50, and tell us"
        return Check(name="Slack upload", ok=count == 1, detail=f"{count} files beside the message", fix=fix)

    async def delete(self) -> Check:
        """Take everything away again."""
        if self._file:
            await delete_file(self._workspace, self._file)
        if self._ts:
            await self._call("chat.delete", {"ts": self._ts})
        return Check(name="Slack delete", ok=True, detail="nothing is left")

    async def _asker(self) -> Mapping[str, str]:
        """Return somebody for whom a stream in a channel can be: any member that is no bot itself."""
        listed = await self._call("conversations.members", {})
        people = [str(id) for id in listed.get("members") or () if id != self._workspace.bot_user]
        return {"recipient_user_id": people[0], "recipient_team_id": self._workspace.team} if people else {}

    async def _call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._calls.call(method, {"channel": self._channel, **arguments}, patience=10)


def _kinds(told: Mapping[str, Any]) -> str:
    """Return of what blocks a message is, as Slack keeps it."""
    blocks = (told.get("message") or {}).get("blocks") or ()
    return ", ".join(str(block.get("type")) for block in blocks) or "text alone"


async def try_out(
    options: SlackOptions, channel: str, *, seconds: float, look: float = LOOK_SECONDS
) -> AsyncIterator[Check]:
    """Yield a row for each step, each within `seconds`; the last takes away what the others left, after `look` seconds.

    Raises nothing for what a step finds, `ConfigError` for a token that is not accepted, and `PlatformError`.
    """
    async with aiohttp.ClientSession(trust_env=True) as session:
        connector = Connector(session, url=options.api_url, minute=options.minute)
        workspace = await SingleWorkspace(connector, options.bot_token or "").the()
        for name, step in SlackLiveCheck(workspace, channel).steps.items():
            if name.endswith("delete"):
                await asyncio.sleep(look)
            yield await within(
                seconds, step(), name=name, fix="see the error in the log of Slack's app, and docs/slack.md"
            )
