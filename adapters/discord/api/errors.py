"""Sort Discord's error codes into temporary and final ones, with a reason for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.discord.api.limits import (
    ALREADY_ACKNOWLEDGED,
    CANNOT_REPLY,
    INVALID_WEBHOOK_TOKEN,
    NO_MORE_FOLLOWUPS,
    NO_SUCH_ACTION,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
)
from bot.chat.verdicts import PASSES, Verdict, final
from bot.errors import AccessRevoked, PlatformError, PlatformRefused
from bot.language import gettext_noop

_FORM: Final = final(gettext_noop("Discord did not accept its format"))
_NOT_HERE: Final = final(gettext_noop("I cannot see this channel any more"))
_RIGHTS: Final = final(gettext_noop("I lack a permission in this channel; an administrator of the server can grant it"))
_BLOCKED: Final = final(gettext_noop("the server's AutoMod blocked its text"))
_NO_EDIT: Final = final(gettext_noop("Discord does not let me change my message any more"))
_ENDED: Final = final(gettext_noop("it took too long, and Discord accepts no answer to it any more"))

VERDICTS: Final[Mapping[int, Verdict]] = {
    # These pass.
    20016: PASSES,  # slow mode
    20022: PASSES,  # edits of announcements
    20028: PASSES,  # writes to a channel
    20029: PASSES,  # writes to a server
    40004: PASSES,  # sending is switched off for a time
    40006: PASSES,  # a feature is switched off for a time
    40062: PASSES,  # a resource is limited
    110000: PASSES,  # a search index is being made
    130000: PASSES,  # overloaded
    # What was sent does not please: a plainer form may.
    40005: final(gettext_noop("it is too large for Discord")),
    50006: _FORM,
    50035: _FORM,
    50068: _FORM,
    50109: _FORM,
    CANNOT_REPLY: final(gettext_noop("I may not read this channel's history")),
    # A message that cannot be changed: a new one may be posted.
    50005: _NO_EDIT,
    30046: _NO_EDIT,  # too many edits of a message that is older than an hour
    UNKNOWN_MESSAGE: final(gettext_noop("the message has been deleted")),
    # A place that takes nothing.
    UNKNOWN_CHANNEL: final(gettext_noop("the channel has been deleted")),
    10004: final(gettext_noop("I am not in this server any more")),
    50001: _NOT_HERE,
    50013: _RIGHTS,
    50008: final(gettext_noop("nobody can write in this channel")),
    NO_SUCH_ACTION: final(gettext_noop("this kind of channel does not allow that")),
    50083: final(gettext_noop("this thread is archived")),
    160005: final(gettext_noop("this thread is locked")),
    40058: final(gettext_noop("nobody can write in this channel")),
    40007: final(gettext_noop("I am banned from this server")),
    50007: final(gettext_noop("you do not accept direct messages from me")),
    50009: final(gettext_noop("this server asks for more verification than I have")),
    200000: _BLOCKED,
    200001: _BLOCKED,
    240000: final(gettext_noop("Discord blocked a link in it")),
    # Answers to interactions.
    UNKNOWN_WEBHOOK: _ENDED,
    INVALID_WEBHOOK_TOKEN: _ENDED,
    UNKNOWN_INTERACTION: _ENDED,
    ALREADY_ACKNOWLEDGED: final(gettext_noop("it has been answered already")),
    NO_MORE_FOLLOWUPS: final(gettext_noop("Discord accepts no further messages here")),
    THREAD_EXISTS: final(gettext_noop("the thread is there already")),
}
"""Every refusal that is known, sorted: the one table that says what is tried again and what people are told.

The codes are those of topics/opcodes-and-status-codes.
"""

UNAUTHORISED: Final = 401
_PASSING_STATUS: Final = frozenset({408, 429})


class DiscordApiError(PlatformRefused):
    """Discord said no for good; `status` is that of HTTP, `code` Discord's own."""

    def __init__(self, what: str, status: int, code: int) -> None:
        reason = VERDICTS.get(code, Verdict()).reason
        super().__init__(
            f"Discord refused {what} with {status} (code {code})",
            reason=reason,
        )
        self.status = status
        self.code = code


class DiscordAccessRevoked(DiscordApiError, AccessRevoked):
    """Discord no longer accepts the token."""


def refusal(what: str, status: int, code: int) -> PlatformError:
    """Return the error for what Discord answered; codes that are not known are final, unless the status passes."""
    verdict = VERDICTS.get(code)
    passes = verdict.passes if verdict is not None else status in _PASSING_STATUS or status >= 500
    if passes:
        return PlatformError(f"Discord put {what} off with {status} (code {code})")
    return DiscordAccessRevoked(what, status, code) if status == UNAUTHORISED else DiscordApiError(what, status, code)
