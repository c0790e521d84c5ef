"""Download files with the bot's token from Slack's own hosts alone."""

from __future__ import annotations

from typing import Final

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import FileAnswer
from bot.chat.downloads import CHUNK_BYTES, read_limited
from bot.types import Attachment

FETCH_SECONDS: Final = 120.0
PAGE: Final = "text/html"
"""What Slack answers, with status 200, to whoever may not read a file: the page to sign in."""


async def fetch(workspace: SlackWorkspace, file: str, attachment: Attachment, *, limit: int) -> bytes:
    """Return a whole file. Raises `FileTooLarge`, and `PlatformError` when it cannot be had."""
    url, media_type = attachment.url, attachment.media_type
    if not url:  # of another organisation: the message does not tell
        told = FileAnswer.read(await workspace.calls.call("files.info", {"file": file}, patience=30)).file
        url, media_type = told.url_private, told.mimetype
    async with workspace.calls.download(url, seconds=FETCH_SECONDS) as response:
        chunks = response.content.iter_chunked(CHUNK_BYTES)
        data = await read_limited(chunks, limit, announced=response.content_length)
    if response.content_type == PAGE and (media_type != PAGE or len(data) != attachment.size):
        raise SlackApiError("file", "not_allowed")
    return data
