"""Look up people, channels and groups by id, with a cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.limits import MEMBERS_PAGE
from adapters.slack.payloads import (
    ConversationAnswer,
    ConversationsPage,
    ListPage,
    UserAnswer,
    UserGroupsAnswer,
    first_line,
)
from bot.chat.ttl_cache import TtlCache
from bot.errors import PlatformError
from bot.types import Person

REMEMBERED: Final = 10_000
REMEMBER_SECONDS: Final = 3_600.0
ROLE_SECONDS: Final = 25.0
"""How long the members of user groups and administrators are believed: who is none any more counts as such no longer
than 30 seconds, also in a process that Slack does not tell of the change.
"""

PATIENCE_SECONDS: Final = 1.0
"""How long a message waits for a name: it must be stored and acknowledged within three seconds."""
NOT_OF_THE_WORKSPACE: Final = frozenset({"user_not_found", "user_not_visible"})
"""What `users.info` answers of people whom the workspace does not know."""

_ASKED_FOR: Final = ("@", "#")  # the names of user groups stand beside their ids
_ALL_KINDS: Final = {"types": "public_channel,private_channel,mpim,im", "exclude_archived": True}
_PAGES_AT_MOST: Final = 5
_MENTIONS_AT_MOST: Final = 30  # of one message; names of more are left as ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a workspace; `is_admin` is said of its admins and owners, `is_stranger` of other organisations.

    `is_full` says that they are no guest, so that every public channel is open to them; `is_guest` that they are one.
    `is_told` is False of somebody of whom Slack tells nothing now.
    """

    id: str
    name: str
    is_bot: bool = False
    is_admin: bool = False
    is_stranger: bool = False
    is_full: bool = False
    is_guest: bool = False
    is_told: bool = True
    team: str = ""
    time_zone: str = "UTC"
    locale: str = ""

    @property
    def person(self) -> Person:
        """As the core knows people."""
        return Person(id=self.id, name=self.name, is_bot=self.is_bot)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """A channel or direct message; `topic` as mrkdwn, `is_group` says that it is a direct message of several.

    `creator` is the id of who made it.
    """

    id: str
    name: str = ""
    topic: str = ""
    creator: str = ""
    is_private: bool = True
    is_direct: bool = False
    is_group: bool = False
    is_shared: bool = False
    is_member: bool = False
    is_archived: bool = False
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackGroup:
    """A user group that is in use; `members` are the ids of people."""

    id: str
    handle: str
    members: frozenset[str]


class SlackDirectory:
    """The people and channels of one workspace."""

    def __init__(self, calls: SlackClient, team: str, *, role_seconds: float = ROLE_SECONDS) -> None:
        self._calls = calls
        self._team = team
        self._members: TtlCache[str, Member] = TtlCache(
            seconds=REMEMBER_SECONDS, size=REMEMBERED, limit=lambda member: role_seconds if member.is_admin else None
        )
        self._places: TtlCache[str, SlackChannel] = TtlCache(seconds=REMEMBER_SECONDS, size=REMEMBERED)
        self._groups: TtlCache[str, Mapping[str, SlackGroup]] = TtlCache(seconds=role_seconds, size=1)

    async def member(self, id: str) -> Member:
        """Somebody by id; under their id where Slack does not tell in time, a stranger where it knows nobody by it."""
        try:
            return await asyncio.wait_for(self._members.get(id, lambda: self._ask_member(id)), PATIENCE_SECONDS)
        except SlackApiError as refusal:
            return Member(id=id, name=id, is_stranger=refusal.code in NOT_OF_THE_WORKSPACE, is_told=False)
        except (PlatformError, TimeoutError):
            return Member(id=id, name=id, is_told=False)

    async def find(self, id: str) -> Member | None:
        """Somebody by id, None where Slack knows nobody by it. Raises `PlatformError`."""
        try:
            return await self._members.get(id, lambda: self._ask_member(id))
        except SlackApiError as refusal:
            if refusal.code in NOT_OF_THE_WORKSPACE:
                return None
            raise

    async def groups(self) -> Mapping[str, SlackGroup]:
        """Return the user groups of the workspace by id, as they were a moment ago. Raises `PlatformError`."""
        return await self._groups.get("", self._ask_groups)

    async def place(self, id: str) -> SlackChannel:
        """Return a channel by id. Raises `PlatformError`."""
        return await self._places.get(id, lambda: self._ask_place(id))

    async def names(self, mentions: Iterable[tuple[str, str]]) -> Mapping[str, str]:
        """Return the names of the people ("@") and channels ("#") that a message mentions, by id."""
        found = dict.fromkeys((mark, id) for mark, id in mentions if mark in _ASKED_FOR)
        mentioned = list(found)[:_MENTIONS_AT_MOST]
        names = await asyncio.gather(*(self._name(kind, id) for kind, id in mentioned))
        return {id: name for (_, id), name in zip(mentioned, names, strict=True) if name != id}

    async def _name(self, kind: str, id: str) -> str:
        if kind == "@":
            return (await self.member(id)).name
        try:
            return (await asyncio.wait_for(self.place(id), PATIENCE_SECONDS)).name or id
        except (PlatformError, TimeoutError):
            return id

    async def joined_channels(self) -> list[str]:
        """Return the channels and direct messages that the bot is in; a list of thousands ends early.

        Raises `PlatformError`.
        """
        found: list[str] = []
        cursor = ""
        for _ in range(_PAGES_AT_MOST):
            arguments = {**_ALL_KINDS, "limit": MEMBERS_PAGE, "cursor": cursor or None}
            page = ConversationsPage.read(await self._calls.call("users.conversations", arguments, patience=120))
            found += [channel.id for channel in page.channels]
            cursor = page.response_metadata.next_cursor
            if not cursor:
                break
        return found

    async def is_member(self, channel: str, person: str) -> bool:
        """Return whether somebody is in a channel. Raises `PlatformError`."""
        cursor = ""
        while True:
            arguments = {"channel": channel, "limit": MEMBERS_PAGE, "cursor": cursor or None}
            page = ListPage.read(await self._calls.call("conversations.members", arguments, patience=30))
            if person in page.members:
                return True
            cursor = page.next_cursor
            if not cursor:
                return False

    async def unwritable(self, channel: str) -> str:
        """Return the error code with which Slack would refuse a message there, "" where it is not known to.

        What was known of the channel is asked for anew before it keeps an answer away. Raises `PlatformError`.
        """
        if code := _unwritable(await self.place(channel)):
            self.forget_place(channel)
            code = _unwritable(await self.place(channel))
        return code

    def forget_member(self, id: str) -> None:
        """Somebody has changed."""
        self._members.forget(id)

    def forget_place(self, id: str) -> None:
        """Forget what was known of a channel that has changed."""
        self._places.forget(id)

    async def aclose(self) -> None:
        """End what is being asked."""
        await self._members.aclose()
        await self._places.aclose()
        await self._groups.aclose()

    async def _ask_member(self, id: str) -> Member:
        answer = await self._calls.call("users.info", {"user": id, "include_locale": True}, patience=10)
        user = UserAnswer.read(answer).user
        is_stranger = user.is_stranger or (user.team_id not in {"", self._team} and user.enterprise_user is None)
        is_guest = user.is_restricted or user.is_ultra_restricted
        is_admin = user.is_admin or user.is_owner or user.is_primary_owner
        names = (user.profile.display_name, user.profile.real_name, user.real_name, user.name)
        return Member(
            id=id,
            name=first_line(*names, id),
            is_bot=user.is_bot or id == "USLACKBOT",
            is_admin=is_admin and not is_stranger,
            is_stranger=is_stranger,
            is_guest=is_guest and not is_stranger,
            is_full=not is_stranger and not is_guest and user.id != "" and not user.deleted,
            team=user.team_id,
            time_zone=user.tz or "UTC",
            locale=user.locale,
        )

    async def _ask_groups(self) -> Mapping[str, SlackGroup]:
        answer = UserGroupsAnswer.read(await self._calls.call("usergroups.list", {"include_users": True}, patience=10))
        return {
            group.id: SlackGroup(
                id=group.id,
                handle=first_line(group.handle, group.name, group.id),
                members=frozenset(group.users),
            )
            for group in answer.usergroups
        }

    async def _ask_place(self, id: str) -> SlackChannel:
        answer = await self._calls.call("conversations.info", {"channel": id}, patience=10)
        channel = ConversationAnswer.read(answer).channel
        return SlackChannel(
            id=id,
            name=channel.name,
            creator=channel.creator,
            topic=channel.topic.value or channel.purpose.value,
            is_private=channel.is_private or channel.is_im,
            is_direct=channel.is_im,
            is_group=channel.is_mpim,
            is_shared=channel.is_ext_shared or channel.is_shared,
            is_archived=channel.is_archived,
            is_read_only=channel.is_read_only,
            is_member=channel.is_member or channel.is_im,
        )


def _unwritable(place: SlackChannel) -> str:
    if place.is_archived:
        return "is_archived"
    return "restricted_action_read_only_channel" if place.is_read_only else ""
