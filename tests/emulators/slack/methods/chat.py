"""chat.*: posting, editing and deleting messages."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack.blocks import MOST_MARKDOWN
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.methods.content import LONGEST_POST, LONGEST_UPDATE, read_content, thread_of
from tests.emulators.slack.shapes import message_json
from tests.emulators.slack.world import Channel, File, Message

Json = dict[str, Any]


def post_message(call: Call) -> Json:
    """chat.postMessage."""
    channel = _postable(call)
    content = read_content(call)
    call.slack.limits.post(call.workspace.id, call.method, channel.id)
    answer: Json = {}
    if len(content.text) > LONGEST_POST:
        content.text = content.text[:LONGEST_POST]
        answer = {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    if call.args.text("username") or call.args.text("icon_emoji") or call.args.text("icon_url"):
        call.require("chat:write.customize")
    thread = thread_of(call, channel)
    message = Message(
        channel=channel,
        ts=call.slack.world.new_ts(),
        author=call.bot,
        text=content.text,
        blocks=content.blocks,
        attachments=content.attachments,
        metadata=content.metadata or None,
        thread_ts=thread,
        is_markdown=content.is_markdown,
        username=call.args.text("username"),
        subtype="thread_broadcast" if thread and call.args.flag("reply_broadcast") else "",
        unfurls=call.args.flag("unfurl_links", default=True) or call.args.flag("unfurl_media", default=True),
    )
    call.slack.publish(message)
    told = message_json(message, call.slack.origin, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": told, **answer}


def _postable(call: Call) -> Channel:
    """The channel to post in; a person's id is the direct message with them. Raises `SlackError`."""
    person = call.slack.world.people.get(call.args.need("channel"))
    if person is not None and person.team == call.workspace.id:
        return call.slack.world.direct(call.workspace.id, [person, call.bot])
    channel = call.channel()
    if call.bot.id not in channel.members and not call.has("chat:write.public"):
        raise SlackError("not_in_channel")
    _check_open(channel)
    return channel


def _check_open(channel: Channel) -> None:
    """Raise `SlackError` where nobody, or not the bot, may post (chat.postMessage and chat.postEphemeral, errors)."""
    if channel.is_archived:
        raise SlackError("is_archived")
    if channel.is_read_only:
        raise SlackError("restricted_action_read_only_channel")


def update(call: Call) -> Json:
    """chat.update: what is not sent stays, so text alone does not replace blocks."""
    channel = call.channel()
    message = call.message(channel)
    _check_editable(call, message)
    content = read_content(call)
    if len(content.text) > (MOST_MARKDOWN if content.is_markdown else LONGEST_UPDATE):
        raise SlackError("msg_too_long")
    files = [_own_file(call, id) for id in call.args.names("file_ids")]
    with call.slack.changing(message):
        if message.stream:
            message.text, message.stream = "".join(message.stream.pieces), None
        if content.named & {"text", "markdown_text"}:
            message.text = content.text
        if content.named & {"blocks", "markdown_text"}:
            message.blocks = content.blocks
        elif message.blocks:
            call.warnings.append("the text changes, but people go on seeing the blocks that were there")
        if "attachments" in content.named:
            message.attachments = content.attachments
        if content.metadata is not None:
            message.metadata = content.metadata or None
        message.is_markdown = content.is_markdown
        if "file_ids" in call.args.values:
            message.files = files
    told = message_json(message, call.slack.origin, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": told}


def _own_file(call: Call, id: str) -> File:
    """A file that the bot has uploaded. Raises `SlackError`."""
    file = call.slack.world.files.get(id)
    if file is None or file.user != call.bot.id or not file.completed or file.deleted:
        raise SlackError("file_not_found")
    return file


def _check_editable(call: Call, message: Message) -> None:
    """Raise `SlackError` for a message that the bot cannot change (chat.update, errors)."""
    if message.channel.is_archived:
        raise SlackError("is_inactive")
    if message.author is not call.bot:
        raise SlackError("cant_update_message")
    call.slack.expire(message)
    if message.stream and message.stream.state == "open":
        raise SlackError("streaming_state_conflict")


def delete(call: Call) -> Json:
    """chat.delete."""
    channel = call.channel()
    message = call.message(channel)
    if message.author is not call.bot:
        raise SlackError("cant_delete_message")
    call.slack.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral: one person sees it, until they load Slack anew."""
    channel = call.joined()
    _check_open(channel)
    person = call.slack.world.people.get(call.args.need("user"))
    if person is None or person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(call)
    message = Message(
        channel=channel,
        ts=call.slack.world.new_ts(),
        author=call.bot,
        text=content.text[:LONGEST_POST],
        blocks=content.blocks,
        attachments=content.attachments,
        thread_ts=thread_of(call, channel),
        is_markdown=content.is_markdown,
        only_for=person,
    )
    if not call.slack.whisper(message):
        call.warnings.append("nobody sees an ephemeral message in a thread that has no replies yet")
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    query = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    place = f"https://{call.workspace.domain}.slack.com/archives/{channel.id}"
    return {"channel": channel.id, "permalink": f"{place}/p{message.ts.replace('.', '')}{query}"}
