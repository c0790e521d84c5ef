"""Errors of Slack, sorted into temporary and final ones, with a reason for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.chat.verdicts import PASSES, Verdict, final
from bot.errors import AccessRevoked, PlatformError, PlatformRefused
from bot.language import gettext, gettext_noop

UNAVAILABLE: Final = frozenset(
    {"feature_disabled", "feature_not_enabled", "method_deprecated", "missing_scope", "not_agent_app", "unknown_method"}
)
"""A method that a workspace does not have: it is not asked for again."""

THREAD_GONE: Final = "thread_not_found"
GONE: Final = frozenset({"message_not_found", THREAD_GONE})
UNREADABLE: Final = GONE | {
    "channel_not_found", "ekm_access_denied", "is_archived", "missing_scope", "no_permission", "not_in_channel",
}  # fmt: skip
"""Why a channel or thread is not given to the bot to read, however often it asks."""

TOKEN_GONE: Final = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})


_TROUBLE: Final = Verdict(passes=True, maybe_done=True)
_FORM: Final = final(gettext_noop("Slack did not accept its format"))
_TOO_LONG: Final = final(gettext_noop("it is too long for Slack"))
_PLACE: Final = final(gettext_noop("an administrator has restricted who may post in this channel"))
_THREAD: Final = final(gettext_noop("no more replies are possible in this thread"))
_ARCHIVED: Final = final(gettext_noop("this channel is archived"))
_NOT_HERE: Final = final(gettext_noop("I am not in this channel; invite me with `/invite`"))
_NO_EDIT: Final = final(gettext_noop("Slack does not let me change my message any more"))
_NO_ACCESS: Final = final(gettext_noop("this workspace has removed my access"))
_GONE: Final = final(gettext_noop("the message has been deleted"))

VERDICTS: Final[Mapping[str, Verdict]] = {
    # These pass (pages of the methods, "errors").
    "ratelimited": PASSES,
    "rate_limited": PASSES,
    "accesslimited": PASSES,
    "external_channel_migrating": PASSES,
    "team_added_to_org": PASSES,
    "fatal_error": _TROUBLE,
    "internal_error": _TROUBLE,
    "request_timeout": _TROUBLE,
    "service_unavailable": _TROUBLE,
    "update_failed": _TROUBLE,
    # What was sent does not please: a plainer form may.
    "invalid_blocks": _FORM,
    "invalid_blocks_format": _FORM,
    "invalid_arguments": _FORM,
    "invalid_attachments": _FORM,
    "invalid_metadata_format": _FORM,
    "invalid_metadata_schema": _FORM,
    "metadata_must_be_sent_from_app": _FORM,
    "metadata_too_large": _FORM,
    "markdown_text_conflict": _FORM,
    "no_text": _FORM,
    "block_mismatch": _FORM,
    "msg_too_long": _TOO_LONG,
    "msg_blocks_too_long": _TOO_LONG,
    "too_many_attachments": _TOO_LONG,
    "attachment_payload_limit_exceeded": _TOO_LONG,
    # A message that cannot be changed: a new one may be posted.
    "cant_update_message": _NO_EDIT,
    "edit_window_closed": _NO_EDIT,
    "streaming_state_conflict": _NO_EDIT,
    "message_not_in_streaming_state": _NO_EDIT,
    "stopped_by_user": _NO_EDIT,
    **dict.fromkeys(GONE, _GONE),
    # A place that takes nothing.
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "not_in_channel": _NOT_HERE,
    "channel_not_found": final(gettext_noop("I do not see this channel; invite me with `/invite`")),
    "restricted_action": _PLACE,
    "restricted_action_read_only_channel": final(gettext_noop("only some people may post in this channel")),
    "restricted_action_thread_only_channel": final(gettext_noop("only replies in threads are allowed in this channel")),
    "restricted_action_non_threadable_channel": final(
        gettext_noop("replies in threads are not allowed in this channel")
    ),
    "restricted_action_thread_locked": _THREAD,
    "thread_locked": _THREAD,
    "cannot_reply_to_message": final(gettext_noop("Slack does not allow replies to this message")),
    "message_limit_exceeded": final(gettext_noop("this workspace has sent as many messages as its plan allows")),
    "messages_tab_disabled": final(gettext_noop("direct messages with me are switched off")),
    "user_is_restricted": final(gettext_noop("guests are restricted in this workspace")),
    # Rights that the app or the workspace lacks.
    "access_denied": final(gettext_noop("this workspace does not let me do that")),
    "ekm_access_denied": final(gettext_noop("an administrator has switched messages off in this channel")),
    "team_access_not_granted": final(gettext_noop("the app is not approved for this workspace")),
    "missing_scope": final(
        gettext_noop("the app lacks a permission (scope) that this needs; an administrator can add it")
    ),
    "no_permission": final(gettext_noop("the app lacks a permission that this needs")),
    "not_allowed_token_type": final(gettext_noop("the app lacks a permission that this needs")),
    **dict.fromkeys(TOKEN_GONE, _NO_ACCESS),
    "expired_trigger_id": final(gettext_noop("it took too long; please try again")),
    "trigger_expired": final(gettext_noop("it took too long; please try again")),
}
"""Every refusal that is known, sorted: the one table that says what is tried again and what people are told."""


def verdict_of(code: str) -> Verdict:
    """Return how Slack's error `code` is meant; what is not known is final, "restricted_action_..." by its kind."""
    if code.startswith("restricted_action"):
        return VERDICTS.get(code, _PLACE)
    return VERDICTS.get(code, Verdict())


LACKING: Final = gettext_noop("the app lacks the permission {needed}. Add it to the app and install the app again")


class SlackApiError(PlatformRefused):
    """Slack said no, with this code; the same call would be refused again.

    `needed` are the scopes of which one is missing, as Slack names them.
    """

    def __init__(self, method: str, code: str, *, needed: str = "") -> None:
        reason = gettext(LACKING).format(needed=needed) if needed else verdict_of(code).reason
        super().__init__(f"Slack refused {method}: {code}", reason=reason)
        self.method = method
        self.code = code


class SlackAccessRevoked(SlackApiError, AccessRevoked):
    """Slack no longer accepts the token."""


class SlackUnknownOutcome(PlatformError):
    """There was no usable answer: the call may have been done or not; surely not where `maybe_done` is False.

    `retry_after` is how many seconds Slack has asked to wait, 0 where it has not.
    """

    def __init__(self, method: str, why: str, *, maybe_done: bool = True, retry_after: float = 0.0) -> None:
        super().__init__(f"no answer from Slack to {method}: {why}")
        self.method = method
        self.maybe_done = maybe_done
        self.retry_after = retry_after


class UnknownWorkspace(PlatformRefused):
    """The app is not installed in that workspace."""

    def __init__(self, team: str) -> None:
        super().__init__(
            f"the app is not installed in the Slack workspace {team}",
            reason=gettext_noop("the app is not installed"),
        )
        self.team = team
