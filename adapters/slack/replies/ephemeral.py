"""Send ephemeral messages, which only one person sees."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.files import ALT_CHARACTERS, upload
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import moment
from adapters.slack.replies.markdown import Block, escape_mrkdwn, to_slack
from adapters.slack.replies.message_stream import Posts, private_reference
from adapters.slack.replies.rendering import (
    NOTICE,
    PIECE_CHARACTERS,
    PLAIN_CHARACTERS,
    end_blocks,
    escape_markdown,
    fallback_text,
    in_slack_words,
    markdown_blocks,
    notice_blocks,
    plain_text,
)
from bot.chat.rate_limit import Priority
from bot.delivery import known, split
from bot.delivery.running_text import Allowed, any_address
from bot.language import gettext, gettext_noop
from bot.offload import offload
from bot.types import Draft, Incoming, Picture, Turn

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 2.0
"""The same for who waits with a command in front of them, and can be answered in another way."""

RESPONSE_URL: Final = "response_url"
"""The detail of an incoming that holds where Slack takes an answer to what somebody pressed or typed."""

UNREADABLE: Final = frozenset({"invalid_blocks", "invalid_blocks_format"})
NOT_THERE: Final = frozenset({"channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived"})


MAYBE_SHOWN: Final = gettext_noop("_I was interrupted while I showed you this, so you may have it already._")


async def post_ephemeral(
    workspace: SlackWorkspace,
    asked: Incoming,
    text: str,
    blocks: Sequence[Block] = (),
    *,
    plain: bool = False,
    allowed: Allowed = any_address,
) -> None:
    """Show Markdown to the author of `asked` alone; where they cannot be reached there, in their direct message.

    What they pressed or typed can be answered in channels without the bot, too. `plain` sends text alone, without
    blocks. Raises `SlackApiError` and `SlackUnknownOutcome`.
    """
    limit, escape = (PLAIN_CHARACTERS, escape_mrkdwn) if plain else (PIECE_CHARACTERS, escape_markdown)
    if not plain:
        text = await offload(len(text), to_slack, text, allowed=allowed)
    pieces = await offload(len(text), split, text, limit=limit, size=lambda each: len(escape(each)))
    for number, shown in enumerate([piece.shown for piece in pieces] or [""], start=1):
        below = blocks if number >= len(pieces) else ()
        content = {"text": escape_mrkdwn(shown)} if plain else await offload(len(shown), _content, shown, below)
        await _post_one(workspace, asked, content)


async def post_with_picture(
    workspace: SlackWorkspace, asked: Incoming, text: str, blocks: Sequence[Block], picture: Picture | None
) -> None:
    """Show Markdown to the author of `asked` alone, with a picture below it where the app may write files.

    Raises `SlackApiError` and `SlackUnknownOutcome` where the text cannot be shown.
    """
    shown = await _picture_blocks(workspace, picture) if picture is not None and workspace.uploads else []
    try:
        await post_ephemeral(workspace, asked, text, [*blocks, *shown])
    except SlackApiError as refusal:
        if not shown:
            raise
        logger.info("picture refused, showing the text alone", extra={"code": refusal.code})
        await post_ephemeral(workspace, asked, text, blocks)


async def _picture_blocks(workspace: SlackWorkspace, picture: Picture) -> Sequence[Block]:
    """Upload a picture, which is the bot's alone, and return the block that shows it; [] where that is not possible."""
    try:
        file = await upload(workspace, picture.name, picture.data, alt=picture.alt)
    except (SlackApiError, SlackUnknownOutcome) as error:
        if isinstance(error, SlackApiError):
            workspace.learn(error)
        logger.info("picture not uploaded, showing the text alone", extra={"error": str(error)})
        return []
    return [{"type": "image", "slack_file": {"id": file}, "alt_text": picture.alt[:ALT_CHARACTERS]}]


async def tell(workspace: SlackWorkspace, asked: Incoming, draft: Draft) -> None:
    """Show a finished draft to the author of `asked` alone, once more in the plainest form where that is refused.

    What nobody asked for is no answer but the core's own words. Raises `SlackApiError` and `SlackUnknownOutcome`.
    """
    if not asked.key.channel:
        draft = replace(draft, text=in_slack_words(draft.text))
    try:
        await post_ephemeral(workspace, asked, draft.text, notice_blocks(draft), allowed=known(draft.addresses))
    except SlackApiError:
        await post_ephemeral(workspace, asked, await offload(len(draft.text), plain_text, draft), plain=True)


async def _post_one(workspace: SlackWorkspace, asked: Incoming, content: Mapping[str, Any]) -> None:
    if not asked.key.channel:
        await _send_direct(workspace, asked, content)
        return
    # A thread shows such a message only once there is something in it.
    thread = None if asked.is_top_level or moment(asked.key.thread) is None else asked.key.thread
    arguments = {"channel": asked.key.channel, "user": asked.author.id, "thread_ts": thread, **content}
    response_url = asked.platform_data.get(RESPONSE_URL, "")
    try:
        patience = ANSWER_SECONDS if response_url else PATIENCE_SECONDS
        await workspace.calls.call("chat.postEphemeral", arguments, priority=Priority.FIRST, patience=patience)
    except (SlackApiError, SlackUnknownOutcome) as error:
        if isinstance(error, SlackApiError) and error.code in UNREADABLE:
            raise  # they would be refused everywhere
        if response_url and await workspace.calls.respond(response_url, content):
            return
        if isinstance(error, SlackUnknownOutcome):
            raise
        await _send_direct(workspace, asked, content)


async def _send_direct(workspace: SlackWorkspace, asked: Incoming, content: Mapping[str, Any]) -> None:
    channel = await workspace.direct_channel(asked.author.id)
    direct = {"channel": channel, **content, "metadata": NOTICE, "unfurl_links": False, "unfurl_media": False}
    await workspace.calls.call("chat.postMessage", direct, priority=Priority.FIRST, patience=PATIENCE_SECONDS)


def _content(text: str, blocks: Sequence[Block]) -> Mapping[str, Any]:
    escaped = escape_markdown(text)
    said = "\n".join(str(block["text"]["text"]) for block in blocks if block["type"] == "section")
    return {"text": fallback_text(escaped or said), "blocks": [*markdown_blocks(escaped), *blocks]}


# ------------------------------------------------------------ an answer that only who asked sees


class EphemeralReply:
    """A `bot.ports.Reply` that only who asked can see: all at once, since Slack cannot change such a message."""

    def __init__(self, workspace: SlackWorkspace, turn: Turn, posts: Posts) -> None:
        self._workspace = workspace
        self._turn = turn
        self._posts = posts

    @property
    def messages(self) -> tuple[str, ...]:
        """Return nothing: nobody can delete what its author alone sees."""
        return ()

    async def show(self, _draft: Draft) -> str:
        """Show nothing before the end; return where the answer stands."""
        return self._turn.reply_ref or ""

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        """Show the whole answer to its author, who is told where it may stand there already, as Slack lists no such
        messages.

        Raises `PlatformError`.
        """
        shown = private_reference(self._turn.id)
        if self._turn.reply_ref == shown:
            return shown
        if self._turn.post_begun_at is not None:
            draft = replace(draft, text=f"{gettext(MAYBE_SHOWN)}\n\n{draft.text}")
        await self._posts.begin(self._turn)
        asked = self._turn.incoming
        if plain:
            text = await offload(len(draft.text), plain_text, draft)
            await post_ephemeral(self._workspace, asked, text, plain=True)
        else:
            blocks, allowed = end_blocks(draft, self._turn.id), known(draft.addresses)
            await post_ephemeral(self._workspace, asked, draft.text, blocks, allowed=allowed)
        return "" if draft.status == "failed" else shown

    async def retract(self, keep: str) -> None:
        """Do nothing: Slack cannot take back what only its author sees."""
