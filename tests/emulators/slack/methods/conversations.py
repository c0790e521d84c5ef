"""conversations.*: channels, their members and their history."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.shapes import channel_json, thread_json, tombstone_json
from tests.emulators.slack.world import Message

Json = dict[str, Any]
T = TypeVar("T")

MOST_HISTORY, HISTORY = 999, 100  # conversations.history: most and default
MOST_REPLIES, REPLIES = 1_000, 1_000
MOST_LISTED, LISTED = 1_000, 100
MOST_OPENED = 8  # people in a group direct message, beside who opens it


def history(call: Call) -> Json:
    """conversations.history: the latest first, replies left out unless they were sent to the channel too."""
    channel = call.readable()
    limit = _most(call, call.args.number("limit", HISTORY, MOST_HISTORY))
    shown = [item for item in _found(call, channel.messages) if not item.is_reply or item.subtype == "thread_broadcast"]
    newest_first = list(reversed(_between(call, shown)))
    page, more = _page(call, newest_first, limit)
    return {"messages": _told(call, page), "pin_count": 0, **more}


def replies(call: Call) -> Json:
    """conversations.replies: the root, then the replies, the oldest first; every page begins with the root."""
    channel = call.readable()
    limit = _most(call, call.args.number("limit", REPLIES, MOST_REPLIES))
    ts = call.args.need("ts")
    thread = _found(call, channel.threads.get(ts, ()))
    if not thread:
        alone = [item for item in _found(call, channel.messages) if item.ts == ts]
        if not alone:
            raise SlackError("thread_not_found")
        return {"messages": _told(call, alone), "has_more": False}
    root = [item for item in thread if not item.is_reply]
    page, more = _page(call, _between(call, [item for item in thread if item.is_reply]), limit)
    return {"messages": _told(call, root + page), **more}


def _most(call: Call, asked: int) -> int:
    return min(asked, call.slack.options.history_page or asked)


def _found(call: Call, messages: Sequence[Message]) -> list[Message]:
    """Messages that the history shows already, deleted ones with replies too; it lags when the emulator is told so."""
    now = call.slack.clock.time()
    return [item for item in messages if item.visible_at <= now and (not item.deleted or _has_replies(call, item))]


def _has_replies(call: Call, message: Message) -> bool:
    thread = call.slack.world.thread(message.channel, message.ts)
    return not message.is_reply and any(item.is_reply for item in thread)


def _between(call: Call, messages: Sequence[Message]) -> list[Message]:
    inclusive = call.args.flag("inclusive")
    try:
        oldest = Decimal(call.args.text("oldest") or 0)
        latest = Decimal(call.args.text("latest") or "Infinity")
    except InvalidOperation:
        raise SlackError("invalid_ts_latest") from None
    found = []
    for message in messages:
        at = Decimal(message.ts)
        if oldest < at < latest or (inclusive and at in {oldest, latest}):
            found.append(message)
    return found


def _told(call: Call, messages: Sequence[Message]) -> list[Json]:
    metadata = call.args.flag("include_all_metadata")
    world, origin = call.slack.world, call.slack.origin
    told = [(item, thread_json(item, world, origin, metadata=metadata)) for item in messages]
    return [tombstone_json(shape) if item.deleted else shape for item, shape in told]


def _page(call: Call, items: Sequence[T], limit: int) -> tuple[list[T], Json]:
    """One page by the cursor, and what tells of the next."""
    start = _position(call.args.text("cursor"))
    page = list(items[start : start + limit])
    more = start + limit < len(items)
    told: Json = {"has_more": more}
    if more:
        told["response_metadata"] = {"next_cursor": base64.b64encode(f"next:{start + limit}".encode()).decode()}
    return page, told


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except ValueError:
        raise SlackError("invalid_cursor") from None


def listed(call: Call, items: Sequence[T]) -> tuple[list[T], Json]:
    """A page of a list, with the cursor where lists have it ("" at the end)."""
    page, told = _page(call, items, call.args.number("limit", LISTED, MOST_LISTED))
    return page, told.get("response_metadata") or {"next_cursor": ""}


def info(call: Call) -> Json:
    """conversations.info."""
    channel = call.channel()
    told = channel_json(channel, call.bot)
    return {"channel": told | ({"num_members": len(channel.members)} if call.args.flag("include_num_members") else {})}


def members(call: Call) -> Json:
    """conversations.members."""
    page, metadata = listed(call, call.channel().members)
    return {"members": page, "response_metadata": metadata}


def list_channels(call: Call) -> Json:
    """conversations.list: public channels, and what the bot is in."""
    return _listed_channels(call, joined=False)


def list_joined(call: Call) -> Json:
    """users.conversations: what the bot is in (docs.slack.dev/reference/methods/users.conversations)."""
    return _listed_channels(call, joined=True)


def _listed_channels(call: Call, *, joined: bool) -> Json:
    types = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
    try:
        kinds = {types[name] for name in call.args.names("types") or ["public_channel"]}
    except KeyError:
        raise SlackError("invalid_types") from None
    found = [
        channel
        for channel in call.slack.world.channels.values()
        if channel.team == call.workspace.id
        and channel.kind in kinds
        and ((channel.kind == "public" and not joined) or call.bot.id in channel.members)
        and not (channel.is_archived and call.args.flag("exclude_archived"))
    ]
    page, metadata = listed(call, found)
    return {"channels": [channel_json(item, call.bot) for item in page], "response_metadata": metadata}


def open_direct(call: Call) -> Json:
    """conversations.open: the direct message with one or more people."""
    if "channel" in call.args:
        return {"channel": {"id": call.joined().id}}
    users = call.args.names("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > MOST_OPENED:
        raise SlackError("too_many_users")
    people = [call.slack.world.people.get(user) for user in users]
    known = [person for person in people if person is not None and person.team == call.workspace.id]
    if len(known) < len(users):
        raise SlackError("user_not_found")
    channel = call.slack.world.direct(call.workspace.id, [*known, call.bot])
    full = call.args.flag("return_im")
    return {"channel": channel_json(channel, call.bot) if full else {"id": channel.id}}


def join(call: Call) -> Json:
    """conversations.join: public channels only."""
    channel = call.channel()
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.bot.id not in channel.members:
        call.slack.add_member(channel, call.bot)
        return {"channel": channel_json(channel, call.bot)}
    warning = "already_in_channel"
    return {
        "channel": channel_json(channel, call.bot),
        "warning": warning,
        "response_metadata": {"warnings": [warning]},
    }
