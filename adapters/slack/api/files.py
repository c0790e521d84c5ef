"""Download files with the bot's token, from Slack's own hosts alone, and upload those of answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import FileAnswer, FilePayload, UploadAnswer
from bot.chat.downloads import CHUNK_BYTES, read_limited
from bot.chat.rate_limit import Priority
from bot.errors import FileGone
from bot.types import Attachment

logger = logging.getLogger(__name__)

FETCH_SECONDS: Final = 120.0
PAGE: Final = "text/html"
"""What Slack answers, with status 200, to whoever may not read a file: the page to sign in."""

DELETED: Final = frozenset({"file_deleted", "file_not_found"})
"""What `files.info` says of a file that is no longer there (https://docs.slack.dev/reference/methods/files.info)."""

ALT_CHARACTERS: Final = 1_000  # https://docs.slack.dev/reference/methods/files.getUploadURLExternal
PATIENCE_SECONDS: Final = 30.0
"""How long each step of an upload is tried: an answer that is ready is shown in messages rather than late."""


async def fetch(workspace: SlackWorkspace, file: str, attachment: Attachment, *, limit: int) -> bytes:
    """Return a whole file. Raises `FileTooLarge`, `FileGone`, and `PlatformError` when it cannot be had."""
    if not attachment.url:  # of another organisation: the message does not tell
        told = await _told(workspace, file)
        return await _download(workspace, replace(attachment, url=told.url_private, media_type=told.mimetype), limit)
    try:
        return await _download(workspace, attachment, limit)
    except SlackApiError:
        await _told(workspace, file)  # says so where it was deleted
        raise


async def _told(workspace: SlackWorkspace, file: str) -> FilePayload:
    try:
        return FileAnswer.read(await workspace.calls.call("files.info", {"file": file}, patience=30)).file
    except SlackApiError as error:
        if error.code in DELETED:
            raise FileGone(f"a file of Slack is gone: {error.code}") from error
        raise


async def _download(workspace: SlackWorkspace, attachment: Attachment, limit: int) -> bytes:
    async with workspace.calls.download(attachment.url, seconds=FETCH_SECONDS) as response:
        chunks = response.content.iter_chunked(CHUNK_BYTES)
        data = await read_limited(chunks, limit, announced=response.content_length)
    if response.content_type == PAGE and (attachment.media_type != PAGE or len(data) != attachment.size):
        raise SlackApiError("file", "not_allowed")
    return data


async def upload(workspace: SlackWorkspace, name: str, data: bytes, *, alt: str = "") -> str:
    """Return the id of a new file, which is the bot's alone. Raises `SlackApiError` and `SlackUnknownOutcome`.

    `alt` says in words what a picture shows.
    """
    calls = workspace.calls
    asked = {"filename": name, "length": len(data)} | ({"alt_txt": alt[:ALT_CHARACTERS]} if alt else {})
    method = "files.getUploadURLExternal"
    given = UploadAnswer.read(
        await calls.call(method, asked, priority=Priority.FINAL, patience=PATIENCE_SECONDS),
    )
    await calls.send_file(given.upload_url, data, seconds=PATIENCE_SECONDS)
    done = {"files": [{"id": given.file_id, "title": name}]}
    method = "files.completeUploadExternal"
    await calls.call(method, done, priority=Priority.FINAL, patience=PATIENCE_SECONDS)
    return given.file_id


async def delete_file(workspace: SlackWorkspace, file: str) -> None:
    """Delete a file of the bot, if Slack lets that be."""
    try:
        await workspace.calls.call("files.delete", {"file": file}, patience=PATIENCE_SECONDS)
    except (SlackApiError, SlackUnknownOutcome) as error:
        logger.warning("file not deleted", extra={"error": str(error)})
