"""Limits of Discord, each with its source: Discord's documentation, or measurements of libraries."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

CONTENT: Final = 2_000
FILE_DESCRIPTION: Final = 1_024
"""Characters of what a file shows, in words."""
"""Characters of one message (resources/message): code points, as the API counts them (discord-api-docs#1315)."""

NONCE: Final = 25
"""Characters of a nonce (resources/message)."""

CUSTOM_ID: Final = 100
"""Characters of a button's id (components/reference)."""

MESSAGES_AT_ONCE: Final = 100
"""Messages that one request for a history gives (resources/message)."""

SLOTS: Final = 5
SLOT_SECONDS: Final = 5.0
"""Messages and, apart from them, edits in one channel: about 5 in 5 s (discord/discord-api-docs#20)."""

REQUESTS_A_SECOND: Final = 30
CONNECTIONS: Final = 15
"""Of the 50 requests a second of one bot (topics/rate-limits): so many begin in a second, and so many more may be on
their way, so that what is held up and arrives at once stays below."""

PACE: Final = 1.2
"""Seconds between two edits of one answer: a channel's edits allow one a second."""

TYPING_SECONDS: Final = 10.0
"""How long "is typing" is shown (resources/channel, trigger typing indicator)."""

TOKEN_LIFE: Final = timedelta(minutes=15)
TOKEN_MARGIN: Final = timedelta(seconds=20)
"""How long an interaction can be answered (interactions/receiving-and-responding), and what is kept of it."""

AUTOCOMPLETED: Final = 25
"""Suggestions of one autocomplete, choices of one option (application-commands)."""

SELECT_OPTIONS: Final = 25
"""Options of one list (components/reference, string select)."""

DESCRIPTION: Final = 100
"""Characters of a command's, an option's and a select option's description (application-commands)."""

# Flags of messages (resources/message).
SUPPRESS_EMBEDS: Final = 1 << 2
EPHEMERAL: Final = 1 << 6

# Error codes (topics/opcodes-and-status-codes).
UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
UNKNOWN_WEBHOOK: Final = 10015
UNKNOWN_INTERACTION: Final = 10062
ALREADY_ACKNOWLEDGED: Final = 40060
NO_SUCH_ACTION: Final = 50024  # in a channel of that kind
INVALID_WEBHOOK_TOKEN: Final = 50027
NO_MORE_FOLLOWUPS: Final = 40094  # after five where only the user has installed the app (platform reference, 2.3)
CANNOT_REPLY: Final = 160002  # without the right to read the history
THREAD_EXISTS: Final = 160004

# Kinds of channels (resources/channel).
DIRECT: Final = 1
GROUP: Final = 3
THREADS: Final = frozenset({10, 11, 12})
PRIVATE_THREAD: Final = 12
FORUMS: Final = frozenset({15, 16})  # of texts, of media
