"""What people press, type and fill in, with Bolt on the other side."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.emulators.slack import Message, RunningSlack
from tests.integration.slack_emulator.apps import bolt, refusal

Json = dict[str, Any]

SELECT: Json = {
    "type": "static_select",
    "action_id": "effort",
    "options": [
        {"text": {"type": "plain_text", "text": "Low"}, "value": "low"},
        {"text": {"type": "plain_text", "text": "High"}, "value": "high"},
    ],
}
FEEDBACK: Json = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "yes"},
    "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "no"},
}
BUTTON: Json = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}, "value": "7"}


def modal(title: str = "Settings") -> Json:
    label = {"type": "plain_text", "text": "Value"}
    return {
        "type": "modal",
        "callback_id": "settings",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [
            {
                "type": "input",
                "block_id": "name",
                "label": label,
                "element": {"type": "plain_text_input", "action_id": "name", "initial_value": "old"},
            },
            {"type": "input", "block_id": "effort", "label": label, "element": SELECT, "optional": True},
        ],
    }


async def posted(slack: RunningSlack, client: AsyncWebClient) -> Message:
    """A message with controls."""
    blocks: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Choose"}},
        {"type": "actions", "elements": [BUTTON, SELECT]},
        {"type": "context_actions", "elements": [FEEDBACK]},
    ]
    await client.chat_postMessage(channel=slack.general.id, text="a", blocks=blocks)
    return slack.answers(slack.general)[-1]


async def test_controls_of_a_message_reach_the_app(slack: RunningSlack, client: AsyncWebClient) -> None:
    seen: list[Json] = []
    async with bolt(slack, client) as app:

        @app.action("again")
        @app.action("effort")
        @app.action("feedback")
        async def act(ack: Any, action: Json, body: Json) -> None:
            seen.append(action)
            assert (body["user"]["id"], body["message"]["text"]) == (slack.ada.id, "a")
            await ack()

        message = await posted(slack, client)
        assert (await slack.press(slack.ada, message, "again")).acknowledged
        await slack.press(slack.ada, message, "effort", "high")
        await slack.press(slack.ada, message, "feedback", False)
        with pytest.raises(LookupError, match="not offered"):
            await slack.press(slack.ada, message, "effort", "medium")
        with pytest.raises(LookupError, match="there are again, effort, feedback"):
            await slack.press(slack.ada, message, "nothing")
        await slack.settled()
    assert [seen[0]["value"], seen[1]["selected_option"]["value"], seen[2]["value"]] == ["7", "high", "no"]


async def test_a_command_is_answered_to_one_or_to_all(slack: RunningSlack, client: AsyncWebClient) -> None:
    async with bolt(slack, client) as app:

        @app.command("/seed")
        async def command(ack: Any, command: Json, respond: Any) -> None:
            await ack(f"only you: {command['text']}")
            await respond("for all", response_type="in_channel")

        @app.event("message")
        async def message() -> None:
            """What the bot itself says comes back as an event."""

        delivery = await slack.slash(slack.ada, slack.general, "/seed", "help me")
        assert delivery.acknowledged
        assert "(only Ada sees this) Seedling: only you: help me" in slack.transcript(slack.general, slack.ada)
        assert "only you" not in slack.transcript(slack.general, slack.ben)
        (answer,) = await slack.until(lambda: slack.answers(slack.general))
        assert answer.text == "for all"
        await slack.settled()


async def test_a_command_in_a_thread_is_slacks_own_refusal(slack: RunningSlack) -> None:
    question = await slack.say(slack.ada, slack.general, "why?")
    before = len(slack.deliveries.log)
    await slack.slash_in_thread(slack.ada, question, "/seed")
    assert "/seed is not supported in threads. Sorry!" in slack.transcript(slack.general)
    assert len(slack.deliveries.log) == before


async def test_a_message_shortcut_carries_the_message(slack: RunningSlack, client: AsyncWebClient) -> None:
    seen: list[Json] = []
    async with bolt(slack, client) as app:

        @app.shortcut("summarise")
        async def shortcut(ack: Any, body: Json, respond: Any) -> None:
            seen.append(body)
            await ack()
            await respond("there")

        @app.event("message")
        async def message() -> None:
            """Not what this is about."""

        root = await slack.say(slack.ada, slack.general, "root")
        reply = await slack.say(slack.ben, slack.general, "reply", thread_ts=root.ts)
        assert (await slack.shortcut(slack.ada, "summarise", reply)).acknowledged
        await slack.until(lambda: slack.whispers)
        await slack.settled()
    assert (seen[0]["message"]["ts"], seen[0]["message"]["thread_ts"]) == (reply.ts, root.ts)
    assert "(only Ada sees this) Seedling: there" in slack.transcript(slack.general)


async def test_a_form_is_opened_refused_and_saved(slack: RunningSlack, client: AsyncWebClient) -> None:
    saved: list[Json] = []
    async with bolt(slack, client) as app:

        @app.shortcut("settings")
        async def shortcut(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        @app.view("settings")
        async def submit(ack: Any, view: Json) -> None:
            values = view["state"]["values"]
            if not values["effort"]["effort"]["selected_option"]:
                await ack(response_action="errors", errors={"effort": "choose one"})
            else:
                saved.append(values)
                await ack()

        await slack.shortcut(slack.ada, "settings")
        view = await slack.until(lambda: slack.open_view(slack.ada))
        assert view is not None
        assert view.body["title"]["text"] == "Settings"
        await slack.submit_view(slack.ada)
        assert view.errors == {"effort": "choose one"}
        await slack.submit_view(slack.ada, {"effort": "low"})
        assert slack.open_view(slack.ada) is None
        assert (saved[0]["name"]["name"]["value"], saved[0]["effort"]["effort"]["selected_option"]["value"]) == (
            "old",
            "low",
        )
        with pytest.raises(LookupError, match="sees no modal"):
            await slack.submit_view(slack.ada)


async def test_a_trigger_works_once_and_for_three_seconds(slack: RunningSlack, client: AsyncWebClient) -> None:
    first = slack.surfaces.new_trigger(slack.ada)
    await client.views_open(trigger_id=first, view=modal())
    assert await refusal(client.views_open(trigger_id=first, view=modal())) == "exchanged_trigger_id"
    late = slack.surfaces.new_trigger(slack.ada)
    slack.clock.advance(3.1)
    assert await refusal(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"type": "home"}, "invalid_arguments", id="not-a-modal"),
        pytest.param({"title": {"type": "plain_text", "text": "x" * 25}}, "invalid_arguments", id="long-title"),
        pytest.param({"title": None}, "invalid_arguments", id="no-title"),
        pytest.param({"submit": None}, "invalid_arguments", id="no-submit"),
        pytest.param({"blocks": [{"type": "divider"}] * 101}, "invalid_arguments", id="101-blocks"),
        pytest.param({"blocks": [{"type": "markdown", "text": "a"}]}, "invalid_arguments", id="markdown"),
        pytest.param({"private_metadata": "x" * 3_001}, "invalid_arguments", id="long-metadata"),
    ],
)
async def test_views_that_slack_refuses(slack: RunningSlack, client: AsyncWebClient, change: Json, error: str) -> None:
    view = {name: value for name, value in (modal() | change).items() if value is not None}
    trigger = slack.surfaces.new_trigger(slack.ada)
    assert await refusal(client.views_open(trigger_id=trigger, view=view)) == error
    assert slack.open_view(slack.ada) is None


async def test_views_are_stacked_changed_and_closed(slack: RunningSlack, client: AsyncWebClient) -> None:
    first = await client.views_open(trigger_id=slack.surfaces.new_trigger(slack.ada), view=modal("One"))
    for title in ("Two", "Three"):
        await client.views_push(trigger_id=slack.surfaces.new_trigger(slack.ada), view=modal(title))
    fourth = client.views_push(trigger_id=slack.surfaces.new_trigger(slack.ada), view=modal("Four"))
    assert await refusal(fourth) == "push_limit_reached"
    old = first["view"]["hash"]
    await client.views_update(view_id=first["view"]["id"], hash=old, view=modal("Uno"))
    again = client.views_update(view_id=first["view"]["id"], hash=old, view=modal("Eins"))
    assert await refusal(again) == "hash_conflict"
    for title in ("Three", "Two", "Uno"):
        view = slack.open_view(slack.ada)
        assert view is not None
        assert view.body["title"]["text"] == title
        await slack.close_view(slack.ada)


async def test_a_home_tab_is_published_and_used(slack: RunningSlack, client: AsyncWebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    await client.views_publish(user_id=slack.ada.id, view=home)
    view = slack.home(slack.ada)
    assert view is not None
    async with bolt(slack, client) as app:
        seen: list[str] = []

        @app.action("again")
        async def act(ack: Any, body: Json) -> None:
            seen.append(body["view"]["id"])
            await ack()

        @app.event("app_home_opened")
        async def opened_home(event: Json) -> None:
            seen.append(event["tab"])

        await slack.open_app_home(slack.ada, "home")
        await slack.settled()
        await slack.press_in_view(view, "again")
    assert seen == ["home", view.id]


async def test_a_response_url_works_five_times_within_half_an_hour(slack: RunningSlack, client: AsyncWebClient) -> None:
    await slack.slash(slack.ada, slack.general, "/seed")
    await slack.slash(slack.ada, slack.general, "/seed")
    first, second = (item.payload["response_url"] for item in slack.deliveries.log)
    for _ in range(5):
        assert (await AsyncWebhookClient(first).send(text="a")).status_code == 200
    used = await AsyncWebhookClient(first).send(text="a")
    assert (used.status_code, "used_url" in used.body) == (404, True)
    slack.clock.advance(1_801)
    assert (await AsyncWebhookClient(second).send(text="a")).status_code == 404


async def test_a_response_replaces_or_deletes_where_it_was_pressed(slack: RunningSlack, client: AsyncWebClient) -> None:
    message = await posted(slack, client)
    await slack.press(slack.ada, message, "again")
    url = slack.deliveries.log[-1].payload["response_url"]
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"markdown_text": "a"}) as refused:
            assert (refused.status, await refused.text()) == (400, "no_text")
        async with session.post(url, data=b"{") as broken:
            assert (broken.status, await broken.text()) == (400, "invalid_payload")
        await session.post(url, json={"text": "new", "replace_original": True})
        assert slack.transcript(slack.general) == "#general\nSeedling (edited): new"
        await session.post(url, json={"delete_original": True})
        assert slack.transcript(slack.general) == "#general"
