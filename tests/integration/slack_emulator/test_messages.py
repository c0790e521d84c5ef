"""What a message may say, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import refusal, web_client

Json = dict[str, Any]


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}}


def actions(*ids: str) -> Json:
    return {"type": "actions", "elements": [button(item) for item in ids]}


async def test_a_message_is_posted_edited_and_deleted(slack: RunningSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=slack.general.id, text="one &amp; <@" + slack.ada.id + ">")
    assert posted["message"]["bot_id"] == slack.bot.bot_id
    assert slack.transcript(slack.general) == "#general\nSeedling: one & @Ada"
    await client.chat_update(channel=slack.general.id, ts=posted["ts"], text="two")
    assert slack.transcript(slack.general) == "#general\nSeedling (edited): two"
    link = (await client.chat_getPermalink(channel=slack.general.id, message_ts=posted["ts"]))["permalink"]
    assert link.endswith(f"/archives/{slack.general.id}/p{posted['ts'].replace('.', '')}")
    await client.chat_delete(channel=slack.general.id, ts=posted["ts"])
    assert slack.transcript(slack.general) == "#general"
    assert await refusal(client.chat_delete(channel=slack.general.id, ts=posted["ts"])) == "message_not_found"


async def test_a_person_is_a_place_to_post(slack: RunningSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=slack.ada.id, text="psst")
    assert posted["channel"] == slack.direct(slack.ada).id


async def test_a_long_text_is_cut_when_posted_and_refused_when_edited(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.general.id, text="x" * 40_001)
    assert (len(posted["message"]["text"]), posted["warning"]) == (40_000, "message_truncated")
    place = {"channel": slack.general.id, "ts": posted["ts"]}
    await client.chat_update(**place, text="x" * 4_000)
    assert await refusal(client.chat_update(**place, text="x" * 4_001)) == "msg_too_long"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param({"text": ""}, "no_text", id="no-text"),
        pytest.param({"text": " \n"}, "no_text", id="only-space"),
        pytest.param({"markdown_text": "a", "text": "b"}, "markdown_text_conflict", id="markdown-and-text"),
        pytest.param({"markdown_text": "a", "blocks": [section("b")]}, "markdown_text_conflict", id="and-blocks"),
        pytest.param({"markdown_text": "x" * 12_001}, "msg_too_long", id="long-markdown"),
        pytest.param({"text": "a", "blocks": "[{"}, "invalid_blocks_format", id="broken-json"),
        pytest.param({"text": "a", "blocks": "{}"}, "invalid_blocks_format", id="no-list"),
        pytest.param({"text": "a", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks", id="51-blocks"),
        pytest.param({"text": "a", "blocks": [{"type": "tree"}]}, "invalid_blocks", id="unknown-block"),
        pytest.param({"text": "a", "blocks": [section("")]}, "invalid_blocks", id="empty-section"),
        pytest.param({"text": "a", "blocks": [section("x" * 3_001)]}, "invalid_blocks", id="long-section"),
        pytest.param(
            {"text": "a", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
            id="long-header",
        ),
        pytest.param({"text": "a", "blocks": [actions("b", "b")]}, "invalid_blocks", id="twice-the-same-action"),
        pytest.param({"text": "a", "blocks": [actions("b"), actions("b")]}, "invalid_blocks", id="in-two-blocks"),
        pytest.param({"text": "a", "blocks": [{"type": "markdown", "text": ""}]}, "invalid_blocks", id="no-markdown"),
        pytest.param(
            {"text": "a", "blocks": [{"type": "markdown", "text": "x" * 12_001}]},
            "msg_blocks_too_long",
            id="long-markdown-block",
        ),
        pytest.param(
            {"text": "a", "blocks": [section("x" * 2_700) for _ in range(5)]}, "msg_blocks_too_long", id="altogether"
        ),
        pytest.param({"text": "a", "metadata": {"event_payload": {}}}, "invalid_metadata_format", id="metadata"),
    ],
)
async def test_what_slack_would_refuse_is_refused_and_noted(
    slack: RunningSlack, client: AsyncWebClient, content: Json, error: str
) -> None:
    body = {"channel": slack.general.id, **content}
    assert await refusal(client.api_call("chat.postMessage", json=body)) == error
    assert [(violation.method, violation.error) for violation in slack.violations] == [("chat.postMessage", error)]
    assert slack.messages(slack.general) == []


async def test_what_is_at_the_limit_is_taken(slack: RunningSlack, client: AsyncWebClient) -> None:
    feedback = {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "yes"},
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "no"},
            }
        ],
    }
    for blocks in (
        [{"type": "divider"}] * 50,
        [section("x" * 3_000), feedback, actions("a", "b")],
        [{"type": "markdown", "text": "x" * 12_000}],
    ):
        await client.chat_postMessage(channel=slack.general.id, text="a", blocks=blocks)
    assert (slack.violations, slack.warnings) == ([], [])


async def test_an_update_leaves_what_is_not_sent(slack: RunningSlack, client: AsyncWebClient) -> None:
    metadata = {"event_type": "answer", "event_payload": {"id": "1"}}
    posted = await client.chat_postMessage(
        channel=slack.general.id, text="a", blocks=[section("seen")], metadata=metadata
    )
    place = {"channel": slack.general.id, "ts": posted["ts"]}
    await client.chat_update(**place, text="b")
    (message,) = slack.messages(slack.general)
    assert (slack.shown(message), message.metadata) == ("seen", metadata)
    assert "go on seeing the blocks" in slack.warnings[-1].why
    await client.chat_update(**place, text="b", blocks=[], metadata={})
    assert (slack.shown(message), message.metadata) == ("b", None)


async def test_only_own_messages_are_changed(slack: RunningSlack, client: AsyncWebClient) -> None:
    message = await slack.say(slack.ada, slack.general, "mine")
    place: Json = {"channel": slack.general.id, "ts": message.ts}
    assert await refusal(client.chat_update(**place, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(**place)) == "cant_delete_message"


async def test_where_the_bot_is_not_it_cannot_post_without_the_scope(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    elsewhere = slack.channel("elsewhere", bot=False)
    assert await refusal(client.chat_postMessage(channel=elsewhere.id, text="a")) == "not_in_channel"
    assert await refusal(client.chat_postMessage(channel="C404", text="a")) == "channel_not_found"
    async with (
        running_slack(Options(scopes=("chat:write", "chat:write.public"))) as other,
        web_client(other) as second,
    ):
        place = other.channel("elsewhere", bot=False)
        assert (await second.chat_postMessage(channel=place.id, text="a"))["ok"]


async def test_an_ephemeral_message_is_seen_by_one_and_found_by_nobody(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    sent = await client.chat_postEphemeral(channel=slack.general.id, user=slack.ada.id, text="only you")
    assert "only you" in slack.transcript(slack.general, slack.ada)
    assert "only you" not in slack.transcript(slack.general, slack.ben)
    assert (await client.conversations_history(channel=slack.general.id))["messages"] == []
    edit = client.chat_update(channel=slack.general.id, ts=sent["message_ts"], text="x")
    assert await refusal(edit) == "message_not_found"
    stranger = slack.person("Stranger")
    whisper = client.chat_postEphemeral(channel=slack.general.id, user=stranger.id, text="x")
    assert await refusal(whisper) == "user_not_in_channel"


async def test_an_ephemeral_reply_needs_a_thread_with_replies(slack: RunningSlack, client: AsyncWebClient) -> None:
    question = await slack.say(slack.ada, slack.general, "why?")
    place: Json = {"channel": slack.general.id, "user": slack.ada.id, "thread_ts": question.ts}
    await client.chat_postEphemeral(**place, text="unseen")
    assert "no replies yet" in slack.warnings[-1].why
    await client.chat_postMessage(channel=slack.general.id, thread_ts=question.ts, text="because")
    await client.chat_postEphemeral(**place, text="seen")
    assert [whisper.text for whisper in slack.whispers] == ["seen"]


async def test_who_is_pinged_and_what_may_be_fetched_is_seen(slack: RunningSlack, client: AsyncWebClient) -> None:
    place = slack.general.id
    text = f"<!channel> <@{slack.ada.id}> `<!here>` https://evil.example/?d=1"
    await client.chat_postMessage(channel=place, text=text, unfurl_links=False, unfurl_media=False)
    await client.chat_postMessage(channel=place, text="a", blocks=[{"type": "markdown", "text": "<!everyone>"}])
    await client.chat_postMessage(channel=place, text="&lt;!here&gt; https://open.example")
    assert [who for _, who in slack.pings] == ["channel", slack.ada.id, "everyone"]
    assert [link for _, link in slack.unfurled] == ["https://open.example"]


async def test_a_reply_to_a_reply_goes_into_its_thread(slack: RunningSlack, client: AsyncWebClient) -> None:
    root = await slack.say(slack.ada, slack.general, "root")
    reply = await slack.say(slack.ben, slack.general, "reply", thread_ts=root.ts)
    await client.chat_postMessage(channel=slack.general.id, text="answer", thread_ts=reply.ts)
    assert [answer.text for answer in slack.answers(slack.general, root.ts)] == ["answer"]
    assert "names a reply" in slack.warnings[-1].why
