"""Translate interactions and commands into the core's values."""

from __future__ import annotations

from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import Interaction
from adapters.slack.events.messages import details_of, is_direct
from adapters.slack.replies.ephemeral import RESPONSE_URL
from adapters.slack.settings import PLATFORM
from bot.ports import Clock
from bot.types import ConversationKey, Entrance, Incoming


async def asked_by(
    workspace: SlackWorkspace,
    body: Interaction,
    clock: Clock,
    *,
    entrance: Entrance,
    channel: str = "",
    thread: str = "",
) -> Incoming:
    """Something that somebody does, in the channel where they do it or another one."""
    member = await workspace.directory.member(body.actor)
    channel, now = channel or body.place, clock()
    user_team = body.user.team_id or member.team
    details = details_of(workspace, user_team=user_team, locale=member.locale)
    return Incoming(
        key=ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=channel, thread=thread),
        dedupe_key=f"{workspace.team}/{channel}/{body.name or now.isoformat()}",
        author=member.person,
        author_kind=workspace.author_kind(member, body.user.team_id),
        entrance=entrance,
        text="",
        sent_at=body.at or now,
        is_direct=is_direct(channel),
        is_top_level=not thread and not is_direct(channel),
        is_admin=member.is_admin,
        time_zone=member.time_zone,
        platform_data={**details, RESPONSE_URL: body.response_url} if body.response_url else details,
    )
