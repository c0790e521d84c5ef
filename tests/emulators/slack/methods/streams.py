"""chat.startStream, chat.appendStream, chat.stopStream: messages that people see being written."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack.blocks import MOST_BLOCKS, check_message_blocks, read_blocks
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError, missing
from tests.emulators.slack.methods.content import LONGEST_MARKDOWN, read_metadata
from tests.emulators.slack.methods.sessions import STATUSES, change_session
from tests.emulators.slack.shapes import message_json
from tests.emulators.slack.world import Message, Stream

Json = dict[str, Any]

_TASK_STATES = frozenset({"pending", "in_progress", "complete", "error"})
_TASK_FIELDS = ("title", "status", "details", "output", "sources")


def start_stream(call: Call) -> Json:
    """chat.startStream; text and chunks are optional here."""
    channel = call.joined()
    thread = call.args.text("thread_ts")
    if not thread:
        raise missing("thread_ts")
    root = call.slack.world.find(channel, thread)
    if root is None:
        raise SlackError("invalid_thread_ts")
    if channel.kind != "im":
        for name in ("recipient_user_id", "recipient_team_id"):
            if name not in call.args:
                raise SlackError(f"missing_{name}")
        recipient = call.person("recipient_user_id")
        if call.args.text("recipient_team_id") != recipient.team:
            call.warnings.append("recipient_team_id is not the team of recipient_user_id")
    if call.args.text("task_display_mode", "timeline") not in {"timeline", "plan"}:
        raise SlackError("invalid_arguments", "task_display_mode is timeline or plan")
    stream = Stream(started_at=call.slack.clock.time())
    message = Message(
        channel=channel,
        ts=call.slack.world.new_ts(),
        author=call.bot,
        text="",
        thread_ts=root.root_ts,
        stream=stream,
        unfurls=True,  # streams have no switch for previews
    )
    _write(call, stream, needed=False)
    call.slack.publish(message)
    return {"channel": channel.id, "ts": message.ts}


def append_stream(call: Call) -> Json:
    """chat.appendStream."""
    message, stream = _streaming(call)
    _write(call, stream, needed=True)
    call.slack.saw(message)
    return {"channel": message.channel.id, "ts": message.ts}


def stop_stream(call: Call) -> Json:
    """chat.stopStream: the last text, and blocks below everything."""
    message, stream = _streaming(call)
    blocks = read_blocks(call.args.structure("blocks", "invalid_blocks_format"))
    call.warnings += check_message_blocks(blocks) if blocks else []
    metadata = read_metadata(call)
    session = call.args.text("session_status")
    if session and session not in STATUSES:
        raise SlackError("invalid_status")
    with call.slack.changing(message, edited=False):
        _write(call, stream, needed=False)
        stream.state = "stopped"
        message.blocks = blocks
        message.metadata = metadata or None
    if session:
        change_session(call, message.channel, message.root_ts, session)
    told = message_json(message, call.slack.origin, metadata=True)
    return {"channel": message.channel.id, "ts": message.ts, "message": told}


def _streaming(call: Call) -> tuple[Message, Stream]:
    """The stream that `ts` names. Raises `SlackError`."""
    channel = call.channel()
    message = call.message(channel)
    call.slack.expire(message)
    stream = message.stream
    if stream is not None and stream.state == "stopped_by_user":
        raise SlackError("stopped_by_user")
    if stream is None or stream.state != "open":
        raise SlackError("message_not_in_streaming_state")
    return message, stream


def _write(call: Call, stream: Stream, *, needed: bool) -> None:
    """Append markdown or chunks; nothing is appended unless all of it is right. Raises `SlackError`."""
    markdown = call.args.text("markdown_text")
    chunks = call.args.structure("chunks") or []
    if markdown and chunks:
        raise SlackError("invalid_arguments", "markdown_text and chunks exclude each other")
    if len(markdown) > LONGEST_MARKDOWN:
        raise SlackError("msg_too_long")
    if needed and not (markdown or chunks):
        raise SlackError("no_text")
    if not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    for chunk in chunks:
        _check_chunk(call, chunk)
    if len(stream.blocks) + sum(len(item.get("blocks") or []) for item in chunks) > MOST_BLOCKS:
        raise SlackError("invalid_blocks", f"no more than {MOST_BLOCKS} blocks in the chunks of a stream")
    if markdown:
        stream.pieces.append(markdown)
    for chunk in chunks:
        _apply(stream, chunk)


def _check_chunk(call: Call, chunk: Any) -> None:
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    match kind:
        case "markdown_text":
            if not isinstance(chunk.get("text"), str) or not chunk["text"]:
                raise SlackError("no_text")
            if len(chunk["text"]) > LONGEST_MARKDOWN:
                raise SlackError("msg_too_long")
        case "task_update":
            named = all(isinstance(chunk.get(name), str) and chunk[name] for name in ("id", "title", "status"))
            if not named or chunk["status"] not in _TASK_STATES:
                raise SlackError("invalid_chunks", "a task has an id, a title and a status")
        case "plan_update":
            if not isinstance(chunk.get("title"), str) or not chunk["title"]:
                raise SlackError("invalid_chunks", "a plan has a title")
        case "blocks":
            blocks = read_blocks(chunk.get("blocks"))
            call.warnings += check_message_blocks(blocks)
        case _:
            raise SlackError("invalid_chunks", f"unknown type of chunk: {kind}")


def _apply(stream: Stream, chunk: Json) -> None:
    match chunk["type"]:
        case "markdown_text":
            stream.pieces.append(chunk["text"])
        case "task_update":
            task = stream.tasks.setdefault(chunk["id"], {"task_id": chunk["id"]})
            task |= {name: chunk[name] for name in _TASK_FIELDS if chunk.get(name) is not None}
        case "plan_update":
            stream.plan = chunk["title"]
        case "blocks":
            stream.blocks += chunk["blocks"]
