"""Deliveries that lack something, or hold what nobody has seen yet: no question in them is lost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from adapters.slack.connection.bolt_app import Acknowledgement
from tests.unit.slack.quiet import BOT, TEAM, Desk

TS = "1700000000.000100"


def body(**event: Any) -> dict[str, Any]:
    said = {"type": "app_mention", "user": "U1", "text": f"<@{BOT}> why?", "ts": TS, "channel": "C1", "event_ts": TS}
    return {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": {**said, **event}}


@pytest.mark.parametrize(
    "authorizations",
    [
        [{"user_id": BOT, "is_bot": True}],
        [{"team_id": None, "enterprise_id": None, "is_enterprise_install": False}],
        [{"team_id": ""}],
        [],
        [None],
        ["T111"],
        {"team_id": TEAM},
        "T111",
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("over_http", [False, True], ids=["socket", "http"])
async def test_the_workspace_is_found_whatever_the_authorizations_say(authorizations: Any, over_http: bool) -> None:
    desk = Desk()
    payload = body() | {"authorizations": authorizations}
    if over_http:
        headers = {"content-type": ["application/json"], "x-slack-request-timestamp": [str(int(time.time()))]}
        assert await desk.dispatcher.post(json.dumps(payload), headers) == Acknowledgement()
    else:
        assert await desk.deliver("events_api", payload)
    assert [incoming.text for incoming in desk.bot.heard] == ["why?"]


async def test_a_workspace_of_its_own_in_the_authorizations_counts() -> None:
    desk = Desk()
    await desk.deliver("events_api", body() | {"team_id": "T0THEIRS", "authorizations": [{"team_id": TEAM}]})
    await desk.deliver("events_api", body() | {"team_id": TEAM, "authorizations": [{"team_id": "T0THEIRS"}]})
    assert len(desk.bot.heard) == 1


@pytest.mark.parametrize("subtype", ["", "file_share", "huddle_mention", "canvas_mention", "reply_broadcast"])
async def test_a_mention_of_any_kind_is_heard(subtype: str) -> None:
    desk = Desk()
    await desk.deliver("events_api", body(subtype=subtype))
    assert [incoming.text for incoming in desk.bot.heard] == ["why?"]


@pytest.mark.parametrize("subtype", ["channel_topic", "channel_join", "pinned_item"])
async def test_a_notice_that_names_the_bot_is_none(subtype: str) -> None:
    desk = Desk()
    await desk.deliver("events_api", body(subtype=subtype))
    await desk.deliver("events_api", body(type="message", subtype=subtype))
    assert desk.bot.heard == []
