"""Upload files, which nobody sees until a message names them, and delete them again.

https://docs.slack.dev/messaging/working-with-files#upload
"""

from __future__ import annotations

import logging
from typing import Final

from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import UploadAnswer
from bot.chat.rate_limit import Priority

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 30.0
"""How long each step is tried: an answer that is ready is shown in messages rather than late."""


async def upload(workspace: SlackWorkspace, name: str, data: bytes) -> str:
    """Return the id of a new file, which is the bot's alone. Raises `SlackApiError` and `SlackUnknownOutcome`."""
    calls = workspace.calls
    asked = {"filename": name, "length": len(data)}
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
