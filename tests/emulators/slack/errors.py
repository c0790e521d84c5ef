"""What Slack answers when it does not do what was asked."""

from __future__ import annotations

from typing import Any

# Not the fault of the request alone: the world has changed, or Slack has trouble.
OF_THE_WORLD = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "fatal_error",
        "feature_disabled",
        "feature_not_enabled",
        "internal_error",
        "is_archived",
        "is_inactive",
        "message_not_found",
        "message_not_in_streaming_state",
        "not_in_channel",
        "ratelimited",
        "restricted_action_read_only_channel",
        "service_unavailable",
        "stopped_by_user",
        "thread_not_found",
        "token_expired",
        "token_revoked",
    }
)


class SlackError(Exception):
    """The Web API says `ok: false` with this code; `why` goes into `response_metadata.messages`."""

    def __init__(self, code: str, why: str = "", **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.why = why
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.details}
        if self.why:
            body["response_metadata"] = {"messages": [f"[ERROR] {self.why}"]}
        return body


class Limited(SlackError):
    """HTTP 429: ask again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


def missing(name: str) -> SlackError:
    """A required argument is not there."""
    return SlackError("invalid_arguments", f"missing required field: {name}")
