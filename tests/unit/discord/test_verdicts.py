"""The one table of what Discord refuses."""

from __future__ import annotations

import pytest

from adapters.discord.api.errors import VERDICTS, DiscordApiError, refusal
from bot.errors import PlatformRefused

FINAL = (50013, 50001, 10003, 10008, 160002, 160005, 50083, 200000, 200001, 40005, 50035, 10015, 50027, 30046)


@pytest.mark.parametrize("code", FINAL)
def test_what_is_final_has_a_reason_that_people_understand(code: int) -> None:
    error = refusal("POST /channels/{channel_id}/messages", 400, code)
    assert isinstance(error, DiscordApiError)
    assert error.reason
    assert str(code) not in error.reason


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, 0), (429, 20028), (400, 20028), (500, 0), (503, 0), (408, 0), (400, 130000), (403, 20016)],
)
def test_what_passes_is_tried_again(status: int, code: int) -> None:
    assert not isinstance(refusal("POST /x", status, code), PlatformRefused)


@pytest.mark.parametrize(("status", "code"), [(400, 0), (401, 0), (403, 99999), (404, 0)])
def test_what_nobody_knows_is_final(status: int, code: int) -> None:
    assert isinstance(refusal("POST /x", status, code), PlatformRefused)


def test_every_final_code_says_why_and_no_passing_one_does() -> None:
    assert [code for code, item in VERDICTS.items() if bool(item.reason) == item.passes] == []
