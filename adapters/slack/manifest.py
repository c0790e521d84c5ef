"""Build the app's manifest, which an administrator would otherwise enter by hand. Pure.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.slack.api.limits import SUGGESTED_PROMPTS
from adapters.slack.connection.http_server import EVENTS_PATH
from adapters.slack.events.ask_modal import ASK_SHORTCUT, TITLE
from adapters.slack.events.home_tab import PROMPTS
from adapters.slack.events.reactions import EMOJI
from adapters.slack.events.slash_commands import SETTINGS_SHORTCUT, SUMMARISE_SHORTCUT
from adapters.slack.replies.rendering import COMMAND

RETURN_PATH: Final = "/slack/oauth_redirect"

SCOPES: Final[Mapping[str, str]] = {
    "app_mentions:read": "to notice mentions in channels",
    "assistant:write": "to suggest prompts in its messages tab",
    "channels:history": "to read the thread that it is asked in, follow-ups there, and what it is to summarise",
    "channels:read": "to know channels by name, and whether they are public",
    "chat:write": "to answer, stream, show a status, and write to one person alone",
    "commands": f"for {COMMAND} and the shortcuts on messages",
    "files:read": "to read the files that people ask about",
    "files:write": "to give a long answer as a file, the picture of /usage, and to take such a file away again",
    "groups:history": "the same as channels:history, in private channels that it was invited to",
    "groups:read": "the same as channels:read, in private channels that it was invited to",
    "im:history": "to receive direct messages",
    "im:read": "to know direct messages from channels",
    "im:write": "to write to somebody directly whom it cannot reach in a channel",
    "mpim:history": "the same as channels:history, in group messages",
    "mpim:read": "the same as channels:read, in group messages",
    "reactions:read": f"to answer a message that somebody puts :{EMOJI}: on",
    "usergroups:read": "to know who is in the user groups that access rules name",
    "users:read": "to know people by name, their time zone, and who administers the workspace",
}
"""What the app may do, and why it needs that."""

EVENTS: Final[Mapping[str, str]] = {
    "agent_session_stopped": "Slack's own Stop button",
    "app_home_opened": "the home tab, and prompts in the messages tab",
    "app_mention": "questions in channels",
    "app_uninstalled": "the tokens of that workspace are deleted, and all that was said there",
    "channel_deleted": "what was said in a channel goes with it",
    "channel_left": "the same where the bot is removed",
    "channel_rename": "channels are known by their new name",
    "group_deleted": "the same as channel_deleted, for private channels",
    "group_left": "the same as channel_left, for private channels",
    "member_joined_channel": "who adds it to a channel is told how to ask it",
    "message.channels": "follow-ups without a mention, edits and deletions",
    "message.groups": "the same in private channels",
    "message.im": "direct messages",
    "message.mpim": "the same in group messages",
    "reaction_added": f"a message that was left alone is answered when somebody puts :{EMOJI}: on it",
    "tokens_revoked": "the tokens of that workspace are deleted",
    "user_change": "people are known by their new name and rights",
}

DESCRIPTION: Final = "Answers questions in threads and direct messages, reads files, searches the web, summarises."
LONG_DESCRIPTION: Final = (
    "Seedling puts the Seed 2.0 Lite model into your workspace. Mention it in a channel and it answers in the thread, "
    "reading what was said there before; go on without a mention. Write to it directly, give it files, let it search "
    f"the web with sources, or summarise a channel. {COMMAND} sets how it answers, in a thread, a channel or the "
    "whole workspace, and every answer can tell what it cost. You run it yourself: what is said goes to your own "
    "server and to the model, and to nobody else."
)


def manifest(*, url: str = "", installs: bool = False) -> dict[str, Any]:
    """Return the manifest for Socket Mode, or for events at the public address `url`; `installs` for many
    workspaces.
    """
    over_http = {"request_url": f"{url}{EVENTS_PATH}"} if url else {}
    oauth: dict[str, Any] = {"scopes": {"bot": sorted(SCOPES)}}
    if installs:
        oauth["redirect_urls"] = [f"{url}{RETURN_PATH}"]
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Seedling",
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": "#1f5130",
        },
        "features": _features(url),
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**over_http, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **over_http},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": installs,
        },
    }


def _features(url: str) -> dict[str, Any]:
    command = {
        "command": COMMAND,
        "description": "Ask, search, summarise, set",
        "usage_hint": "ask | search | summarise | set | settings | help",
        "should_escape": True,
    }
    return {
        "agent_view": {
            "agent_description": DESCRIPTION,
            "suggested_prompts": [dict(prompt) for prompt in PROMPTS[:SUGGESTED_PROMPTS]],
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Seedling", "always_online": True},
        "slash_commands": [command | ({"url": f"{url}{EVENTS_PATH}"} if url else {})],
        "shortcuts": [
            _shortcut(TITLE, ASK_SHORTCUT, "Ask Seedling a question about this message"),
            _shortcut("Seed settings here", SETTINGS_SHORTCUT, "Set how Seedling answers in this thread"),
            _shortcut("Summarise", SUMMARISE_SHORTCUT, "Tell me what was said in this thread, or from here on"),
        ],
    }


def _shortcut(name: str, id: str, description: str) -> dict[str, str]:
    return {"name": name, "type": "message", "callback_id": id, "description": description}
