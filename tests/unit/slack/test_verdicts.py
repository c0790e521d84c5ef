"""The one table of what Slack refuses."""

from __future__ import annotations

import pytest

from adapters.slack.api.errors import VERDICTS, SlackApiError, verdict_of

PASSING = ("ratelimited", "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout")
FINAL = (
    "invalid_blocks",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "is_archived",
    "not_in_channel",
    "channel_not_found",
    "cant_update_message",
    "edit_window_closed",
    "message_not_found",
    "streaming_state_conflict",
    "message_not_in_streaming_state",
    "team_access_not_granted",
    "ekm_access_denied",
    "missing_scope",
    "thread_locked",
    "cannot_reply_to_message",
    "messages_tab_disabled",
    "user_is_restricted",
    "access_denied",
    "token_revoked",
    "account_inactive",
    "restricted_action_of_a_kind_to_come",
)


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_is_tried_again(code: str) -> None:
    assert verdict_of(code).passes


@pytest.mark.parametrize("code", FINAL)
def test_what_is_final_has_a_reason_that_people_understand(code: str) -> None:
    refusal = SlackApiError("chat.postMessage", code)
    assert not verdict_of(code).passes
    assert refusal.reason
    assert code not in refusal.reason


def test_what_nobody_knows_is_final() -> None:
    assert not verdict_of("a_code_to_come").passes


def test_every_final_code_says_why_and_no_passing_one_does() -> None:
    assert [code for code, item in VERDICTS.items() if bool(item.reason) == item.passes] == []
