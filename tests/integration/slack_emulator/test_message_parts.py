"""Messages with more than text, by apps, people and Slack itself: delivered, and in the history."""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.message_content import files, mentions, read_content
from adapters.slack.payloads import SlackMessage
from bot.chat.message_markdown import render
from tests.emulators.slack import RunningSlack
from tests.emulators.slack.world import Person
from tests.message_cases import cases, unseen

Json = dict[str, Any]


def robot(slack: RunningSlack) -> Person:
    return slack.person("CI", bot_id="B0ROBOT001", app_id="A0ROBOT001")


def delivered(slack: RunningSlack) -> Json:
    event: Json = slack.deliveries.log[-1].payload["event"]
    return event


async def history(slack: RunningSlack, client: AsyncWebClient) -> list[Json]:
    answer = await client.conversations_history(channel=slack.general.id)
    told: list[Json] = answer["messages"]
    return told


async def test_what_an_app_posts_is_delivered_and_in_the_history(slack: RunningSlack, client: AsyncWebClient) -> None:
    ci = robot(slack)
    for case in cases("slack"):
        message = case["message"]
        parts = {name: message[name] for name in ("text", "blocks", "attachments") if name in message}
        await slack.post(ci, slack.general, **parts)
        (latest, *_) = await history(slack, client)
        for told in (delivered(slack), latest):
            assert told["bot_id"] == "B0ROBOT001"
            assert unseen(case["model_sees"], render(read_content(SlackMessage.read(told), {}))) == [], case["id"]


async def test_a_webhook_has_a_name_and_no_account(slack: RunningSlack) -> None:
    await slack.post(robot(slack), slack.general, "Disk full", username="Watchman")
    told = delivered(slack)
    assert (told["subtype"], told["username"], told["bot_id"]) == ("bot_message", "Watchman", "B0ROBOT001")
    assert "user" not in told
    assert slack.transcript(slack.general) == "#general\nWatchman: Disk full"


async def test_other_apps_do_not_count_as_the_bot(slack: RunningSlack) -> None:
    await slack.post(robot(slack), slack.general, f"<@{slack.ada.id}>")
    assert slack.answers(slack.general) == []
    assert slack.pings == []


async def test_a_forward_brings_author_words_and_files(slack: RunningSlack, client: AsyncWebClient) -> None:
    sheet = slack.file(slack.ben, "budget.csv", b"a,b")
    said = await slack.say(slack.ben, slack.general, f"<@{slack.ada.id}> it is 52,000 euro", files=[sheet])
    await slack.forward(slack.ada, said, slack.direct(slack.ada), "Is this right?")
    told = delivered(slack)
    names = {slack.ben.id: "Ben", slack.ada.id: "Ada", slack.general.id: "general"}
    assert render(read_content(SlackMessage.read(told), names)) == (
        "Is this right?\n\n> [forwarded from Ben in #general]\n> @Ada it is 52,000 euro\n> (file: budget.csv)"
    )
    assert [file_.id for file_ in files(SlackMessage.read(told))] == [sheet.id]
    assert {id for _, id in mentions(SlackMessage.read(told))} == set(names)
    assert (await client.conversations_history(channel=told["channel"]))["messages"][0]["attachments"]


async def test_a_preview_comes_as_a_change_that_is_no_edit(slack: RunningSlack, client: AsyncWebClient) -> None:
    said = await slack.say(slack.ada, slack.general, "<https://example.org/p/1>")
    await slack.unfurl(said, {"title": "Why queues grow", "from_url": "https://example.org/p/1"})
    changed = delivered(slack)
    assert changed["subtype"] == "message_changed"
    assert "edited" not in changed["message"]
    (latest,) = await history(slack, client)
    for told in (changed["message"], latest):
        assert "[card] Why queues grow" in render(read_content(SlackMessage.read(told), {}))
