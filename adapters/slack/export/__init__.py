"""Import a Slack workspace export: channels, people and messages with names and threads."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from adapters.slack.export.archive import ExportArchive, ExportLimits, open_archive
from adapters.slack.message_content import files, has_content, written
from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import ConversationPayload, SlackMessage, UserPayload, first_line, moment
from bot.ports import WorkspaceStore
from bot.types import Channel, ChannelMessage, Person, Workspace

CHUNK = 1_000  # messages stored in one transaction

_HOME = "local"  # the workspace that the playground has of its own; what is brought in never lies there
_REQUIRED_INDEX = "channels.json"
_OPTIONAL_INDEXES = ("groups.json", "mpims.json", "dms.json")  # only in exports that include private channels
_EXPORT_WORDS = re.compile(r"[ _-]*slack[ _-]+export\b.*", re.IGNORECASE)  # "Acme Slack export Jan 1 2026 - ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Report of an import; `new` messages were not there before, `left_out` are notices and empty ones."""

    workspace: Workspace
    channels: int
    people: int
    messages: int
    threads: int
    new: int
    left_out: int

    def __str__(self) -> str:
        return (
            f"Imported {self.messages:,} messages ({self.new:,} new) with {self.threads:,} threads, "
            f"{self.channels:,} channels and {self.people:,} people into {self.workspace.name!r}; "
            f"left out {self.left_out:,} notices without content."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Findings of a first reading: counts, authors outside `users.json`, and where threads without a root hang.

    `roots` maps (channel, root that is not there) to the oldest message of that thread, which takes its place.
    """

    messages: int
    left_out: int
    threads: int
    strangers: Mapping[str, Person]
    roots: Mapping[tuple[str, str], str]


async def import_export(
    path: Path, store: WorkspaceStore, *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> ImportReport:
    """Bring an export into `store`; a second time changes nothing. `progress` is told messages done and in all.

    Raises `InvalidInput`, before anything is stored, when the file is no export, and `StorageError`.
    """
    with ExitStack() as stack:
        export = await asyncio.to_thread(stack.enter_context, read_export(path))
        await store.put_workspace(export.workspace, export.channels, export.people)
        total = export.survey.messages
        messages = export.messages()
        done = new = 0
        progress(done, total)
        while chunk := await asyncio.to_thread(_take, messages):
            new += await store.put_messages(chunk)
            done += len(chunk)
            progress(done, total)
    return ImportReport(
        workspace=export.workspace,
        channels=len(export.channels),
        people=len(export.people),
        messages=done,
        threads=export.survey.threads,
        new=new,
        left_out=export.survey.left_out,
    )


def _take(messages: Iterator[ChannelMessage]) -> list[ChannelMessage]:
    return list(islice(messages, CHUNK))


@contextmanager
def read_export(path: Path, limits: ExportLimits | None = None) -> Iterator[Export]:
    """Yield the export at `path`, read through once to check all of it. Raises `InvalidInput` naming file and fault."""
    with open_archive(path, limits or ExportLimits()) as archive:
        yield Export(archive)


class Export:
    """An open Slack export; its messages are read again each time, never all at once."""

    def __init__(self, archive: ExportArchive) -> None:
        self._archive = archive
        users = UserPayload.read_list(archive.read("users.json", optional=True))
        self._users = {user.id: _person(user) for user in users if user.id}
        self.workspace = _workspace(archive.name, users)
        self._names = {id: item.name for id, item in self._users.items()}
        self._folders: dict[str, str] = {}
        places = {channel.id: channel for channel in self._read_channels()}
        self._names |= {id: channel.name for id, channel in places.items()}
        self.channels: Sequence[Channel] = [
            replace(channel, topic=to_plain(channel.topic, self._names)) for channel in places.values()
        ]
        self.survey = self._survey()
        self._names |= {id: item.name for id, item in self.survey.strangers.items()}

    @property
    def people(self) -> Sequence[Person]:
        """Everybody in the workspace and whoever else has written there."""
        return [*self._users.values(), *self.survey.strangers.values()]

    def messages(self) -> Iterator[ChannelMessage]:
        """All messages with content, channel by channel and day by day."""
        for channel in self.channels:
            for message in self._told(channel):
                if has_content(message):
                    yield self._message(channel, message)

    def _read_channels(self) -> Iterator[Channel]:
        records = self._archive.read(_REQUIRED_INDEX)
        for index in _OPTIONAL_INDEXES:
            records += self._archive.read(index, optional=True)
        for channel in ConversationPayload.read_list(records):
            id = channel.id or channel.name
            if not id:
                continue
            self._folders[id] = channel.name or id
            yield Channel(
                workspace=self.workspace.id,
                id=id,
                name=first_line(channel.name, self._members(channel), id),
                topic=first_line(channel.topic.value, channel.purpose.value),
            )

    def _members(self, channel: ConversationPayload) -> str:
        """Return the name of a direct conversation, which has none of its own: those of the people in it."""
        return ", ".join(self._names.get(id, id) for id in channel.members)

    def _told(self, channel: Channel) -> Iterator[SlackMessage]:
        folder = self._folders[channel.id]
        for day in self._archive.days(folder) or self._archive.days(channel.id):
            yield from map(SlackMessage.read, self._archive.read(day))

    def _survey(self) -> Survey:
        counts: Counter[bool] = Counter()
        strangers: dict[str, Person] = {}
        roots: dict[tuple[str, str], str] = {}
        threads = 0
        for channel in self.channels:
            present: set[str] = set()
            replies: defaultdict[str, set[str]] = defaultdict(set)
            for message in self._told(channel):
                is_kept = has_content(message)
                counts[is_kept] += 1
                if not is_kept:
                    continue
                ts, thread = message.ts, message.thread_ts
                present.add(ts)
                if thread and thread != ts:
                    replies[thread].add(ts)
                if message.user not in self._users:
                    author = _stranger(message)
                    strangers.setdefault(author.id, author)
            for thread, inside in replies.items():
                if thread not in present:
                    roots[channel.id, thread] = min(inside)
                threads += thread in present or len(inside) > 1
        return Survey(messages=counts[True], left_out=counts[False], threads=threads, strangers=strangers, roots=roots)

    def _message(self, channel: Channel, message: SlackMessage) -> ChannelMessage:
        ts, thread = message.ts, message.thread_ts
        root = self.survey.roots.get((channel.id, thread), thread)
        author = self._users.get(message.user) or _stranger(message)
        at = moment(ts)
        assert at is not None  # noqa: S101 - for the type checker: `has_content` has asked
        return ChannelMessage(
            workspace=self.workspace.id,
            channel=channel.id,
            id=ts,
            author=author,
            text=written(message, self._names),
            at=at,
            thread="" if root == ts else root,
            attachments=tuple(files(message)),
        )


def _person(user: UserPayload) -> Person:
    """Return somebody in `users.json`, under the name that Slack shows; who has left keeps it."""
    is_bot = user.is_bot or user.id == "USLACKBOT"
    name = first_line(user.profile.shown_name, user.real_name, user.name, user.id)
    return Person(id=user.id, name=name, is_bot=is_bot)


def _stranger(message: SlackMessage) -> Person:
    """Return who wrote a message and is not in `users.json`: an app, or somebody from another workspace."""
    if message.user:
        name = first_line(message.user_profile.shown_name, message.user)
        return Person(id=message.user, name=name, is_bot=message.bot_id != "")
    id = message.bot_id or "unknown"
    name = first_line(message.username, message.bot_profile.name, id)
    return Person(id=id, name=name, is_bot=id != "unknown")


def _workspace(file_name: str, users: Sequence[UserPayload]) -> Workspace:
    """Return the workspace of an export: the same for every export of it, whatever days that covers."""
    teams = Counter(user.team_id for user in users if user.team_id)
    name = _EXPORT_WORDS.sub("", Path(file_name).stem).strip(" -_") or "Slack"
    team = _slug(teams.most_common(1)[0][0]) if teams else ""
    id = "-".join(filter(None, (_slug(name) or "slack", team)))
    return Workspace(id=f"slack-{id}" if id == _HOME else id, name=name)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
