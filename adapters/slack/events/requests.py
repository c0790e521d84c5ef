"""Translate interactions and commands into the core's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.messages import details_of, kind_of
from adapters.slack.events.parse import PLATFORM, is_direct
from adapters.slack.payloads import field, records
from adapters.slack.replies.ephemeral import RESPONSE_URL
from bot.ports import Clock
from bot.types import ConversationKey, Entrance, Incoming

Body = Mapping[str, Any]


def channel_of(body: Body) -> str:
    """Return where something was pressed or typed; "" outside of channels."""
    names = (field(body, "channel", "id"), field(body, "channel_id"), field(body, "container", "channel_id"))
    return next(filter(None, names), "")


def user_of(body: Body) -> str:
    """Return who did it."""
    return field(body, "user", "id") or field(body, "user_id") or field(body, "user")


def name_of(body: Body) -> str:
    """Return the name of what somebody did, the same in every delivery of it; "" where Slack gives none.

    A trigger stands for one press, command or submission. Several controls may be used by one press, and Slack's own
    Stop button is an event.
    """
    trigger = field(body, "trigger_id") or field(body, "event_ts")
    used = [field(record, "action_ts") or field(record, "action_id") for record in records(body, "actions")]
    view = field(body, "view", "id"), field(body, "view", "hash")
    return "/".join(filter(None, (trigger, *used))) or "/".join(filter(None, view))


async def asked_by(
    workspace: SlackWorkspace, body: Body, clock: Clock, *, entrance: Entrance, channel: str = "", thread: str = ""
) -> Incoming:
    """Something that somebody does, in the channel where they do it or another one."""
    member = await workspace.directory.member(user_of(body))
    channel, now = channel or channel_of(body), clock()
    user_team = field(body, "user", "team_id") or member.team
    details = details_of(workspace, user_team=user_team)
    response_url = field(body, "response_url")
    return Incoming(
        key=ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=channel, thread=thread),
        dedupe_key=f"{workspace.team}/{channel}/{name_of(body) or now.isoformat()}",
        author=member.person,
        author_kind=kind_of(workspace, member, field(body, "user", "team_id")),
        entrance=entrance,
        text="",
        at=now,
        is_direct=is_direct(channel),
        is_top_level=not thread and not is_direct(channel),
        is_admin=member.is_admin,
        time_zone=member.time_zone,
        details={**details, RESPONSE_URL: response_url} if response_url else details,
    )
