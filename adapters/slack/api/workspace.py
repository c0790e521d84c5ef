"""Workspaces of this process: the bot's identity in each, its Web API client and its features.

There is one by its bot token, or all in which the app was installed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from weakref import WeakSet

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api.client import SlackClient
from adapters.slack.api.directory import ROLE_SECONDS, Member, SlackDirectory
from adapters.slack.api.errors import TOKEN_GONE, UNAVAILABLE, SlackApiError, UnknownWorkspace
from adapters.slack.api.limits import MINUTE_SECONDS
from adapters.slack.message_content import files
from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import ConversationAnswer, SlackMessage, TokenOwner
from adapters.slack.replies.rendering import COMMAND
from bot.chat.rate_limit import Priority
from bot.errors import ConfigError, PlatformError, PlatformRefused
from bot.server_clock import ServerClock
from bot.types import Attachment, AuthorKind, Incoming, Membership, Person, Place, Subject, SubjectKind

logger = logging.getLogger(__name__)

Token = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Identity of the bot in a workspace; `url` is the workspace's address, `name` what people call it."""

    team: str
    enterprise: str
    bot_user: str
    bot_id: str
    url: str
    name: str = ""


class SlackWorkspace:
    """A workspace; `streams`, `sessions`, `statuses` and `uploads` are turned off when Slack says that it has none.

    `open_streams` and `open_edits` are the messages of answers that are being written, whose ends are still to come.
    """

    def __init__(self, identity: BotIdentity, calls: SlackClient, *, role_seconds: float = ROLE_SECONDS) -> None:
        self.team = identity.team
        self.enterprise = identity.enterprise
        self.bot_user = identity.bot_user
        self.bot_id = identity.bot_id
        self.url = identity.url
        self.name = identity.name
        self.calls = calls
        self.directory = SlackDirectory(calls, identity.team, role_seconds=role_seconds)
        self.streams = True
        self.sessions = True
        self.statuses = True
        self.uploads = True
        self.open_streams: WeakSet[object] = WeakSet()
        self.open_edits: WeakSet[object] = WeakSet()

    def is_own(self, message: SlackMessage) -> bool:
        """Return whether the bot itself wrote a message."""
        return message.user == self.bot_user or (bool(self.bot_id) and message.bot_id == self.bot_id)

    def attachments_of(self, message: SlackMessage) -> tuple[Attachment, ...]:
        """Return the files of a message and its forwards; their ids begin with the workspace that may fetch them."""
        return tuple(replace(attachment, id=f"{self.team}/{attachment.id}") for attachment in files(message))

    @property
    def may_stream(self) -> bool:
        """Return whether an answer may begin as a stream: it can be begun now, and ended in time beside the others."""
        if not self.streams:
            return False
        ends = self.calls.limiter("chat.stopStream")
        return self.calls.limiter("chat.startStream").free > 0 and ends.free > len(self.open_streams)

    def learn(self, refusal: SlackApiError) -> bool:
        """Turn off what Slack says it does not have; whether it was that."""
        if refusal.code not in UNAVAILABLE:
            return False
        if refusal.method in {"chat.startStream", "chat.appendStream", "chat.stopStream"}:
            self.streams = False
        elif refusal.method == "agents.sessions.setStatus":
            self.sessions = False
        elif refusal.method.startswith("assistant.threads."):
            self.statuses = False
        elif refusal.method in {"files.getUploadURLExternal", "files.completeUploadExternal"}:
            self.uploads = False
        return True

    # ------------------------------------------------------------ people and channels

    async def membership(self, asked: Incoming, *, groups: bool) -> Membership:
        """Return the groups of the author of `asked`, what they are, and whether they made the channel.

        Raises `PlatformError`. Slack tells who else manages a channel to Enterprise apps only.
        """
        person, channel = asked.author.id, asked.key.channel
        member = await self.directory.find(person)
        found = (await self.directory.groups()).values() if groups else ()
        creator = (await self.directory.place(channel)).creator if channel and not asked.is_direct else ""
        return Membership(
            groups=frozenset(group.id for group in found if person in group.members),
            manages_channel=creator == person,
            administers=member is not None and member.is_admin,
            author_kind=AuthorKind.EXTERNAL if member is None else self.author_kind(member),
        )

    def author_kind(self, member: Member, user_team: str = "") -> AuthorKind:
        """Return whether somebody belongs to the workspace, as a guest or not, or to an organisation that shares a
        channel with it. In an organisation of many workspaces Slack alone can tell whose another one is: in doubt
        somebody else's.
        """
        is_ours = user_team in {"", self.team} or (self.enterprise and member.is_told)
        if member.is_stranger or not is_ours:
            return AuthorKind.EXTERNAL
        if not member.is_told:
            return AuthorKind.UNTOLD
        return AuthorKind.GUEST if member.is_guest else AuthorKind.MEMBER

    async def subject_name(self, subject: Subject) -> str | None:
        """Return what people call somebody or a group, None for an id that Slack does not know. Raises
        `PlatformError`.
        """
        id = subject.id.partition("/")[2]
        if subject.kind is SubjectKind.PERSON:
            member = await self.directory.find(id)
            return None if member is None else member.name
        group = (await self.directory.groups()).get(id)
        return None if group is None else group.handle

    async def describe(self, channel: str) -> Place:
        """Return what a channel and its workspace are called; a direct message of several has no name. Raises
        `PlatformError`.
        """
        place = await self.directory.place(channel)
        is_named = bool(place.name) and not place.is_direct and not place.is_group
        return Place(
            platform="Slack",
            workspace=self.name,
            channel=f"#{place.name}" if is_named else "",
            topic=to_plain(place.topic, {}),
            is_direct=place.is_direct,
            command=f"{COMMAND} ",
        )

    async def direct_channel(self, user: str) -> str:
        """Return the id of the direct message with somebody. Raises `PlatformError`."""
        answer = await self.calls.call("conversations.open", {"users": user}, priority=Priority.FINAL)
        return ConversationAnswer.read(answer).channel.id

    async def aclose(self) -> None:
        """End what is being asked."""
        await self.directory.aclose()


async def workspace_of(person: Person, workspaces: Sequence[SlackWorkspace]) -> SlackWorkspace:
    """Return the first of some workspaces that somebody is in. Raises `PlatformError`, where it is none as well."""
    for workspace in workspaces:
        if await workspace.directory.find(person.id) is not None:
            return workspace
    raise PlatformRefused(f"nobody is {person.id} in the workspaces of this app")


# ------------------------------------------------------------ one workspace, or many


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A workspace by its id, and the organisation that it belongs to, "" for none."""

    team: str
    enterprise: str = ""


class Workspaces(Protocol):
    """Directory of the workspaces."""

    async def get(self, origin: Origin) -> SlackWorkspace:
        """Return a workspace. Raises `PlatformError`."""
        ...

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        """Return the workspace that a delivery comes from, if the app is installed there. Raises `PlatformError`."""
        ...

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        """Forget the app's tokens, which were taken away there; return the workspaces by id. Raises `StorageError`."""
        ...

    async def everywhere(self) -> list[SlackWorkspace]:
        """All of them. Raises `PlatformError`."""
        ...

    async def aclose(self) -> None:
        """End what is under way in all of them."""
        ...


class Connector:
    """Makes the callers of Slack's Web API, all over one HTTP session; `url` is the API's address.

    Its `clock` tells the time of Slack.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str | None,
        minute: float = MINUTE_SECONDS,
        role_seconds: float = ROLE_SECONDS,
    ) -> None:
        self.session = session
        self.clock = ServerClock()
        self._url = url
        self._minute = minute
        self._role_seconds = role_seconds

    def client(self) -> AsyncWebClient:
        """Return a client of Slack's SDK; retries are made by `SlackClient`, which knows what may be repeated."""
        if self._url is None:
            return AsyncWebClient(session=self.session, retry_handlers=[])
        return AsyncWebClient(session=self.session, retry_handlers=[], base_url=f"{self._url}/")

    def calls(self, token: Token, on_token_refused: Callable[[str], None] = lambda _code: None) -> SlackClient:
        """Return a caller with this token."""
        return SlackClient(
            self.client(), token, on_token_refused=on_token_refused, minute=self._minute, clock=self.clock
        )

    async def workspace(self, calls: SlackClient, origin: Origin | None = None) -> SlackWorkspace:
        """Return the workspace that a token belongs to, as Slack tells it; `origin` for one of an
        organisation.

        Raises `PlatformError`.
        """
        told = TokenOwner.read(await calls.call("auth.test", {}, patience=30))
        identity = BotIdentity(
            team=origin.team if origin else told.team_id,
            enterprise=origin.enterprise if origin else told.enterprise_id,
            bot_user=told.user_id,
            bot_id=told.bot_id,
            url=told.url,
            name=told.team,
        )
        return SlackWorkspace(identity, calls, role_seconds=self._role_seconds)


class SingleWorkspace:
    """The workspace of SLACK_BOT_TOKEN; Slack is asked once who that is."""

    def __init__(self, connector: Connector, token: str) -> None:
        async def constant() -> str:
            return token

        self._connector = connector
        self._calls = connector.calls(constant)
        self._workspace: SlackWorkspace | None = None
        self._asking = asyncio.Lock()

    async def the(self) -> SlackWorkspace:
        """Return the workspace. Raises `ConfigError` when Slack does not take the token, and `PlatformError`."""
        async with self._asking:  # or the first deliveries would all ask
            if self._workspace is None:
                try:
                    self._workspace = await self._connector.workspace(self._calls)
                except PlatformError as error:
                    if isinstance(error, SlackApiError) and error.code in TOKEN_GONE:
                        raise ConfigError("SLACK_BOT_TOKEN", f"is not accepted by Slack ({error})") from error
                    raise
            return self._workspace

    async def get(self, origin: Origin) -> SlackWorkspace:
        """Return the workspace, if it is that one. Raises `UnknownWorkspace`."""
        workspace = await self.find(origin)
        if workspace is None:
            raise UnknownWorkspace(origin.team)
        return workspace

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        """Return the workspace, if the delivery comes from there."""
        workspace = await self.the()
        return workspace if origin.team == workspace.team else None

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        """Return the workspace, whose token is a setting and is not stored."""
        logger.warning("the app was uninstalled or its tokens were revoked", extra={"team": origin.team})
        return [origin.team] if origin.team else []

    async def everywhere(self) -> list[SlackWorkspace]:
        """Return the one workspace."""
        return [await self.the()]

    async def aclose(self) -> None:
        """End what is under way."""
        if self._workspace is not None:
            await self._workspace.aclose()
