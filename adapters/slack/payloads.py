"""Payloads of Slack's messages, people and channels: the fields that are read of them.

Messages: https://docs.slack.dev/reference/events/message, files: https://docs.slack.dev/reference/objects/file-object
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

from adapters.slack.elements import Element
from bot.chat.payload import Flag, Id, Ids, Many, Nested, Number, OrNone, Payload, Scalar, Text, Texts

QUESTION: Final = "seedling_question"
"""Type of the metadata of a message in which the bot repeats what somebody asks by a command or a form."""

_TIMESTAMP = re.compile(r"(?P<seconds>\d{1,10})\.(?P<fraction>\d{1,6})")


def first_line(*texts: str) -> str:
    """Return the first of `texts` that says anything, on one line."""
    return next((" ".join(text.split()) for text in texts if text.strip()), "")


def moment(ts: str) -> datetime | None:
    """Return the time that a message's `ts` names, to the microsecond; None when it is none."""
    match = _TIMESTAMP.fullmatch(ts)
    if match is None:
        return None
    micros = int(match["fraction"].ljust(6, "0"))
    return datetime.fromtimestamp(int(match["seconds"]), tz=UTC).replace(microsecond=micros)


def as_position(at: datetime | None) -> int:
    """Return a moment in microseconds; 0 for none."""
    return 0 if at is None else round((at - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1))


def position_of(ts: str) -> int:
    """Return the position of a message by its timestamp; 0 for what is none."""
    return as_position(moment(ts))


def as_ts(position: int) -> str:
    """Return a position as Slack writes it."""
    seconds, fraction = divmod(position, 1_000_000)
    return f"{seconds}.{fraction:06d}"


# ---------------------------------------------------------------- people and channels


class Profile(Payload):
    """The names that somebody has given themselves."""

    display_name: Text = ""
    real_name: Text = ""
    name: Text = ""

    @property
    def shown_name(self) -> str:
        """The name that Slack shows."""
        return first_line(self.display_name, self.real_name, self.name)


class NamedPayload(Payload):
    """Anything with a name."""

    id: Text = ""
    name: Text = ""


class UserPayload(Payload):
    """Somebody's account (https://docs.slack.dev/reference/objects/user-object)."""

    id: Text = ""
    name: Text = ""
    real_name: Text = ""
    team_id: Text = ""
    tz: Text = ""
    locale: Text = ""
    profile: Nested[Profile] = Profile()
    enterprise_user: OrNone[NamedPayload] = None
    deleted: Flag = False
    is_bot: Flag = False
    is_admin: Flag = False
    is_owner: Flag = False
    is_primary_owner: Flag = False
    is_restricted: Flag = False
    is_ultra_restricted: Flag = False
    is_stranger: Flag = False


class Described(Payload):
    """Topic or purpose of a channel."""

    value: Text = ""


def _unless_false(value: object) -> bool:
    return value is not False


class ConversationPayload(Payload):
    """A channel or direct message (https://docs.slack.dev/reference/objects/conversation-object)."""

    id: Text = ""
    name: Text = ""
    topic: Nested[Described] = Described()
    purpose: Nested[Described] = Described()
    members: Texts = ()
    creator: Text = ""
    is_private: Annotated[bool, BeforeValidator(_unless_false)] = True
    is_im: Flag = False
    is_mpim: Flag = False
    is_ext_shared: Flag = False
    is_shared: Flag = False
    is_member: Flag = False
    is_archived: Flag = False
    is_read_only: Flag = False


# ---------------------------------------------------------------- messages


class TranscriptPreview(Payload):
    """The beginning of what Slack heard in a sound."""

    content: Text = ""
    has_more: Flag = False


class TranscriptionPayload(Payload):
    """Transcription of a sound by Slack (https://docs.slack.dev/reference/objects/file-object)."""

    status: Text = ""
    preview: Nested[TranscriptPreview] = TranscriptPreview()


class FilePayload(Payload):
    """A file of a message."""

    id: Text = ""
    name: Text = ""
    title: Text = ""
    mode: Text = ""
    mimetype: Text = ""
    size: Number = 0
    url_private: Text = ""
    transcription: Nested[TranscriptionPayload] = TranscriptionPayload()


class AttachmentField(Payload):
    """A name and its value, in mrkdwn; apps may give a number."""

    title: Scalar = ""
    value: Scalar = ""


class MessageBlock(Element):
    """A message within a forward, in its own form."""

    message: OrNone[SlackMessage] = None


class MessageAttachment(Payload):
    """A card, a preview or a forward under a message; its texts are mrkdwn."""

    is_share: Flag = False
    is_msg_unfurl: Flag = False
    is_reply_unfurl: Flag = False
    author_id: Text = ""
    author_name: Text = ""
    author_subname: Text = ""
    channel_id: Text = ""
    channel_name: Text = ""
    service_name: Text = ""
    pretext: Text = ""
    title: Text = ""
    title_link: Text = ""
    from_url: Text = ""
    original_url: Text = ""
    app_unfurl_url: Text = ""
    image_url: Text = ""
    text: Text = ""
    fallback: Text = ""
    fields: Many[AttachmentField] = ()
    footer: Text = ""
    ts: Id = ""
    preview: OrNone[Element] = None
    blocks: Many[Element] = ()
    actions: Many[Element] = ()
    message_blocks: Many[MessageBlock] = ()
    attachments: Many[MessageAttachment] = ()
    files: Many[FilePayload] = ()

    @property
    def is_message(self) -> bool:
        """Return whether it is somebody's message, forwarded or looked up by its address."""
        return self.is_share or self.is_msg_unfurl or self.is_reply_unfurl

    @property
    def messages(self) -> tuple[SlackMessage, ...]:
        """Return the messages that a forward holds in their own form, beside its plain text."""
        return tuple(item.message for item in self.message_blocks if item.message is not None)

    @property
    def with_messages(self) -> tuple[MessageAttachment | SlackMessage, ...]:
        """Return it and the messages in it: all that may have files and attachments."""
        return (self, *self.messages)


class Huddle(Payload):
    """A huddle: who was in it, and from when to when in seconds since 1970."""

    name: Text = ""
    participants: Ids = ()
    participant_history: Ids = ()
    date_start: Number = 0
    date_end: Number = 0


class EditPayload(Payload):
    """Time of the last edit of a message."""

    ts: Text = ""


class AnswerMark(Payload):
    """Mark on the bot's own messages: the turn that they answer, and which part of it they are."""

    turn: Text = ""
    part: Number = 0


class Metadata(Payload):
    """Metadata that an app has written beside its message."""

    event_type: Text = ""
    event_payload: Nested[AnswerMark] = AnswerMark()


class SlackMessage(Payload):
    """A message, as an event or in a history; `text` is mrkdwn."""

    type: Text = ""
    subtype: Text = ""
    channel: Text = ""
    channel_type: Text = ""
    ts: Text = ""
    thread_ts: Text = ""
    event_ts: Text = ""
    deleted_ts: Text = ""
    hidden: Flag = False
    user: Text = ""
    user_team: Text = ""
    team: Text = ""
    user_profile: Nested[Profile] = Profile()
    bot_id: Text = ""
    bot_profile: Nested[NamedPayload] = NamedPayload()
    username: Text = ""
    text: Text = ""
    topic: Text = ""
    blocks: Many[Element] = ()
    attachments: Many[MessageAttachment] = ()
    files: Many[FilePayload] = ()
    edited: Nested[EditPayload] = EditPayload()
    reply_count: Number = 0
    latest_reply: Text = ""
    metadata: OrNone[Metadata] = None
    room: OrNone[Huddle] = None
    root: OrNone[SlackMessage] = None
    message: OrNone[SlackMessage] = None
    previous_message: OrNone[SlackMessage] = None

    @property
    def is_announcement(self) -> bool:
        """Return whether it repeats somebody's question, where the bot itself wrote it."""
        return self.metadata is not None and self.metadata.event_type == QUESTION

    def as_message(self) -> SlackMessage:
        """Return it as the event that told of it: histories and changes may leave its type out."""
        return self if self.type else self.model_copy(update={"type": "message"})


class Cursor(Payload):
    """Cursor at which a list goes on."""

    next_cursor: Text = ""


class ListPage(Payload):
    """One page of a list that Slack gives."""

    messages: Many[SlackMessage] = ()
    members: Texts = ()
    response_metadata: Nested[Cursor] = Cursor()

    @property
    def next_cursor(self) -> str:
        """The name of the next page, "" for the last one."""
        return self.response_metadata.next_cursor


# ---------------------------------------------------------------- answers of the Web API


class UserAnswer(Payload):
    """Answer of `users.info`."""

    user: Nested[UserPayload] = UserPayload()


class ConversationAnswer(Payload):
    """Answer of `conversations.info` and `conversations.open`."""

    channel: Nested[ConversationPayload] = ConversationPayload()


class ConversationsPage(Payload):
    """One page of `users.conversations`."""

    channels: Many[NamedPayload] = ()
    response_metadata: Nested[Cursor] = Cursor()


class UserGroup(Payload):
    """A user group with its members (https://docs.slack.dev/reference/objects/usergroup-object)."""

    id: Text = ""
    handle: Text = ""
    name: Text = ""
    users: Texts = ()


class UserGroupsAnswer(Payload):
    """Answer of `usergroups.list`."""

    usergroups: Many[UserGroup] = ()


class FileAnswer(Payload):
    """Answer of `files.info`."""

    file: Nested[FilePayload] = FilePayload()


class UploadAnswer(Payload):
    """Answer of `files.getUploadURLExternal`."""

    upload_url: Text = ""
    file_id: Text = ""


class TokenOwner(Payload):
    """Answer of `auth.test`: whose token it is."""

    team_id: Text = ""
    enterprise_id: Text = ""
    user_id: Text = ""
    bot_id: Text = ""
    url: Text = ""
    team: Text = ""


class Authorization(Payload):
    """Answer of `oauth.v2.access` (https://docs.slack.dev/reference/methods/oauth.v2.access)."""

    app_id: Text = ""
    access_token: Text = ""
    refresh_token: Text = ""
    expires_in: Number = 0
    bot_user_id: Text = ""
    scope: Text = ""
    team: Nested[NamedPayload] = NamedPayload()
    enterprise: Nested[NamedPayload] = NamedPayload()
    authed_user: Nested[NamedPayload] = NamedPayload()
    is_enterprise_install: Flag = False
