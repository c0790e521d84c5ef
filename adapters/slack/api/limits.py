"""Limits of Slack, each with its source."""

from __future__ import annotations

from typing import Final

# ---------------------------------------------------------------- how often (https://docs.slack.dev/apis/web-api/rate-limits)

_TIER_2: Final = 20
_TIER_3: Final = 50
_TIER_4: Final = 100

CALLS_PER_MINUTE: Final = {  # per method and workspace, from each method's reference page
    "agents.sessions.rename": _TIER_3,
    "agents.sessions.setStatus": _TIER_3,
    "assistant.threads.setSuggestedPrompts": _TIER_4,
    "chat.appendStream": _TIER_4,
    "chat.delete": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.postMessage": 240,  # "several hundred messages per minute" and workspace; the number is not published
    "chat.startStream": _TIER_2,
    "chat.stopStream": _TIER_2,
    "chat.update": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.members": _TIER_4,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "files.completeUploadExternal": _TIER_4,
    "files.delete": _TIER_3,
    "files.getUploadURLExternal": _TIER_4,
    "files.info": _TIER_4,
    "users.conversations": _TIER_3,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.update": _TIER_4,
}
OTHER_CALLS_PER_MINUTE: Final = _TIER_3
MINUTE_SECONDS: Final = 60.0
POSTS_PER_SECOND: Final = 1  # in one channel (chat.postMessage)
STATUSES_PER_MINUTE: Final = 60  # per thread, as Slack's Java SDK counts assistant.threads.setStatus
STATUS_METHOD: Final = "assistant.threads.setStatus"
STATUS_SECONDS: Final = 120.0  # after which a status clears by itself (assistant.threads.setStatus)

# ---------------------------------------------------------------- how long

MARKDOWN_CHARACTERS: Final = 12_000  # of markdown_text in one call, and of a markdown block
BLOCKS_CHARACTERS: Final = 13_200  # of all blocks of a message; measured in slackapi/bolt-js#2509
TEXT_CHARACTERS: Final = 4_000  # of `text` in chat.update (msg_too_long); chat.postMessage takes more
TABLE_ROWS: Final = 100  # of a table block, its header included (table block reference)
TABLE_COLUMNS: Final = 20
TABLE_CHARACTERS: Final = 10_000  # of all its cells; measured by others (vercel/chat)
SECTION_CHARACTERS: Final = 3_000  # of a section's text
METADATA_CHARACTERS: Final = 3_000  # of a view's private_metadata
INPUT_CHARACTERS: Final = 3_000  # of a plain_text_input
SESSION_TITLE_CHARACTERS: Final = 200  # agents.sessions.setStatus
SUGGESTED_PROMPTS: Final = 4  # manifest schema, maxItems
HISTORY_PAGE: Final = 200  # at most 999 for conversations.history, 1,000 for conversations.replies
MEMBERS_PAGE: Final = 1_000  # conversations.members

# ---------------------------------------------------------------- for how long

STREAM_SECONDS: Final = 300.0  # Slack ends a stream about then (slackapi/python-slack-sdk#1859)
SIGNATURE_SECONDS: Final = 300  # how old a signed request may be
REQUEST_BYTES: Final = 1_000_000  # Slack's own payloads stay far below: views have at most 250 KB
CONNECTIONS: Final = 10  # of Socket Mode per app
