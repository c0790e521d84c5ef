"""files.*: uploading in three steps, and asking about files."""

from __future__ import annotations

import mimetypes
from typing import Any

from tests.emulators.slack.blocks import check_message_blocks, read_blocks
from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError, missing
from tests.emulators.slack.methods.content import thread_of
from tests.emulators.slack.shapes import file_json
from tests.emulators.slack.world import File, Message

Json = dict[str, Any]


def get_upload_url(call: Call) -> Json:
    """files.getUploadURLExternal."""
    name = call.args.need("filename")
    length = call.args.text("length")
    if not length.isdigit() or int(length) == 0:
        raise SlackError("invalid_arguments", "length is the number of bytes")
    file = File(
        id=call.slack.world.new_id("F"),
        team=call.workspace.id,
        name=name,
        content=b"",
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        user=call.bot.id,
        created=int(call.slack.clock.time()),
        alt=call.args.text("alt_txt"),
        expected_bytes=int(length),
        completed=False,
    )
    call.slack.world.files[file.id] = file
    return {"upload_url": f"{call.slack.origin}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> Json:
    """files.completeUploadExternal: the files become visible, in a message when a channel is named."""
    wanted = call.args.structure("files")
    if not isinstance(wanted, list) or not wanted:
        raise missing("files")
    files = [_uploaded(call, item) for item in wanted]
    channels = call.args.names("channels") or call.args.names("channel_id")
    if call.args.text("thread_ts") and len(channels) > 1:
        raise SlackError("invalid_arguments", "thread_ts needs exactly one channel")
    for id in channels:
        _share(call, id, files)
    for file, item in zip(files, wanted, strict=True):
        file.completed, file.title = True, str(item.get("title") or file.name)
    return {"files": [file_json(file_, call.slack.origin) for file_ in files]}


def _uploaded(call: Call, wanted: Any) -> File:
    file = call.slack.world.files.get(str(wanted.get("id")) if isinstance(wanted, dict) else "")
    if file is None or file.team != call.workspace.id or file.completed:
        raise SlackError("file_not_found")
    if len(file.content) != file.expected_bytes:
        raise SlackError("file_upload_size_mismatch" if file.content else "file_not_uploaded")
    return file


def _share(call: Call, channel_id: str, files: list[File]) -> None:
    call.args.values["channel"] = channel_id
    channel = call.joined()
    comment = call.args.text("initial_comment")  # blocks beside it are ignored
    blocks = [] if comment else read_blocks(call.args.structure("blocks", "invalid_blocks_format"))
    call.warnings += check_message_blocks(blocks) if blocks else []
    message = Message(
        channel=channel,
        ts=call.slack.world.new_ts(),
        author=call.bot,
        text=comment,
        blocks=blocks,
        thread_ts=thread_of(call, channel),
        subtype="file_share",
        files=files,
    )
    for file in files:
        file.channels.append(channel.id)
    call.slack.publish(message)


def delete_file(call: Call) -> Json:
    """files.delete: the file is gone, from every message too."""
    file = call.slack.world.files.get(call.args.need("file"))
    if file is None or file.team != call.workspace.id:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    if file.user != call.bot.id:
        raise SlackError("cant_delete_file")
    file.deleted = True
    return {}


def file_info(call: Call) -> Json:
    """files.info; it also tells what a message of another organisation left out."""
    file = call.slack.world.files.get(call.args.need("file"))
    if file is None or file.team != call.workspace.id or not file.completed:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    file.hidden = False
    return {"file": file_json(file, call.slack.origin), "comments": [], "response_metadata": {"next_cursor": ""}}
