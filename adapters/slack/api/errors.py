"""What goes wrong with Slack, as the adapter tells it apart."""

from __future__ import annotations

from typing import Final

from bot.errors import PlatformError

UNAVAILABLE: Final = frozenset(
    {"feature_disabled", "feature_not_enabled", "method_deprecated", "missing_scope", "not_agent_app", "unknown_method"}
)
"""A method that a workspace does not have: it is not asked for again."""

TRANSIENT: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
GONE: Final = frozenset({"message_not_found", "thread_not_found"})
TOKEN_GONE: Final = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})


class SlackRefusal(PlatformError):
    """Slack said no, with this code; the same call would be refused again."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method}: {code}")
        self.method = method
        self.code = code


class SlackUncertain(PlatformError):
    """There was no usable answer: the call may have been done or not; surely not where `maybe_done` is False."""

    def __init__(self, method: str, why: str, *, maybe_done: bool = True) -> None:
        super().__init__(f"no answer from Slack to {method}: {why}")
        self.method = method
        self.maybe_done = maybe_done


class UnknownWorkspace(PlatformError):
    """The app is not installed in that workspace."""

    def __init__(self, team: str) -> None:
        super().__init__(f"the app is not installed in the Slack workspace {team}")
        self.team = team
