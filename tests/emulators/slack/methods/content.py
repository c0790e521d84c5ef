"""What a message says: reading and checking text, markdown, blocks, attachments and metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.slack.blocks import check_message_blocks, read_blocks
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.world import Channel, Message

Json = dict[str, Any]

LONGEST_POST = 40_000  # longer text is truncated (chat.postMessage)
LONGEST_UPDATE = 4_000  # longer text is refused (chat.update, msg_too_long)
LONGEST_MARKDOWN = 12_000  # markdown_text of one call
MOST_ATTACHMENTS = 100


@dataclass(slots=True, kw_only=True)
class Content:
    """Content as it was sent; `metadata` None is not sent, `named` are the arguments that were there."""

    text: str
    blocks: list[Json]
    attachments: list[Json]
    metadata: Json | None
    is_markdown: bool
    named: frozenset[str] = field(default_factory=frozenset)


def check_pictures(call: Call, blocks: list[Json]) -> None:
    """A picture that a block names by its file is one of the workspace, uploaded whole. Raises `SlackError`.

    https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
    """
    for block in blocks:
        named = block.get("slack_file")
        if block.get("type") != "image" or not isinstance(named, dict) or "id" not in named:
            continue
        file = call.slack.world.files.get(named["id"])
        if file is None or file.team != call.workspace.id or not file.completed:
            raise SlackError("invalid_blocks", f"invalid slack file: {named['id']}")
        if not file.mimetype.startswith("image/"):
            raise SlackError("invalid_blocks", f"the slack file is no image: {named['id']}")


def read_content(call: Call) -> Content:
    """The content of a message. Raises `SlackError`."""
    args = call.args
    text, markdown = args.text("text"), args.text("markdown_text")
    blocks = read_blocks(args.structure("blocks", "invalid_blocks_format"))
    attachments = args.structure("attachments", "invalid_attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(attachment, dict) for attachment in attachments):
        raise SlackError("invalid_attachments")
    if markdown and (text or blocks):
        raise SlackError("markdown_text_conflict")
    if len(markdown) > LONGEST_MARKDOWN:
        raise SlackError("msg_too_long")
    if len(attachments) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    if not (text.strip() or markdown.strip() or blocks or attachments):
        raise SlackError("no_text")
    call.warnings += check_message_blocks(blocks) if blocks else []
    check_pictures(call, blocks)
    if blocks and not text:
        call.warnings.append("the top-level `text` argument is missing: notifications and screen readers use it")
    return Content(
        text=markdown or text,
        blocks=blocks,
        attachments=attachments,
        metadata=read_metadata(call),
        is_markdown=bool(markdown),
        named=frozenset(name for name in ("text", "markdown_text", "blocks", "attachments") if name in args),
    )


def read_metadata(call: Call) -> Json | None:
    """The metadata that was sent, {} to remove it. Raises `SlackError`."""
    metadata = call.args.structure("metadata", "invalid_metadata_format")
    if metadata is None or metadata == {}:
        return metadata  # type: ignore[no-any-return]  # None or an empty object
    known = isinstance(metadata, dict) and ("event_type" in metadata or "entities" in metadata)
    if not known or not isinstance(metadata.get("event_payload", {}), dict):
        raise SlackError("invalid_metadata_format")
    return dict(metadata)


def thread_of(call: Call, channel: Channel) -> str:
    """The thread that a message goes into, "" for none; odd ones are noted as warnings.

    Slack puts an answer to a message that is gone into the channel, and says so only by leaving `thread_ts` out of what
    it returns (reported for slack-go and slackapi's SDKs). Where there are replies a tombstone keeps the thread.
    """
    ts = call.args.text("thread_ts")
    if not ts:
        return ""
    root: Message | None = call.slack.world.find(channel, ts)
    if root is None:
        call.warnings.append("thread_ts names no message of this channel: the reply may stand in the channel itself")
        return ts if any(item.is_reply for item in call.slack.world.thread(channel, ts)) else ""
    if root.is_reply:
        call.warnings.append("thread_ts names a reply, not the message that opened the thread")
    return root.root_ts
