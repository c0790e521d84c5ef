"""Slack's events have an address of their own: a public one shows neither the playground nor the console."""

from __future__ import annotations

import pytest

from adapters.slack.options import options_of
from adapters.slack.settings import SlackSettings
from bot.settings import Settings


@pytest.mark.parametrize(("own", "web", "used"), [("0.0.0.0", "127.0.0.1", "0.0.0.0"), (None, "10.0.0.1", "10.0.0.1")])
def test_the_address_is_slacks_own_where_one_is_set(own: str | None, web: str, used: str) -> None:
    settings = SlackSettings(_env_file=None, slack_host=own)
    core = Settings(_env_file=None, host=web)
    assert options_of(settings, core).host == used
    assert core.host == web
