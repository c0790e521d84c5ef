"""Every method with its limit per minute, its token and its scope (docs.slack.dev/methods, read 2026-08)."""

from __future__ import annotations

from tests.emulators.slack.calls import Method, Methods
from tests.emulators.slack.limits import AUTH_TEST_PER_MINUTE, POSTS_PER_MINUTE, STATUSES_PER_MINUTE, TIERS
from tests.emulators.slack.methods import (
    chat,
    conversations,
    files,
    oauth,
    people,
    sessions,
    streams,
    views,
)

_T2, _T3, _T4 = TIERS[2], TIERS[3], TIERS[4]
_WRITE = "chat:write"
_ASSIST = "assistant:write"

METHODS: Methods = {
    "agents.sessions.rename": Method(handle=sessions.rename_session, per_minute=_T3, scope=_WRITE),
    "agents.sessions.setStatus": Method(handle=sessions.set_session_status, per_minute=_T3, scope=_WRITE),
    "apps.connections.open": Method(handle=people.open_connection, per_minute=_T3, token="app"),
    "assistant.threads.setStatus": Method(
        handle=sessions.set_status, per_minute=STATUSES_PER_MINUTE, scope=_WRITE, counted_by="thread_ts"
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        handle=sessions.set_suggested_prompts, per_minute=_T4, scope=_ASSIST
    ),
    "assistant.threads.setTitle": Method(handle=sessions.set_title, per_minute=_T4, scope=_ASSIST),
    "auth.test": Method(handle=people.auth_test, per_minute=AUTH_TEST_PER_MINUTE),
    "blocks.validate": Method(handle=people.validate_blocks, per_minute=_T4),
    "bots.info": Method(handle=people.bot_info, per_minute=_T3, scope="users:read"),
    "chat.appendStream": Method(handle=streams.append_stream, per_minute=_T4, scope=_WRITE),
    "chat.delete": Method(handle=chat.delete, per_minute=_T3, scope=_WRITE),
    "chat.getPermalink": Method(handle=chat.get_permalink, per_minute=0),
    "chat.postEphemeral": Method(handle=chat.post_ephemeral, per_minute=_T4, scope=_WRITE),
    "chat.postMessage": Method(handle=chat.post_message, per_minute=POSTS_PER_MINUTE, scope=_WRITE),
    "chat.startStream": Method(handle=streams.start_stream, per_minute=_T2, scope=_WRITE),
    "chat.stopStream": Method(handle=streams.stop_stream, per_minute=_T2, scope=_WRITE),
    "chat.update": Method(handle=chat.update, per_minute=_T3, scope=_WRITE),
    "conversations.history": Method(handle=conversations.history, per_minute=_T3),
    "conversations.info": Method(handle=conversations.info, per_minute=_T3),
    "conversations.join": Method(handle=conversations.join, per_minute=_T3, scope="channels:join"),
    "conversations.list": Method(handle=conversations.list_channels, per_minute=_T2),
    "conversations.members": Method(handle=conversations.members, per_minute=_T4),
    "conversations.open": Method(handle=conversations.open_direct, per_minute=_T3, scope="im:write"),
    "conversations.replies": Method(handle=conversations.replies, per_minute=_T3),
    "files.completeUploadExternal": Method(handle=files.complete_upload, per_minute=_T4, scope="files:write"),
    "files.delete": Method(handle=files.delete_file, per_minute=_T3, scope="files:write"),
    "files.getUploadURLExternal": Method(handle=files.get_upload_url, per_minute=_T4, scope="files:write"),
    "files.info": Method(handle=files.file_info, per_minute=_T4, scope="files:read"),
    "oauth.v2.access": Method(handle=oauth.access, per_minute=_T4, token="none"),
    "reactions.add": Method(handle=people.add_reaction, per_minute=_T3, scope="reactions:write"),
    "reactions.remove": Method(handle=people.remove_reaction, per_minute=_T2, scope="reactions:write"),
    "usergroups.list": Method(handle=people.list_groups, per_minute=_T2, scope="usergroups:read"),
    "usergroups.users.list": Method(handle=people.group_users, per_minute=_T2, scope="usergroups:read"),
    "users.conversations": Method(handle=conversations.list_joined, per_minute=_T3),
    "users.info": Method(handle=people.user_info, per_minute=_T4, scope="users:read"),
    "users.list": Method(handle=people.list_users, per_minute=_T2, scope="users:read"),
    "views.open": Method(handle=views.open_view, per_minute=_T4),
    "views.publish": Method(handle=views.publish_view, per_minute=_T4),
    "views.push": Method(handle=views.push_view, per_minute=_T4),
    "views.update": Method(handle=views.update_view, per_minute=_T4),
}

# Methods that only read, and the exchange of codes, take no JSON body (json_input_supported): what it says is missing.
READERS = frozenset(
    {
        "bots.info",
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
        "oauth.v2.access",
        "usergroups.list",
        "usergroups.users.list",
        "users.conversations",
        "users.info",
        "users.list",
    }
)
