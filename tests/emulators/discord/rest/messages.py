"""Messages of channels."""

from __future__ import annotations

from tests.emulators.discord import permissions, posting
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, missing_permissions, unknown
from tests.emulators.discord.gateway import DIRECT_REACTIONS, GUILD_REACTIONS
from tests.emulators.discord.limits import MESSAGE, MESSAGES
from tests.emulators.discord.rest.call import NO_CONTENT, Call, Reply, Routes
from tests.emulators.discord.world import EPHEMERAL, Message

NONCE_S = 300.0  # "the past few minutes" (resources/message, create message); five are assumed
OLD_S = 3_600.0  # edits of older messages have a limit of their own (platform reference, 2.5)
_PAGE = 50


def listing(core: Core, call: Call) -> Reply:
    """Messages of a channel, the newest first; none without the permission to read the history."""
    channel = core.find_channel(call.id("channel_id"))
    if not permissions.may(core.bot, channel, "read_message_history"):
        return Reply(body=[])
    limit = int(call.query.get("limit", _PAGE))
    chosen = _page(channel.shown(), call, limit)
    return Reply(body=[posting.shown_payload(core, item) for item in reversed(chosen)])


def _page(messages: list[Message], call: Call, limit: int) -> list[Message]:
    if "around" in call.query:
        middle = int(call.query["around"])
        before = [message for message in messages if message.id < middle][-(limit // 2) :] if limit > 1 else []
        here = [message for message in messages if message.id == middle]
        after = [message for message in messages if message.id > middle][: limit - len(before) - len(here)]
        return before + here + after
    if "after" in call.query:
        return [message for message in messages if message.id > int(call.query["after"])][:limit]
    before_id = int(call.query.get("before", 1 << 63))
    return [message for message in messages if message.id < before_id][-limit:]


def one(core: Core, call: Call) -> Reply:
    """One message."""
    message = _find(core, call)
    if not permissions.may(core.bot, message.channel, "read_message_history"):
        raise ApiError(403, 50001, "Missing Access")
    return Reply(body=posting.shown_payload(core, message))


def create(core: Core, call: Call) -> Reply:
    """A new message; with `enforce_nonce` the one that was made with the same nonce shortly before."""
    channel = core.find_channel(call.id("channel_id"))
    posting.check_may_post(core, channel, files=bool(call.files))
    nonce = call.body.get("nonce")
    key = (channel.id, str(nonce))
    if nonce is not None and call.body.get("enforce_nonce"):
        made_at, made = core.nonces.get(key, (0.0, None))
        if made is not None and core.clock.time() - made_at < NONCE_S:
            return Reply(body=posting.shown_payload(core, made))
    draft = posting.draft_of(core, channel, call.body, call.files)
    draft.flags &= ~EPHEMERAL
    draft.replied_to = posting.find_reply(core, channel, call.body)
    message = posting.post(core, draft)
    if nonce is not None:
        core.nonces[key] = (core.clock.time(), message)
    return Reply(body=posting.shown_payload(core, message))


def edit(core: Core, call: Call) -> Reply:
    """Change one of the bot's own messages."""
    message = _find(core, call)
    if message.author is not core.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if message.channel.thread is not None and message.channel.thread.archived:
        raise ApiError(400, 50083, "Thread is archived")
    _check_old(core, message)
    return Reply(body=posting.shown_payload(core, posting.edit(core, message, call.body, call.files)))


def _check_old(core: Core, message: Message) -> None:
    """Hold edits of messages older than an hour to their limit. Raises `ApiError` 30046."""
    now = core.clock.now()
    if not core.options.limits or (now - message.at).total_seconds() < OLD_S:
        return
    message.late_edits = [at for at in message.late_edits if (now - at).total_seconds() < OLD_S]
    if len(message.late_edits) >= core.options.old_edits:
        wait = OLD_S - (now - message.late_edits[0]).total_seconds()
        why = "Maximum number of edits to messages older than 1 hour reached. Try again later"
        raise ApiError(429, 30046, why, retry_after=round(wait, 3))
    message.late_edits.append(now)


def delete(core: Core, call: Call) -> Reply:
    """Delete a message, somebody else's only with the permission to."""
    message = _find(core, call)
    if message.author is not core.bot and not permissions.may(core.bot, message.channel, "manage_messages"):
        raise missing_permissions()
    posting.remove(core, message)
    return NO_CONTENT


def react(core: Core, call: Call) -> Reply:
    """Add the bot's reaction."""
    message = _find(core, call)
    emoji = call.path["emoji_name"]
    if emoji.isascii():  # custom ones are not modelled
        raise unknown("Emoji")
    if emoji not in message.reactions and not permissions.may(core.bot, message.channel, "add_reactions"):
        raise missing_permissions()
    who = message.reactions.setdefault(emoji, [])
    if core.bot not in who:
        who.append(core.bot)
        _tell_reaction(core, message, emoji, "ADD")
    return NO_CONTENT


def unreact(core: Core, call: Call) -> Reply:
    """Take the bot's reaction away."""
    message = _find(core, call)
    emoji = call.path["emoji_name"]
    who = message.reactions.get(emoji, [])
    if core.bot in who:
        who.remove(core.bot)
        if not who:
            del message.reactions[emoji]
        _tell_reaction(core, message, emoji, "REMOVE")
    return NO_CONTENT


def _tell_reaction(core: Core, message: Message, emoji: str, what: str) -> None:
    body = posting.reaction_payload(core, message, core.bot, emoji)
    if what == "ADD":
        body["message_author_id"] = str(message.author.id)
    intent = GUILD_REACTIONS if message.channel.guild else DIRECT_REACTIONS
    core.tell(f"MESSAGE_REACTION_{what}", message.channel, body, intent)


def typing(core: Core, call: Call) -> Reply:
    """Show that the bot is typing."""
    channel = core.find_channel(call.id("channel_id"))
    if not permissions.may_send(core.bot, channel):
        raise missing_permissions()
    channel.typing.append((core.bot, core.clock.now()))
    core.tell_typing(channel, core.bot)
    return NO_CONTENT


def _find(core: Core, call: Call) -> Message:
    channel = core.find_channel(call.id("channel_id"))
    return core.find_message(channel, call.id("message_id"))


_REACTION = f"{MESSAGE}/reactions/{{emoji_name}}/@me"

ROUTES: Routes = {
    ("GET", MESSAGES): listing,
    ("POST", MESSAGES): create,
    ("GET", MESSAGE): one,
    ("PATCH", MESSAGE): edit,
    ("DELETE", MESSAGE): delete,
    ("PUT", _REACTION): react,
    ("DELETE", _REACTION): unreact,
    ("POST", "/channels/{channel_id}/typing"): typing,
}
