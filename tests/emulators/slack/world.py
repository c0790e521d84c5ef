"""What there is in Slack: workspaces, people, channels, messages, files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tests.emulators.clock import MovableClock
from tests.emulators.slack.options import APP_ID
from tests.emulators.versions import Version

Kind = Literal["public", "private", "im", "mpim"]
StreamState = Literal["open", "stopped", "expired", "stopped_by_user"]

# How events name the kinds (message events, field channel_type).
CHANNEL_TYPES: dict[Kind, str] = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}
BOT_MESSAGE = "bot_message"  # the subtype of what integrations post
_LETTERS: dict[Kind, str] = {"public": "C", "private": "C", "im": "D", "mpim": "C"}


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """Somebody with an account in a workspace, or the bot of an app."""

    id: str
    team: str
    name: str
    locale: str = "en-US"
    tz: str = "Europe/Berlin"
    email: str = ""
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    bot_id: str = ""
    app_id: str = ""

    @property
    def handle(self) -> str:
        """The name as Slack writes it in payloads."""
        return re.sub(r"\W+", ".", self.name.lower())

    @property
    def tz_offset(self) -> int:
        """Seconds ahead of UTC now."""
        offset = datetime.now(ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A channel or direct message; `members` are the ids of people, `creator` is that of who made it."""

    id: str
    team: str
    name: str
    kind: Kind = "public"
    members: list[str] = field(default_factory=list)
    created: int = 0
    creator: str = ""
    is_archived: bool = False
    is_read_only: bool = False
    is_ext_shared: bool = False
    topic: str = ""
    messages: list[Message] = field(default_factory=list, repr=False)
    by_ts: dict[str, Message] = field(default_factory=dict, repr=False)
    threads: dict[str, list[Message]] = field(default_factory=dict, repr=False)

    def add(self, message: Message) -> None:
        """Put a message at the end."""
        self.messages.append(message)
        self.by_ts[message.ts] = message
        self.threads.setdefault(message.root_ts, []).append(message)


@dataclass(slots=True, kw_only=True, eq=False)
class File:
    """A file; before it is completed, nobody sees it. `redirect` is an address that downloads are sent to."""

    id: str
    team: str
    name: str
    content: bytes
    mimetype: str
    user: str
    created: int
    title: str = ""
    alt: str = ""
    expected_bytes: int | None = None
    completed: bool = True
    deleted: bool = False
    hidden: bool = False
    redirect: str = ""
    heard: str = ""
    """What Slack has heard in it, for a voice clip; it tells the beginning."""

    channels: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Stream:
    """A message that is being written."""

    started_at: float
    state: StreamState = "open"
    pieces: list[str] = field(default_factory=list)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    plan: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message; `only_for` names the one who sees an ephemeral message, `history` what it said before each edit,
    `seen` all that was ever seen of one of the bot's.
    """

    channel: Channel
    ts: str
    author: Person
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    client_msg_id: str = ""
    files: list[File] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    username: str = ""
    edited_ts: str = ""
    deleted: bool = False
    visible_at: float = 0.0
    unfurls: bool = False
    is_markdown: bool = False
    stream: Stream | None = None
    only_for: Person | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    seen: list[Version] = field(default_factory=list, repr=False)

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def root_ts(self) -> str:
        """The thread it belongs to, which it may have opened itself."""
        return self.thread_ts or self.ts


@dataclass(slots=True, kw_only=True, eq=False)
class UserGroup:
    """A user group; `members` are the ids of people. One that was disabled keeps them."""

    id: str
    handle: str
    members: list[str] = field(default_factory=list)
    is_disabled: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Workspace:
    """A workspace with the app's bot in it."""

    id: str
    name: str
    bot: Person
    token: str
    refresh_token: str = ""
    expires_at: float = 0.0
    installed: bool = True
    groups: dict[str, UserGroup] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The first part of its address."""
        return re.sub(r"\W+", "-", self.name.lower())


class World:
    """Everything there is, by its id."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.workspaces: dict[str, Workspace] = {}
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self._numbers = 0
        self._last_ts = 0

    def new_id(self, letter: str) -> str:
        """An id as Slack makes them: a letter of its kind and ten capitals or digits."""
        self._numbers += 1
        return f"{letter}0{self._numbers:09d}"

    def new_ts(self) -> str:
        """A timestamp that no message has yet, later than all."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_workspace(self, name: str, token: str) -> Workspace:
        """A workspace in which the app is installed."""
        team = self.new_id("T")
        bot = self.new_person(team, "Seedling", bot_id=self.new_id("B"), app_id=APP_ID)
        self.workspaces[team] = Workspace(id=team, name=name, bot=bot, token=token)
        return self.workspaces[team]

    def new_person(self, team: str, name: str, **facts: Any) -> Person:
        """Somebody in a workspace."""
        person = Person(id=self.new_id("U"), team=team, name=name, **facts)
        self.people[person.id] = person
        return person

    def new_channel(self, team: str, name: str, kind: Kind, members: list[Person]) -> Channel:
        """A channel with these members."""
        channel = Channel(
            id=self.new_id(_LETTERS[kind]),
            team=team,
            name=name,
            kind=kind,
            members=[person.id for person in members],
            is_ext_shared=any(person.team != team for person in members),
            created=int(self.clock.time()),
        )
        self.channels[channel.id] = channel
        return channel

    def knows(self, workspace: Workspace, person: Person) -> bool:
        """Whether somebody is of the workspace, or shares a channel with its bot (Slack Connect)."""
        shared = (
            channel.members
            for channel in self.channels.values()
            if channel.team == workspace.id and channel.is_ext_shared
        )
        return person.team == workspace.id or any(person.id in item and workspace.bot.id in item for item in shared)

    def direct(self, team: str, members: list[Person]) -> Channel:
        """The direct message between these people, made when there is none."""
        wanted = sorted(person.id for person in members)
        kind: Kind = "im" if len(wanted) == 2 else "mpim"
        for channel in self.channels.values():
            if channel.team == team and channel.kind == kind and sorted(channel.members) == wanted:
                return channel
        name = "" if kind == "im" else "mpdm-" + "--".join(person.handle for person in members) + "-1"
        return self.new_channel(team, name, kind, members)

    def thread(self, channel: Channel, ts: str) -> list[Message]:
        """A message and its replies, the oldest first, deleted ones left out."""
        return [item for item in channel.threads.get(ts, ()) if not item.deleted]

    def find(self, channel: Channel, ts: str) -> Message | None:
        """The message with that timestamp, unless it is deleted."""
        message = channel.by_ts.get(ts)
        return None if message is None or message.deleted else message
